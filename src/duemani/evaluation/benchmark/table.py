"""Figures of many takes and seeds as one table, for people and for machines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

_KEPT_DIGITS = 6


@dataclass(frozen=True)
class Figure:
    """One figure of one row; NaN where it cannot be had.

    Attributes:
        mean: over takes and seeds.
        over_seeds: standard deviation (n−1) of the seeds' means over takes; NaN with one seed.
        over_takes: standard deviation (n−1) of the takes' means over seeds; NaN with one take.
    """

    mean: float
    over_seeds: float = float("nan")
    over_takes: float = float("nan")


Row = Mapping[str, Figure]


@dataclass(frozen=True)
class Column:
    """One figure in a table: its name, its heading and how many decimals are shown."""

    name: str
    heading: str
    decimals: int = 3


COLUMNS = (
    Column("f1", "key-press F1"),
    Column("precision", "precision"),
    Column("recall", "recall"),
    Column("finger_agreement", "finger agreement"),
    Column("limit_violations", "limit violations", 4),
    Column("penetrations", "penetrations", 4),
    Column("finger_collisions", "finger collisions", 4),
    Column("fgd", "FGD"),
    Column("wgd", "WGD"),
    Column("pd", "PD [m]", 4),
    Column("smooth", "“Smooth”"),
    Column("fid", "FID", 2),
    Column("dynamics_r", "dynamics r"),
    Column("seam_ratio", "seam ratio", 2),
    Column("sec_per_sec", "s per s"),
)
REAL_HANDS_COLUMNS = (
    Column("f1", "key-press F1"),
    Column("acceleration_ratio", "acceleration ratio"),
    Column("jerk_ratio", "jerk ratio"),
    Column("raw_acceleration_ratio", "raw acceleration ratio"),
    Column("raw_jerk_ratio", "raw jerk ratio"),
    Column("x_correlation", "x correlation"),
    Column("x_rms_mm", "x rms [mm]", 1),
    Column("log_speed_distance", "log speed distance"),
    Column("log_acceleration_distance", "log acceleration distance"),
)


def summarise(runs: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, Figure]:
    """Means and spreads of every figure.

    Args:
        runs: figures of each take, for each seed; what is not finite is left out.
    """
    row: dict[str, Figure] = {}
    for name in runs[0][0]:
        values = np.array([[figures[name] for figures in run] for run in runs], float)
        seeds = np.array([_mean(run) for run in values])
        takes = np.array([_mean(take) for take in values.T])
        row[name] = Figure(_mean(seeds), _deviation(seeds), _deviation(takes))
    return row


def take_row(runs: Sequence[Sequence[Mapping[str, float]]], take: int) -> dict[str, Figure]:
    """The row of a single take."""
    return summarise([[run[take]] for run in runs])


def shown(mean: float, spread: float, decimals: int) -> str:
    """Such as `0.912 ± .004`; `-` for a mean that cannot be had, no `±` without a spread."""
    if not np.isfinite(mean):
        return "-"
    text = f"{mean:z.{decimals}f}"
    if np.isfinite(spread):
        text += f" ± {f'{spread:.{decimals}f}'.removeprefix('0')}"
    return text


def markdown(
    rows: Mapping[str, Row],
    columns: Sequence[Column] = COLUMNS,
    over_takes: Collection[str] = (),
) -> str:
    """A table with a line a row.

    Args:
        rows: by their names.
        columns: which figures; `-` where a row has none.
        over_takes: names of rows whose deviations are shown over takes instead of seeds.
    """
    lines = [f"| | {' | '.join(column.heading for column in columns)} |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for name, row in rows.items():
        cells = []
        for column in columns:
            figure = row.get(column.name, Figure(float("nan")))
            spread = figure.over_takes if name in over_takes else figure.over_seeds
            cells.append(shown(figure.mean, spread, column.decimals))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plain(value: object) -> object:
    """The same as JSON has it: figures as objects, rounded; what cannot be had is null."""
    if isinstance(value, Figure):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return round(value, _KEPT_DIGITS) if np.isfinite(value) else None
    return value


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _deviation(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else float("nan")
