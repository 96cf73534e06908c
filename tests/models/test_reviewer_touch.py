"""What the reviewer's numbers mean: touches told by a network that is known, note by note."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.graphs.open import Graph
from duemani.models.reviewer.config import ReviewerConfig
from duemani.models.reviewer.judge import Judgement, judge
from duemani.models.reviewer.pretrained import ReviewerNetwork
from duemani.models.reviewer.windows import Evidence
from duemani.performance import make_notes

LENGTH_SEC = 0.4


class KnownSession(Graph):
    """Tells the same of every note."""

    def __init__(self, touch: list[float]) -> None:
        self._touch = touch

    def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        count = inputs["facts"].shape[1]
        frames = inputs["sound"].shape[1]
        finger = np.zeros((1, count, 10), np.float32)
        finger[..., 6] = 1
        return [
            finger,
            np.zeros((1, frames, 10), np.float32),
            np.tile(np.array(self._touch, np.float32), (1, count, 1)),
            np.zeros((1, frames), np.float32),
        ]


def judged(touch: list[float], onsets: tuple[float, ...] = (1.0, 2.0)) -> Judgement:
    network = ReviewerNetwork(ReviewerConfig(), {}, "", KnownSession(touch))
    notes = make_notes([(onset, onset + LENGTH_SEC, 60, 64) for onset in onsets])
    return judge(network, Evidence(notes, None, None, None, False), 120)


def test_no_touch_leaves_the_notes_as_heard() -> None:
    found = judged([0, 0, 0, 0, 0, 0])
    assert found.onset_sec.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(found.release_sec, [1.4, 2.4])
    assert found.velocity.tolist() == [64, 64]
    assert found.velocity_spread.tolist() == [24, 24]
    assert found.length_spread.tolist() == [1, 1]
    assert found.chances.argmax(1).tolist() == [6, 6]


def test_velocities_are_counted_in_steps_of_24_from_64() -> None:
    assert judged([0.5, 0, 0, 0, 0, 0]).velocity.tolist() == [76, 76]
    assert judged([-9, 0, 0, 0, 0, 0]).velocity.tolist() == [1, 1]
    assert judged([9, 0, 0, 0, 0, 0]).velocity.tolist() == [127, 127]


def test_a_corrected_onset_takes_its_release_along() -> None:
    later, earlier = judged([0, 0, 1.5, 0, 0, 0]), judged([0, 0, -1.5, 0, 0, 0])
    np.testing.assert_allclose(later.onset_sec, [1.03, 2.03])
    np.testing.assert_allclose(later.release_sec, [1.43, 2.43])
    np.testing.assert_allclose(earlier.onset_sec, [0.97, 1.97])
    np.testing.assert_allclose(earlier.release_sec, [1.37, 2.37])
    # Nothing begins before the take.
    assert judged([0, 0, -1.5, 0, 0, 0], (0.01, 1.0)).onset_sec[0] == 0


@pytest.mark.parametrize(("told", "factor"), [(0.5, np.exp(0.5)), (-1, np.exp(-1)), (9, np.exp(3))])
def test_lengths_are_told_by_their_logarithm(told: float, factor: float) -> None:
    found = judged([0, told, 0, 0, 0, 0])
    np.testing.assert_allclose(found.release_sec - found.onset_sec, LENGTH_SEC * factor)


def test_doubt_is_told_by_its_logarithm_within_limits() -> None:
    found = judged([0, 0, 0, 1, -1, 0])
    np.testing.assert_allclose(found.velocity_spread, 24 * np.e)
    np.testing.assert_allclose(found.length_spread, 1 / np.e)
    wild = judged([0, 0, 0, -9, 9, 0])
    np.testing.assert_allclose(wild.velocity_spread, 24 * np.exp(-4))
    np.testing.assert_allclose(wild.length_spread, np.exp(2))
