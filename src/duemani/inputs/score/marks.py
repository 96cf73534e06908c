"""Dynamics, tempo and pedal marks of a part, as partitura reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from duemani.inputs.score.parts import all_of


@dataclass(frozen=True)
class Mark:
    """A direction in force from `start_quarter` (to `end_quarter` where it has an extent).

    Attributes:
        kind: `level` (dynamics), `swell` (+1 crescendo, -1 diminuendo in `value`), `stress` (sf),
            `tempo` (`value` quarters a minute), `slowing` (value < 1: rit., > 1: accel.),
            `reset` (a tempo), `pedal`.
        printed: a reader of the score sees it; a `<sound tempo>` without a metronome mark or words
            is for playback programs only.
    """

    kind: str
    start_quarter: float
    end_quarter: float
    value: float = 0.0
    printed: bool = True

    def later(self, by_quarter: float) -> Mark:
        """The same mark, so many quarters later."""
        start, end = self.start_quarter + by_quarter, self.end_quarter + by_quarter
        return replace(self, start_quarter=start, end_quarter=end)


_LEVELS = {
    "pppp": 18.0,
    "ppp": 26.0,
    "pp": 36.0,
    "p": 48.0,
    "piano": 48.0,
    "mp": 60.0,
    "mezzo-piano": 60.0,
    "mf": 72.0,
    "mezzo-forte": 72.0,
    "f": 86.0,
    "forte": 86.0,
    "ff": 100.0,
    "fortissimo": 100.0,
    "pianissimo": 36.0,
    "fff": 112.0,
    "ffff": 120.0,
}
"""Velocity of each dynamic mark: about 12-14 steps a mark, pp to ff as measured on Disklaviers."""


def marks_of(part: Any) -> list[Mark]:
    """Every mark of a part that partitura reads; its tempi are those written in words."""
    import partitura.score as ps
    from partitura.utils.music import to_quarter_tempo

    # Not its quarter map, which counts from the first full bar.
    divisions = int(part.quarter_durations()[0][1])

    def quarter(ticks: int) -> float:
        return ticks / divisions

    marks: list[Mark] = []
    last = float(quarter(part.last_point.t)) if part.last_point else 0.0
    for tempo in all_of(part, "Tempo"):
        rate = float(to_quarter_tempo(tempo.unit or "q", tempo.bpm))
        if 5 <= rate <= 1000:
            marks.append(Mark("tempo", float(quarter(tempo.start.t)), last, rate))
    for direction in all_of(part, "Direction"):
        start = float(quarter(direction.start.t))
        end = float(quarter(direction.end.t)) if direction.end is not None else start
        text = str(direction.text or "").lower()
        if isinstance(direction, ps.ConstantLoudnessDirection) and text in _LEVELS:
            marks.append(Mark("level", start, end, _LEVELS[text]))
        elif isinstance(direction, ps.ImpulsiveLoudnessDirection):
            marks.append(Mark("stress", start, start, 16.0))
            if text == "fp":
                marks.append(Mark("level", start + 0.01, end, _LEVELS["p"]))
        elif isinstance(direction, ps.IncreasingLoudnessDirection):
            marks.append(Mark("swell", start, max(end, start + 1), 1.0))
        elif isinstance(direction, ps.DecreasingLoudnessDirection):
            marks.append(Mark("swell", start, max(end, start + 1), -1.0))
        elif isinstance(direction, ps.IncreasingTempoDirection):
            marks.append(Mark("slowing", start, max(end, start + 2), 1.2))
        elif isinstance(direction, ps.DecreasingTempoDirection):
            marks.append(Mark("slowing", start, max(end, start + 2), 0.75))
        elif isinstance(direction, ps.ResetTempoDirection):
            marks.append(Mark("reset", start, start))
        elif isinstance(direction, ps.SustainPedalDirection):
            marks.append(Mark("pedal", start, end))
    return marks
