"""Whose notes of a MIDI file are whose: parts, titles, programs and two-handedness, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.inputs.midi.hands import Shares, Tracks, _Part, _program, share_out
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND


def part(
    pitches: list[int], onsets: list[int], name: str = "", program: int | None = None
) -> _Part:
    return _Part(
        (2, 5), name, program, np.arange(len(pitches)), np.array(pitches), np.array(onsets)
    )


@pytest.mark.parametrize(
    ("name", "program", "title"),
    [
        ("Melody", 0, "Melody"),
        ("x" * 50, 0, "x" * 40),
        ("", None, "track 3, channel 6"),
        ("", 0, "track 3, channel 6 (piano)"),
        ("", 7, "track 3, channel 6 (piano)"),
        ("", 8, "track 3, channel 6 (chromatic percussion)"),
        ("", 19, "track 3, channel 6 (organ)"),
        ("", 40, "track 3, channel 6 (strings)"),
        ("", 127, "track 3, channel 6 (effects)"),
    ],
)
def test_titles(name: str, program: int | None, title: str) -> None:
    assert part([60], [0], name, program).title == title


@pytest.mark.parametrize(
    ("pitches", "onsets", "two"),
    [
        ([48, 65, 50, 67], [0, 0, 9, 9], True),  # 17 semitones, twice
        ([48, 64, 50, 66], [0, 0, 9, 9], False),  # 16
        ([48, 65, 50, 60], [0, 0, 9, 9], False),  # once
        ([60, 61, 62, 63, 64, 65] * 2, [0] * 6 + [9] * 6, True),  # six keys at once
        ([60, 61, 62, 63, 64] * 2, [0] * 5 + [9] * 5, False),
        ([48, 65] * 2 + [60] * 18, [0, 0, 9, 9, *range(10, 28)], True),  # two of twenty
        ([48, 65] * 2 + [60] * 19, [0, 0, 9, 9, *range(10, 29)], False),
    ],
)
def test_what_takes_two_hands(pitches: list[int], onsets: list[int], two: bool) -> None:
    assert part(pitches, onsets).is_two_handed == two


def test_the_program_that_a_source_begins_with() -> None:
    tracks = Tracks(
        programs=[(0, 1, 0, 5), (10, 1, 0, 6), (0, 2, 0, 7), (20, 3, 4, 8), (5, 3, 4, 9)]
    )
    assert _program(tracks, 1, 0, 0) == 5
    assert _program(tracks, 1, 0, 9) == 5
    assert _program(tracks, 1, 0, 10) == 6
    assert _program(tracks, 1, 4, 6) == 9  # another track's for this channel
    assert _program(tracks, 9, 0, 3) == 7  # the last of those before it
    assert _program(tracks, 3, 4, 2) == 9  # all come later: the first of them
    assert _program(tracks, 1, 9, 0) is None


def shared(
    *sources: tuple[int, int, list[int]],
    names: dict[int, str] | None = None,
    programs: list[tuple[int, int, int, int]] | None = None,
    drums: set[int] | None = None,
) -> Shares:
    """Of (track, channel, pitches), each a note a quarter."""
    rows = [
        (track, channel, 480 * at, pitch)
        for track, channel, pitches in sources
        for at, pitch in enumerate(pitches)
    ]
    track, channel, onset, pitch = np.array(rows).T
    told = Tracks(names or {}, programs or [], drums or set())
    return share_out(np.stack([track, channel], 1), onset, pitch, told)


def test_two_tracks_or_channels_apart_in_pitch_are_two_hands() -> None:
    for one, other in (((0, 0), (1, 0)), ((0, 0), (0, 1)), ((1, 3), (0, 3))):
        found = shared((*one, [60, 62]), (*other, [55, 57]))
        assert found.hand.tolist() == [RIGHT, RIGHT, LEFT, LEFT]
        assert found.player.tolist() == [0] * 4
        assert not found.left_out.any()
        assert found.remarks == ()
    # Five semitones between their means.
    assert set(shared((0, 0, [60]), (1, 0, [56])).hand) == {UNKNOWN_HAND}
    assert shared((0, 0, [60]), (1, 0, [55])).hand.tolist() == [RIGHT, LEFT]
    # Of two tracks all channels belong together; three sources tell nothing.
    found = shared((0, 0, [72]), (0, 1, [71]), (1, 0, [40]))
    assert found.hand.tolist() == [RIGHT, RIGHT, LEFT]
    assert set(shared((0, 0, [72]), (0, 1, [60]), (0, 2, [40])).hand) == {UNKNOWN_HAND}
    assert set(shared((0, 0, [72])).hand) == {UNKNOWN_HAND}


def test_keyboards_before_synthesisers_before_nothing() -> None:
    def kept(*programs: int | None) -> list[bool]:
        changes = [
            (0, at, at, program) for at, program in enumerate(programs) if program is not None
        ]
        found = shared(*((at, at, [60]) for at in range(len(programs))), programs=changes)
        return (~found.left_out).tolist()

    assert kept(0, 40) == [True, False]
    assert kept(0, 19) == [True, False]  # an organ beside a piano
    assert kept(19, 40) == [True, False]
    assert kept(19, 88) == [True, False]
    assert kept(88, 40) == [True, False]
    assert kept(40, 42) == [True, True]
    assert kept(0, None) == [True, True]


def test_what_is_left_out_is_said() -> None:
    found = shared(
        (0, 0, [60]), (1, 1, [70]), (2, 2, [72]), names={0: "Piano", 1: "Flute", 3: " Kit "},
        programs=[(0, 0, 0, 0), (0, 1, 1, 73), (0, 2, 2, 40)], drums={3},
    )  # fmt: skip
    assert found.left_out.tolist() == [False, True, True]
    assert found.remarks == (
        "Taken as the piano: Piano; left out as other instruments: Flute, track 3, channel 3"
        " (strings), Kit.",
    )
    drums = shared((0, 0, [60]), programs=[(0, 0, 0, 0)], drums={7})
    assert drums.remarks == (
        "Taken as the piano: track 1, channel 1 (piano); left out as other instruments: drums.",
    )
    foreign = shared((0, 0, [60]), (1, 1, [70]), programs=[(0, 0, 0, 40), (0, 1, 1, 73)])
    told = "track 1, channel 1 (strings), track 2, channel 2 (pipes)"
    assert foreign.foreign == told
    assert foreign.remarks == (
        f"No track is for a keyboard ({told}): all are taken as one piano's.",
    )


def two_handed(base: int) -> list[int]:
    return [base, base + 20] * 3


def test_two_sources_that_take_two_hands_each_are_two_players() -> None:
    rows = [(track, 0, 480 * (at // 2), pitch) for track in (0, 1)
            for at, pitch in enumerate(two_handed(40 + 20 * track))]  # fmt: skip
    track, channel, onset, pitch = np.array(rows).T
    source = np.stack([track, channel], 1)
    found = share_out(source, onset, pitch, Tracks())
    assert found.player.tolist() == [0] * 6 + [1] * 6
    assert set(found.hand) == {UNKNOWN_HAND}
    assert found.remarks == (
        "The notes are taken as those of 2 pianists: track 1, channel 1; track 2, channel 1.",
    )
    hands = share_out(source, onset, pitch, Tracks({0: "Left Hand", 1: "Right Hand"}))
    assert hands.player.tolist() == [0] * 12
    assert hands.hand.tolist() == [LEFT] * 6 + [RIGHT] * 6
