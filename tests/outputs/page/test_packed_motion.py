"""Motion as pages carry it: rates, gaps and size."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.outputs.page import parts
from duemani.outputs.page.perform_page import save_page
from duemani.performance import Performance
from tests.helpers.pages import make_motion, read_page, unpack


def test_unknown_motion_becomes_untracked(tmp_path: Path) -> None:
    motion = make_motion(1.0)
    wrist, rotations = motion.wrist_m.copy(), motion.rotations_rad.copy()
    wrist[0, 10:20] = np.nan
    rotations[1, 30, 4, 2] = np.nan
    motion = replace(motion, wrist_m=wrist, rotations_rad=rotations)
    path = tmp_path / "page.html"
    save_page(path, Performance(), motion, title="")
    _, channels = unpack(read_page(path))
    assert np.flatnonzero(channels[0, 0] == 0).tolist() == list(range(10, 20))
    assert np.flatnonzero(channels[1, 0] == 0).tolist() == [30]


@pytest.mark.parametrize(
    ("seconds", "given_rate", "rate"),
    [(3.0, 120.0, 60.0), (3.0, 100.0, 60.0), (3.0, 25.0, 25.0), (7.0, 60.0, 30.0)],
)
def test_frame_rate_is_bounded(
    seconds: float, given_rate: float, rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "LONG_SEC", 6.0)
    motion = make_motion(seconds, given_rate)
    resampled = parts.resampled(motion)
    assert resampled.frame_rate == rate
    assert resampled.frame_count == int(seconds * rate) + 1
    middle = resampled.frame_count // 2
    at = round(middle / rate * given_rate)
    np.testing.assert_allclose(resampled.wrist_m[:, middle], motion.wrist_m[:, at], atol=1e-6)
    np.testing.assert_allclose(
        resampled.rotations_rad[:, middle], motion.rotations_rad[:, at], atol=1e-6
    )


def test_an_hour_stays_small() -> None:
    motion = make_motion(60.0, 30.0)
    rng = np.random.default_rng(1)
    wander = np.cumsum(rng.normal(0, 3e-3, motion.rotations_rad.shape), axis=1)
    motion = replace(motion, rotations_rad=motion.rotations_rad + wander)
    an_hour = 60 * len(base64.b64encode(parts.packed_motion(motion)))
    assert an_hour < 40e6
