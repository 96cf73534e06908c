"""Canonical material: the notes are what the names say, the fingers what scale books print."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from duemani.datasets.fingering.canonical import canonical_pieces
from duemani.datasets.fingering.canonical_fingers import (
    SCALE_STEPS,
    arpeggio_fingers,
    scale_fingers,
)
from duemani.datasets.fingering.scores import read_fingered_pieces
from duemani.keyboard import is_black
from duemani.performance import LEFT, RIGHT

PIECES = {piece.name.removeprefix("canonical/"): piece for piece in canonical_pieces()}
BERINGER = Path("/work/shared/data/fingering")


def hand_notes(name: str, hand: int) -> np.ndarray:
    notes = PIECES[name].performance.notes
    return notes[notes["hand"] == hand]


def fingers(name: str, hand: int) -> str:
    return "".join(map(str, hand_notes(name, hand)["finger"]))


def upwards(name: str, hand: int) -> str:
    whole = fingers(name, hand)
    return whole[: len(whole) // 2 + 1]


def named(kind: str) -> list[str]:
    return [name for name in PIECES if name.startswith(f"{kind}/")]


def test_counts() -> None:
    kinds = Counter(name.split("/")[0] for name in PIECES)
    assert len(PIECES) == len(canonical_pieces())  # names are unique
    assert kinds["scale"] == 36 * 4
    assert kinds["chromatic"] == 12 * 4
    assert kinds["arpeggio"] == 24 * 3 * 3 + 12 * 4 * 3 + 12 * 3
    for kind in ("block_triads", "block_four_notes", "broken_chords", "five_fingers", "alberti"):
        assert kinds[kind] == 24
    for piece in PIECES.values():
        assert piece.source == "canonical"
        notes = piece.performance.notes
        assert len(notes)
        assert set(np.unique(notes["hand"])) <= {LEFT, RIGHT}
        assert np.isin(notes["finger"], range(1, 6)).all()
        assert len(np.unique(notes[["onset_sec", "pitch"]])) == len(notes)  # a key never twice


def test_deterministic() -> None:
    again = {piece.name.removeprefix("canonical/"): piece for piece in canonical_pieces()}
    assert list(again) == list(PIECES)
    for name, piece in again.items():
        left, right = piece.performance.notes, PIECES[name].performance.notes
        assert all(np.array_equal(left[field], right[field]) for field in ("pitch", "finger"))


# Written by hand, not taken from the tables.
@pytest.mark.parametrize(
    ("name", "right", "left"),
    [
        ("scale/C_major/2oct", "123123412312345", "543213214321321"),
        ("scale/E_major/1oct", "12312345", "54321321"),
        ("scale/B_major/2oct", "123123412312345", "432143213214321"),
        ("scale/F_major/2oct", "123412312341234", "543213214321321"),
        ("scale/B_flat_major/1oct", "21231234", "32143212"),
        ("scale/E_flat_major/2oct", "212341231234123", "321432132143212"),
        ("scale/A_flat_major/1oct", "34123123", "32143212"),
        ("scale/D_flat_major/2oct", "231234123123412", "321432132143212"),
        ("scale/F_sharp_major/1oct", "23412312", "43213212"),
        ("scale/A_harmonic_minor/2oct", "123123412312345", "543213214321321"),
        ("scale/F_sharp_harmonic_minor/1oct", "34123123", "43213212"),
        ("scale/C_sharp_harmonic_minor/1oct", "34123123", "32143212"),
        ("scale/C_sharp_melodic_minor/1oct", "34123413", "32143212"),
        ("scale/G_sharp_harmonic_minor/1oct", "34123123", "32132143"),
        ("scale/E_flat_harmonic_minor/1oct", "21234123", "21432132"),
        ("scale/B_flat_harmonic_minor/1oct", "21231234", "21321432"),
        ("scale/B_melodic_minor/1oct", "12312345", "43214321"),
        ("chromatic/C/1oct", "1313123131312", "1313213131321"),
        ("arpeggio/C_major/inversion0/2oct", "1231235", "5421421"),
        ("arpeggio/C_major/inversion1/2oct", "1241245", "5421421"),
        ("arpeggio/C_major/inversion2/1oct", "1245", "5321"),
        ("arpeggio/D_major/inversion0/2oct", "1231235", "5321321"),
        ("arpeggio/E_flat_major/inversion0/2oct", "2124124", "2142142"),
        ("arpeggio/B_flat_major/inversion0/1oct", "2124", "3212"),
        ("arpeggio/F_sharp_major/inversion0/1oct", "1235", "5321"),
        ("arpeggio/G_dominant_7/inversion0/2oct", "123412345", "543214321"),
        ("arpeggio/C_diminished_7/inversion0/1oct", "12345", "54321"),
    ],
)
def test_what_scale_books_print(name: str, right: str, left: str) -> None:
    assert upwards(name, RIGHT) == right
    assert upwards(name, LEFT) == left


def test_chromatic_left_hand_mirrors_the_right() -> None:
    # The keyboard is symmetrical about D: from E upwards the right hand plays what the left does
    # from C downwards.
    right = upwards("chromatic/E/1oct", RIGHT)
    left = upwards("chromatic/C/1oct", LEFT)
    assert right == left[::-1]


@pytest.mark.parametrize("name", [*named("scale"), *named("chromatic")])
def test_scales_can_be_played(name: str) -> None:
    for hand in (LEFT, RIGHT):
        notes = hand_notes(name, hand)
        finger, pitch = notes["finger"].astype(int), notes["pitch"].astype(int)
        assert not is_black(pitch[finger == 1]).any()
        assert (np.diff(finger) != 0).all()
        # Where the hand moves on without a finger following its neighbour, the thumb is there.
        away = 1 if hand == RIGHT else -1
        crossing = np.sign(np.diff(finger)) != np.sign(np.diff(pitch)) * away
        assert (np.minimum(finger[:-1], finger[1:])[crossing] == 1).all()
        octaves = int(name[-4])
        assert pitch.max() - pitch.min() == 12 * octaves
        assert ((np.diff(notes["onset_sec"]) > 0) & (np.diff(notes["onset_sec"]) < 0.3)).all()


@pytest.mark.parametrize("name", named("arpeggio"))
def test_arpeggios_can_be_played(name: str) -> None:
    for hand in (LEFT, RIGHT):
        notes = hand_notes(name, hand)
        finger, pitch = notes["finger"].astype(int), notes["pitch"].astype(int)
        assert (np.diff(finger) != 0).all()
        black = is_black(pitch)
        if not black.all():
            assert not black[finger == 1].any()


@pytest.mark.parametrize("name", [*named("block_triads"), *named("block_four_notes")])
def test_chord_fingers_rise_with_pitch_and_mirror(name: str) -> None:
    for hand in (LEFT, RIGHT):
        notes = hand_notes(name, hand)
        for onset in np.unique(notes["onset_sec"]):
            chord = notes[notes["onset_sec"] == onset]["finger"].astype(int)
            assert (np.diff(chord) * (1 if hand == RIGHT else -1) > 0).all()
            assert {chord[0], chord[-1]} == {1, 5}


def test_block_triads() -> None:
    assert fingers("block_triads/C_major", RIGHT)[:9] == "135125135"
    assert fingers("block_triads/C_major", LEFT)[:9] == "531531521"
    assert hand_notes("block_triads/C_major", RIGHT)["pitch"][:6].tolist() == [
        60,
        64,
        67,
        64,
        67,
        72,
    ]


def test_five_fingers() -> None:
    for name in named("five_fingers"):
        assert fingers(name, RIGHT) == "123454321" * 2
        assert fingers(name, LEFT) == "543212345" * 2


def test_octaves_take_four_on_black_keys() -> None:
    for name in named("octaves"):
        for hand in (LEFT, RIGHT):
            notes = hand_notes(name, hand)
            outer = notes[notes["finger"] > 1]
            assert (outer["finger"] == np.where(is_black(outer["pitch"]), 4, 5)).all()


def test_alberti() -> None:
    assert fingers("alberti/C_major", LEFT)[:16] == "5131513151215121"
    assert hand_notes("alberti/C_major", LEFT)["pitch"][:4].tolist() == [48, 55, 52, 55]


@pytest.mark.skipif(not BERINGER.is_dir(), reason="the Beringer data is not here")
def test_agrees_with_beringer() -> None:
    same = count = 0
    for piece in read_fingered_pieces(BERINGER):
        parts = piece.name.split("/")
        if piece.source != "beringer" or parts[1] not in ("scales", "arpeggios"):
            continue
        for hand in (LEFT, RIGHT):
            notes = piece.performance.notes
            notes = notes[notes["hand"] == hand]
            root = int(notes["pitch"][0]) % 12
            if parts[1] == "scales":
                key = parts[2].removesuffix("_major").replace("flat", "_flat")
                key = key.replace("sharp", "_sharp").capitalize()
                up, down = scale_fingers(key, "major", hand, 2)
                mine = up + down[-2::-1]
            else:
                kind, mode = parts[2].split("_")[0], parts[2].split("_")[-1]
                steps = {"dom7": (0, 4, 7, 10), "dim7": (0, 3, 6, 9)}.get(kind)
                steps = steps or ((0, 4, 7) if mode == "major" else (0, 3, 7))
                ways = [
                    arpeggio_fingers(root, steps, inversion, hand, 2)
                    for inversion in range(len(steps))
                ]
                mine = "".join(up + up[-2::-1] for up in ways)
            printed = "".join(map(str, notes["finger"]))[: len(mine)]
            assert len(printed) == len(mine)
            count += len(mine)
            same += sum(one == other for one, other in zip(printed, mine, strict=True))
    assert count > 5000
    assert same / count > 0.99


def test_scale_steps_are_scales() -> None:
    for rising, falling in SCALE_STEPS.values():
        for steps in (rising, falling):
            assert len(steps) == 7
            assert (np.diff([*steps, 12]) >= 1).all()
            assert (np.diff([*steps, 12]) <= 3).all()
