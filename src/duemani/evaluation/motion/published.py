"""FGD, WGD, PD and Smooth as PianoMotion10M and S2C publish them, traps included.

Source: PianoMotion10M (Gan et al., ICLR 2025, arXiv 2406.09326), `eval.py` and
`models/evaluate.py` of its repository; S2C (Liu et al., ACM MM 2025, arXiv 2504.09885) computes
the same. Pose is one hand's 48 axis-angle values [rad] (`clips.hand_pose`), a clip 240 frames at
30 Hz; values are averaged over clips, each hand by itself.

None of them looks at keys, so none tells whether the music is played: put key-press F1
(`evaluation.motion.measure`), `evaluation.motion.dynamics` and `evaluation.motion.floors` beside
them. Published figures are of two pianists, one random crop a sequence, with invalid frames
included, from an unseeded sampler (S2C prints the mean and the best of ten runs), in the camera's
frame: their wrist rotations are not ours, so values compare within one table only.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable
from types import ModuleType

import numpy as np
from jaxtyping import Float
from scipy.optimize import linprog

from duemani.errors import InputError
from duemani.evaluation.motion.clips import CLIP_FRAMES, hand_pose, is_seen, paired_clips
from duemani.evaluation.motion.frechet import frechet_distance
from duemani.motion import HandMotion
from duemani.performance import LEFT, RIGHT

PCA_VALUES = 10
PCA_BATCH = 16
MIXTURE_PARTS = 13
_HANDS = (("left", LEFT), ("right", RIGHT))
_METRICS = ("fgd", "wgd", "pd", "smooth")


def fgd(real: Float[np.ndarray, "frame 48"], fake: Float[np.ndarray, "frame 48"]) -> float:
    """Fréchet gesture distance: Gaussians of one clip's frames compared [rad²].

    ‖μ1−μ2‖² + Tr(Σ1+Σ2) − 2ΣRe√eig(Σ1Σ2), covariances with n−1.

    Trap: it ignores time. The true frames shuffled, or played backwards, score 0.

    Raises:
        InputError: fewer than two frames, or a value that is not finite.
    """
    return frechet_distance(real, fake)


def wgd(real: Float[np.ndarray, "frame 48"], fake: Float[np.ndarray, "frame 48"]) -> float:
    """Wasserstein gesture distance: mixtures of one clip's poses compared, 0-1.

    Each side is reduced to 10 values by its own IncrementalPCA (batches of 16), and a mixture of
    13 Gaussians with full covariances (seed 0, at most 200 rounds) is fitted to each. The result
    is the least cost of moving one mixture's weights onto the other's, a move costing the
    Euclidean distance of the means divided by the greatest such distance.

    Traps: each side has principal axes of its own, so values along different axes are
    compared; a constant offset between the sides goes unseen; covariances are not used; the
    division by the greatest cost takes the scale away; time is ignored. Where all means coincide
    the result is 0 (published code divides by zero).

    Raises:
        InputError: scikit-learn is missing, fewer than 16 frames, or a value that is not finite.
    """
    for pose in (real, fake):
        if len(pose) < PCA_BATCH or not np.isfinite(pose).all():
            raise InputError(f"WGD needs {PCA_BATCH} or more frames of finite values.")
    real_weights, real_means = _mixture(real)
    fake_weights, fake_means = _mixture(fake)
    cost = np.linalg.norm(real_means[:, None] - fake_means[None], axis=-1)
    if cost.max() == 0:
        return 0.0
    return transport_cost(real_weights, fake_weights, cost / cost.max())


def pd(
    real_wrist_m: Float[np.ndarray, "frame 3"], fake_wrist_m: Float[np.ndarray, "frame 3"]
) -> float:
    """Position distance: mean Euclidean error of the wrist's x and y, frame by frame [m].

    Traps: z is left out, so height does not count. Ours is in metres in the keyboard frame (x
    along the keys, y away from the player); the published one in un-normalised units of MANO's
    translation in the camera's frame, across the picture, so the two do not compare.
    """
    return float(np.linalg.norm((real_wrist_m - fake_wrist_m)[:, :2], axis=1).mean())


def smooth(real: Float[np.ndarray, "frame 48"], fake: Float[np.ndarray, "frame 48"]) -> float:
    """Published "Smooth", mean over frames of |a(fake) − a(real)| [rad].

    a = s[:-1] − s[-1:] with s = ‖x[:-1] − x[-1:]‖: as in the published code, which takes the
    absolute difference frame by frame and then the mean.

    Trap: it is no smoothness. `[-1:]` is the LAST frame, not the one before, so s is each
    frame's distance from the last one, and the result says how differently two clips lie around
    their last frames; neither speed nor acceleration enters. The true motion reversed or frozen
    scores badly without being rough. `evaluation.motion.dynamics` has accelerations.

    Raises:
        InputError: fewer than three frames.
    """
    if len(real) < 3:
        raise InputError("Smooth needs three or more frames.")
    return float(np.abs(_from_last_frame(fake) - _from_last_frame(real)).mean())


def evaluate_clip(real: HandMotion, fake: HandMotion) -> dict[str, float]:
    """The four metrics of both hands for one clip, taken frame by frame as it is.

    Args:
        real: the true clip; published clips have 240 frames at 30 Hz.
        fake: the model's, at the same frames.

    Returns:
        `fgd_left`, `wgd_left`, `pd_left`, `smooth_left`, and the same of the right hand; NaN for
        a hand that either motion does not show in every frame.

    Raises:
        InputError: frame rates or counts differ, there are too few frames, or scikit-learn is
            missing.
    """
    if real.frame_count != fake.frame_count or real.frame_rate != fake.frame_rate:
        raise InputError("both motions of a clip must have the same frame rate and frame count.")
    values: dict[str, float] = {}
    for name, hand in _HANDS:
        figures = [float("nan")] * len(_METRICS)
        if is_seen(real, hand) and is_seen(fake, hand):
            poses = hand_pose(real, hand), hand_pose(fake, hand)
            apart = pd(real.wrist_m[hand], fake.wrist_m[hand])
            figures = [fgd(*poses), wgd(*poses), apart, smooth(*poses)]
        for metric, figure in zip(_METRICS, figures, strict=True):
            values[f"{metric}_{name}"] = figure
    return values


def evaluate_published(
    pairs: Iterable[tuple[HandMotion, HandMotion]], clip_frames: int = CLIP_FRAMES
) -> dict[str, float]:
    """The four metrics of both hands, averaged over all clips of all pairs.

    Args:
        pairs: (true, model's) motions of the same music; where they are not at 30 Hz they are
            brought to it (`clips.at_clip_rate`).
        clip_frames: frames a clip at 30 Hz; consecutive clips, what remains is left out.

    Returns:
        As `evaluate_clip`, and `clips_left` and `clips_right`, how many clips showed the hand
        in both motions throughout (NaN and 0 for a hand that none shows).

    Raises:
        InputError: no pair covers a clip together, or as `evaluate_clip`.
    """
    clips = [clip for real, fake in pairs for clip in paired_clips(real, fake, clip_frames)]
    if not clips:
        raise InputError(f"no pair of motions covers {clip_frames} frames at 30 Hz together.")
    rows = [evaluate_clip(real, fake) for real, fake in clips]
    result: dict[str, float] = {}
    for name, _ in _HANDS:
        seen = [row for row in rows if np.isfinite(row[f"fgd_{name}"])]
        for metric in _METRICS:
            values = [row[f"{metric}_{name}"] for row in seen]
            result[f"{metric}_{name}"] = float(np.mean(values)) if values else float("nan")
        result[f"clips_{name}"] = float(len(seen))
    return result


def transport_cost(
    supply: Float[np.ndarray, " source"],
    demand: Float[np.ndarray, " target"],
    cost: Float[np.ndarray, "source target"],
) -> float:
    """Least cost of moving `supply` onto `demand` (earth mover's distance), solved exactly.

    Both are scaled to a sum of 1.

    Raises:
        InputError: a weight is negative or all are zero.
    """
    if min(supply.min(), demand.min()) < 0 or not supply.sum() > 0 or not demand.sum() > 0:
        raise InputError("weights to transport must not be negative, nor all zero.")
    sources, targets = cost.shape
    leaving = np.kron(np.eye(sources), np.ones(targets))
    arriving = np.kron(np.ones(sources), np.eye(targets))
    # The last row follows from the others; left in, rounding could contradict it.
    total = np.concatenate([supply / supply.sum(), demand / demand.sum()])[:-1]
    rows = np.concatenate([leaving, arriving])[:-1]
    solution = linprog(cost.ravel(), A_eq=rows, b_eq=total, bounds=(0, None), method="highs")
    if solution.status != 0 or solution.fun is None:
        raise InputError(f"the transport problem has no solution: {solution.message}")
    return float(solution.fun)


def _from_last_frame(pose: Float[np.ndarray, "frame 48"]) -> Float[np.ndarray, " inner"]:
    distance = np.linalg.norm(pose[:-1] - pose[-1:], axis=1)
    return distance[:-1] - distance[-1:]


def _mixture(
    pose: Float[np.ndarray, "frame 48"],
) -> tuple[Float[np.ndarray, "part"], Float[np.ndarray, "part value"]]:
    """Weights and means of the mixture of Gaussians of a clip's principal values."""
    decomposition = _scikit_learn("sklearn.decomposition")
    mixture = _scikit_learn("sklearn.mixture")
    with warnings.catch_warnings():
        # A hand held still has no variance to explain and fewer than 13 distinct poses.
        warnings.simplefilter("ignore")
        pca = decomposition.IncrementalPCA(n_components=PCA_VALUES, batch_size=PCA_BATCH)
        values = pca.fit_transform(pose)
        fitted = mixture.GaussianMixture(MIXTURE_PARTS, random_state=0, max_iter=200).fit(values)
    return np.asarray(fitted.weights_), np.asarray(fitted.means_)


def _scikit_learn(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(
            "WGD needs scikit-learn: install duemani with its extra `bench`."
        ) from None
