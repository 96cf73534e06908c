"""The path through a line whose potentials are known: likely notes, and a likely path."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.models.fingering import decoder
from duemani.models.fingering.decoder import decode_line
from duemani.models.fingering.inputs import LineInputs
from duemani.models.fingering.lines import CHOICES, hand_line
from duemani.models.fingering.model import pretrained_fingering
from duemani.models.fingering.network import Potentials
from duemani.performance import RIGHT, make_notes

NEVER = -60.0


def far_apart(count: int) -> np.ndarray:
    """Notes with rests in between: any finger can play each of them."""
    notes = make_notes([(2.0 * at, 2.0 * at + 0.5, 60, 64) for at in range(count)])
    notes["hand"] = RIGHT
    return notes


def decoded(
    monkeypatch: pytest.MonkeyPatch,
    joint: dict[tuple[int, ...], float],
    preferred: list[int] | None = None,
    temperature: float = 1.0,
) -> tuple[list[int], np.ndarray]:
    """Fingers and chances under the given probabilities of (first, second) fingers."""

    def known(networks: object, inputs: LineInputs) -> Potentials:
        own = inputs.fixed.astype(np.float32)
        step = np.zeros((2, CHOICES, CHOICES), np.float32)
        step[1, :5, :5] = NEVER
        for (first, second), chance in joint.items():
            step[1, first - 1, second - 1] = np.log(chance)
        return Potentials(own, step, np.zeros_like(step), np.zeros((2, 5, 5, 5), np.float32))

    monkeypatch.setattr(decoder, "potentials", known)
    notes = far_apart(2)
    model = replace(pretrained_fingering(), temperature=temperature)
    liked = None if preferred is None else np.array(preferred)
    finger, chances = decode_line(hand_line(notes, RIGHT), notes, model, preferred=liked)
    return finger.tolist(), chances


def test_a_path_that_is_all_but_impossible_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each for itself, 1 and then 4 are likeliest (0.35 + 0.64), but never together; 2 and 4
    # expect 0.97 right fingers, and are a path.
    joint = {(1, 2): 0.349999, (1, 4): 1e-6, (2, 4): 0.33, (3, 4): 0.32}
    finger, chances = decoded(monkeypatch, joint)
    np.testing.assert_allclose(chances[0], [0.35, 0.33, 0.32, 0, 0], atol=1e-5)
    np.testing.assert_allclose(chances[1], [0, 0.35, 0, 0.65, 0], atol=1e-5)
    assert finger == [2, 4]


def test_more_right_fingers_are_worth_a_less_likely_path(monkeypatch: pytest.MonkeyPatch) -> None:
    # The likeliest path is 1, 2 (0.3): 0.62 fingers right. 3, 4 has 0.26: 0.91 fingers right;
    # 0.15 times the logarithm of 0.3 / 0.26 is only 0.02.
    joint = {(1, 2): 0.3, (3, 4): 0.26, (3, 5): 0.22, (1, 4): 0.12, (5, 4): 0.1}
    finger, _ = decoded(monkeypatch, joint)
    assert finger == [3, 4]


def test_a_temperature_makes_chances_more_even(monkeypatch: pytest.MonkeyPatch) -> None:
    joint = {(1, 2): 0.8, (3, 4): 0.2}
    _, chances = decoded(monkeypatch, joint, temperature=2.0)
    assert chances[0, 0] == pytest.approx(2 / 3)  # square roots: 4 to 1 becomes 2 to 1
    assert chances[0, 2] == pytest.approx(1 / 3)


def test_a_preferred_finger_is_worth_three_nats(monkeypatch: pytest.MonkeyPatch) -> None:
    joint = {(1, 2): 0.9, (3, 4): 0.1}
    finger, chances = decoded(monkeypatch, joint, preferred=[0, 4])
    assert finger == [3, 4]
    assert chances[0, 2] == pytest.approx(0.1 * np.e**3 / (0.9 + 0.1 * np.e**3), rel=1e-3)
    assert decoded(monkeypatch, {(1, 2): 0.99, (3, 4): 0.01}, preferred=[0, 4])[0] == [1, 2]
    assert decoded(monkeypatch, joint, preferred=[0, 0])[0] == [1, 2]
