"""Made-up reviews: everything in them is invented, for tests and for looking at the page."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from duemani.inputs.score.written import read_written
from duemani.models.fingering.choose import choose_fingers
from duemani.motion import HandMotion
from duemani.performance import Performance
from duemani.report import Bar, Curve, FingerReview, Rating, Remark, Review
from duemani.verbs.demo import TITLE, demo_score
from tests.helpers.inputs import struck_tones, wav_bytes, write

CANNOT_TELL = (
    "Voicing in bars 13-14 cannot be told: there are no chords.",
    "Key release speed cannot be told from a recording.",
)


def played_demo(seed: int = 3) -> tuple[Performance, np.ndarray, np.ndarray]:
    """The demo's notes as somebody might play them, the `<note>` of each, and bar starts [s]."""
    piece = read_written(demo_score())
    rng = np.random.default_rng(seed)
    notes = piece.performance.notes.copy()
    length = float(notes["release_sec"].max())

    def played(time: np.ndarray) -> np.ndarray:
        return 0.4 + time * 1.05 + 0.35 * np.sin(2 * np.pi * time / length * 2)

    jitter = rng.normal(0, 0.008, len(notes))
    onset = np.maximum(played(notes["onset_sec"]) + jitter, 0)
    notes["release_sec"] = np.maximum(played(notes["release_sec"]) + jitter, onset + 0.05)
    notes["onset_sec"] = onset
    swell = 12 * np.sin(2 * np.pi * notes["onset_sec"] / 9)
    notes["velocity"] = np.clip(52 + swell + rng.normal(0, 5, len(notes)), 20, 110)
    order = np.lexsort((notes["pitch"], notes["onset_sec"]))
    performance = Performance(notes[order], piece.played.pedal)
    return performance, piece.numbers[order], played(piece.bar_starts_sec)


def finger_review(
    performance: Performance, seed: int = 5
) -> tuple[FingerReview, Performance, Performance]:
    """Fingers as if seen, some changed; the take with those, and with those recommended."""
    best = choose_fingers(performance).performance
    rng = np.random.default_rng(seed)
    notes = best.notes
    count = len(notes)
    played = notes["finger"].astype(int)
    flagged = np.zeros(count, bool)
    for at in rng.choice(count, count // 14, replace=False):
        played[at] = played[at] % 5 + 1
        flagged[at] = True
    confidence = np.clip(rng.normal(0.9, 0.1, count), 0.2, 1.0)
    unknown = rng.choice(count, count // 20, replace=False)
    unknown = unknown[~flagged[unknown]]
    played[unknown], confidence[unknown] = 0, 0.1
    chances = np.full((count, 10), 0.02)
    hand = notes["hand"].astype(int)
    chances[np.arange(count), 5 * hand + np.maximum(played, 1) - 1] = 0.82
    why: list[tuple[str, ...]] = [()] * count
    for at in np.flatnonzero(flagged):
        why[at] = (
            f"Finger {played[at]} has to stretch here.",
            f"Finger {notes['finger'][at]} lies over the key.",
        )
    fingers = FingerReview(
        chances=chances,
        played=played,
        hand=hand,
        confidence=confidence,
        suggested=notes["finger"].astype(int),
        gain=np.where(flagged, 0.6, 0.0),
        flagged=flagged,
        why=tuple(why),
        printed=np.zeros(count, int),
    )
    seen = best.with_fingers(hand, np.maximum(played, 1), confidence)
    return fingers, seen, best


def made_review(
    motions: tuple[HandMotion | None, HandMotion | None, HandMotion | None] = (None, None, None),
) -> Review:
    """A review of the demo with every part: seen, played and suggested hands as given."""
    seen, played, suggested = motions
    return replace(_made_review(), seen=seen, played_motion=played, suggested_motion=suggested)


@cache
def _made_review() -> Review:
    performance, numbers, bar_starts = played_demo()
    fingers, seen, best = finger_review(performance)
    missing = (int(numbers[60]),)
    numbers = numbers.copy()
    numbers[60] = numbers[101] = -1  # one note is another one, one was played in passing
    notes = seen.notes.copy()
    notes["pitch"][60] += 1
    seen = Performance(notes, seen.pedal)
    end = seen.duration_sec
    bounds = np.append(bar_starts, end)
    bars = tuple(
        Bar(
            str(at),
            float(bounds[at]),
            float(bounds[at + 1]),
            {
                "dynamics": 50 + 10 * float(np.sin(at)),
                "tempo": 68 + 6 * float(np.cos(at)),
                "articulation": 0.9 if at % 3 else None,
                "pedal": 0.6 + 0.3 * float(np.sin(at)),
                "evenness": 0.08 + 0.01 * at % 0.07,
                "synchrony": 14.0 + at,
            },
        )
        for at in range(len(bar_starts))
    )
    return Review(
        title=TITLE,
        performance=seen,
        fingers=fingers,
        suggested=best,
        remarks=made_remarks(bounds, fingers),
        curves=made_curves(end),
        bars=bars,
        ratings=(
            Rating("calm - agitated", 0.34, 0.18, 0.52),
            Rating("flat - expressive", 0.61, 0.44, 0.78),
            Rating("unsteady - steady in tempo", 0.55, 0.31, 0.74),
        ),
        evidence={
            "notes": "heard in the video's own sound, compared with the score",
            "hands": "seen in the video, 93 % of the frames",
            "fingers": "told from hands and sound together, 96 % of the notes",
            "dynamics": "estimated from the sound",
            "pedal": "estimated from the sound",
        },
        cannot_tell=CANNOT_TELL,
        assumptions=("The hand is taken to be of medium size.", "Repeats are played as printed."),
        source=Path("lesson.mp4"),
        document=read_written(demo_score()).document,
        note_numbers=numbers,
        missing_numbers=missing,
    )


def made_remarks(bounds: np.ndarray, fingers: FingerReview) -> tuple[Remark, ...]:
    flagged = np.flatnonzero(fingers.flagged)

    def within(first: int, last: int) -> tuple[float, float]:
        return float(bounds[first]), float(bounds[last + 1])

    rows: list[tuple[str, str, str, int, int, float, float, bool]] = [
        ("fingering", "Thumb on the black key pulls the hand in",
         "The G♯ is struck with the thumb, so the whole hand moves into the keys and back. "
         "Take it with 3; the hand then stays where it is.", 3, 3, 0.95, 0.93, False),
        ("notes", "A wrong note: F instead of E",
         "In the second beat F is heard where the score has E. The left hand arrives late, "
         "so look at the bass first.", 6, 6, 0.9, 0.97, False),
        ("fingering", "The same finger twice in a row breaks the line",
         "Finger 4 plays two keys one after the other, and a gap of 70 ms is heard. "
         "Change to 3 on the second.", 8, 9, 0.8, 0.74, False),
        ("pedal", "The pedal blurs the change of harmony",
         "The pedal is held over the bar line for 0.4 s, and A minor sounds into E major. "
         "Change with the bass note.", 10, 11, 0.75, 0.66, False),
        ("tempo", "Rushes in the bridge",
         "The tempo rises from 66 to 78 beats a minute without a mark. Count the quavers of "
         "the left hand aloud.", 12, 14, 0.7, 0.9, False),
        ("dynamics", "The crescendo comes too late",
         "The score asks for a crescendo from here; loudness only rises two bars later.",
         8, 10, 0.65, 0.81, False),
        ("articulation", "Left hand lets go early",
         "The bass is held for about half of its written length, also without pedal.",
         2, 4, 0.5, 0.55, False),
        ("evenness", "Semiquavers limp a little",
         "Every second semiquaver comes about 20 ms late.", 1, 1, 0.45, 0.7, False),
        ("synchrony", "Left hand before the right",
         "The bass comes 35 ms before the melody on most first beats. If it is meant, keep it "
         "for the ends of phrases.", 5, 7, 0.4, 0.72, False),
        ("voicing", "The melody sings",
         "The upper voice is clearly above the accompaniment, and the line is carried over the "
         "rests.", 1, 5, 0.6, 0.84, True),
        ("markings", "pp is kept where it is printed",
         "The beginning is really soft, and stays even.", 0, 1, 0.5, 0.88, True),
        ("reference", "Slower than the reference in the ending",
         "The reference performances keep the tempo here; this one is 12 % slower in the last "
         "two bars.", 20, 21, 0.35, 0.6, False),
    ]  # fmt: skip
    remarks = []
    for at, (kind, title, text, first, last, weight, confidence, praise) in enumerate(rows):
        start, end = within(first, last)
        near = [int(note) for note in flagged[:3]] if kind == "fingering" else []
        remarks.append(
            Remark(
                kind=kind,  # type: ignore[arg-type]
                title=title,
                text=text,
                start_sec=start,
                end_sec=end,
                bars=str(first) if first == last else f"{first}-{last}",
                weight=weight,
                confidence=confidence,
                notes=tuple(near or range(at * 4, at * 4 + 4)),
                praise=praise,
                hand=(1, 0, -1)[at % 3],
            )
        )
    return tuple(sorted(remarks, key=lambda remark: -remark.weight))


def made_curves(end: float) -> tuple[Curve, ...]:
    time = np.linspace(0.4, end, 120)
    loud = 52 + 11 * np.sin(2 * np.pi * time / 9)
    tempo = 70 + 7 * np.sin(2 * np.pi * time / 14) + 2 * np.sin(time)
    tempo[40:46] = np.nan
    slow = 4 * np.sin(time / 3)
    held = 0.85 + 0.1 * np.sin(time / 2)
    return (
        Curve("dynamics", "Dynamics", "velocity", time, loud, loud - 5, loud + 6, loud + slow),
        Curve("tempo", "Tempo", "beats/min", time, tempo, tempo - 2, tempo + 2, 70 + slow),
        Curve("articulation", "Articulation", "share of the written length", time, held),
        Curve("pedal", "Pedal", "share of the time", time, np.clip(0.5 + np.sin(time), 0, 1)),
    )  # fmt: skip


def audio_review(recording: Path | None = None) -> Review:
    """A review of sound alone: no score, no hands, little to say."""
    review = made_review()
    performance = review.performance.with_fingers(
        np.full(len(review.performance.notes), -1), np.zeros(len(review.performance.notes), int)
    )
    bars = tuple(
        replace(bar, name=f"{int(bar.start_sec) // 60}:{int(bar.start_sec) % 60:02d}")
        for bar in review.bars[::3]
    )
    remarks = tuple(
        replace(remark, bars="", notes=())
        for remark in review.remarks
        if remark.kind in ("dynamics", "tempo", "pedal")
    )
    return replace(
        review,
        title="Practice, Tuesday",
        performance=performance,
        fingers=None,
        suggested=None,
        remarks=remarks,
        ratings=(),
        bars=bars,
        evidence={"notes": "heard in the recording", "dynamics": "estimated from the sound"},
        cannot_tell=("Fingering cannot be told: there is no picture.",),
        document=None,
        note_numbers=None,
        missing_numbers=(),
        recording=recording,
        source=Path("practice.mp3"),
    )


def sound_file(path: Path, seconds: float = 32.0) -> Path:
    """A recording to be heard with a made-up review; rendering a piano takes longer."""
    tones = [(float(at), 57 + int(at) % 12) for at in np.arange(0, seconds, 2)]
    return write(path, wav_bytes(struck_tones(seconds, tones)))


def empty_review() -> Review:
    """Nothing was heard, nothing seen."""
    return replace(
        audio_review(),
        title="Silence",
        performance=Performance(),
        remarks=(),
        curves=(),
        bars=(),
        evidence={},
        assumptions=(),
    )
