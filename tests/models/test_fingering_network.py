"""The fingering network: torch and numpy agree, probabilities are those of brute force."""

from __future__ import annotations

import itertools
from dataclasses import fields

import numpy as np
import pytest

from duemani.datasets.fingering.scores import FingeredPiece
from duemani.models.fingering.choose import choose_fingers
from duemani.models.fingering.inputs import line_inputs
from duemani.models.fingering.lines import CHOICES, hand_line
from duemani.models.fingering.model import pretrained_fingering
from duemani.models.fingering.network import CONTEXT_EVENTS, Potentials, potentials
from duemani.models.fingering.posterior import joint, posterior
from duemani.models.fingering.repeats import repeated_fingers
from duemani.performance import LEFT, RIGHT, Performance, make_notes


def mixed_line(hand: int, seed: int = 0, events: int = 40) -> np.ndarray:
    """Single notes, chords of every size and a held note, for one hand."""
    generator = np.random.default_rng(seed)
    rows: list[tuple[float, float, int, int]] = []
    pitch = 60
    for event in range(events):
        pitch = int(np.clip(pitch + generator.integers(-5, 6), 45, 75))
        size = int(generator.choice([1, 1, 1, 1, 2, 3, 4]))
        for at in range(size):
            rows.append((event * 0.2, event * 0.2 + 0.18, pitch + 3 * at, 64))
    rows.append((1.0, 3.0, 40, 64))
    notes = np.sort(make_notes(rows), order=("onset_sec", "pitch"))
    notes["hand"] = hand
    return notes


def test_probabilities_are_those_of_every_path() -> None:
    generator = np.random.default_rng(3)
    count = 6
    own = np.full((count, 10), -1e9, np.float32)
    own[:, :5] = generator.normal(0, 1, (count, 5))
    links = generator.normal(0, 1, (2, count, 10, 10)).astype(np.float32)
    links[0, 0], links[1, :2] = 0, 0
    triple = generator.normal(0, 1, (count, 5, 5, 5)).astype(np.float32)
    triple[:2] = 0
    scores = Potentials(own, links[0], links[1], triple)
    expected = np.zeros((count, 10))
    for path in itertools.product(range(5), repeat=count):
        total = sum(own[t, c] for t, c in enumerate(path))
        total += sum(links[0, t, path[t - 1], path[t]] for t in range(1, count))
        total += sum(links[1, t, path[t - 2], path[t]] for t in range(2, count))
        total += sum(triple[t, path[t - 2], path[t - 1], path[t]] for t in range(2, count))
        expected[np.arange(count), path] += np.exp(total)
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(posterior(scores, joint(scores)), expected, atol=1e-5)


def test_windows_do_not_show() -> None:
    notes = mixed_line(RIGHT, events=150)
    model = pretrained_fingering()
    line = hand_line(notes, RIGHT)
    scores = potentials(model.networks, line_inputs(line, notes))
    whole = posterior(scores, joint(scores))
    later = [getattr(scores, field.name)[20:] for field in fields(Potentials)]
    part = posterior(Potentials(*later), joint(Potentials(*later)))
    # Far from the cut, windows that start elsewhere say the same.
    np.testing.assert_allclose(part[20:], whole[40:], atol=0.01)


def test_torch_and_numpy_agree() -> None:
    torch = pytest.importorskip("torch", reason="training needs torch, which playing does not")
    from duemani.training.fingering.network import FingeringNetwork
    from duemani.training.fingering.windows import TrainingLines

    torch.manual_seed(0)
    network = FingeringNetwork(16, 12, 0.3, 0.1).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape)
    for hand in (LEFT, RIGHT):
        notes = mixed_line(hand)
        notes["finger"] = 3
        lines = TrainingLines.gather([fingered_piece(notes)], [1.0])
        first, end = lines.first[0]
        at = np.arange(first - CONTEXT_EVENTS, end + CONTEXT_EVENTS)
        window = np.where((at >= first) & (at < end), at, 0)[None]
        batch, _ = lines.batch((window, 10), 0.0, np.random.default_rng(0))
        with torch.no_grad():
            theirs = [part[0].numpy() for part in network(batch)]
        notes["finger"] = 0
        line = hand_line(notes, hand)
        ours = potentials([network.exported()], line_inputs(line, notes))
        # Training rounds the steepest penalties.
        real = ours.own > -25
        np.testing.assert_allclose(theirs[0][real], ours.own[real], atol=1e-4)
        for by, mine in ((1, ours.step), (2, ours.skip)):
            both = real[:-by, :, None] & real[by:, None]
            np.testing.assert_allclose(theirs[by][by:][both], mine[by:][both], atol=1e-4)
        np.testing.assert_allclose(theirs[3], ours.triple, atol=1e-4)


def fingered_piece(notes: np.ndarray) -> FingeredPiece:
    return FingeredPiece("made", "mutopia", Performance.create(notes))


def test_the_loss_falls_to_nothing_on_one_piece() -> None:
    torch = pytest.importorskip("torch", reason="training needs torch, which playing does not")
    from duemani.training.fingering.train import FingeringTraining, fit_network
    from duemani.training.fingering.windows import TrainingLines

    torch.set_num_threads(1)
    notes = mixed_line(RIGHT, seed=5, events=30)
    notes = notes[np.unique(notes["onset_sec"], return_index=True)[1]]
    notes["finger"] = np.random.default_rng(0).integers(1, 6, len(notes))
    lines = TrainingLines.gather([fingered_piece(notes)], [1.0])
    losses: list[float] = []
    config = FingeringTraining(
        epochs=150, dropout=0.0, input_dropout=0.0, transposed_share=0.0, learning_rate=1e-2,
        weight_decay=0.0, table_shrinkage=0.0, averaging=0.5,
    )  # fmt: skip
    fit_network(lines, config, 0, watch=lambda _, loss, __: losses.append(loss))
    assert losses[-1] < 0.02 * losses[0]


def test_a_repeated_passage_takes_the_first_ones_fingers() -> None:
    theme = [60, 64, 67, 72, 71, 69, 67, 65, 64, 62, 60, 59, 57, 59, 60, 64, 62, 60, 67, 65]
    pitches = [*theme, 48, 76, 50, *theme]
    rows = [(at * 0.25, at * 0.25 + 0.24, pitch, 64) for at, pitch in enumerate(pitches)]
    notes = make_notes(rows)
    notes["hand"] = RIGHT
    finger = np.arange(len(pitches)) % 5 + 1
    taken = repeated_fingers(hand_line(notes, RIGHT), finger, np.full((len(notes), 5), 0.2))
    assert not taken[: len(theme) + 3 + 2].any()
    inner = slice(2, len(theme) - 3)  # the last note has another length
    np.testing.assert_array_equal(taken[len(theme) + 3 :][inner], finger[: len(theme)][inner])
    chosen = choose_fingers(Performance.create(notes)).performance.notes["finger"]
    np.testing.assert_array_equal(chosen[len(theme) + 3 :][inner], chosen[: len(theme)][inner])


def test_an_ostinato_is_no_repeated_passage() -> None:
    rows = [(at * 0.25, at * 0.25 + 0.2, 60 + 4 * (at % 2), 64) for at in range(40)]
    notes = make_notes(rows)
    notes["hand"] = RIGHT
    taken = repeated_fingers(
        hand_line(notes, RIGHT), np.ones(40, int), np.full((len(notes), 5), 0.2)
    )
    # The first ones set the pattern, whatever comes after them repeats it.
    assert not taken[:10].any()


def test_chances_are_probabilities_and_confidence_is_that_of_the_finger() -> None:
    notes = mixed_line(RIGHT, seed=2)
    result = choose_fingers(Performance.create(notes))
    np.testing.assert_allclose(result.chances.sum(1), 1, atol=1e-6)
    played = result.performance.notes
    own = result.chances[np.arange(len(notes)), played["finger"] - 1]
    np.testing.assert_allclose(played["confidence"], own, atol=1e-6)
    assert 0.3 < own.mean() < 0.99


def dead_end(event: int) -> Potentials:
    """Eight events that nobody can play: one choice alone before, and none that follows it."""
    own, step = np.zeros((8, CHOICES)), np.zeros((8, CHOICES, CHOICES))
    own[event - 1, 1:] = -1e4
    step[event, 0] = -1e4
    skip = np.zeros((8, CHOICES, CHOICES))
    return Potentials(own, step, skip, np.zeros((8, 5, 5, 5)))


@pytest.mark.parametrize("event", [2, 4, 7])
def test_what_nobody_can_play_has_chances(event: int) -> None:
    scores = dead_end(event)
    chances = posterior(scores, joint(scores))
    assert np.isfinite(chances).all()
    np.testing.assert_allclose(chances.sum(1), 1.0)
    # The one choice that is left before the dead end stays certain; what follows it is open.
    assert chances[event - 1, 0] > 0.99
    np.testing.assert_allclose(chances[event], 1 / CHOICES, atol=1e-6)


def test_a_given_finger_is_the_one_that_three_notes_are_scored_with() -> None:
    rows = [(at * 0.4, at * 0.4 + 0.35, 60 + pitch, 64) for at, pitch in enumerate((0, 2, 4, 5, 7))]
    notes = make_notes(rows)
    notes["hand"] = RIGHT
    given = notes.copy()
    given["finger"][2] = 3
    networks = pretrained_fingering().networks
    free, bound = (
        potentials(networks, line_inputs(hand_line(one, RIGHT), one)).triple
        for one in (notes, given)
    )
    assert np.abs(free[2:]).max() > 0.1
    np.testing.assert_allclose(bound[2, :, :, 0], free[2, :, :, 2], atol=1e-5)
    np.testing.assert_allclose(bound[3, :, 0], free[3, :, 2], atol=1e-5)
    np.testing.assert_allclose(bound[4, 0], free[4, 2], atol=1e-5)
