"""The MIDItest takes: real fingertips in a video, and the notes the piano itself recorded.

Fingertips were tracked in pixels; only x (along the keys) is compared, in metres by the white
keys' edges. Tracking noise fills the band above 8 Hz (its spectrum is flat there), so
accelerations are compared below 6 Hz; the raw ratio stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from benchmarks.pieces import DATA
from duemani.keyboard import WHITE_PITCH_M
from duemani.motion import HandMotion

TAKES = (5, 10, 23, 24)
LOW_PASS_HZ = 6.0


@dataclass(frozen=True)
class RealTake:
    """x of the real fingertips (frame, hand, finger) [m] at `time_sec` of the MIDI's clock."""

    number: int
    midi: Path
    x_m: np.ndarray
    known: np.ndarray
    time_sec: np.ndarray
    frame_rate: float


def load_take(number: int) -> RealTake:
    """Read one take.

    Raises:
        SystemExit: the data set is not there.
    """
    folder = DATA / "hands" / "miditest"
    if not folder.is_dir():
        raise SystemExit(
            f"{folder} is not there: set DUEMANI_DATA to the folder with the data sets."
        )
    with np.load(folder / f"{number}.npz") as file:
        pixels, rate = file["tips"].astype(float)[..., 0], float(file["fps"])
        edges, lag = file["white_key_lines"], float(file["midi_lag_s"])
        single = file["single_hand_frames"]
    known = np.isfinite(pixels).all((1, 2)) & ~single
    frame = np.arange(len(pixels))
    x = np.interp(pixels, edges, np.arange(len(edges)) * WHITE_PITCH_M)
    for hand in range(2):
        for finger in range(5):
            x[:, hand, finger] = np.interp(frame, frame[known], x[known, hand, finger])
    return RealTake(number, folder / f"{number}.mid", x, known, frame / rate - lag, rate)


def simulated_x(take: RealTake, motion: HandMotion) -> np.ndarray:
    """x of the simulated fingertips at the video's frames, (frame, hand, finger) [m]."""
    tips = motion.tips_m[..., 0]
    columns = [
        np.interp(take.time_sec, motion.time_sec, tips[hand, :, finger])
        for hand in range(2)
        for finger in range(5)
    ]
    return np.stack(columns, axis=-1).reshape(-1, 2, 5)


def compare(take: RealTake, motion: HandMotion) -> dict[str, float]:
    """Acceleration ratios, correlation and distance of simulated and real fingertips."""
    simulated = simulated_x(take, motion)
    use = take.known & (take.time_sec > 0) & (take.time_sec < motion.time_sec[-1])
    inner = use[2:] & use[1:-1] & use[:-2]

    def acceleration(x: np.ndarray) -> float:
        return float(np.abs(np.diff(x, 2, axis=0) * take.frame_rate**2)[inner].mean())

    def smooth(x: np.ndarray) -> np.ndarray:
        filt = butter(4, LOW_PASS_HZ, fs=take.frame_rate, output="sos")
        return np.asarray(sosfiltfilt(filt, x, axis=0))

    pairs = [
        np.corrcoef(take.x_m[use, hand, finger], simulated[use, hand, finger])[0, 1]
        for hand in range(2)
        for finger in range(5)
    ]
    return {
        "acceleration_ratio": acceleration(smooth(simulated)) / acceleration(smooth(take.x_m)),
        "raw_acceleration_ratio": acceleration(simulated) / acceleration(take.x_m),
        "x_correlation": float(np.mean(pairs)),
        "x_rms_mm": float(1000 * np.sqrt(np.mean((take.x_m - simulated)[use] ** 2))),
    }


def plot(takes: list[tuple[RealTake, HandMotion]], path: Path, seconds: float = 12.0) -> None:
    """Draw the index fingers' x of every take; the data is local, so the picture stays local."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(takes), 1, figsize=(12, 3 * len(takes)), squeeze=False)
    for axis, (take, motion) in zip(axes[:, 0], takes, strict=True):
        simulated = simulated_x(take, motion)
        shown = (take.time_sec > 10) & (take.time_sec < 10 + seconds)
        for hand, colour in ((0, "tab:blue"), (1, "tab:orange")):
            time = take.time_sec[shown]
            axis.plot(time, take.x_m[shown, hand, 1], colour, lw=0.8, alpha=0.6)
            axis.plot(time, simulated[shown, hand, 1], colour, lw=1.8, ls="--")
        axis.set_title(f"take {take.number}: index fingers, real (thin) and simulated (dashed)")
        axis.set_ylabel("x [m]")
    axes[-1, 0].set_xlabel("time [s]")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
