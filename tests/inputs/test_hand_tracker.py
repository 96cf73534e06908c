"""Hands seen: the graphs, their geometry, and films of rendered hands whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.inputs.film.hands.detector import anchors, detect_palms, merge_overlapping
from duemani.inputs.film.hands.graph import HAND_WEIGHTS, Pyramid, Square, load_graph
from duemani.inputs.film.hands.landmarker import Landmarks, square_around
from duemani.inputs.film.hands.search import all_regions, likely_regions, playing_band
from duemani.inputs.film.hands.sides import Track, name_tracks, right_vote, split_by_side
from duemani.inputs.film.hands.tracker import track_film
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera
from duemani.outputs.film.scene import PianoScene
from duemani.performance import LEFT, RIGHT
from tests.helpers.hands import played_notes, playing_hands

SIZE = (640, 360)
RIGHTWARDS = np.array([1.0, 0.0])


@pytest.fixture(scope="module")
def rendered() -> tuple[list[tuple[float, np.ndarray]], np.ndarray]:
    """Frames of two hands from above, and the true landmarks in pixels (hand, frame, 21, 2)."""
    motion = playing_hands(1.0)
    times = np.arange(0, 0.5, 0.1)
    with PianoScene(motion, played_notes(), "overhead", SIZE) as scene:
        frames = [(float(t), scene.draw(float(t))) for t in times]
        index = np.round(times * motion.frame_rate).astype(int)
        truth = motion.landmarks_m[:, index]
        projected = scene._rasterizer.project(truth.reshape(-1, 3)).reshape(2, len(times), 21, 2)
    return frames, projected


def test_rendered_hands_are_found_named_and_placed(rendered):
    frames, truth = rendered
    tracking = track_film(frames)
    hands = tracking.hands
    assert tracking.remarks == ()
    assert hands.size_px == SIZE
    assert hands.confidence.min() > 0.7
    off = np.linalg.norm(hands.landmarks_px - truth, axis=-1)
    palm = np.linalg.norm(truth[:, :, 9] - truth[:, :, 0], axis=-1).mean()
    assert np.median(off) < 0.15 * palm
    assert np.median(off[:, :, [8, 12, 16, 20]]) < 0.2 * palm


def test_a_mirrored_film_swaps_the_hands(rendered):
    frames = rendered[0][:2]
    flipped = [(t, np.ascontiguousarray(shown[:, ::-1])) for t, shown in frames]
    straight, mirrored = track_film(frames).hands, track_film(flipped).hands
    back = mirrored.landmarks_px[::-1] * [-1, 1] + [SIZE[0], 0]
    assert np.median(np.abs(back - straight.landmarks_px)) < 5
    told = track_film(flipped, mirrored=True).hands
    np.testing.assert_array_equal(told.landmarks_px, mirrored.landmarks_px[::-1])
    assert told.confidence.min() > 0.7


def test_a_camera_across_the_piano_sees_the_same_hands(rendered):
    frames = rendered[0][:1]
    turned = [(t, np.ascontiguousarray(shown[::-1, ::-1])) for t, shown in frames]
    straight, across = track_film(frames).hands, track_film(turned).hands
    back = np.array(SIZE) - across.landmarks_px
    assert np.median(np.abs(back - straight.landmarks_px)) < 5


def test_one_hand_is_one_hand_and_is_told(rendered):
    frames = [(t, shown.copy()) for t, shown in rendered[0][:3]]
    for _, shown in frames:
        shown[:, : SIZE[0] // 2] = 0
    tracking = track_film(frames)
    assert (tracking.hands.confidence[RIGHT] > 0).all()
    assert (tracking.hands.confidence[LEFT] == 0).all()
    assert np.isnan(tracking.hands.landmarks_px[LEFT]).all()
    assert tracking.remarks == ("No left hand was seen.",)


def test_two_people_leave_two_hands_and_a_remark(rendered):
    frames = [(t, np.concatenate([shown, shown], axis=1)) for t, shown in rendered[0][:3]]
    tracking = track_film(frames)
    seen = (tracking.hands.confidence > 0).all()
    assert seen
    assert any(remark.startswith("More than two hands") for remark in tracking.remarks)


def test_a_band_shuts_out_hands_elsewhere(rendered):
    frames = rendered[0][:1]
    width, height = SIZE
    right_half = np.array([[width / 2, 0], [width, 0], [width, height], [width / 2, height]])
    tracking = track_film(frames, right_half)
    assert tracking.hands.confidence[RIGHT, 0] > 0.7
    assert tracking.hands.confidence[LEFT, 0] == 0


@pytest.mark.parametrize("kind", ["black", "noise", "tiny"])
def test_pictures_without_hands_give_none(kind):
    shape = (8, 12, 3) if kind == "tiny" else (180, 320, 3)
    shown = np.zeros(shape, np.uint8)
    if kind == "noise":
        shown = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    tracking = track_film([(0.0, shown), (0.1, shown)])
    assert (tracking.hands.confidence == 0).all()
    assert np.isnan(tracking.hands.landmarks_px).all()
    assert tracking.remarks == ("No hand was found in the film.",)


def test_a_film_without_frames_is_refused():
    with pytest.raises(InputError, match="no picture"):
        track_film([])


def test_the_graphs_have_the_published_shapes():
    boxes, scores = load_graph("hand_detector.onnx").run(
        ["boxes", "scores"], {"picture": np.zeros((2, 192, 192, 3), np.float32)}
    )
    assert (boxes.shape, scores.shape) == ((2, 2016, 18), (2, 2016, 1))
    assert anchors().shape == (2016, 2)
    np.testing.assert_allclose(anchors()[:2], 0.5 / 24)
    np.testing.assert_allclose(anchors()[-6:], 1 - 0.5 / 12)
    assert "Apache License" in (HAND_WEIGHTS / "LICENSE.txt").read_text()


squares = st.builds(
    Square,
    st.tuples(st.floats(-500, 2000), st.floats(-500, 2000)),
    st.floats(1, 3000),
    st.floats(-7, 7),
)


@given(squares, st.integers(16, 256))
def test_to_picture_inverts_the_affine_map(square, size):
    points = np.array([[0.0, 0.0], [size / 2, size / 2], [size, 3.0]])
    affine = square.affine(size)
    there = square.to_picture(points, size)
    np.testing.assert_allclose(there @ affine[:, :2].T + affine[:, 2], points, atol=1e-5 * size)
    np.testing.assert_allclose(there[1], square.centre_px, atol=1e-6 * 3000)


def test_squares_are_drawn_where_they_lie():
    shown = np.zeros((200, 300, 3), np.uint8)
    shown[90:110, 190:210, 2] = 255
    drawn = Pyramid(shown).draw(Square((200.0, 100.0), 40.0), 40)
    assert drawn.shape == (40, 40, 3)
    assert drawn[..., 0].sum() == pytest.approx(400, rel=0.02)  # red comes first
    assert drawn[10:30, 10:30, 0].mean() == pytest.approx(1.0, abs=0.02)
    small = Pyramid(shown).draw(Square((200.0, 100.0), 200.0), 25)
    y, x = np.unravel_index(small[..., 0].argmax(), (25, 25))
    assert abs(x - 12) <= 1
    assert abs(y - 12) <= 1


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(0, 1000))
def test_merged_boxes_do_not_overlap_more_than_before(count, seed):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.1, 1, count)
    places = np.concatenate([rng.random((count, 1, 2)), np.full((count, 1, 2), 0.2)], axis=1)
    places = np.concatenate([places, rng.random((count, 7, 2))], axis=1)
    merged = merge_overlapping(scores, places)
    assert 1 <= len(merged) <= count
    assert merged[0][0] == scores.max()
    twice = merge_overlapping(np.concatenate([scores] * 2), np.concatenate([places] * 2))
    assert len(twice) == len(merged)


def a_hand(at_px: tuple[float, float] = (100.0, 100.0), right: bool = True) -> Landmarks:
    """A flat hand seen from its back, fingers up, 100 px long."""
    points = np.zeros((21, 2))
    for finger in range(5):
        for joint in range(4):
            x = (finger - 2) * 12.0 * (1 if right else -1)
            points[1 + 4 * finger + joint] = x, -25.0 * (joint + 1)
    return Landmarks(points + at_px, np.zeros(21), 0.9, 0.9 if right else 0.1)


def test_the_next_square_follows_a_turned_hand():
    hand = a_hand()
    square = square_around(hand)
    assert square.angle_rad == pytest.approx(0, abs=0.05)
    turned = Landmarks(
        (hand.points_px - 100) @ np.array([[0.0, 1.0], [-1.0, 0.0]]) + 100,
        hand.depth_px, 0.9, 0.9,
    )  # fmt: skip
    other = square_around(turned)
    assert other.angle_rad - square.angle_rad == pytest.approx(np.pi / 2)
    assert other.side_px == pytest.approx(square.side_px)


def test_a_vote_tells_hands_apart_and_a_mirror_turns_it():
    assert right_vote(a_hand(), False) > 0.5
    assert right_vote(a_hand(right=False), False) < -0.5
    assert right_vote(a_hand(), True) == -right_vote(a_hand(), False)


def a_track(right: bool, xs: np.ndarray, first: int = 0) -> Track:
    frames = list(range(first, first + len(xs)))
    return Track(frames, [a_hand((float(x), 100.0), right) for x in xs])


def test_hands_that_cross_keep_their_names():
    left = a_track(False, np.linspace(100, 500, 40))
    right = a_track(True, np.linspace(500, 100, 40))
    named, others, certainty = name_tracks([right, left], RIGHTWARDS, False)
    assert named == {LEFT: [left], RIGHT: [right]}
    assert others == []
    assert min(certainty.values()) > 0.7


def test_two_hands_that_look_alike_are_told_by_their_order():
    one, other = a_track(True, np.full(20, 100.0)), a_track(True, np.full(20, 400.0))
    named, _, certainty = name_tracks([one, other], RIGHTWARDS, False)
    assert named == {LEFT: [one], RIGHT: [other]}
    assert certainty[id(one)] < certainty[id(other)]


def test_a_track_that_passes_to_the_other_hand_is_cut():
    first, then = a_track(False, np.full(20, 100.0)), a_track(True, np.full(20, 100.0), 20)
    track = Track(first.frames + then.frames, first.landmarks + then.landmarks)
    parts = split_by_side([track], False)
    assert [len(part.frames) for part in parts] == [20, 20]
    flicker = Track(list(range(20)), [*first.landmarks[:9], a_hand(), *first.landmarks[10:]])
    assert len(split_by_side([flicker], False)) == 1


@pytest.mark.parametrize("size_px", [(1280, 720), (720, 1280), (320, 240), (40, 30)])
def test_regions_cover_the_picture(size_px):
    width, height = size_px
    for regions in (likely_regions(size_px, None), all_regions(size_px, None)):
        inside = np.zeros((height, width), bool)
        y, x = np.mgrid[:height, :width] + 0.5
        for square in regions:
            at = square.affine(1)
            u = x * at[0, 0] + y * at[0, 1] + at[0, 2]
            v = x * at[1, 0] + y * at[1, 1] + at[1, 2]
            inside |= (u >= -1e-6) & (u <= 1 + 1e-6) & (v >= -1e-6) & (v <= 1 + 1e-6)
        assert inside.all()
    assert len(likely_regions(size_px, None)) <= 3


def test_the_band_lies_around_the_keys():
    scale = 1000.0
    plane = np.array([[scale, 0, 0], [0, -scale, 500], [0, 0, 1.0]])
    view = KeyboardView(keyboard_camera(plane, (1280, 720)))
    far_left, far_right, near_right, near_left = playing_band(view)
    assert far_left[0] < 0
    assert far_right[0] > 1220
    assert far_right[1] < 350
    assert near_left[1] > 650
    assert near_right[1] == near_left[1]
    for square in likely_regions((1280, 720), playing_band(view)):
        assert square.angle_rad == pytest.approx(0, abs=1e-6)
    sideways = playing_band(view)[:, ::-1] * [1, 1]
    assert len(detect_palms(Pyramid(np.zeros((720, 1280, 3), np.uint8)), [])) == 0
    for square in likely_regions((720, 1280), sideways):
        assert abs(square.angle_rad) == pytest.approx(np.pi / 2, abs=1e-6)
