"""A correction's remark, sentence by sentence, and the limits of what two fingers span."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.corrections.passages import ChangedPassage, changed_passages
from duemani.analysis.corrections.problems import problems
from duemani.analysis.corrections.remarks import Finding, note_sentences, passage_remarks
from duemani.analysis.corrections.spans import Problem
from duemani.analysis.hand_moves import hand_moves
from duemani.models.fingering.second_look import SecondLook
from duemani.performance import LEFT, RIGHT, Performance
from duemani.report import Remark
from tests.helpers.fingered import C4, C5, D4, E4, F4, G4, Row, hand, line


def changed(
    performance: Performance, note: int, finger: int, unseen: tuple[int, ...] = ()
) -> ChangedPassage:
    """The passage in which one note's finger changes."""
    notes = performance.notes
    intended = notes["finger"].astype(int)
    intended[note] = finger
    here = np.arange(len(notes)) == note
    look = SecondLook(
        intended=intended, chances=np.eye(5)[intended - 1], doubt=np.where(here, 0.8, 0.0),
        really=np.where(here, 1.0, 0.0), gain_nats=np.where(here, 2.0, 0.0),
        passage=np.where(here, 0, -1), judged=~np.isin(np.arange(len(notes)), unseen),
    )  # fmt: skip
    (found,) = changed_passages(notes, look, int(notes["hand"][0]), 1.0)
    return found


STUMBLE = line([C4, D4, E4, F4, G4], "12245")
PASSAGE = replace(changed(STUMBLE, 2, 3), travel_m=0.0)


def told(
    found: list[Finding], performance: Performance = STUMBLE, bar: np.ndarray | None = None,
    names: list[str] | None = None,
) -> tuple[Remark, ...]:  # fmt: skip
    return passage_remarks(found, performance.notes, bar, names)


def finding(gain: float, passage: ChangedPassage = PASSAGE, printed: bool = False) -> Finding:
    return Finding(passage, passage.notes, passage.notes if printed else (), gain)


@pytest.mark.parametrize(
    ("gain", "words"),
    [(0.7, "much better"), (0.69, "clearly better"), (0.5, "clearly better"),
     (0.49, "a little better")],
)  # fmt: skip
def test_how_much_better(gain: float, words: str) -> None:
    assert note_sentences(finding(gain), 2)[-1] == f"3 is {words} here."
    assert f"2 3 4 is {words}: " in told([finding(gain)])[0].text


def test_a_notes_own_sentences() -> None:
    assert note_sentences(finding(0.8), 2) == (
        "2 plays D4 and then E4: the two cannot be joined.",
        "2 and 4 are cramped on a second.",
        "3 is much better here.",
    )
    assert note_sentences(finding(0.8, printed=True), 2)[2] == "The score prints 3."
    # Of a note that no problem names, the passage's are told.
    other = replace(PASSAGE, solved=tuple(replace(p, notes=(0,)) for p in PASSAGE.solved))
    assert note_sentences(finding(0.8, other), 2) == note_sentences(finding(0.8), 2)
    thrice = replace(PASSAGE, solved=(*PASSAGE.solved, replace(PASSAGE.solved[0], text="More.")))
    assert len(note_sentences(finding(0.8, thrice), 2)) == 3


def test_the_remark_of_a_passage() -> None:
    (remark,) = told([finding(0.8)])
    assert remark.title == "2 3 4 instead of 2 2 4"
    assert remark.text == (
        "Right hand, D4 E4 F4: 2 plays D4 and then E4: the two cannot be joined. 2 and 4 are"
        " cramped on a second. 2 3 4 is much better: it avoids this."
    )
    assert (remark.kind, remark.hand, remark.notes, remark.bars) == ("fingering", RIGHT, (2,), "")
    assert (remark.start_sec, remark.end_sec) == (0.5, 1.0)
    assert (remark.weight, remark.confidence) == (pytest.approx(0.8), pytest.approx(0.8))
    (printed,) = told([finding(0.8, printed=True)])
    assert "cannot be joined. The score prints 3. 2 3 4 is" in printed.text


def test_what_it_gives_and_what_it_costs() -> None:
    far = replace(PASSAGE, travel_m=0.016)
    assert told([finding(0.8, far)])[0].text.endswith("much better: the hand moves 2 cm less.")
    assert told([finding(0.8, replace(PASSAGE, travel_m=0.014))])[0].text.endswith(
        "it avoids this."
    )
    price = (Problem("spread", (2, 3), 0.5, "The price is named.", 2),)
    costly = replace(PASSAGE, caused=price)
    assert told([finding(0.8, costly)])[0].text.endswith(
        "much better: its price is smaller (the price is named)."
    )
    both = replace(PASSAGE, caused=price, travel_m=0.1)
    assert told([finding(0.8, both)])[0].text.endswith(
        "the hand moves 10 cm less and its price is smaller (the price is named)."
    )


def test_the_same_again_is_told_with_the_first() -> None:
    twice = Performance.create(np.concatenate([STUMBLE.notes, STUMBLE.delayed(8.0).notes]))
    notes = twice.notes
    intended = notes["finger"].astype(int)
    intended[[2, 7]] = 3
    at = np.isin(np.arange(10), [2, 7])
    look = SecondLook(
        intended=intended, chances=np.eye(5)[intended - 1], doubt=np.where(at, 0.8, 0.0),
        really=np.where(at, 1.0, 0.0), gain_nats=np.where(at, 2.0, 0.0),
        passage=np.array([-1, -1, 0, -1, -1, -1, -1, 1, -1, -1]), judged=np.ones(10, bool),
    )  # fmt: skip
    passages = changed_passages(notes, look, RIGHT, 1.0)
    assert [each.notes for each in passages] == [(2,), (7,)]
    assert [each.events for each in passages] == [(2, 2), (7, 7)]
    found = [finding(gain, each) for gain, each in zip((0.5, 0.6), passages, strict=True)]
    (remark,) = told(found[::-1], twice)
    assert remark.notes == (2, 7)
    assert (remark.start_sec, remark.end_sec) == (0.5, 1.0)
    assert remark.weight == pytest.approx(0.6 * 1.1)
    assert "is clearly better" in remark.text
    assert remark.text.endswith("The same again at 8.5 s.")
    bar, names = np.repeat([0, 1], 5), ["12", "14"]
    (named,) = told(found, twice, bar, names)
    assert named.bars == "12"
    assert named.text.endswith("The same again in bar 14.")
    (numbered,) = told(found, twice, bar)
    assert numbered.bars == "1"
    assert numbered.text.endswith("The same again in bar 2.")
    (unnamed,) = told(found, twice, np.full(10, -1))
    assert unnamed.bars == ""
    # Another fingering at the same keys is another mistake.
    other = [found[0], finding(0.6, replace(passages[1], suggested=passages[1].played))]
    assert len(told(other, twice)) == 2
    assert [r.weight for r in told(other, twice)] == pytest.approx([0.6, 0.5])


def test_bars_from_first_to_last_flagged_note() -> None:
    wide = Finding(PASSAGE, (1, 2), (), 0.8)
    (remark,) = told([wide], STUMBLE, np.array([3, 3, 4, 4, 4]), [*"abcdefg"])
    assert remark.bars == "d-e"
    (first,) = told([wide], STUMBLE, np.array([3, -1, 4, 4, 4]), [*"abcdefg"])
    assert first.bars == "e"


def test_long_passages_are_shortened_and_chords_joined() -> None:
    chords = hand(
        [(0.0, 0.2, C4, 1), (0.0, 0.2, E4, 3), (0.25, 0.5, F4, 4), (0.5, 0.7, G4, 4)]
    )  # fmt: skip
    (remark,) = told([finding(0.8, changed(chords, 3, 5))], chords)
    assert remark.title == "4 5 instead of 4 4"
    (first,) = told([finding(0.8, changed(chords, 2, 5))], chords)
    assert first.title == "1-3 5 4 instead of 1-3 4 4"
    assert "Right hand, C4-E4 F4 G4: " in first.text
    left = hand([(0.0, 0.2, C4, 1), (0.0, 0.2, 48, 5), (0.3, 0.5, 50, 4)], LEFT)
    (remark,) = told([finding(0.8, changed(left, 2, 5))], left)
    assert remark.title == "5-1 5 instead of 5-1 4"
    assert remark.text.startswith("Left hand, C3-C4 D3")
    assert remark.hand == LEFT
    long = line([60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79], "123123412345")
    passage = replace(changed(long, 3, 4), events=(1, 10))
    (remark,) = told([finding(0.8, passage)], long)
    assert remark.title == "1 2 3 4 2 3 4 … 5 instead of 1 2 3 1 2 3 4 … 5"
    assert "Right hand, C4 to G5: " in remark.text
    nine = replace(changed(long, 3, 4), events=(1, 7))
    assert told([finding(0.8, nine)], long)[0].title.startswith("1 2 3 4 2 3 4 1 2 instead")


def test_a_passage_ends_with_the_event_after_its_last_change() -> None:
    assert {p.event for p in PASSAGE.solved} == {2, 3}
    assert changed(STUMBLE, 2, 3).travel_m == pytest.approx(0.0235 * 2)  # one key up, and back
    # The other way round the hand would go three keys on, and back.
    sound = line([C4, D4, E4, F4, G4], "12345")
    assert changed(sound, 3, 1).travel_m == pytest.approx(-0.0235 * 6)
    assert PASSAGE.doubt == 0.8
    assert PASSAGE.gain_nats == 2.0
    assert PASSAGE.relief == pytest.approx(2.5 + 0.9)
    # What is about fingers that nobody saw counts, but is not told.
    unseen = changed(STUMBLE, 2, 3, unseen=(1,))
    assert [each.notes for each in unseen.solved] == [(2, 3)]
    assert unseen.relief == pytest.approx(3.4)
    assert changed(STUMBLE, 2, 3, unseen=(2,)).relief == 0.0


# --- what two fingers span ------------------------------------------------------------------------


def hard(*rows: Row, event: int = 0, side: int = RIGHT) -> list[tuple[str, float, str]]:
    moves = hand_moves(hand(list(rows), side).notes, side, 1.0)
    return [(each.kind, round(each.weight, 3), each.text) for each in problems(moves, event)]


def chord(*pairs: tuple[int, int]) -> list[tuple[str, float, str]]:
    return hard(*[(0.0, 1.0, pitch, finger) for pitch, finger in pairs])


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (((C4, 1), (E4, 1)), ("one finger for two keys", 3.0,
                              "The thumb cannot play C4 and E4.")),
        (((C4, 3), (E4, 2)), ("crossed chord", 3.0, "3 on C4 and 2 on E4 cross over each other.")),
        (((C4, 2), (C4 + 1, 1)), ("crossed chord", 3.0,
                                  "2 on C4 and the thumb on C♯4 cross over each other.")),
        (((C4, 2), (C5, 3)), ("out of reach", 3.0,
                              "An octave is more than 2 and 3 reach at once.")),
        (((C4, 2), (C4 + 1, 5)), ("out of reach", 3.0, "2 and 5 have no room on a second.")),
        (((C4, 1), (74, 5)), ("stretch", 1.5, "The thumb and 5 have to stretch a ninth.")),
        (((C4, 1), (D4, 4)), ("cramped", 1.45, "The thumb and 4 are cramped on a second.")),
        (((C4, 1), (G4, 2)), ("spread", 0.95, "The thumb and 2 are spread wide on a fifth.")),
    ],
)  # fmt: skip
def test_chords_in_words(pairs: tuple[tuple[int, int], ...], said: tuple[str, float, str]) -> None:
    assert chord(*pairs) == [said]


@pytest.mark.parametrize(
    ("fingers", "steps", "keys"),
    [((1, 2), 1, 2.0), ((1, 3), 2, 2.0), ((1, 4), 3, 2.5), ((1, 5), 4, 3.0), ((2, 3), 1, 1.0),
     ((2, 4), 2, 1.0), ((2, 5), 3, 1.0), ((3, 5), 2, 1.0)],
)  # fmt: skip
def test_how_far_apart_fingers_lie_at_ease(
    fingers: tuple[int, int], steps: int, keys: float
) -> None:
    whites = [60, 62, 64, 65, 67, 69, 71, 72, 74]
    ease = steps + 1.05 * keys
    for apart in range(steps, 9):
        said = [each for each in chord((60, fingers[0]), (whites[apart], fingers[1]))
                if each[0] == "spread"]  # fmt: skip
        if apart <= ease:
            assert not said
        elif said:  # else it is a stretch, or out of reach
            assert said[0][1] == pytest.approx(min(0.5 + 0.5 * (apart - ease), 1.5), abs=1e-3)


@pytest.mark.parametrize(
    ("first", "second", "kind", "text"),
    [
        ((D4, 2), (E4, 2), "same finger", "2 plays D4 and then E4: the two cannot be joined."),
        ((63, 2), (D4, 2), "slide", "2 slides from E♭4 to D4."),
        ((C4, 1), (76, 2), "jump", "From the thumb on C4 the hand has to jump to 2 on E5."),
        ((C4, 2), (61, 5), "cramped", "2 and 5 have no room on a second."),
        ((C4, 1), (74, 5), "stretch", "The thumb and 5 have to stretch a ninth."),
        ((74, 5), (C4, 1), "stretch", "The thumb and 5 have to stretch a ninth."),
        ((E4, 4), (F4, 2), "hop", "From 4 on E4 the hand has to hop to 2 on F4."),
        ((E4, 3), (F4, 2), "crossing without the thumb", "2 on F4 has to cross 3 on E4."),
        ((E4, 3), (C5, 1), "hop", "From 3 on E4 the hand has to hop to the thumb on C5."),
        ((E4, 5), (F4, 1), "thumb under 5", "The thumb has to pass under 5 at F4."),
        ((F4, 1), (E4, 5), "thumb under 5", "The thumb has to pass under 5 at F4."),
        ((F4, 3), (66, 1), "thumb passes on black",
         "The thumb passes under onto the black F♯4."),
        ((66, 1), (F4, 3), "thumb passes on black",
         "The thumb is passed over on the black F♯4."),
        ((E4, 3), (F4, 1), "crossing",
         "The thumb passes under 3: a crossing more than is needed."),
        ((F4, 1), (E4, 3), "crossing",
         "3 crosses over the thumb: a crossing more than is needed."),
        ((E4, 3), (69, 1), "crossing",
         "The thumb passes under 3, which is far: a crossing more than is needed."),
    ],
)  # fmt: skip
def test_steps_in_words(
    first: tuple[int, int], second: tuple[int, int], kind: str, text: str
) -> None:
    found = hard((0.0, 0.3, *first), (0.3, 0.6, *second), event=1)
    assert (kind, text) == (found[0][0], found[0][2])


def test_other_things_in_words() -> None:
    texts = [each[2] for each in hard((0.0, 0.1, C4, 1), (0.1, 0.2, C4, 1), event=1)]
    assert texts == ["The thumb repeats C4 too fast for one finger."]
    texts = [each[2] for each in hard((0.0, 0.3, C4, 2), (0.3, 0.4, C4, 3), event=1)]
    assert texts == ["The finger changes on the repeated C4 without need."]
    texts = [each[2] for each in hard((0.0, 0.2, D4, 2), (0.4, 0.6, E4, 2), event=1)]
    assert texts == ["2 plays D4 and then E4: it has to hurry from key to key."]
    texts = [each[2] for each in hard((0.0, 2.0, C4, 1), (1.0, 1.5, E4, 1), event=1)]
    assert texts == ["The thumb still holds C4 and has to leave it for E4."]
    black = hard((0.0, 0.3, E4, 2), (0.3, 0.6, 61, 1), (0.6, 0.9, E4, 2), event=1)
    assert black[-1][2] == "The short thumb on the black C♯4 pulls the hand into the keys."
    black = hard((0.0, 0.3, E4, 2), (0.3, 0.6, 70, 5), (0.6, 0.9, E4, 2), event=1)
    assert black[-1][2] == "The short 5 on the black B♭4 pulls the hand into the keys."


def test_limits_of_crossings_without_the_thumb() -> None:
    # 1.6 keys: from a white key over a black one to the next, but not to the next but one.
    assert hard((0.0, 0.3, E4, 3), (0.3, 0.6, F4, 2), event=1)[0][0] == "crossing without the thumb"
    assert hard((0.0, 0.3, D4, 3), (0.3, 0.6, F4, 2), event=1)[0][0] == "hop"
    assert hard((0.0, 0.3, E4, 4), (0.3, 0.6, F4, 2), event=1)[0][0] == "hop"
    # 98 mm: a fifth is 94 mm, a sixth 118 mm.
    assert hard((0.0, 0.3, C4, 3), (0.3, 0.6, G4, 1), event=1)[0][0] == "crossing"
    assert hard((0.0, 0.3, C4, 3), (0.3, 0.6, 69, 1), event=1)[0][0] == "hop"
    # 2.2 keys are far.
    assert hard((0.0, 0.3, C4, 3), (0.3, 0.6, E4, 1), event=1)[0][1] == 0.6
    assert hard((0.0, 0.3, C4, 3), (0.3, 0.6, F4, 1), event=1)[0][1] == 1.0
