"""What an expert would have meant: evidence by Bayes' rule, paths and passages on small tables."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from duemani.models.fingering import second_look as module
from duemani.models.fingering.inputs import LineInputs
from duemani.models.fingering.lines import CHOICES, hand_line
from duemani.models.fingering.model import pretrained_fingering
from duemani.models.fingering.network import Potentials
from duemani.models.fingering.second_look import SecondLook, second_look
from duemani.performance import LEFT, RIGHT, Performance, make_notes

SURE = np.eye(5)


def played(fingers: list[int], pitches: list[int] | None = None, hand: int = RIGHT) -> np.ndarray:
    """Notes with rests in between: any finger can play each of them."""
    keys = pitches or [60] * len(fingers)
    notes = make_notes([(2.0 * at, 2.0 * at + 0.5, key, 64) for at, key in enumerate(keys)])
    notes["hand"], notes["finger"] = hand, fingers
    return notes


def looked(
    monkeypatch: pytest.MonkeyPatch,
    fingers: list[int],
    prior: list[list[float]],
    seen: list[list[float]] | None = None,
    printed: list[int] | None = None,
) -> SecondLook:
    """Under a prior of every note's fingers, each for itself."""

    def known(networks: object, inputs: LineInputs) -> Potentials:
        count = len(prior)
        own = inputs.fixed.astype(np.float32)
        own[:, :5] += np.log(np.array(prior))
        step = np.zeros((count, CHOICES, CHOICES), np.float32)
        return Potentials(own, step, np.zeros_like(step), np.zeros((count, 5, 5, 5), np.float32))

    monkeypatch.setattr(module, "potentials", known)
    notes = played(fingers)
    evidence = SURE[np.maximum(fingers, 1) - np.array(1)] if seen is None else np.array(seen)
    evidence = np.where(np.array(fingers)[:, None] == 0, 0.2, evidence)
    model = replace(pretrained_fingering(), temperature=1.0)
    return second_look(notes, evidence, 1.0, model, None if printed is None else np.array(printed))


EVEN = [0.2] * 5


def test_one_slip_in_four(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch, [2, 3], [[0.05, 0.1, 0.8, 0.04, 0.01], EVEN])
    # What was meant: 3/4 the finger played, 1/16 each other one.
    weight = np.array([0.05 / 16, 0.1 * 0.75, 0.8 / 16, 0.04 / 16, 0.01 / 16])
    np.testing.assert_allclose(found.chances[0], weight / weight.sum(), rtol=1e-4)
    np.testing.assert_allclose(found.chances[1], [1 / 16, 1 / 16, 0.75, 1 / 16, 1 / 16], rtol=1e-4)
    # Surely seen, so the doubt is the chance that another was meant.
    assert found.doubt[0] == pytest.approx(1 - weight[1] / weight.sum(), rel=1e-4)
    assert found.doubt[1] == pytest.approx(0.25, rel=1e-4)
    np.testing.assert_allclose(found.really, 1, rtol=1e-4)
    assert found.judged.all()
    assert found.intended.tolist() == [2, 3]
    assert (found.passage == -1).all()
    assert (found.gain_nats == 0).all()


def test_a_far_likelier_finger_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    prior = [[0.01, 0.03, 0.94, 0.01, 0.01], EVEN, [0.01, 0.01, 0.01, 0.03, 0.94]]
    found = looked(monkeypatch, [2, 3, 4], prior)
    assert found.intended.tolist() == [3, 3, 5]
    # Two changed notes two apart are one passage: what both gain under the prior alone.
    assert found.passage.tolist() == [0, -1, 0]
    gain = 2 * np.log(0.94 / 0.03)
    np.testing.assert_allclose(found.gain_nats, [gain, 0, gain], rtol=1e-3)


def test_changes_three_apart_are_passages_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    three, five = [0.01, 0.03, 0.94, 0.01, 0.01], [0.01, 0.01, 0.01, 0.03, 0.94]
    found = looked(monkeypatch, [2, 3, 3, 4], [three, EVEN, EVEN, five])
    assert found.passage.tolist() == [0, -1, -1, 1]
    np.testing.assert_allclose(found.gain_nats[[0, 3]], np.log(0.94 / 0.03), rtol=1e-3)


def test_what_was_hardly_seen_may_be_another(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [[0.0, 0.6, 0.4, 0.0, 0.0]]
    found = looked(monkeypatch, [2], [EVEN], seen)
    # If 2 was meant: 2 was seen with 0.6 of 3/4, 3 with 0.4 of 1/16.
    likely = np.array([1 / 16, 0.6 * 0.75 + 0.4 / 16, 0.6 / 16 + 0.4 * 0.75, 1 / 16, 1 / 16])
    np.testing.assert_allclose(found.chances[0], likely / likely.sum(), rtol=1e-4)
    really = 0.6 * np.array([1 / 16, 0.75, 1 / 16, 1 / 16, 1 / 16]) / likely
    error = (found.chances[0] * really).sum() - found.chances[0, 1] * really[1]
    assert found.doubt[0] == pytest.approx(error, rel=1e-4)
    assert found.really[0] == pytest.approx(error / (1 - found.chances[0, 1]), rel=1e-4)


def test_what_was_not_seen_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch, [0, 2], [[0.1, 0.2, 0.4, 0.2, 0.1], EVEN])
    assert found.judged.tolist() == [False, True]
    np.testing.assert_allclose(found.chances[0], [0.1, 0.2, 0.4, 0.2, 0.1], rtol=1e-4)
    assert found.intended.tolist() == [3, 2]
    assert found.doubt[0] == 0
    assert found.really[0] == 0
    assert found.passage[0] == -1


@pytest.mark.parametrize(("printed", "nats"), [(3, 3.0), (2, 20.0)])
def test_the_editors_finger(monkeypatch: pytest.MonkeyPatch, printed: int, nats: float) -> None:
    found = looked(monkeypatch, [2, 2], [EVEN, EVEN], printed=[printed, 0])
    weight = np.array([1 / 16, 0.75, 1 / 16, 1 / 16, 1 / 16])
    np.testing.assert_allclose(found.chances[1], weight, rtol=1e-4)
    weight[printed - 1] *= np.exp(nats)
    np.testing.assert_allclose(found.chances[0], weight / weight.sum(), rtol=1e-3, atol=1e-8)


def test_hands_and_notes_without_one() -> None:
    notes = played([1, 2, 3, 4], [60, 62, 40, 41])
    notes["hand"] = [RIGHT, RIGHT, LEFT, -1]
    found = second_look(notes, np.eye(5)[notes["finger"] - 1])
    assert found.judged.tolist() == [True, True, True, False]
    assert found.intended[3] == 0
    assert (found.chances[3] == 0).all()
    np.testing.assert_allclose(found.chances[:3].sum(1), 1, rtol=1e-5)
    empty = second_look(make_notes([]), np.zeros((0, 5)))
    assert len(empty.intended) == 0


def test_fingers_shared_on_purpose_and_crowds_are_not_judged() -> None:
    def sharing(pitches: list[int], fingers: list[int]) -> list[bool]:
        notes = make_notes([(0.0, 1.0, pitch, 64) for pitch in pitches])
        notes["hand"], notes["finger"] = RIGHT, fingers
        notes = Performance.create(notes).notes
        return module._sharing(hand_line(notes, RIGHT), notes["finger"].astype(int)).tolist()

    assert sharing([60, 62, 67], [1, 1, 4]) == [True, True, False]
    assert sharing([60, 62, 67], [1, 2, 4]) == [False] * 3
    assert sharing([60, 64, 67], [1, 1, 4]) == [False] * 3  # not neighbours
    assert sharing([60, 62, 67], [0, 0, 4]) == [False] * 3
    assert sharing([60, 62, 64, 65, 67], [1, 2, 3, 4, 5]) == [False] * 5
    assert sharing([60, 62, 64, 65, 67, 69], [1, 2, 3, 4, 5, 5]) == [True] * 6


def test_the_best_path_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 3, 4):
        worth = rng.normal(0, 1, (count, 3, 3, 3))
        path = module._Path()
        for start in range(0, count, 2):  # in two portions
            path.run(worth[start : start + 2])
        best = path.best()

        def score(one: tuple[int, ...], worth: np.ndarray = worth) -> float:
            return sum(module._score(worth, [*one], at) for at in range(len(one)))

        # Before the first event stands choice 0.
        ways = itertools.product(range(3), repeat=count)
        assert score(tuple(best)) == pytest.approx(max(score(way) for way in ways))
    assert module._Path().best() == []


def test_neighbouring_changes_are_one_run() -> None:
    assert module._runs([]) == []
    assert module._runs([3]) == [[3]]
    assert module._runs([1, 2, 4, 7, 9, 12]) == [[1, 2, 4], [7, 9], [12]]
