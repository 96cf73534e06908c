"""FID: its laws, and codes in numpy as the trained network makes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.evaluation.motion import clips
from duemani.evaluation.motion.gesture_code import (
    fid,
    fid_diagonal,
    fid_floor,
    load_gesture_encoder,
)
from duemani.performance import LEFT
from tests.evaluation.test_published_metrics import random_motion


def test_fid_laws() -> None:
    generator = np.random.default_rng(0)
    codes = generator.normal(0, 1, (40, 256))
    assert fid(codes, codes) == pytest.approx(0, abs=1e-9)
    assert fid(codes, codes + 1) == pytest.approx(256)
    assert fid_diagonal(codes, codes) == 0
    one, other = generator.normal(0, 1, (2, 1000, 5))
    assert fid_diagonal(one, 2 * other + 1) == pytest.approx(5 + 5, rel=0.1)
    assert fid_diagonal(one, 2 * other + 1) <= fid(one, 2 * other + 1)
    few, many = codes[:20, :8], generator.normal(0, 1, (2000, 8))
    assert fid_floor(few) > fid_floor(many)
    takes = np.repeat(np.arange(4), 10)
    apart = codes + 5 * takes[:, None]
    assert fid_floor(apart, takes) > 10 * fid_floor(apart)
    with pytest.raises(InputError, match="two or more"):
        fid(codes[:1], codes)


def test_gesture_clips_are_right_then_left() -> None:
    motion = random_motion(1, 500)
    made = clips.gesture_clips(motion)
    assert made.shape == (2, 240, 96)
    assert (made[1, :, 48:] == clips.hand_pose(motion, LEFT)[240:480]).all()
    hidden = motion.tracked.copy()
    hidden[0, 3] = False
    assert len(clips.gesture_clips(replace(motion, tracked=hidden))) == 1
    assert clips.gesture_clips(random_motion(1, 100)).shape == (0, 240, 96)


def test_codes_are_the_trained_networks(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    from duemani.training.gesture_autoencoder import GestureTraining, train_gesture_autoencoder

    data = np.concatenate([clips.gesture_clips(random_motion(seed)) for seed in range(6)])
    path = tmp_path / "code.safetensors"
    losses: list[float] = []
    config = GestureTraining(batch_clips=4)
    network = train_gesture_autoencoder(
        data, path, 30, seed=1, report=lambda share, loss: losses.append(loss), config=config
    )
    assert len(losses) == 30
    assert losses[-1] < losses[0]
    assert path.stat().st_size < 4_000_000
    encoder = load_gesture_encoder(path)
    codes = encoder.encode(data)
    largest = float(np.abs(codes).max())
    normal = ((data - encoder.mean) / encoder.spread).astype(np.float32).transpose(0, 2, 1)
    with torch.no_grad():
        exact, _ = network.encode(torch.from_numpy(normal.copy()))
        rounded, _ = network.half().float().encode(torch.from_numpy(normal.copy()))
    assert codes == pytest.approx(rounded.numpy(), abs=1e-5 * largest)
    assert codes == pytest.approx(exact.numpy(), abs=1e-2 * largest)
    assert fid(codes, codes) == pytest.approx(0, abs=1e-6)
    again = tmp_path / "again.safetensors"
    train_gesture_autoencoder(data, again, 30, seed=1, config=config)
    assert load_gesture_encoder(again).encode(data) == pytest.approx(codes, abs=1e-2)


def test_bad_gesture_files_are_refused(tmp_path: Path) -> None:
    numpy_format = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "code.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="no gesture encoder"):
        load_gesture_encoder(path)
    numpy_format.save_file({"a": np.zeros(3)}, path, metadata={"format": "duemani.gesture_code/1"})
    with pytest.raises(InputError, match="no gesture encoder"):
        load_gesture_encoder(path)
    with pytest.raises(InputError, match="does not exist"):
        load_gesture_encoder(tmp_path / "none.safetensors")
