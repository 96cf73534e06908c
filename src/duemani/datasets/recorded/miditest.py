"""The MIDItest takes: real fingertips in a video, and the notes the piano itself recorded.

Fingertips were tracked in pixels; only x (along the keys) is compared, in metres by the white
keys' edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from duemani.errors import InputError
from duemani.files import check_readable
from duemani.keyboard import WHITE_LENGTH_M, WHITE_PITCH_M
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands, resampled

TAKES = (5, 10, 23, 24)


@dataclass(frozen=True)
class RealTake:
    """Real fingertips of one take.

    Attributes:
        number: the take's name.
        midi: what the piano recorded.
        x_m: of the fingertips [m]; bridged linearly where they are not known.
        known: frames in which both hands were seen.
        time_sec: of each frame by the MIDI's clock.
        frame_rate: of the video [Hz].
    """

    number: int
    midi: Path
    x_m: Float[np.ndarray, "frame hand=2 finger=5"]
    known: Bool[np.ndarray, " frame"]
    time_sec: Float[np.ndarray, " frame"]
    frame_rate: float


def load_take(folder: Path, number: int) -> RealTake:
    """Read one take.

    Args:
        folder: of the data set, which holds `5.npz` and `5.mid` and so on.
        number: one of `TAKES`.

    Raises:
        InputError: it is not there or damaged.
    """
    path, midi = folder / f"{number}.npz", folder / f"{number}.mid"
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder with MIDItest takes ({path.name}, {midi.name} …).")
    check_readable(path)
    check_readable(midi)
    try:
        with np.load(path, allow_pickle=False) as file:
            pixels, rate = file["tips"].astype(float)[..., 0], float(file["fps"])
            edges, lag = file["white_key_lines"], float(file["midi_lag_s"])
            single = file["single_hand_frames"]
        known = np.isfinite(pixels).all((1, 2)) & ~single
        frame = np.arange(len(pixels))
        x = np.interp(pixels, edges, np.arange(len(edges)) * WHITE_PITCH_M)
        for hand in range(2):
            for finger in range(5):
                x[:, hand, finger] = np.interp(frame, frame[known], x[known, hand, finger])
        return RealTake(number, midi, x, known, frame / rate - lag, rate)
    # zipfile, zlib and numpy each have their own errors for damage, and there are many.
    except Exception as error:
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"{path} is no MIDItest take: {reason}.") from error


def seen_tips(folder: Path, number: int) -> SeenHands:
    """The fingertips as the reviewer sees them, by the MIDI's clock; nothing is bridged.

    Args:
        folder: of the data set.
        number: one of `TAKES`.

    Raises:
        InputError: it is not there or damaged.
    """
    path = folder / f"{number}.npz"
    check_readable(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            pixels, rate = file["tips"].astype(float), float(file["fps"])
            edges, lag = file["white_key_lines"], float(file["midi_lag_s"])
            top, bottom = float(file["top"]), float(file["bottom"])
        x = np.interp(pixels[..., 0], edges, np.arange(len(edges)) * WHITE_PITCH_M)
        y = (bottom - pixels[..., 1]) / (bottom - top) * WHITE_LENGTH_M
        tips = np.where(np.isfinite(pixels), np.stack([x, y], -1), np.nan)
    # zipfile, zlib and numpy each have their own errors for damage, and there are many.
    except Exception as error:
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"{path} is no MIDItest take: {reason}.") from error
    time_sec = np.arange(len(tips)) / rate - lag
    wanted = np.arange(max(int(time_sec[-1] * FRAME_RATE), 1)) / FRAME_RATE
    tips = resampled(tips, time_sec, wanted)
    points = np.full((len(wanted), 2, 11, 2), np.nan)
    points[:, :, :5] = tips
    sure = np.isfinite(tips).all((2, 3)).astype(float)
    return SeenHands(points, np.full((len(wanted), 2, 5), np.nan), sure)
