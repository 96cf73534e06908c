"""The beats of a MIDI file, its grid, voices, lengths and sounding keys, on a few notes by hand."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from duemani.errors import InputError
from duemani.inputs.midi.grid import DIVISIONS, Beats, Metre, _fifths, on_grid, read_beats
from duemani.inputs.midi.notation import _bar_count, _bars, _lengths, _plain, _voices
from duemani.inputs.midi.struck import Strikes


def file_of(path: Path, *tracks: list[object], ticks: int = 480) -> Path:
    midi = mido.MidiFile(type=1, ticks_per_beat=ticks)
    for messages in tracks:
        midi.tracks.append(mido.MidiTrack(messages))
    midi.save(str(path))
    return path


def tempo(value: int, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=value, time=time)


def metre(beats: int, beat_type: int, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", numerator=beats, denominator=beat_type, time=time)


def key(name: str, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("key_signature", key=name, time=time)


# --- beats ----------------------------------------------------------------------------------------


def test_a_file_that_says_nothing_is_in_four_at_120(tmp_path: Path) -> None:
    beats = read_beats(file_of(tmp_path / "a.mid", [tempo(500_000, 960)]))
    assert beats.metres == (Metre(0.0, 4, 4),)
    assert beats.fifths is None
    np.testing.assert_allclose(beats.to_quarters(np.array([0.0, 0.5, 7.0])), [0, 1, 14])


def test_seconds_and_quarters_through_changes_of_tempo(tmp_path: Path) -> None:
    # Two quarters at 120, four at 60, then 240.
    path = file_of(
        tmp_path / "a.mid", [tempo(1_000_000, 960), tempo(250_000, 1920)], [tempo(500_000)]
    )
    beats = read_beats(path)
    seconds = np.array([0.0, 0.5, 1.0, 2.0, 5.0, 5.25, 6.0])
    quarters = np.array([0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 10.0])
    np.testing.assert_allclose(beats.to_quarters(seconds), quarters)
    np.testing.assert_allclose(beats.to_seconds(quarters), seconds)
    np.testing.assert_allclose(beats.to_quarters(np.array([-0.5])), [-1.0])
    np.testing.assert_allclose(beats.to_seconds(np.array([-1.0])), [-0.5])


def test_metres_and_the_first_key(tmp_path: Path) -> None:
    path = file_of(
        tmp_path / "a.mid",
        [metre(3, 8), metre(6, 8, 720), key("D", 10), key("Eb", 10)],
        [metre(2, 2, 480)],
        ticks=240,
    )
    beats = read_beats(path)
    assert beats.metres == (Metre(0.0, 3, 8), Metre(2.0, 2, 2), Metre(3.0, 6, 8))
    assert beats.fifths == 2


@pytest.mark.parametrize(
    ("major", "minor", "fifths"),
    [("Cb", "Abm", -7), ("Gb", "Ebm", -6), ("Db", "Bbm", -5), ("Ab", "Fm", -4), ("Eb", "Cm", -3),
     ("Bb", "Gm", -2), ("F", "Dm", -1), ("C", "Am", 0), ("G", "Em", 1), ("D", "Bm", 2),
     ("A", "F#m", 3), ("E", "C#m", 4), ("B", "G#m", 5), ("F#", "D#m", 6), ("C#", "A#m", 7)],
)  # fmt: skip
def test_keys_by_their_sharps(major: str, minor: str, fifths: int) -> None:
    assert (_fifths(major), _fifths(minor)) == (fifths, fifths)


def test_a_key_that_is_none_has_no_sharps() -> None:
    assert (_fifths("H"), _fifths("Hm")) == (0, 0)


# --- grid -----------------------------------------------------------------------------------------


def test_what_lies_on_the_grid() -> None:
    # 32nds and triplet sixteenths, in 24ths of a quarter.
    ways = sorted({*range(0, 25, 3), *range(0, 25, 4)})
    found = on_grid(5 + np.array(ways) / 24, "a.mid")
    assert found.tolist() == [5 * DIVISIONS + way for way in ways]
    assert DIVISIONS == 24
    near = on_grid(np.array([0.011, 0.989, 1.0 + 1 / 3 + 0.011, 2.0]), "a.mid")
    assert near.tolist() == [0, 24, 32, 48]


@pytest.mark.parametrize(("off", "refused"), [(0.0115, False), (0.0125, True)])
def test_how_far_off_is_off(off: float, refused: bool) -> None:
    if refused:
        with pytest.raises(InputError, match=r"only 0% of the onsets in a\.mid"):
            on_grid(np.arange(4) + off, "a.mid")
    else:
        assert on_grid(np.arange(4) + off, "a.mid").tolist() == [0, 24, 48, 72]


def test_one_onset_in_twenty_may_lie_off() -> None:
    quarters = np.arange(40.0)
    quarters[:2] += 0.06
    on_grid(quarters, "a.mid")
    quarters[2] += 0.06
    with pytest.raises(InputError, match="only 92% of the onsets"):
        on_grid(quarters, "a.mid")


# --- bars, voices, lengths ------------------------------------------------------------------------


def beats_of(*metres: Metre) -> Beats:
    return Beats(metres, 0, np.zeros(1), np.zeros(1), np.full(1, 0.5))


def test_bars_count_from_every_change_of_metre() -> None:
    beats = beats_of(Metre(0.0, 4, 4), Metre(8.0, 3, 8))
    onset = DIVISIONS * np.array([0.0, 3.9, 4.0, 7.9, 8.0, 9.4, 9.5, 11.0])
    assert _bars(onset, beats).tolist() == [0, 0, 1, 1, 100_000, 100_000, 100_001, 100_002]
    for quarters, bars in ((4, 1), (4.1, 2), (8, 2), (8.1, 3), (9.5, 3), (9.6, 4), (11, 4)):
        assert _bar_count(beats, round(quarters * DIVISIONS)) == bars
    assert _bar_count(beats_of(Metre(0.0, 6, 8)), 6 * DIVISIONS) == 2


def voices(*notes: tuple[int, int, int], bar: list[int] | None = None) -> list[int]:
    """Of (pitch, onset, end) in quarters."""
    pitch, onset, end = np.array(notes).T
    bars = np.zeros(len(notes), int) if bar is None else np.array(bar)
    return _voices(pitch, DIVISIONS * onset, DIVISIONS * end, bars).tolist()


def test_what_sounds_on_under_others_has_a_voice_of_its_own() -> None:
    assert voices((60, 0, 1), (62, 1, 2), (64, 2, 3)) == [0, 0, 0]
    assert voices((48, 0, 4), (60, 0, 1), (62, 1, 2), (64, 2, 3)) == [1, 0, 0, 0]
    assert voices((84, 0, 4), (60, 0, 1), (62, 1, 2), (64, 2, 3)) == [0, 1, 1, 1]
    # Only in its own bar; all long or all short is one voice.
    assert voices((48, 0, 2), (60, 1, 2), (62, 4, 5), (64, 5, 6), bar=[0, 0, 1, 1]) == [1, 0, 0, 0]
    assert voices((48, 0, 4), (60, 1, 4)) == [1, 0]
    # The last of all has nothing to sound under.
    assert voices((60, 0, 1), (48, 1, 20)) == [0, 0]
    assert _voices(*(np.zeros(0, int),) * 4).tolist() == []


@pytest.mark.parametrize(("beyond", "lower"), [(3, 0), (4, 1)])
def test_an_eighth_of_a_quarter_too_long_is_legato(beyond: int, lower: int) -> None:
    pitch, onset = np.array([48, 60, 62]), np.array([0, 24, 48])
    end = np.array([24 + beyond, 48, 72])
    assert _voices(pitch, onset, end, np.zeros(3, int)).tolist() == [lower, 0, 0]


def lengths(onset: list[int], end: list[int], voice: list[int] | None = None) -> list[int]:
    of = np.zeros(len(onset), int) if voice is None else np.array(voice)
    return _lengths(of, np.array(onset), np.array(end)).tolist()


def test_lengths_fill_up_to_the_next_note_of_the_voice() -> None:
    assert lengths([0, 24], [30, 48]) == [24, 24]  # no overlap
    assert lengths([0, 24], [12, 48]) == [24, 24]  # half held: detached
    assert lengths([0, 24], [11, 48])[0] == 12  # less is a rest
    assert lengths([0, 96], [48, 120]) == [96, 24]
    assert lengths([0, 97], [60, 120])[0] == 60  # over four quarters nothing is filled
    assert lengths([0, 0, 24], [20, 12, 48]) == [24, 24, 24]  # a chord ends together
    assert lengths([0, 0, 24], [20, 48, 48], [0, 1, 0]) == [24, 48, 24]  # each voice by itself
    # The last may last up to eight quarters, and what is longer stays as long as it is.
    assert lengths([0], [96]) == [96]
    assert lengths([0], [400]) == [192]
    assert lengths([0, 300], [400, 324])[0] == 300


@pytest.mark.parametrize(
    ("length", "plain"),
    [(0, 1), (1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (6, 6), (7, 6), (8, 8), (9, 9), (10, 9),
     (11, 12), (12, 12), (16, 16), (20, 20), (22, 21), (23, 24), (25, 24), (28, 28)],
)  # fmt: skip
def test_lengths_are_note_values(length: int, plain: int) -> None:
    assert _plain(length) == plain


# --- keys struck and let go -----------------------------------------------------------------------


def strikes(*notes: tuple[int, int, int]) -> Strikes:
    """Of (onset, release, channel)."""
    found = Strikes()
    for onset, release, channel in notes:
        message = mido.Message("note_on", note=60, velocity=70)
        at = found.strike(onset, message, 3, (0, channel))
        found.release[at] = release
    return found


def test_a_strike_is_noted_with_its_finger() -> None:
    found = Strikes()
    first = found.strike(5, mido.Message("note_on", note=61, velocity=70), 3, (1, 2))
    second = found.strike(7, mido.Message("note_on", note=62, velocity=71), 0, (1, 2))
    assert (first, second) == (0, 1)
    assert (found.onset, found.release, found.pitch) == ([5, 7], [-1, -1], [61, 62])
    assert (found.velocity, found.finger, found.source) == ([70, 71], [3, 0], [(1, 2)] * 2)


def test_all_notes_off_ends_what_sounds_in_its_channel() -> None:
    found = strikes((0, 50, 0), (0, 20, 0), (0, -1, 0), (30, 50, 0), (29, 50, 0), (0, 50, 1))
    found.all_off = [(0, 30), (0, 90)]
    found.silence()
    # Cut at 30; ended before; never ended; struck with it, so cut at 90 at most; the other channel.
    assert found.release == [30, 20, 30, 50, 30, 50]
    late = strikes((30, -1, 0), (90, -1, 0))
    late.all_off = [(0, 90), (0, 30)]
    late.silence()
    assert late.release == [90, -1]
