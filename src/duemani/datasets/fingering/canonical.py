"""Scales, arpeggios, chords and exercises in every key, with their standard fingerings.

Generated: the notes come from music theory, the fingers from `canonical_fingers`. Semiquavers at a
moderate tempo, legato, every note fingered. Where no one fingering is standard (scales in thirds
outside C major), nothing is generated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from duemani.datasets.fingering.canonical_fingers import (
    BLACK,
    MAJOR,
    MINOR,
    SCALE_STEPS,
    TONICS,
    arpeggio_fingers,
    chord_fingers,
    chromatic_fingers,
    scale_fingers,
)
from duemani.datasets.fingering.canonical_sessions import sessions
from duemani.datasets.fingering.scores import FingeredPiece
from duemani.performance import LEFT, RIGHT, Performance, make_notes

STEP_SEC = 0.2
"""A semiquaver: 75 crotchets a minute."""
_VELOCITY = 64
_TRIADS = {MAJOR: (0, 4, 7), MINOR: (0, 3, 7)}
_SEVENTHS = {"dominant_7": (0, 4, 7, 10), "diminished_7": (0, 3, 6, 9)}
_CLASSES = ["C", "C_sharp", "D", "E_flat", "E", "F", "F_sharp", "G", "A_flat", "A", "B_flat", "B"]
_HANDS = (RIGHT, LEFT)
_SIDES = {RIGHT: "right", LEFT: "left"}

Event = tuple[Sequence[int], str, float]
"""Keys struck together, their fingers in the same order, and how many steps they last."""
Row = tuple[float, float, int, int, int]
"""onset_sec, release_sec, pitch, hand, finger."""


def canonical_pieces() -> list[FingeredPiece]:
    """All canonical material, sorted by name; source `canonical`, names are unique."""
    pieces = [
        *_scales(), *_scales_from_third(), *_chromatic(), *_arpeggios(), *_chords(), *_octaves(),
        *_thirds(), *_five_fingers(), *_alberti(), *_trills(), *_repeated(),
    ]  # fmt: skip
    return sorted([*pieces, *sessions(pieces)], key=lambda piece: piece.name)


def _lowest(tonic: int, octaves: int, hand: int) -> int:
    """A pitch of the class that leaves room for the octaves; hands lie an octave apart."""
    right = {1: 60, 2: 60, 3: 48, 4: 36}[octaves]
    return tonic + (right if hand == RIGHT else right - 12)


def _piece(
    name: str, parts: Mapping[int, Sequence[Event]], step_sec: float = STEP_SEC
) -> FingeredPiece:
    rows: list[Row] = []
    for hand, events in parts.items():
        at = 0.0
        for pitches, fingers, steps in events:
            end = round(at + steps * step_sec, 6)
            rows += [(at, end, p, hand, int(f)) for p, f in zip(pitches, fingers, strict=True)]
            at = end
    return _from_rows(name, rows)


def _from_rows(name: str, rows: Sequence[Row]) -> FingeredPiece:
    notes = make_notes([(onset, end, pitch, _VELOCITY) for onset, end, pitch, _, _ in rows])
    notes["hand"] = [row[3] for row in rows]
    notes["finger"] = [row[4] for row in rows]
    return FingeredPiece(f"canonical/{name}", "canonical", Performance.create(notes))


def _line(pitches: Sequence[int], fingers: str) -> list[Event]:
    return [([pitch], finger, 1.0) for pitch, finger in zip(pitches, fingers, strict=True)]


def _up_and_down(pitches: Sequence[int], fingers: str) -> list[Event]:
    return _line([*pitches, *pitches[-2::-1]], fingers + fingers[-2::-1])


def _climb(lowest: int, steps: Sequence[int], octaves: int, first: int = 0) -> list[int]:
    """Pitches from the `first` of the steps on, through whole octaves and one note more.

    `lowest` is the pitch that steps are counted from.
    """
    count = len(steps)
    span = range(first, first + count * octaves + 1)
    return [lowest + 12 * (at // count) + steps[at % count] for at in span]


def _scales() -> Iterator[FingeredPiece]:
    for kind, (rising, falling) in SCALE_STEPS.items():
        for tonic, pitch_class in TONICS[MAJOR if kind == MAJOR else MINOR].items():
            for octaves in range(1, 5):
                parts = {}
                for hand in _HANDS:
                    lowest = _lowest(pitch_class, octaves, hand)
                    up, down = scale_fingers(tonic, kind, hand, octaves)
                    above = _climb(lowest, rising, octaves)
                    below = _climb(lowest, falling, octaves)
                    line = _line(above[:-1], up[:-1])
                    parts[hand] = line + _line(below[::-1], up[-1] + down[-2::-1])
                yield _piece(f"scale/{tonic}_{kind}/{octaves}oct", parts)


def _scales_from_third() -> Iterator[FingeredPiece]:
    """Scales from mediant to mediant (hands a third or sixth apart): every key keeps its finger."""
    for kind in (MAJOR, "harmonic_minor"):
        steps = SCALE_STEPS[kind][0]
        for tonic, pitch_class in TONICS[MAJOR if kind == MAJOR else MINOR].items():
            for octaves in (1, 2, 3):
                parts = {}
                for hand in _HANDS:
                    # A longer scale's inner octave has no finger that is only an end's.
                    inner = scale_fingers(tonic, kind, hand, 4)[0][7:14]
                    pitches = _climb(_lowest(pitch_class, octaves, hand), steps, octaves, 2)
                    way = [inner[at % 7] for at in range(2, 2 + len(pitches))]
                    parts[hand] = _up_and_down(pitches, "".join(way))
                yield _piece(f"scale_from_third/{tonic}_{kind}/{octaves}oct", parts)


def _chromatic() -> Iterator[FingeredPiece]:
    for pitch_class, name in enumerate(_CLASSES):
        for octaves in range(1, 5):
            parts = {}
            for hand in _HANDS:
                pitches = _climb(_lowest(pitch_class, octaves, hand), range(12), octaves)
                parts[hand] = _up_and_down(pitches, chromatic_fingers(pitches, hand))
            yield _piece(f"chromatic/{name}/{octaves}oct", parts)


def _arpeggios() -> Iterator[FingeredPiece]:
    roots: list[tuple[str, tuple[int, ...], dict[str, int]]] = [
        (mode, _TRIADS[mode], TONICS[mode]) for mode in (MAJOR, MINOR)
    ]
    classes = {name: at for at, name in enumerate(_CLASSES)}
    roots += [(kind, steps, classes) for kind, steps in _SEVENTHS.items()]
    for kind, steps, names in roots:
        for name, root in names.items():
            for inversion in range(1 if kind == "diminished_7" else len(steps)):
                for octaves in range(1, 4):
                    parts = {}
                    for hand in _HANDS:
                        pitches = _climb(_lowest(root, octaves, hand), steps, octaves, inversion)
                        fingers = arpeggio_fingers(root, steps, inversion, hand, octaves)
                        parts[hand] = _up_and_down(pitches, fingers)
                    title = f"arpeggio/{name}_{kind}/inversion{inversion}/{octaves}oct"
                    yield _piece(title, parts)


def _chords() -> Iterator[FingeredPiece]:
    """Broken and block chords, through all inversions up an octave and back."""
    for mode, steps in _TRIADS.items():
        for name, root in TONICS[mode].items():
            block: dict[int, list[Event]] = {}
            full: dict[int, list[Event]] = {}
            broken: dict[int, list[Event]] = {}
            for hand in _HANDS:
                lowest = _lowest(root, 1, hand) - (12 if root > 5 else 0)
                lowest -= 12 if hand == LEFT else 0  # no key for both hands
                ladder = [(_climb(lowest, steps, 1, at), at % 3) for at in range(4)]
                way = [*ladder, *ladder[-2::-1]]
                for doubled, events in ((False, block), (True, full)):
                    events[hand] = [
                        (
                            notes[: 4 if doubled else 3],
                            chord_fingers(root, steps, inversion, hand, doubled),
                            2.0,
                        )
                        for notes, inversion in way
                    ]
                four = [(notes, fingers) for notes, fingers, _ in full[hand]]
                rising = [event for chord in four[:4] for event in _line(*chord)]
                falling = [
                    event
                    for notes, fingers in four[3:]
                    for event in _line(notes[::-1], fingers[::-1])
                ]
                broken[hand] = rising + falling
            yield _piece(f"block_triads/{name}_{mode}", block)
            yield _piece(f"block_four_notes/{name}_{mode}", full)
            yield _piece(f"broken_chords/{name}_{mode}", broken)


def _octave_fingers(pitch: int, hand: int) -> str:
    outer = "4" if pitch % 12 in BLACK else "5"
    return f"1{outer}" if hand == RIGHT else f"{outer}1"


def _octaves() -> Iterator[FingeredPiece]:
    """Scales in octaves, struck together and broken; 4 on black keys."""
    for tonic, pitch_class in TONICS[MAJOR].items():
        together: dict[int, list[Event]] = {}
        broken: dict[int, list[Event]] = {}
        for hand in _HANDS:
            lowest = _lowest(pitch_class, 1, hand) - (0 if hand == RIGHT else 12)
            way = _climb(lowest, SCALE_STEPS[MAJOR][0], 1)
            way = [*way, *way[-2::-1]]
            pairs = [((p, p + 12), _octave_fingers(p, hand)) for p in way]
            together[hand] = [(pitches, fingers, 1.0) for pitches, fingers in pairs]
            broken[hand] = [event for pair in pairs for event in _line(*pair)]
        yield _piece(f"octaves/{tonic}_major", together)
        yield _piece(f"broken_octaves/{tonic}_major", broken)


def _thirds() -> Iterator[FingeredPiece]:
    """C major in thirds (right hand), and thirds on five keys in every key."""
    scale = [p for p in range(60, 90) if p % 12 not in BLACK]
    fingers = ["13", "24", "35", "13", "24", "13", "24"] * 2 + ["35"]
    pairs: list[Event] = [((scale[at], scale[at + 2]), fingers[at], 1.0) for at in range(15)]
    yield _piece("thirds/C_major/right", {RIGHT: [*pairs, *pairs[-2::-1]]})
    for mode, steps in _fives():
        for name, root in TONICS[mode].items():
            for hand in _HANDS:
                five = [_lowest(root, 1, hand) + step for step in steps]
                shapes = ("13", "24", "35") if hand == RIGHT else ("53", "42", "31")
                low: list[Event] = [
                    ((five[at], five[at + 2]), shapes[at], 1.0) for at in (0, 1, 2, 1) * 2 + (0,)
                ]
                yield _piece(f"thirds_on_five_keys/{name}_{mode}/{_SIDES[hand]}", {hand: low})


def _fives() -> list[tuple[str, tuple[int, ...]]]:
    return [(MAJOR, SCALE_STEPS[MAJOR][0][:5]), (MINOR, SCALE_STEPS["harmonic_minor"][0][:5])]


def _five_fingers() -> Iterator[FingeredPiece]:
    for mode, steps in _fives():
        for name, root in TONICS[mode].items():
            parts, twice = {}, {}
            for hand in _HANDS:
                five = [_lowest(root, 1, hand) + step for step in steps]
                fingers = "12345" if hand == RIGHT else "54321"
                parts[hand] = _up_and_down(five, fingers) * 2
                doubled = [pitch for pitch in five for _ in range(2)]
                same = "".join(finger * 2 for finger in fingers)
                twice[hand] = _up_and_down(doubled, same)
            yield _piece(f"five_fingers/{name}_{mode}", parts)
            yield _piece(f"five_fingers_twice/{name}_{mode}", twice, 2 * STEP_SEC)


def _alberti() -> Iterator[FingeredPiece]:
    """Left-hand accompaniment: lowest, highest, middle, highest; tonic, subdominant, dominant."""
    for mode, steps in _TRIADS.items():
        for name, root in TONICS[mode].items():
            tonic = _lowest(root, 1, LEFT) - (12 if root > 5 else 0)
            chords = (
                ([tonic + step for step in steps], "531"),
                ([tonic, tonic + 5, tonic + 5 + steps[1]], "521"),
                ([tonic - 1, tonic + 5, tonic + 7], "521"),
                ([tonic + step for step in steps], "531"),
            )
            events = [
                ([notes[at]], fingers[at], 1.0)
                for notes, fingers in chords
                for at in (0, 2, 1, 2) * 2
            ]
            yield _piece(f"alberti/{name}_{mode}", {LEFT: events})


def _trills() -> Iterator[FingeredPiece]:
    """Trills with the neighbour above: 2-3, 1-3 from white to black, 3-4 beside a held thumb."""
    for tonic, pitch_class in TONICS[MAJOR].items():
        for hand in _HANDS:
            five = [_lowest(pitch_class, 1, hand) + step for step in SCALE_STEPS[MAJOR][0][:5]]
            right = hand == RIGHT
            held, trilled = (five[0], five[2:4]) if right else (five[4], five[1:3])
            rows = [(0.0, 1.6, held, hand, 1)]
            for at in range(16):
                finger = (3, 4)[at % 2] if right else (4, 3)[at % 2]
                rows.append((at * 0.1, at * 0.1 + 0.1, trilled[at % 2], hand, finger))
            yield _from_rows(f"trill_beside_thumb/{tonic}_major/{_SIDES[hand]}", rows)
    for hand in _HANDS:
        inner = "23" if hand == RIGHT else "32"
        for low in range(60, 72):
            base = low if hand == RIGHT else low - 12
            for size in (1, 2):
                thumb = base if hand == RIGHT else base + size
                other = base + size if hand == RIGHT else base
                wide = thumb % 12 not in BLACK and other % 12 in BLACK
                fingers = ("13" if hand == RIGHT else "31") if wide else inner
                events = _line([base, base + size] * 8, fingers * 8)
                yield _piece(
                    f"trill/{_CLASSES[low % 12]}_{size}/{_SIDES[hand]}", {hand: events}, 0.1
                )


def _repeated() -> Iterator[FingeredPiece]:
    """Fast repeated notes with changing fingers, one key after another up a white octave."""
    for hand in _HANDS:
        whites = [p for p in range(60, 73) if p % 12 not in BLACK]
        pitches = [p - (0 if hand == RIGHT else 12) for p in whites for _ in range(4)]
        events = _line(pitches, "4321" * len(whites))
        yield _piece(f"repeated/4321/{_SIDES[hand]}", {hand: events}, 0.1)
