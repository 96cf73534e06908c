"""How long keys are held against what is written, staccato dots and slurs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from duemani.analysis.expression.take import LEAST_NOTES, Aspect, Take, curve_times, smoothed
from duemani.performance import pedal_down
from duemani.report import Curve, Remark

_DOTS = ("staccato", "staccatissimo", "spiccato")
_LONG_DOT = 0.8
_LEAST_DOTTED = 3
_LEAST_SLURRED = 6
_GAP_SEC = 0.07
_GAP_SHARE = 0.2


def articulation(take: Take) -> Aspect:
    """Share of its written length that every key is held."""
    if len(take.onset_sec) < LEAST_NOTES:
        return Aspect(cannot_tell=("Articulation cannot be told: too few notes.",))
    if take.alignment is None:
        return Aspect(
            cannot_tell=(
                "Articulation cannot be told: without a score nobody knows how long notes are"
                " meant to be.",
            )
        )
    share = held_share(take)
    times = curve_times(take)
    known = np.isfinite(share)
    value, _ = smoothed(times, take.onset_sec[known], share[known], 1.5)
    curve = Curve("articulation", "Length of notes held", "% of written", times, 100 * value)
    pedalled = under_pedal(take)
    remarks = [*_staccato(take, share, pedalled), *_slurs(take, pedalled)]
    return Aspect((curve,), {"articulation": take.by_window(share, 3)}, tuple(remarks))


def held_share(take: Take) -> Float[np.ndarray, " note"]:
    """Time the key is down over the written length at the tempo played, at most 2; NaN extra,
    grace and ornamented notes.
    """
    assert take.alignment is not None
    line, written = take.alignment.line, take.alignment.written
    share = np.full(len(written), np.nan)
    for number, passage in enumerate(take.alignment.passages):
        mine = np.flatnonzero((take.alignment.passage == number) & (written >= 0))
        notes = written[mine]
        start = line.onset_quarter[notes]
        length = passage.time_at(start + line.duration_quarter[notes]) - passage.time_at(start)
        usual = ~line.grace[notes] & ~line.ornament[notes] & (length > 0.02)
        held = take.release_sec[mine] - take.onset_sec[mine]
        share[mine[usual]] = np.minimum(held[usual] / length[usual], 2.0)
    return share


def under_pedal(take: Take) -> np.ndarray:
    """Notes whose key is let go while the sustain pedal is down, (note,) bool."""
    return pedal_down(take.performance, take.release_sec)


def _staccato(take: Take, share: np.ndarray, pedalled: np.ndarray) -> Iterator[Remark]:
    assert take.alignment is not None
    line, written = take.alignment.line, take.alignment.written
    dotted = np.array(
        [at >= 0 and any(name in line.articulations[at] for name in _DOTS) for at in written], bool
    )
    # A dot under a slur is portato: half-detached.
    dotted &= np.isfinite(share) & ~line.slurred[np.maximum(written, 0)]
    if dotted.sum() < _LEAST_DOTTED:
        return
    # A key needs some time: very short notes cannot be halved.
    dotted &= (take.release_sec - take.onset_sec) > 0.12 + take.tolerance.release_sec
    for span in _together(take, np.flatnonzero(dotted)):
        held = float(np.median(share[span]))
        if len(span) < _LEAST_DOTTED or held < _LONG_DOT + take.tolerance.release_sec:
            continue
        blurred = float(pedalled[span].mean())
        a, b = float(take.onset_sec[span[0]]), float(take.release_sec[span[-1]])
        yield take.remark(
            "articulation", "Staccato held too long",
            f"{take.place(a, b)} notes with dots are held {100 * min(held, 1.0):.0f} % of their"
            " length. Let the finger spring off the key: about half is usual."
            + (" The pedal is down here, which hides it, and the dots too." if blurred > 0.5
               else ""),
            (a, b), 0.35 + 0.02 * min(len(span), 10), 0.9 - 0.5 * blurred, tuple(map(int, span)),
        )  # fmt: skip


def _slurs(take: Take, pedalled: np.ndarray) -> Iterator[Remark]:
    """Gaps between a slurred note and the next one of its voice."""
    assert take.alignment is not None
    line, written = take.alignment.line, take.alignment.written
    broken: list[int] = []
    slurred: list[int] = []
    repeated = 0
    for number in range(len(take.alignment.passages)):
        mine = np.flatnonzero((take.alignment.passage == number) & (written >= 0))
        mine = mine[~line.grace[written[mine]]]
        for voice in np.unique(line.voice[written[mine]]):
            notes = mine[line.voice[written[mine]] == voice]
            notes = notes[np.argsort(line.onset_quarter[written[notes]], kind="stable")]
            places = line.onset_quarter[written[notes]]
            ends = places + line.duration_quarter[written[notes]]
            following = np.searchsorted(places, ends - 1e-3)
            for note, end, at in zip(notes, ends, following, strict=True):
                if not line.slurred[written[note]] or at >= len(notes):
                    continue
                if abs(places[at] - end) > 1e-3 or take.pitch[notes[at]] == take.pitch[note]:
                    repeated += 1
                    continue
                slurred.append(int(note))
                onset = take.onset_sec[notes[at]]
                gap = onset - take.release_sec[note]
                whole = onset - take.onset_sec[note]
                if gap > max(_GAP_SEC + take.tolerance.release_sec, _GAP_SHARE * whole):
                    broken.append(int(note))
    if len(slurred) < _LEAST_SLURRED:
        return
    everyone = np.array(sorted(slurred))
    torn = np.isin(everyone, broken)
    for span in _together(take, everyone):
        if len(span) < _LEAST_SLURRED or torn[np.isin(everyone, span)].mean() < 0.5:
            continue
        bad = tuple(int(note) for note in span if note in broken)
        blurred = float(pedalled[list(bad)].mean())
        a, b = float(take.onset_sec[bad[0]]), float(take.release_sec[bad[-1]])
        if blurred > 0.7:
            continue  # the pedal joins what the fingers do not: nobody hears it
        yield take.remark(
            "articulation", "Notes under the slur are not joined",
            f"{take.place(a, b)} {len(bad)} of {len(span)} slurred notes end before the next one"
            " begins. Keep each key down until the next has sounded.",
            (a, b), 0.3 + 0.02 * min(len(bad), 15), 0.85 - 0.5 * blurred, bad,
        )  # fmt: skip


def _together(take: Take, notes: np.ndarray) -> Iterator[np.ndarray]:
    """Split where more than two bars (or 5 s) lie between."""
    if not len(notes):
        return
    windows = take.window_of[notes]
    cuts = np.flatnonzero((np.diff(windows) > 2) | (np.diff(take.onset_sec[notes]) > 5)) + 1
    yield from np.split(notes, cuts)
