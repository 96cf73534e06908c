"""Motion of any length from windows, and its way onto the keys, with networks known exactly."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.models.diffusion.conditions.hand_frame import AXIS_X_M, hand_angles, hand_wrists
from duemani.models.diffusion.conditions.pianist import Pianist, make_pianist
from duemani.models.diffusion.config import WINDOW_FRAMES, DenoiserConfig, DiffusionOptions
from duemani.models.diffusion.generate import diffuse_motion
from duemani.models.diffusion.guidance import bent, dofs_of
from duemani.models.diffusion.networks import Known
from duemani.models.diffusion.windows import OVERLAP_FRAMES, Poses, generate_poses, predict_wrists
from duemani.models.solver.kinematics import DOF_COUNT, angles_of, pose
from duemani.models.solver.solve import TAIL_SEC, solve_motion
from duemani.models.solver.style import Style
from duemani.motion import HandMotion
from duemani.performance import LEFT, RIGHT, Performance
from duemani.skeleton import JOINT_LIMITS_RAD, joint_angles
from tests.helpers.motion_model import GaussianNetworks, mirrored, scales

RATE = 30.0
HOP = WINDOW_FRAMES - OVERLAP_FRAMES
FEW = DiffusionOptions(steps=3)


def free_pianist(performance: Performance | None = None) -> Pianist:
    """One whose fingers the networks are not told."""
    return make_pianist(performance or scales(), Style(), told="notes")


def joined(parts: list[Poses]) -> Poses:
    return Poses(
        parts[0].first,
        np.concatenate([part.angles_rad for part in parts], 1),
        np.concatenate([part.wrist_m for part in parts], 1),
    )


def drawn(
    frames: int, options: DiffusionOptions = FEW, spread: float = 1.0, told: bool = False
) -> Poses:
    pianist = make_pianist(scales(), Style()) if told else free_pianist()
    return joined(list(generate_poses(GaussianNetworks(spread), pianist, frames, options)))


@pytest.mark.parametrize(
    "frames", [1, 2, 47, HOP, HOP + 1, WINDOW_FRAMES, WINDOW_FRAMES + 1, HOP + WINDOW_FRAMES, 1000]
)
def test_any_length_is_made_without_gaps(frames: int) -> None:
    parts = list(generate_poses(GaussianNetworks(1.0), free_pianist(), frames, FEW))
    at = 0
    for part in parts:
        assert part.first == at
        at += part.wrist_m.shape[1]
        assert part.angles_rad.shape == (2, part.wrist_m.shape[1], 16, 3)
    assert at == frames
    assert np.isfinite(joined(parts).angles_rad).all()
    assert len(parts) == max(int(np.ceil((frames - WINDOW_FRAMES) / HOP)), 0) + 1


@pytest.mark.parametrize("told", [False, True])
def test_windows_join_without_a_seam(told: bool) -> None:
    frames = 2 * HOP + WINDOW_FRAMES
    poses = drawn(frames, DiffusionOptions(steps=8), told=told)
    at_seam = np.zeros(frames, bool)
    for seam in (HOP, 2 * HOP):
        at_seam[seam - 4 : seam + OVERLAP_FRAMES] = True
    at_seam = at_seam[120:]  # the music is over
    for values in (poses.angles_rad.reshape(2, frames, -1), poses.wrist_m):
        for order in (1, 2):
            change = np.abs(np.diff(values[:, 120:], order, axis=1)).max((0, 2))
            there = at_seam[order:]
            assert change[there].max() < 2 * change[~there].max()


def test_hands_move_and_each_its_own_way() -> None:
    angles = drawn(500).angles_rad
    moving = angles.std(1) > 0.02
    assert moving.sum() > 40
    assert np.abs(angles[LEFT] - angles[RIGHT]).max() > 0.1


def test_a_variation_is_a_performance_of_its_own_and_can_be_repeated() -> None:
    one, again = drawn(300), drawn(300)
    other = drawn(300, replace(FEW, variation=1))
    np.testing.assert_array_equal(one.angles_rad, again.angles_rad)
    np.testing.assert_array_equal(one.wrist_m, again.wrist_m)
    assert np.abs(one.angles_rad - other.angles_rad).mean() > 0.01


@pytest.mark.parametrize("frames", [200, 500])
def test_shared_noise_moves_both_hands_alike(frames: int) -> None:
    angles = drawn(frames, replace(FEW, shared_noise=True)).angles_rad
    np.testing.assert_allclose(angles[LEFT], angles[RIGHT], atol=1e-9)
    assert angles.std(1).max() > 0.02


@dataclass
class RecordingNetworks(GaussianNetworks):
    """Keeps what it was asked to take the noise out of."""

    seen: list[np.ndarray] = field(default_factory=list)

    def denoise(self, noisy: np.ndarray, time: float, condition: np.ndarray) -> np.ndarray:
        self.seen.append(noisy.copy())
        return super().denoise(noisy, time, condition)


@pytest.mark.parametrize("trained_so", [False, True])
def test_windows_start_from_the_same_noise_where_they_overlap(trained_so: bool) -> None:
    networks = RecordingNetworks(1.0, DenoiserConfig(shared_noise=trained_so))
    list(generate_poses(networks, free_pianist(), HOP + WINDOW_FRAMES, FEW))
    first, second = networks.seen[0], networks.seen[FEW.steps]
    np.testing.assert_array_equal(second[:, :, :OVERLAP_FRAMES], first[:, :, HOP:])
    assert np.abs(second[:, :, OVERLAP_FRAMES:] - first[:, :, OVERLAP_FRAMES:]).mean() > 0.5
    # A model trained with one noise for both hands is drawn from one; others are not.
    for noise in (first, second):
        assert np.array_equal(noise[LEFT], noise[RIGHT]) == trained_so


def test_the_first_poses_come_before_the_last_are_made() -> None:
    networks = GaussianNetworks(1.0)
    poses = generate_poses(networks, free_pianist(), 5 * HOP + OVERLAP_FRAMES, FEW)
    for made in range(1, 6):
        next(poses)
        assert networks.asked["denoise"] == made * FEW.steps
    assert next(poses, None) is None


@pytest.mark.parametrize("frames", [HOP, 700])
def test_what_comes_later_changes_nothing_before(frames: int) -> None:
    whole, part = drawn(1000), drawn(frames)
    until = frames - WINDOW_FRAMES if frames > WINDOW_FRAMES else 0
    until = max(until // HOP * HOP, HOP)
    np.testing.assert_allclose(part.angles_rad[:, :until], whole.angles_rad[:, :until], atol=1e-6)


@dataclass
class LeapingNetworks(GaussianNetworks):
    """Puts the wrists elsewhere in every window."""

    def positions(self, known: Known) -> np.ndarray:
        super().positions(known)
        there = np.zeros((2, known.notes.shape[0], 3), np.float32)
        return there + np.float32(0.02 * self.asked["positions"])


def test_wrists_are_led_over_where_windows_disagree() -> None:
    wrists = predict_wrists(LeapingNetworks(), free_pianist(), 800)
    np.testing.assert_allclose(wrists[:, :320], 0.02, atol=1e-6)
    np.testing.assert_allclose(wrists[:, 400:640], 0.04, atol=1e-6)
    assert np.abs(np.diff(wrists, axis=1)).max() < 0.002


@pytest.mark.parametrize("frames", [1, 2, 320, 321, 322, 700])
def test_wrists_of_any_length(frames: int) -> None:
    shares: list[float] = []
    wrists = predict_wrists(GaussianNetworks(), free_pianist(), frames, shares.append)
    assert wrists.shape == (2, frames, 3)
    assert np.isfinite(wrists).all()
    assert shares == sorted(shares)
    assert shares[-1] == 1


def press_misses(poses: Poses, performance: Performance) -> np.ndarray:
    """Distances of fingers from where they press, in each pressing frame [m]."""
    pianist = make_pianist(performance, Style())
    time = (poses.first + np.arange(poses.wrist_m.shape[1])) / RATE
    misses = []
    for hand in (LEFT, RIGHT):
        targets = pianist.targets[hand].at(time, pianist.body)
        dofs = dofs_of(poses.angles_rad[hand], poses.wrist_m[hand])
        tips = pose(dofs, pianist.bone_lengths_m).tips_m
        tips[..., 0] += -AXIS_X_M if hand == LEFT else AXIS_X_M
        misses.append(np.linalg.norm(tips - targets.position_m, axis=-1)[targets.pressing])
    return np.concatenate(misses)


@pytest.mark.parametrize("objective", ["v", "flow"])
@pytest.mark.parametrize("move_wrist", [True, False])
def test_guidance_draws_fingers_to_their_keys(objective: str, move_wrist: bool) -> None:
    config = DenoiserConfig(objective=objective, move_wrist=move_wrist)  # type: ignore[arg-type]
    performance = scales()
    misses = []
    for guidance in (0.0, 0.5, 1.0):
        poses = generate_poses(
            GaussianNetworks(0.5, config),
            make_pianist(performance, Style()),
            120,
            DiffusionOptions(steps=8, guidance=guidance),
        )
        misses.append(float(np.median(press_misses(joined(list(poses)), performance))))
    assert misses[1] < 0.7 * misses[0]
    assert misses[2] < 0.5 * misses[0]


def test_without_fingers_there_is_nothing_to_guide_to() -> None:
    free = replace(FEW, guidance=0.0)
    np.testing.assert_array_equal(drawn(200).angles_rad, drawn(200, free).angles_rad)


def test_a_wrist_that_may_not_move_stays_on_its_guide() -> None:
    networks = GaussianNetworks(0.5, DenoiserConfig(move_wrist=False))
    pianist = make_pianist(scales(), Style())
    poses = joined(list(generate_poses(networks, pianist, 300, FEW)))
    guide = predict_wrists(networks, pianist, 300)
    np.testing.assert_allclose(poses.wrist_m, guide, atol=1e-6)


def test_joints_stay_inside_their_limits() -> None:
    low, high = JOINT_LIMITS_RAD[..., 0], JOINT_LIMITS_RAD[..., 1]
    angles = drawn(400, spread=15.0, told=True).angles_rad
    assert np.all((angles >= low) & (angles <= high))
    wild = diffuse_motion(
        GaussianNetworks(15.0), make_pianist(scales(), Style()), options=replace(FEW, raw=True)
    )
    assert evaluate_motion(wild, scales())["limit_violations"] == 0


def test_degrees_of_freedom_say_the_same_as_the_angles() -> None:
    rng = np.random.default_rng(0)
    dofs, step = rng.normal(0, 0.2, (2, 6, DOF_COUNT))
    angles = angles_of(dofs)
    np.testing.assert_allclose(dofs_of(angles, dofs[:, :3]), dofs, atol=1e-12)
    np.testing.assert_allclose(bent(angles, step), angles_of(dofs + step), atol=1e-12)


@pytest.fixture(scope="module")
def projected() -> dict[float, HandMotion]:
    """A scale by hands that would play the mean pose, or wander about it."""
    pianist = make_pianist(scales(), Style())
    return {spread: diffuse_motion(GaussianNetworks(spread), pianist, RATE) for spread in (0, 1)}


@pytest.mark.parametrize("spread", [0, 1])
def test_projection_presses_every_key(projected: dict[float, HandMotion], spread: int) -> None:
    scores = evaluate_motion(projected[spread], scales())
    assert scores["f1"] > 0.95
    assert scores["finger_agreement"] == 1.0
    assert scores["limit_violations"] == 0.0
    assert scores["penetrations"] < 0.02


def test_projection_keeps_more_of_the_drawing_than_solving_anew(
    projected: dict[float, HandMotion],
) -> None:
    pianist = make_pianist(scales(), Style())
    raw = diffuse_motion(GaussianNetworks(1.0), pianist, RATE, options=DiffusionOptions(raw=True))
    anew = solve_motion(scales(), Style(), RATE)
    kept, lost = (
        np.abs(hand_angles(motion) - hand_angles(raw)).mean() for motion in (projected[1], anew)
    )
    assert kept < 0.7 * lost
    near, far = (
        np.abs(hand_wrists(motion) - hand_wrists(raw)).mean() for motion in (projected[1], anew)
    )
    assert near < 0.5 * far


def test_projected_hands_still_differ_from_each_other(projected: dict[float, HandMotion]) -> None:
    pianist = make_pianist(scales(), Style())
    other = diffuse_motion(
        GaussianNetworks(1.0), pianist, RATE, options=DiffusionOptions(variation=3)
    )
    assert np.abs(other.landmarks_m - projected[1].landmarks_m).max() > 0.003
    assert evaluate_motion(other, scales())["f1"] > 0.95


@pytest.mark.parametrize(("rate", "raw"), [(60.0, False), (60.0, True), (24.0, True), (90.0, True)])
def test_any_frame_rate_and_length(rate: float, raw: bool) -> None:
    shares: list[float] = []
    motion = diffuse_motion(
        GaussianNetworks(0.5),
        make_pianist(scales(), Style()),
        rate,
        until_sec=5.0,
        options=replace(FEW, raw=raw),
        progress=shares.append,
    )
    assert motion.frame_rate == pytest.approx(rate)
    length = max(5.0, scales().duration_sec + TAIL_SEC)
    assert motion.frame_count == pytest.approx(length * rate, abs=1)
    assert motion.tracked.all()
    assert shares == sorted(shares)
    assert shares[-1] <= 1


@pytest.mark.parametrize("performance", [Performance(), mirrored(scales())])
def test_hands_without_music_and_mirrored_music(performance: Performance) -> None:
    motion = diffuse_motion(
        GaussianNetworks(0.5), make_pianist(performance, Style()), RATE, options=FEW
    )
    assert np.isfinite(motion.landmarks_m).all()
    for hand in (LEFT, RIGHT):
        angles = joint_angles(motion.rotations_rad[hand].astype(float), hand)
        low, high = JOINT_LIMITS_RAD[..., 0], JOINT_LIMITS_RAD[..., 1]
        assert np.all((angles > low - 1e-5) & (angles < high + 1e-5))
    if len(performance.notes):
        assert evaluate_motion(motion, performance)["f1"] > 0.95


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"steps": 0}, "steps"), ({"variation": -1}, "variation"), ({"guidance": 1.5}, "guidance")],
)
def test_impossible_options_are_refused(changes: dict[str, float], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        DiffusionOptions(**changes)  # type: ignore[arg-type]
