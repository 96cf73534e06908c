"""Performances laid along scores: repeats, restarts, slips, and scores of other pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from duemani.alignment.matching import match_passage, rising
from duemani.alignment.path import score_path
from duemani.alignment.score import Alignment, align_to_score
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.notation import beat_length
from duemani.inputs.score.written import WrittenPiece, read_written
from duemani.performance import Performance
from duemani.verbs.demo import demo_score
from tests.inputs.test_score import BACK, note, save, score


@pytest.fixture(scope="module")
def piece() -> WrittenPiece:
    return read_written(demo_score())


@pytest.fixture(scope="module")
def line(piece: WrittenPiece) -> ScoreLine:
    return piece.line


def truth_agrees(found: Alignment, piece: WrittenPiece, written: np.ndarray) -> float:
    """Share of notes laid on the written note, or on another of its pitch and place."""
    key = found.line.onset_quarter * 1000 + found.line.pitch
    return float(np.mean((found.written >= 0) & (key[found.written] == key[written])))


def between(one: Performance, start: float, end: float, at: float) -> np.ndarray:
    notes = one.notes[(one.notes["onset_sec"] >= start) & (one.notes["onset_sec"] < end)].copy()
    notes["onset_sec"] += at - start
    notes["release_sec"] += at - start
    return notes


def test_line_is_the_written_score(piece: WrittenPiece, line: ScoreLine) -> None:
    assert len(line.pitch) == len(piece.performance.notes)
    np.testing.assert_array_equal(line.pitch, piece.performance.notes["pitch"])
    assert np.all(np.diff(line.bar_quarter) > 0)
    assert np.all(line.onset_quarter >= line.bar_quarter[line.bar] - 1e-6)
    assert len(line.bar_names) == len(line.bar_quarter) == len(line.beat_quarter)
    assert line.bars_named(0, 1) == "-".join(line.bar_names[:2])


def test_beats_of_compound_time_are_dotted() -> None:
    assert beat_length(6, 8) == beat_length(12, 8) == 1.5
    assert beat_length(3, 8) == 0.5
    assert beat_length(2, 2) == 2.0
    assert beat_length(3, 4) == 1.0


@pytest.mark.parametrize("repeats", [False, True])
def test_every_note_with_or_without_repeats(piece: WrittenPiece, repeats: bool) -> None:
    played = piece.played if repeats else piece.performance
    written = piece.written_index if repeats else np.arange(len(piece.performance.notes))
    found = align_to_score(played, piece.line)
    assert found.fits
    assert found.how_sure > 0.95
    assert truth_agrees(found, piece, written) > 0.98
    assert found.match_rate > 0.98
    assert len(found.missing) <= 0.02 * len(written)
    for passage in found.passages:
        assert np.all(np.diff(passage.quarter) > 0)
        assert np.all(np.diff(passage.time_sec) > 0)
        middle = float(passage.quarter.mean())
        again = passage.quarter_at(passage.time_at(np.array([middle])))
        np.testing.assert_allclose(again, middle)


def test_practice_starts_in_the_middle_stops_and_goes_back(
    piece: WrittenPiece, line: ScoreLine
) -> None:
    once, starts = piece.performance, piece.bar_starts_sec
    first = between(once, starts[3], starts[8], 0.5)
    gone = 0.5 + starts[8] - starts[3] + 1.8
    second = between(once, starts[6], starts[12], gone)
    found = align_to_score(Performance.create(np.concatenate([first, second])), line)
    assert found.fits
    assert len(found.passages) == 2
    assert found.bar[0] == 3
    assert found.bar[len(first)] == 6
    assert found.passages[1].first == len(first)
    assert not len(found.missing)
    assert set(found.unplayed) >= set(np.flatnonzero(line.bar > 12))


def test_wrong_missing_and_extra_notes_are_named(piece: WrittenPiece) -> None:
    notes = piece.performance.notes.copy()
    wrong, left_out = 40, 80
    true_pitch = int(notes["pitch"][left_out])
    notes["pitch"][wrong] += 1
    extra = notes[60:61].copy()
    extra["pitch"] = 98
    kept = np.delete(notes, left_out)
    played = Performance.create(np.concatenate([kept, extra]))
    found = align_to_score(played, piece.line)
    assert {98, int(notes["pitch"][wrong])} == set(played.notes["pitch"][found.extra])
    assert wrong in found.missing
    assert true_pitch in found.line.pitch[found.missing]
    assert len(found.missing) == 2
    late = found.missing_sec[list(found.missing).index(wrong)] - notes["onset_sec"][wrong]
    assert abs(late) < 0.15


def test_tempo_does_not_matter(piece: WrittenPiece, line: ScoreLine) -> None:
    notes = piece.performance.notes.copy()
    usual = align_to_score(Performance.create(notes), line)
    notes["onset_sec"] *= 2.5
    notes["release_sec"] *= 2.5
    slow = align_to_score(Performance.create(notes), line)
    assert np.mean(usual.written == slow.written) > 0.98


def test_score_of_another_piece_does_not_fit(piece: WrittenPiece, line: ScoreLine) -> None:
    rng = np.random.default_rng(0)
    shuffled = piece.performance.notes.copy()
    shuffled["pitch"] = rng.permutation(shuffled["pitch"])
    transposed = piece.performance.notes.copy()
    transposed["pitch"] += 1
    for notes in (shuffled, transposed, shuffled[:30]):
        found = align_to_score(Performance.create(notes), line)
        assert not found.fits
        assert found.how_sure < 0.2


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_notes_do_not_fit(piece: WrittenPiece, line: ScoreLine, count: int) -> None:
    found = align_to_score(Performance.create(piece.performance.notes[:count]), line)
    assert not found.fits
    assert len(found.written) == len(found.onset_quarter) == count


def test_equal_chords_in_a_row_are_not_skipped(tmp_path: Path) -> None:
    chords = "".join(note("C", 4, 4) for _ in range(4))
    bass = note("C", 3, 16, 2)
    changed = note("D", 4, 4) + note("E", 4, 4) + note("F", 4, 8) + BACK + note("G", 2, 16, 2)
    xml = score(changed, chords + BACK + bass, changed, chords + BACK + bass, changed)
    piece = read_written(save(tmp_path, xml))
    found = align_to_score(piece.performance, piece.line)
    assert truth_agrees(found, piece, np.arange(len(piece.performance.notes))) == 1.0


def test_repeated_notes_are_told_apart(tmp_path: Path) -> None:
    repeated = "".join(note("G", 4, 1) for _ in range(16)) + BACK + note("C", 3, 16, 2)
    piece = read_written(save(tmp_path, score(repeated)))
    found = align_to_score(piece.performance, piece.line)
    assert truth_agrees(found, piece, np.arange(len(piece.performance.notes))) == 1.0
    assert not len(found.extra)
    assert not len(found.missing)


def test_library_is_used_and_its_failure_survived(
    line: ScoreLine, piece: WrittenPiece, monkeypatch: pytest.MonkeyPatch
) -> None:
    from duemani.alignment import matching as score_matching

    notes = piece.performance.notes
    onset, pitch = notes["onset_sec"].astype(float), notes["pitch"].astype(int)
    pairs = score_matching._by_dual_dtw(onset[:60], pitch[:60], np.arange(60), line)
    assert sum(line.pitch[one] == pitch[played] for played, one in pairs) > 55

    def broken(*_: object) -> None:
        raise IndexError("as the library does")

    monkeypatch.setattr(score_matching, "_by_dual_dtw", broken)
    one_missing = np.arange(len(pitch)) != 20
    onset, pitch = onset[one_missing], pitch[one_missing]
    path = score_path(onset, pitch, line)
    with pytest.warns(UserWarning, match="the aligner failed on them .IndexError."):
        found = match_passage(onset, pitch, path.event, path.event_quarter, line)
    assert np.mean(found >= 0) > 0.95


def test_longest_rising_subsequence() -> None:
    values = np.array([0.0, 5.0, 1.0, 2.0, 2.0, 9.0, 3.0])
    kept = values[rising(values)]
    assert kept.tolist() in ([0, 1, 2, 3], [0, 1, 2, 9])
    assert len(rising(np.zeros(0))) == 0
