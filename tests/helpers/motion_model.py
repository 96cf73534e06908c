"""Made-up parts of the motion model for its tests: music, takes, and networks on numpy."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.fft import dct, idct
from scipy.ndimage import uniform_filter1d

from duemani.datasets.takes import FRAME_RATE, MotionTake
from duemani.media.spectra import SAMPLE_RATE_HZ, sound_features
from duemani.models.diffusion.config import DenoiserConfig
from duemani.models.diffusion.networks import Known
from duemani.models.diffusion.pose_code import PoseCode
from duemani.models.diffusion.sampler import TRAIN_STEPS, alpha_bars
from duemani.models.solver.kinematics import angles_of, pose
from duemani.models.solver.posture import natural_posture
from duemani.models.solver.style import Style
from duemani.performance import LEFT, RIGHT, Performance, make_notes
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M
from tests.helpers.hands import playing_hands

SCALE = [(60, 1), (62, 2), (64, 3), (65, 1), (67, 2), (69, 3), (71, 4), (72, 5)]
NATURAL = natural_posture(Style(), MEDIUM_BONE_LENGTHS_M)
"""A relaxed hand; its wrist is relative to the middle finger's pad."""
_TIPS_M = pose(NATURAL[None], MEDIUM_BONE_LENGTHS_M).tips_m[0]
_REST_M = np.array([0.15, -0.09])
_WAVES = 8.0


def played(rows: list[tuple[float, float, int, int, int]], velocity: int = 70) -> Performance:
    """Rows of (onset, release, pitch, hand, finger)."""
    notes = make_notes([(onset, release, pitch, velocity) for onset, release, pitch, _, _ in rows])
    notes["hand"], notes["finger"] = [row[3] for row in rows], [row[4] for row in rows]
    return Performance.create(notes)


def scales(step_sec: float = 0.25, times: int = 1) -> Performance:
    """C major up, and down in the left hand as the mirror image about D4."""
    rows = []
    for at, (pitch, finger) in enumerate(SCALE * times):
        onset, release = 0.5 + at * step_sec, 0.5 + (at + 0.9) * step_sec
        rows += [(onset, release, pitch, RIGHT, finger)]
        rows += [(onset, release, 124 - pitch - 12, LEFT, finger)]
    return played(rows)


def mirrored(performance: Performance) -> Performance:
    """The same music for the other hand, mirrored at D4, about which the keyboard is symmetric."""
    notes = performance.notes.copy()
    notes["pitch"], notes["hand"] = 124 - notes["pitch"], 1 - notes["hand"]
    return Performance.create(notes)


def tones(performance: Performance, seconds: float) -> np.ndarray:
    """Decaying sines for the notes, at the rate of `media.spectra`."""
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound = np.zeros(len(time))
    for note in performance.notes:
        since = time - note["onset_sec"]
        hertz = 440 * 2 ** ((note["pitch"] - 69) / 12)
        on = (since >= 0) & (time < note["release_sec"])
        sound += on * np.sin(2 * np.pi * hertz * since) * np.exp(-4 * np.maximum(since, 0))
    return sound.astype(np.float32)


def made_up_take(name: str = "one", seconds: float = 3.0, piece: str = "waltz") -> MotionTake:
    """Hands that wander, scales that they do not play, and how those sound."""
    motion = playing_hands(seconds, FRAME_RATE)
    away = 0.01 * np.sin(motion.time_sec[:, None] * np.array([0.0, 3.0, 4.0]))
    motion = replace(
        motion, wrist_m=motion.wrist_m + away, landmarks_m=motion.landmarks_m + away[:, None]
    )
    performance = scales()
    sound = sound_features(tones(performance, seconds), motion.frame_count)
    return MotionTake(name, piece, "Nobody", performance, motion, Style(lift_m=0.02), sound)


def solver_code(wrist: bool = True) -> PoseCode:
    """Poses about the relaxed hand, whose every flexion and base deviation moves."""
    mean = angles_of(NATURAL[None])[0]
    moving = [0, 1, *range(3, 48, 3), *(3 * joint + 1 for joint in (1, 4, 7, 10, 13))]
    deviation = np.full(48, 0.08)
    return PoseCode(
        tuple(mean.ravel().tolist()), tuple(deviation.tolist()), tuple(sorted(moving)), wrist
    )


@dataclass
class GaussianNetworks:
    """The exact denoiser of smooth Gaussian motion about the mean pose, and wrists over the keys.

    `spread` 0 makes every foreseen pose the mean one. `asked` counts the calls.
    """

    spread: float = 0.0
    config: DenoiserConfig = field(default_factory=DenoiserConfig)
    sha256: str = ""
    asked: dict[str, int] = field(default_factory=lambda: {"positions": 0, "denoise": 0})
    guide_error_m: dict[str, float] = field(
        default_factory=lambda: {"fingers": 0.002, "notes": 0.01, "sound": 0.02, "nothing": 0.1}
    )

    @property
    def code(self) -> PoseCode:
        return solver_code(self.config.move_wrist)

    def hear(self, sound: np.ndarray) -> np.ndarray:
        return np.zeros((len(sound), 88, 3), np.float32)

    def positions(self, known: Known) -> np.ndarray:
        self.asked["positions"] += 1
        place, weight = known.fingers[..., :2], known.fingers[..., 3:4]
        wanted = (weight * (place - (_TIPS_M[:, :2] - NATURAL[:2]))).sum(2) + 0.05 * _REST_M
        wanted = uniform_filter1d(wanted / (weight.sum(2) + 0.05), 9, axis=1, mode="nearest")
        height = np.full((*wanted.shape[:2], 1), NATURAL[2])
        return np.concatenate([wanted, height], -1).astype(np.float32)

    def condition(self, known: Known, guide_m: np.ndarray, doubt: float) -> np.ndarray:
        return np.append(guide_m.ravel(), doubt)

    def denoise(self, noisy: np.ndarray, time: float, condition: np.ndarray) -> np.ndarray:
        self.asked["denoise"] += 1
        if self.config.objective == "flow":
            signal, noise = 1 - time, time
        else:
            bar = alpha_bars()[round(time * TRAIN_STEPS)]
            signal, noise = np.sqrt(bar), np.sqrt(1 - bar)
        frames = noisy.shape[-1]
        share = np.exp(-((np.arange(frames) / _WAVES) ** 2))
        power = self.spread**2 * frames * share / share.sum()
        gain = signal * power / (signal**2 * power + noise**2)
        clean = idct(gain * dct(noisy, norm="ortho"), norm="ortho")
        if self.config.objective == "flow":
            return (noisy - clean) / time
        return (signal * noisy - clean) / noise
