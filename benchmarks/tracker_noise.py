"""What `TrackerNoise`'s defaults are fitted to: `python -m benchmarks.tracker_noise`.

Real tracking holds no truth, so noise is told from motion by what fingers cannot do:

- white noise: robust spread of third differences (motion at 30 Hz is smooth but for strikes);
- slow wandering: how a tip moves on a key that it holds down (the finger rests there, so this is
  an upper bound: fingers roll and slide a little);
- constant error: how a finger's mean place beside the middle of its white keys differs between
  hands and takes (an upper bound too: habits differ);
- dropouts and swaps are counted.

The same measures of simulated films, without noise and with the defaults, stand beside the real
ones: the fit is right where the last two columns agree.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.pieces import DATA
from duemani.datasets.simulated.cameras import aimed_camera
from duemani.datasets.simulated.filming import NO_NOISE, TrackerNoise, film_motion
from duemani.datasets.takes import load_take
from duemani.keyboard import WHITE_PITCH_M, is_black, key_centre_x
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M

PALM_M = float(MEDIUM_BONE_LENGTHS_M.reshape(5, 4)[2, 0])
_HELD_SEC, _SETTLE_SEC = 0.35, 0.1
_LAGS = np.array([1, 2, 4, 8, 16])


@dataclass(frozen=True)
class Filmed:
    """Fingertips (frame, hand, finger, xy) in palm lengths, and who plays which note when."""

    name: str
    rate: float
    tips: np.ndarray
    notes: list[tuple[float, float, int, int, int]]
    """(onset, release, pitch, hand, finger 0-4) in film time [s]."""
    x_m: np.ndarray
    losses: str
    swaps: str


def real_take(number: int) -> Filmed:
    folder = DATA / "hands" / "miditest"
    with np.load(folder / f"{number}.npz") as file:
        tips, rate, lag = file["tips"].astype(float), float(file["fps"]), float(file["midi_lag_s"])
        edges = file["white_key_lines"]
    notes = []
    with (folder / f"{number}_notes_pseudofinger.tsv").open() as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            if not row["dist_keys"] or float(row["dist_keys"]) > 0.35:
                continue
            if float(row["second_dist_keys"]) < 0.6:
                continue
            onset, release = float(row["onset_midi_s"]) + lag, float(row["offset_midi_s"]) + lag
            hand, finger = "LR".index(row["hand"]), int(row["finger_nearest"]) - 1
            notes.append((onset, release, int(row["pitch"]), hand, finger))
    seen = np.isfinite(tips).all((2, 3))
    x_m = np.interp(tips[..., 0], edges, np.arange(len(edges)) * WHITE_PITCH_M)
    palm_px = PALM_M / WHITE_PITCH_M * np.diff(edges).mean()
    return Filmed(
        f"MIDItest {number}",
        rate,
        tips / palm_px,
        notes,
        np.where(np.isfinite(tips[..., 0]), x_m, np.nan),
        _runs(~seen.T, rate),
        _swaps(folder / f"{number}.csv", rate),
    )


def simulated_take(path: Path, noise: TrackerNoise, seed: int) -> Filmed:
    take = load_take(path)
    camera = aimed_camera(width_m=1.3)
    filmed, view = film_motion(take.motion, camera, noise, np.random.default_rng(seed))
    palm_px = camera.focal_px / camera.position_m[2] * PALM_M
    notes = [
        (n["onset_sec"], n["release_sec"], int(n["pitch"]), int(n["hand"]), int(n["finger"]) - 1)
        for n in take.performance.notes
        if n["finger"] > 0
    ]
    tips = np.moveaxis(filmed.tips_px, 0, 1)
    x_m = view.to_keyboard(tips)[..., 0]
    seen = filmed.confidence > 0
    rate = take.motion.frame_rate
    return Filmed(path.stem, rate, tips / palm_px, notes, x_m, _runs(~seen, rate), "-")


def _runs(missing: np.ndarray, rate: float) -> str:
    lengths = []
    for row in missing:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        lengths += list(edges[1::2] - edges[::2])
    seconds = missing.size / rate
    if not lengths:
        return "0"
    return f"{len(lengths) / seconds:.4f}/s of {np.mean(lengths) / rate:.2f} s"


def _swaps(path: Path, rate: float) -> str:
    """Frames in which the tracker's own hand numbers lie the other way round than mostly."""
    middle: dict[tuple[int, int], list[float]] = {}
    with path.open() as rows:
        for row in csv.DictReader(rows):
            key = (int(row["frame_index"]), int(row["hand_index"]))
            middle.setdefault(key, []).append(float(row["x"]))
    frames = [f for f, h in middle if h == 0 and (f, 1) in middle]
    order = np.array([np.mean(middle[f, 0]) < np.mean(middle[f, 1]) for f in frames])
    usual = order.mean() > 0.5
    swapped = (order != usual)[None]
    return f"{'left first' if usual else 'right first'}, {_runs(swapped, rate)}"


def white(take: Filmed) -> np.ndarray:
    """Robust spread of third differences, (finger, xy) in palms."""
    t = take.tips
    third = t[3:] - 3 * t[2:-1] + 3 * t[1:-2] - t[:-3]
    return 1.4826 * np.nanmedian(np.abs(third), axis=(0, 1)) / np.sqrt(20)


def glitches(take: Filmed) -> float:
    """Share of third differences while keys are held that are beyond five spreads."""
    beyond, count = 0, 0
    for piece in held(take):
        third = piece[3:] - 3 * piece[2:-1] + 3 * piece[1:-2] - piece[:-3]
        spread = 1.4826 * np.nanmedian(np.abs(third), axis=0) + 1e-12
        beyond += np.count_nonzero(np.abs(third) > 5 * spread)
        count += third.size
    return beyond / max(count, 1)


def common(take: Filmed) -> float:
    """Correlation of third differences between the fingers of a hand, by ranks."""
    from scipy.stats import spearmanr

    t = take.tips
    third = t[3:] - 3 * t[2:-1] + 3 * t[1:-2] - t[:-3]
    found = []
    for hand in range(2):
        for axis in range(2):
            columns = third[:, hand, 1:, axis]
            columns = columns[np.isfinite(columns).all(1)]
            matrix = spearmanr(columns).statistic
            found.append(matrix[np.triu_indices(4, 1)].mean())
    return float(np.mean(found))


def held(take: Filmed) -> list[np.ndarray]:
    pieces = []
    for onset, release, _, hand, finger in take.notes:
        if hand not in (0, 1) or release - onset < _HELD_SEC:
            continue
        first = int(np.ceil((onset + _SETTLE_SEC) * take.rate))
        last = int((release - _SETTLE_SEC) * take.rate)
        piece = take.tips[max(first, 0) : last, hand, finger]
        if len(piece) > 4 and np.isfinite(piece).all():
            pieces.append(piece)
    return pieces


def wandering(take: Filmed) -> np.ndarray:
    """Root of the robust semivariance of a holding tip at `_LAGS` frames, in palms."""
    pieces = held(take)
    out = []
    for lag in _LAGS:
        steps = [piece[lag:] - piece[:-lag] for piece in pieces if len(piece) > lag]
        if sum(len(step) for step in steps) < 30:
            out.append(np.nan)
            continue
        out.append(1.4826 * np.median(np.abs(np.concatenate(steps))) / np.sqrt(2))
    return np.array(out)


def fitted_noise(real: list[Filmed], clean: list[Filmed]) -> tuple[float, float, float]:
    """White noise, wandering [palm] and its time constant [s], from what holding tips do.

    semivariance(lag) = white² + wander² (1 − exp(−lag / time constant)), less that of motion.
    """
    from scipy.optimize import least_squares

    with_noise = np.nanmean([wandering(take) for take in real], axis=0) ** 2
    without = np.nanmean([wandering(take) for take in clean], axis=0) ** 2
    lag_sec = _LAGS / np.mean([take.rate for take in real])

    def miss(logs: np.ndarray) -> np.ndarray:
        white_, wander, constant = np.exp(logs)
        shape = 1 - np.exp(-lag_sec / constant)
        return np.log(white_**2 + wander**2 * shape + without) - np.log(with_noise)

    # The time constant hardly shows in so short holds: it is kept near half a second.
    fit = least_squares(
        lambda logs: np.append(miss(logs), 0.3 * (logs[2] - np.log(0.5))),
        np.log([0.003, 0.01, 0.5]),
    )
    found = np.exp(fit.x)
    return float(found[0]), float(found[1]), float(found[2])


def bias(take: Filmed) -> np.ndarray:
    """Median x beside the middle of the white keys played, (hand, finger) in palms."""
    sides: dict[tuple[int, int], list[float]] = {}
    for onset, _, pitch, hand, finger in take.notes:
        frame = round(onset * take.rate)
        if is_black(np.array(pitch)) or not 0 <= frame < len(take.x_m):
            continue
        off = take.x_m[frame, hand, finger] - key_centre_x(np.array(pitch))
        sides.setdefault((hand, finger), []).append(float(off) / PALM_M)
    out = np.full((2, 5), np.nan)
    for (hand, finger), offs in sides.items():
        if len(offs) >= 15:
            out[hand, finger] = np.nanmedian(offs)
    return out


def report(title: str, takes: list[Filmed]) -> None:
    print(f"\n{title}")
    tips = np.mean([white(take) for take in takes], axis=0)
    print(
        "  third differences of tips 1-5 [palm]:",
        np.round(tips.mean(1), 4),
        "mean",
        f"{tips.mean():.4f}",
    )
    print("  x, y:", np.round(tips.mean(0), 4))
    print("  beyond five spreads while held:", f"{np.mean([glitches(t) for t in takes]):.3f}")
    print("  correlation between fingers:", f"{np.mean([common(t) for t in takes]):.2f}")
    spread = np.nanmean([wandering(take) for take in takes], axis=0)
    print(f"  moved on a held key after {_LAGS} frames [palm]:", np.round(spread, 4))
    offs = np.stack([bias(take) for take in takes])
    print(
        "  place beside white keys' middle, spread over hands, fingers, takes [palm]:",
        f"{np.nanstd(offs):.3f}; mean by finger, left:",
        np.round(np.nanmean(offs, 0)[0], 3),
        "right:",
        np.round(np.nanmean(offs, 0)[1], 3),
    )
    for take in takes:
        print(f"  {take.name}: lost {take.losses}; hand numbers: {take.swaps}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulated", type=Path, default=Path("/tmp/sim/takes"))
    parser.add_argument("--takes", type=int, default=6)
    options = parser.parse_args()
    real = [real_take(number) for number in (5, 10, 23, 24)]
    report("real", real)
    paths = sorted(options.simulated.glob("*.npz"))[::40][: options.takes]
    if not paths:
        print(f"no prepared takes in {options.simulated}; nothing simulated to compare with.")
        return
    clean = replace(NO_NOISE, confidence=1.0)
    quiet = [simulated_take(path, clean, i) for i, path in enumerate(paths)]
    report("simulated, no noise", quiet)
    found = fitted_noise(real, quiet)
    print(f"\nfitted: white {found[0]:.4f} palm, wandering {found[1]:.4f} palm, {found[2]:.2f} s")
    report(
        "simulated, defaults", [simulated_take(p, TrackerNoise(), i) for i, p in enumerate(paths)]
    )


if __name__ == "__main__":
    main()
