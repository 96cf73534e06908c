"""What is repeated and takes the same fingers: figures, phrases, single keys and passages."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.models.fingering import repeats
from duemani.models.fingering.lines import HandLine, hand_line
from duemani.models.fingering.repeats import repeated_fingers
from duemani.performance import RIGHT, Performance, make_notes


def line_of(pitches: list[int], step_sec: float = 0.25) -> HandLine:
    notes = make_notes(
        [(at * step_sec, (at + 0.9) * step_sec, pitch, 64) for at, pitch in enumerate(pitches)]
    )
    notes["hand"] = RIGHT
    return hand_line(Performance.create(notes).notes, RIGHT)


def likely(fingers: list[int], chance: float | list[float] = 0.6) -> np.ndarray:
    """Every finger chosen has this chance, the others share the rest."""
    own = np.broadcast_to(np.array(chance, float), len(fingers))
    chances = np.repeat(((1 - own) / 4)[:, None], 5, axis=1)
    chances[np.arange(len(fingers)), np.array(fingers) - 1] = own
    return chances


def taken(
    pitches: list[int],
    fingers: str,
    chance: float | list[float] = 0.6,
    step_sec: float = 0.25,
) -> str:
    chosen = [int(finger) for finger in fingers]
    found = repeated_fingers(line_of(pitches, step_sec), np.array(chosen), likely(chosen, chance))
    return "".join(map(str, found.tolist()))


def test_a_figure_takes_its_likeliest_fingers() -> None:
    figure = [60, 64, 67]
    chance = [0.5] * 3 + [0.9] * 3 + [0.5] * 3
    assert taken(figure * 3, "124" + "135" + "124", chance) == "135" * 3
    chance = [0.9] * 3 + [0.5] * 3 + [0.9] * 3
    assert taken(figure * 3, "124" + "135" + "124", chance) == "124" * 3
    # What follows and fits is of it; what comes before is not.
    assert taken([*figure * 3, 60], "124" * 3 + "2") == "124" * 3 + "1"
    assert taken([59, *figure * 3], "2" + "124" * 3) == "0" + "124" * 3


def test_no_figure() -> None:
    assert taken([60, 64, 67] * 2, "124135") == "0" * 6  # twice may be chance
    assert taken([60, 64] * 6, "13" * 6) == "0" * 12  # two notes are a trill
    assert taken([60, 64, 64, 60] * 2, "13311331") == "0" * 8


@pytest.mark.parametrize("period", [3, 5, 8])
def test_figures_have_three_to_eight_notes(period: int) -> None:
    keys = [(60 + at,) for at in range(period)]
    assert repeats._figures(keys * 3) == [(0, 3 * period, period)]
    assert repeats._figures(keys * 2) == []
    assert repeats._figures([*keys * 3, (90,), *keys * 3]) == [
        (0, 3 * period, period),
        (3 * period + 1, 6 * period + 1, period),
    ]
    nine = [(60 + at,) for at in range(9)]
    assert repeats._figures(nine * 3) == []


def test_a_figure_does_not_end_with_the_finger_it_begins_with() -> None:
    # 1-2-1 leads badly into itself; so the less likely 1-2-4 is taken.
    chance = [0.9] * 3 + [0.5] * 3 + [0.9] * 3
    assert taken([60, 62, 65] * 3, "121" + "124" + "121", chance) == "124" * 3


# --- one key again and again ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fingers", "step_sec", "found"),
    [
        ("2222", 0.19, "0000"),  # one finger will do
        ("2222", 0.17, "4321"),
        ("4321", 0.17, "0000"),  # regular already
        ("3214", 0.17, "0000"),
        ("321321", 0.17, "000000"),
        ("3222", 0.17, "4321"),
        ("322222", 0.17, "321321"),  # six: by three
        ("32222", 0.25, "32132"),
        ("32222", 0.31, "22222"),  # slow: the same finger must do
        ("45555", 0.31, "55555"),
        ("322", 0.17, "000"),  # three strikes are too few
    ],
)
def test_one_key_has_one_change(fingers: str, step_sec: float, found: str) -> None:
    assert taken([60] * len(fingers), fingers, step_sec=step_sec) == found


def test_under_a_held_key_nothing_changes() -> None:
    def found(until: float) -> list[int]:
        rows = [
            (0.0, until, 48, 64),
            *((1 + 0.17 * at, 1.1 + 0.17 * at, 60, 64) for at in range(4)),
        ]
        notes = make_notes(rows)
        notes["hand"] = RIGHT
        line = hand_line(Performance.create(notes).notes, RIGHT)
        fingers = [1, 3, 3, 3, 3]
        return repeated_fingers(line, np.array(fingers), likely(fingers)).tolist()

    assert found(1.05) == [0, 4, 3, 2, 1]
    assert found(1.07) == [0, 0, 0, 0, 0]


# --- phrases and passages -------------------------------------------------------------------------

TURNING = [60, 64, 62, 65, 64, 67, 65, 69]
OTHER = [72, 71, 69, 67, 66, 64, 62, 61]


def test_a_turning_phrase_takes_the_likelier_fingers() -> None:
    pitches = [*TURNING, *OTHER, *TURNING]
    first, second = "13241325", "14253514"
    for better, chosen in ((0, first), (1, second)):
        chance = [0.9 - 0.4 * better] * 8 + [0.5] * 8 + [0.5 + 0.4 * better] * 8
        found = taken(pitches, first + "54321321" + second, chance)
        assert found == chosen + "0" * 8 + chosen


def test_what_is_no_phrase() -> None:
    scale = [60, 62, 64, 65, 67, 69, 71, 72]
    assert taken([*scale, *OTHER, *scale], "12312345" + "54321321" + "12312341") == "0" * 24
    short = TURNING[:7]
    assert taken([*short, *OTHER, *short], "1324132" + "54321321" + "1425351") == "0" * 22
    # Two keys alone are a trill, wherever it comes again.
    trill = [60, 62] * 4
    assert taken([*trill, *OTHER, *trill], "13131313" + "54321321" + "12121212") == "0" * 24


def test_a_phrase_goes_on_as_long_as_it_is_the_same() -> None:
    longer = [*TURNING, 70, 72]
    words = repeats._words(line_of([*longer, *OTHER, *longer, 90]))
    keys = [word[:-1] for word in words]
    assert repeats._phrases(words, keys) == [(0, 18, 10)]


def test_a_passage_of_sixteen_takes_over_the_first_times_fingers() -> None:
    passage = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84, 86]
    line = line_of([*passage, 30, 31, *passage, 50])
    # Two events at either end may differ.
    source = repeats._sources(line)
    expected = [-1] * 35
    for at in range(2, 14):
        expected[18 + at] = at
    assert source == expected
    assert repeats._sources(line_of([*passage[:15], 30, 31, *passage[:15], 50])) == [-1] * 33
    longer = [*passage, 88, 89]
    found = repeats._sources(line_of([*longer, 30, *longer, 50]))
    assert [at for at, origin in enumerate(found) if origin >= 0] == list(range(21, 35))


def test_the_first_of_several_times_counts() -> None:
    passage = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84, 86]
    pitches = [*passage, 30, *passage, 31, *passage, 32]
    rng = np.random.default_rng(0)
    fingers = "".join(str(finger) for finger in rng.integers(1, 6, len(pitches)))
    found = taken(pitches, fingers)
    assert found[19:31] == found[36:48] == fingers[2:14]
    assert found[:17] == "0" * 17


def test_words_tell_the_pace_in_octaves() -> None:
    def paces(*steps_sec: float) -> list[int]:
        onsets = np.concatenate([[0.0], np.cumsum(steps_sec)])
        notes = make_notes([(on, on + 0.01, 60 + at, 64) for at, on in enumerate(onsets.tolist())])
        notes["hand"] = RIGHT
        words = repeats._words(hand_line(Performance.create(notes).notes, RIGHT))
        assert [word[0] for word in words] == [60 + at for at in range(len(onsets))]
        return [int(word[-1]) for word in words]

    # From eighths of a second; the last has a second after it.
    assert paces(0.125, 0.25, 0.5, 1.0, 8.0) == [0, 1, 2, 3, 4, 3]
    assert paces(0.17, 0.18, 0.0625, 0.09) == [0, 1, -1, 0, 3]
