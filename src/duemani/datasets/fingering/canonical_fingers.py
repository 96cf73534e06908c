"""Standard fingerings as scale books teach them: tables for scales, rules for chords.

Every rule is stated for pitches that rise; whoever goes down plays the same fingers backwards.
The left hand's rules are the right hand's, seen in a mirror. Where good books differ, this is the
most widespread: the thumb on white keys, 34 on two black keys that open a scale, 2 on a last black
key beside the thumb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from duemani.performance import RIGHT

BLACK = frozenset({1, 3, 6, 8, 10})
MAJOR, MINOR = "major", "minor"
TONICS = {
    MAJOR: {
        "C": 0, "G": 7, "D": 2, "A": 9, "E": 4, "B": 11,
        "F_sharp": 6, "D_flat": 1, "A_flat": 8, "E_flat": 3, "B_flat": 10, "F": 5,
    },
    MINOR: {
        "A": 9, "E": 4, "B": 11, "F_sharp": 6, "C_sharp": 1, "G_sharp": 8,
        "E_flat": 3, "B_flat": 10, "F": 5, "C": 0, "G": 7, "D": 2,
    },
}  # fmt: skip
"""Pitch class of every key's tonic, in order of fifths."""
SCALE_STEPS = {
    "major": ((0, 2, 4, 5, 7, 9, 11),) * 2,
    "harmonic_minor": ((0, 2, 3, 5, 7, 8, 11),) * 2,
    "melodic_minor": ((0, 2, 3, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)),
}
"""Semitones of the seven degrees above the tonic, on the way up and on the way down."""


@dataclass(frozen=True)
class ScaleFingers:
    """One hand's fingering of a scale, written upwards.

    Attributes:
        lowest: fingers of the very first notes, which no thumb passage comes before.
        octave: fingers of the seven degrees in the middle of a run.
        highest: finger of the last note.
    """

    lowest: str
    octave: str
    highest: str

    def upwards(self, octaves: int) -> str:
        """Fingers of the 7 * octaves + 1 notes."""
        run = self.octave * octaves
        return self.lowest + run[len(self.lowest) :] + self.highest


def _shared(table: dict[str, str]) -> dict[str, ScaleFingers]:
    return {
        tonic: ScaleFingers(*row.split())
        for tonics, row in table.items()
        for tonic in tonics.split()
    }


_MAJOR_RIGHT = _shared(
    {
        "C G D A E B": "1 1231234 5",
        "F": "1 1234123 4",
        "B_flat": "2 4123123 4",
        "E_flat": "2 3123412 3",
        "A_flat": "34 3412312 3",
        "D_flat": "23 2312341 2",
        "F_sharp": "234 2341231 2",
    }
)
_MAJOR_LEFT = _shared(
    {
        "C G D A E F": "5 1432132 1",
        "B": "4 1321432 1",
        "F_sharp": "4 4321321 2",
        "B_flat E_flat A_flat D_flat": "3 3214321 2",
    }
)
_MINOR_RIGHT = _shared(
    {
        "A E B D G C": "1 1231234 5",
        "F": "1 1234123 4",
        "B_flat": "2 4123123 4",
        "E_flat": "2 3123412 3",
        "F_sharp C_sharp G_sharp": "34 3412312 3",
    }
)
_MINOR_LEFT = _shared(
    {
        "A E D G C F": "5 1432132 1",
        "B": "4 1321432 1",
        "B_flat": "2 2132143 2",
        "E_flat": "2 2143213 2",
        "F_sharp": "4 4321321 2",
        "C_sharp": "3 3214321 2",
        "G_sharp": "3 3213214 3",
    }
)
# With raised sixth and seventh these two have their second white key on the leading note.
_MELODIC_RISING_RIGHT = _shared({"F_sharp C_sharp": "34 2312341 3"})


def scale_fingers(tonic: str, kind: str, hand: int, octaves: int) -> tuple[str, str]:
    """Fingers of a scale, both written upwards: those of the way up, those of the way down.

    Args:
        tonic: as in `TONICS`.
        kind: as in `SCALE_STEPS`.
        hand: `LEFT` or `RIGHT`.
        octaves: at least 1.
    """
    if kind == MAJOR:
        table = _MAJOR_RIGHT if hand == RIGHT else _MAJOR_LEFT
    else:
        table = _MINOR_RIGHT if hand == RIGHT else _MINOR_LEFT
    rising = table[tonic]
    if kind == "melodic_minor" and hand == RIGHT:
        rising = _MELODIC_RISING_RIGHT.get(tonic, rising)
    return rising.upwards(octaves), table[tonic].upwards(octaves)


def chromatic_fingers(pitches: Sequence[int], hand: int) -> str:
    """Fingers of a chromatic scale: 3 on black keys, 1 on white, 2 where two whites touch."""
    second = (0, 5) if hand == RIGHT else (4, 11)
    fingers = [3 if p % 12 in BLACK else 2 if p % 12 in second else 1 for p in pitches]
    outer = 0 if hand == RIGHT else -1
    if fingers[outer] == 2:
        fingers[outer] = 1  # nothing comes before it that the thumb would have to play
    return "".join(map(str, fingers))


def arpeggio_fingers(
    root: int, steps: Sequence[int], inversion: int, hand: int, octaves: int
) -> str:
    """Fingers of an arpeggio, written upwards: `len(steps)` notes an octave, and the last one.

    The thumb takes the first note if it is white, else the next white one; "first" is the lowest
    note of the right hand, the highest of the left.

    Args:
        root: pitch class of the chord's root.
        steps: semitones of the chord notes above the root: a triad or a seventh chord.
        inversion: which chord note is lowest.
        hand: `LEFT` or `RIGHT`.
        octaves: at least 1.
    """
    count, away = len(steps), 1 if hand == RIGHT else -1
    # Chord members from the thumb's side outwards.
    members = [(inversion + away * at) % count for at in range(count)]
    white = [(root + steps[member]) % 12 not in BLACK for member in members]
    thumb = white.index(True) if any(white) else 0
    shape = [1, 2, 3, 4]
    if count == 3:
        shape = [1, *_triad_shape(members[thumb], root, steps[1], hand, thumb == 0)]
    run = [*shape[1 : thumb + 1], *shape * (octaves + 1)][: count * octaves + 1]
    if thumb == 0:
        run[-1] = 5
    return "".join(map(str, run if hand == RIGHT else run[::-1]))


def _triad_shape(
    member: int, root: int, third: int, hand: int, thumb_first: bool
) -> tuple[int, int]:
    """Fingers of the two notes beyond the thumb, nearest first: 2 and 3, or 2 and 4.

    3 takes the third of root position (the left hand: where that is a black key), and of minor
    chords whose third is black. With a black note first, only two black keys lie well for 2 and 3.

    Args:
        member: the thumb's note: 0 root, 1 third, 2 fifth.
        root: pitch class of the root.
        third: semitones of the third, 3 or 4.
        hand: `LEFT` or `RIGHT`.
        thumb_first: whether the thumb plays the chord's first note.
    """
    black_third = (root + third) % 12 in BLACK
    both_black = black_third and (root + (0 if hand == RIGHT else 7)) % 12 in BLACK
    lies_well = both_black or (thumb_first and black_third)
    if hand == RIGHT:
        close = member == 0 or (member == 2 and third == 3 and lies_well)
    else:
        close = member == 2 or (member == 0 and third == 4 and lies_well)
    return (2, 3) if close else (2, 4)


def chord_fingers(root: int, steps: Sequence[int], inversion: int, hand: int, doubled: bool) -> str:
    """Fingers of a triad struck together, written upwards.

    Args:
        root: pitch class of the chord's root.
        steps: semitones of root, third and fifth above the root.
        inversion: which chord note is lowest.
        hand: `LEFT` or `RIGHT`.
        doubled: whether the lowest note comes again on top.
    """
    if not doubled:
        right, left = ("135", "125", "135"), ("531", "531", "521")
        return (right if hand == RIGHT else left)[inversion]
    minor = steps[1] == 3
    if hand == RIGHT:
        return ("1235", "1245", "1235" if minor and root not in (2, 4, 9) else "1245")[inversion]
    return ("5421" if minor or root in (0, 5, 7) else "5321", "5421", "5321")[inversion]
