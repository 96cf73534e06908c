import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duemani import skeleton
from duemani.performance import LEFT, RIGHT

BONES = skeleton.MEDIUM_BONE_LENGTHS_M


def random_angles(seed: int, frames: int = 6) -> np.ndarray:
    low, high = skeleton.JOINT_LIMITS_RAD[..., 0], skeleton.JOINT_LIMITS_RAD[..., 1]
    return low + (high - low) * np.random.default_rng(seed).random((frames, 16, 3))


@given(seed=st.integers(0, 10_000), hand=st.sampled_from([LEFT, RIGHT]))
def test_angles_and_rotations_are_inverse(seed: int, hand: int) -> None:
    angles = random_angles(seed)
    rotations = skeleton.rotations_from_angles(angles, hand)
    np.testing.assert_allclose(skeleton.joint_angles(rotations, hand), angles, atol=1e-9)


@given(seed=st.integers(0, 10_000), hand=st.sampled_from([LEFT, RIGHT]))
def test_forward_after_inverse_kinematics_gives_the_landmarks_back(seed: int, hand: int) -> None:
    wrist = np.random.default_rng(seed).normal(size=(6, 3))
    rotations = skeleton.rotations_from_angles(random_angles(seed), hand)
    landmarks, _ = skeleton.pose_joints(wrist, rotations, BONES, hand)
    fitted, miss = skeleton.fit_rotations(landmarks, BONES, hand)
    again, _ = skeleton.pose_joints(wrist, fitted, BONES, hand)
    np.testing.assert_allclose(again, landmarks, atol=1e-9)
    assert miss.max() < 1e-9


def test_inverse_kinematics_reports_what_it_cannot_fit() -> None:
    rotations = skeleton.rotations_from_angles(random_angles(3), RIGHT)
    landmarks, _ = skeleton.pose_joints(np.zeros((6, 3)), rotations, BONES * 1.2, RIGHT)
    _, miss = skeleton.fit_rotations(landmarks, BONES, RIGHT)
    assert miss.min() > 0.002


@given(seed=st.integers(0, 10_000))
def test_bones_never_stretch(seed: int) -> None:
    rotations = skeleton.rotations_from_angles(random_angles(seed), RIGHT)
    landmarks, _ = skeleton.pose_joints(np.zeros((6, 3)), rotations, BONES, RIGHT)
    bones = landmarks[:, 1:] - landmarks[:, skeleton.LANDMARK_PARENTS[1:]]
    np.testing.assert_allclose(np.linalg.norm(bones, axis=-1), np.tile(BONES, (6, 1)), atol=1e-12)


def test_left_hand_is_the_mirrored_right() -> None:
    angles = random_angles(1)
    wrist = np.array([[0.3, 0.1, 0.05]] * 6)
    right, _ = skeleton.pose_joints(
        wrist, skeleton.rotations_from_angles(angles, RIGHT), BONES, RIGHT
    )
    left, _ = skeleton.pose_joints(
        skeleton.mirror_points(wrist), skeleton.rotations_from_angles(angles, LEFT), BONES, LEFT
    )
    np.testing.assert_allclose(left, skeleton.mirror_points(right), atol=1e-12)


def test_mirroring_twice_changes_nothing() -> None:
    values = np.random.default_rng(0).normal(size=(4, 16, 3))
    np.testing.assert_array_equal(skeleton.mirror_points(skeleton.mirror_points(values)), values)
    twice = skeleton.mirror_rotations(skeleton.mirror_rotations(values))
    np.testing.assert_array_equal(twice, values)


def test_rest_pose_is_a_flat_right_hand_with_the_thumb_in_the_bass() -> None:
    landmarks, _ = skeleton.pose_joints(np.zeros((1, 3)), np.zeros((1, 16, 3)), BONES, RIGHT)
    tips = landmarks[0, 4::4]
    assert np.all(np.diff(tips[:, 0]) > 0)
    assert np.all(tips[1:, 1] > 0.12)
    assert np.ptp(tips[1:, 2]) < 0.02


def test_flexion_curls_the_fingers_down() -> None:
    angles = np.zeros((1, 16, 3))
    angles[0, 1:13, 0] = 0.5
    curled, _ = skeleton.pose_joints(
        np.zeros((1, 3)), skeleton.rotations_from_angles(angles, RIGHT), BONES, RIGHT
    )
    flat, _ = skeleton.pose_joints(np.zeros((1, 3)), np.zeros((1, 16, 3)), BONES, RIGHT)
    assert np.all(curled[0, 8::4, 2] < flat[0, 8::4, 2] - 0.03)


def test_bone_lengths_follow_the_span() -> None:
    np.testing.assert_allclose(skeleton.bone_lengths_for_span(0.215), BONES)
    np.testing.assert_allclose(skeleton.bone_lengths_for_span(0.1935), 0.9 * BONES)


def test_a_medium_hand_really_spans_what_it_claims() -> None:
    angles = np.zeros((1, 16, 3))
    angles[0, 13], angles[0, 7, :2] = [-0.69, 0.78, 0], [-0.5, -0.66]
    landmarks, _ = skeleton.pose_joints(
        np.zeros((1, 3)), skeleton.rotations_from_angles(angles, RIGHT), BONES, RIGHT
    )
    span = np.linalg.norm(landmarks[0, 4] - landmarks[0, 20])
    assert span == pytest.approx(skeleton.MEDIUM_SPAN_M, abs=0.012)


def test_the_little_finger_spreads_outwards_further_than_inwards() -> None:
    joints = skeleton.FINGER_JOINTS[:, 0]  # each finger's base, thumb to little finger
    towards_thumb = np.degrees(skeleton.JOINT_LIMITS_RAD[joints, 1])
    np.testing.assert_allclose(towards_thumb[4], [-38, 20])
    np.testing.assert_allclose(towards_thumb[1:4], [[-25, 25]] * 3)
    # What is outwards: the right hand's tip goes to larger x, towards higher keys.
    angles = np.zeros((2, 16, 3))
    angles[:, joints[4], 1] = skeleton.JOINT_LIMITS_RAD[joints[4], 1]
    rotations = skeleton.rotations_from_angles(angles, RIGHT)
    landmarks, _ = skeleton.pose_joints(np.zeros((2, 3)), rotations, BONES, RIGHT)
    rest, _ = skeleton.pose_joints(
        np.zeros((1, 3)), skeleton.rotations_from_angles(np.zeros((1, 16, 3)), RIGHT), BONES, RIGHT
    )
    out, inwards = landmarks[:, 20, 0] - rest[0, 20, 0]
    assert out > 0 > inwards
    assert out > -inwards


def test_joints_lie_at_the_landmarks_that_begin_their_bones() -> None:
    # Four landmarks a finger after the wrist: base, middle and distal joint, then the pad.
    at = skeleton.JOINT_LANDMARKS[skeleton.FINGER_JOINTS]
    assert at.tolist() == [[4 * finger + joint for joint in (1, 2, 3)] for finger in range(5)]
    assert skeleton.JOINT_LANDMARKS[0] == 0
    assert sorted(skeleton.FINGER_JOINTS.ravel()) == list(range(1, 16))
