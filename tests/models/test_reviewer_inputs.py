"""What the reviewer is shown: hands from each key, notes, partials, and windows of a take."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.keyboard import WHITE_PITCH_M, is_black, key_centre_x
from duemani.models.reviewer.config import AROUND, FRAME_CHANNELS, WINDOW_FRAMES
from duemani.models.reviewer.note_inputs import (
    finger_views,
    frame_views,
    note_facts,
    note_frames,
    note_pairs,
    pitch_sound,
)
from duemani.models.reviewer.prior import notes_prior
from duemani.models.reviewer.seen_hands import (
    FRAME_RATE,
    POINTS,
    SeenHands,
    resampled,
    seen_from_motion,
)
from duemani.models.reviewer.windows import PHRASE_NOTES, Evidence, parts, window_inputs
from duemani.performance import Performance, make_notes
from tests.helpers.hands import playing_hands
from tests.helpers.reviewer_model import some_evidence, some_notes, some_seen, some_sound

X, NEAR, Y, SPEED_X, SPEED_Y, HEIGHT, KNOWN, HEIGHT_KNOWN = range(8)
MIDDLE = AROUND


def gliding(frames: int = 60, speed_m_per_sec: float = 0.3, y_m: float = 0.035) -> SeenHands:
    """Every point moves to the right at one speed, from the middle C on."""
    points = np.zeros((frames, 2, 11, 2))
    start = float(key_centre_x(np.array(60)))
    points[..., 0] = (start + speed_m_per_sec * np.arange(frames) / FRAME_RATE)[:, None, None]
    points[..., 1] = y_m
    return SeenHands(points, np.full((frames, 2, 5), np.nan), np.ones((frames, 2)))


def keys_off(views: np.ndarray) -> np.ndarray:
    """What the squashed x of views was made from [white keys]."""
    return np.arctanh(views[..., X].astype(float) / 2) * 4


# --- hands from the keys --------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [20.0, 20.25, 20.5, 20.75, 33.9])
def test_fingers_are_seen_between_frames_at_the_onset(frame: float) -> None:
    seen = gliding()
    views = finger_views(seen, np.array([frame / FRAME_RATE]), np.array([60]))
    assert views.shape == (1, 10, 17, 8)
    looks = frame + np.arange(-AROUND, AROUND + 1)
    wanted = 0.3 * looks / FRAME_RATE / WHITE_PITCH_M
    np.testing.assert_allclose(keys_off(views[0]), np.tile(wanted, (10, 1)), atol=2e-3)
    np.testing.assert_allclose(views[..., SPEED_X], 0.6, atol=1e-5)  # 0.3 of 0.5 m/s
    np.testing.assert_allclose(views[..., [Y, SPEED_Y]], 0, atol=1e-6)
    assert (views[..., KNOWN] == 1).all()
    assert (views[..., [HEIGHT, HEIGHT_KNOWN]] == 0).all()


def test_a_tip_on_the_key_is_near_and_others_less() -> None:
    seen = gliding(speed_m_per_sec=0)
    at = np.array([1.0, 1.0, 1.0])
    near = finger_views(seen, at, np.array([60, 62, 72]))[:, 0, MIDDLE, NEAR]
    assert near[0] == pytest.approx(1)
    assert near[0] > near[1] > near[2]
    assert near[2] == pytest.approx(0, abs=1e-6)


def test_black_keys_are_struck_farther_in_and_higher() -> None:
    black = gliding(speed_m_per_sec=0, y_m=0.095)
    black = replace(black, height_m=np.full_like(black.height_m, 0.012))
    views = finger_views(black, np.array([1.0, 1.0]), np.array([61, 60]))
    np.testing.assert_allclose(views[0, ..., [Y, HEIGHT]], 0, atol=1e-6)
    assert (views[1, ..., Y] > 1).all()
    np.testing.assert_allclose(views[1, ..., HEIGHT], 0.6, atol=1e-6)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    octaves=st.integers(-2, 2),
    pitch=st.integers(48, 72),
    onset=st.floats(0, 2),
)
def test_an_octave_higher_looks_the_same(seed: int, octaves: int, pitch: int, onset: float) -> None:
    seen = some_seen(60, seed)
    moved = seen.points_m.copy()
    moved[..., 0] += 7 * octaves * WHITE_PITCH_M
    one = finger_views(seen, np.array([onset]), np.array([pitch]))
    other = finger_views(
        replace(seen, points_m=moved), np.array([onset]), np.array([pitch + 12 * octaves])
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), lost=st.floats(0, 1), onset=st.floats(-1, 4))
def test_views_are_finite_bounded_and_zero_where_nothing_is_seen(
    seed: int, lost: float, onset: float
) -> None:
    seen = some_seen(60, seed, lost)
    views = finger_views(seen, np.array([onset]), np.array([61]))
    assert np.isfinite(views).all()
    assert np.abs(views).max() <= 3
    unseen = (views[..., NEAR] == 0) & (views[..., X] == 0)
    assert (views[unseen][:, [Y, SPEED_X, SPEED_Y, KNOWN]] == 0).all()
    away = onset * FRAME_RATE + np.arange(-AROUND, AROUND + 1)
    outside = (away < -1) | (away > 60)
    assert (views[:, :, outside] == 0).all()


def test_what_is_lost_is_zero_and_not_known() -> None:
    seen = gliding()
    points, sure = seen.points_m.copy(), seen.confidence.copy()
    points[15:25, 0], sure[15:25, 0] = np.nan, 0
    views = finger_views(
        SeenHands(points, seen.height_m, sure), np.array([20 / FRAME_RATE]), np.array([60])
    )[0]
    lost = (np.arange(12, 29) >= 15) & (np.arange(12, 29) < 25)
    assert (views[:5, lost] == 0).all()
    assert (views[:5, ~lost, KNOWN] == 1).all()
    assert (views[5:, :, KNOWN] == 1).all()
    # Beside the gap there is no speed, but a place.
    assert (views[:5, 2, SPEED_X] == 0).all()
    assert (views[:5, 1, SPEED_X] != 0).all()
    np.testing.assert_array_equal(views[:5, 2, X], views[5:, 2, X])


def test_beside_a_lost_frame_the_nearer_known_one_is_taken() -> None:
    seen = gliding()
    points = seen.points_m.copy()
    points[20] = np.nan
    views = finger_views(
        replace(seen, points_m=points), np.array([19.4, 19.6]) / FRAME_RATE, np.array([60, 60])
    )
    step = 0.3 / FRAME_RATE / WHITE_PITCH_M
    np.testing.assert_allclose(keys_off(views[0, :, MIDDLE]), 19 * step, atol=2e-3)
    assert (views[1, :, MIDDLE, :KNOWN] == 0).all()


def test_confidence_is_told_where_a_finger_is_known() -> None:
    seen = gliding()
    sure = np.tile([0.4, 0.9], (60, 1))
    points = seen.points_m.copy()
    points[:, 1, 3] = np.nan  # the right ring finger only
    views = finger_views(SeenHands(points, seen.height_m, sure), np.array([1.0]), np.array([60]))[0]
    np.testing.assert_allclose(views[:5, :, KNOWN], 0.4)
    np.testing.assert_allclose(views[[5, 6, 7, 9], :, KNOWN], 0.9)
    assert (views[8, :, KNOWN] == 0).all()


def test_heights_are_known_apart_from_places() -> None:
    seen = gliding()
    height = seen.height_m.copy()
    height[:, 0, 1] = 0.02
    views = finger_views(replace(seen, height_m=height), np.array([1.0]), np.array([60]))[0]
    assert (views[1, :, HEIGHT_KNOWN] == 1).all()
    np.testing.assert_allclose(views[1, :, HEIGHT], 1)
    assert (np.delete(views, 1, axis=0)[..., [HEIGHT, HEIGHT_KNOWN]] == 0).all()


@pytest.mark.parametrize("frames", [1, 2, 3, 240])
def test_frames_are_finite_bounded_and_told_when_nothing_is_seen(frames: int) -> None:
    rows = frame_views(some_seen(frames))
    assert rows.shape == (frames, FRAME_CHANNELS)
    assert np.isfinite(rows).all()
    assert np.abs(rows).max() <= 4
    nothing = frame_views(some_seen(frames, lost=1.1))
    assert (nothing[:, -1] == 1).all()
    assert (nothing[:, :-1] == 0).all()
    assert frame_views(gliding(frames))[:, -1].max() == 0


def test_a_hands_shape_does_not_depend_on_its_place() -> None:
    seen = some_seen(30, lost=0)
    moved = replace(seen, points_m=seen.points_m + np.array([0.1, 0.02]))
    one, other = frame_views(seen), frame_views(moved)
    shape = slice(0, 44)
    np.testing.assert_allclose(one[:, shape], other[:, shape], atol=1e-5)
    assert np.abs(one - other).max() > 0.1


# --- notes ----------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 50))
def test_notes_are_told_in_bounds(seed: int, count: int) -> None:
    notes = some_notes(count, seed)
    prior = np.full((count, 10), 0.1)
    facts = note_facts(notes, prior, True, True)
    pairs = note_pairs(notes)
    at, there = note_frames(notes, WINDOW_FRAMES)
    assert facts.shape == (count, 44)
    assert pairs.shape == (count, count, 6)
    assert at.shape == there.shape == (count, 17)
    assert np.isfinite(facts).all()
    assert np.abs(facts).max(initial=0) <= 3
    assert np.abs(pairs).max(initial=0) <= 1
    assert ((at >= 0) & (at < WINDOW_FRAMES)).all()
    assert there[:, MIDDLE].all() or (notes["onset_sec"] * FRAME_RATE > WINDOW_FRAMES - 1).any()


def test_facts_of_a_chord() -> None:
    rows = [(1.0, 2.0, 60, 64), (1.01, 2.0, 64, 88), (1.02, 2.0, 70, 40), (1.5, 2.0, 62, 64)]
    facts = note_facts(make_notes(rows), np.full((4, 10), 0.1), True, False)
    np.testing.assert_array_equal(facts[:, 1], is_black(np.array([60, 64, 70, 62])))
    np.testing.assert_array_equal(facts[:, 2:14].argmax(1), [0, 4, 10, 2])
    np.testing.assert_allclose(facts[:, 17] * 4, [2, 2, 2, 0])  # others struck with it
    np.testing.assert_allclose(facts[:, 18] * 4, [0, 1, 2, 0])  # of them below
    np.testing.assert_allclose(facts[:, 19] * 4, [0, 1, 2, 1])  # sounding below, as it starts
    np.testing.assert_allclose(facts[:, 20] * 4, [0, 0, 0, 2])  # and above
    np.testing.assert_allclose(facts[:, 21], [0, 1, -1, 0])
    assert (facts[:, 23:] == 0).all()


def test_pairs_are_one_beside_the_other() -> None:
    notes = make_notes([(0.0, 1.0, 60, 64), (0.02, 0.5, 72, 64), (0.9, 1.2, 60, 64)])
    pairs = note_pairs(notes)
    signs = np.array([-1, 1, -1, 1, 1, 1])
    np.testing.assert_allclose(pairs.transpose(1, 0, 2), pairs * signs, atol=1e-6)
    np.testing.assert_allclose(pairs[0, 1, 0], np.tanh(1))
    np.testing.assert_array_equal(pairs[..., 4], [[1, 1, 1], [1, 1, 0], [1, 0, 1]])  # both held
    np.testing.assert_array_equal(
        pairs[..., 5], [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    )  # struck at once


def test_the_frames_around_an_onset_and_which_exist() -> None:
    notes = make_notes([(0.0, 0.1, 60, 64), (2.0, 2.1, 60, 64), (7.99, 8.1, 60, 64)])
    at, there = note_frames(notes, WINDOW_FRAMES)
    np.testing.assert_array_equal(at[1], np.arange(52, 69))
    assert there[1].all()
    np.testing.assert_array_equal(at[0], [0] * 8 + list(range(9)))
    np.testing.assert_array_equal(there[0], [False] * 8 + [True] * 9)
    assert at[2].max() == WINDOW_FRAMES - 1
    assert not there[2, MIDDLE:].any()


@pytest.mark.parametrize("pitch", [21, 33, 60, 97, 108])
def test_partials_are_looked_up_where_they_sound(pitch: int) -> None:
    frames, onset = 60, 30
    sound = np.zeros((frames, 456), np.float32)
    sound[onset, 3 * (pitch - 21) : 3 * (pitch - 21) + 3] = [1, 2, 3]
    told = pitch_sound(sound, make_notes([(onset / FRAME_RATE, 1.8, pitch, 64)]))
    assert told.shape == (1, 16, 33)
    np.testing.assert_array_equal(told[0, 2, 3:6], [1, 2, 3])  # two frames come before the onset
    assert told[0, :8, 3:6].sum() == 6
    assert told[0, 2, 30] == pytest.approx(6 / 264)
    assert (told[0, :, 32] == ((np.arange(16) < 8) | (54 + np.arange(16) - 12 < 60))).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 20), frames=st.integers(1, 300))
def test_sound_of_any_notes_is_finite_and_zero_outside(seed: int, count: int, frames: int) -> None:
    notes = some_notes(count, seed, 12.0)
    told = pitch_sound(some_sound(frames, seed), notes)
    assert told.shape == (count, 16, 33)
    assert ((told >= 0) & (told <= 3)).all()
    assert (told[told[..., 32] == 0] == 0).all()


def test_short_spectra_are_three_octaves_of_the_note() -> None:
    sound = np.zeros((60, 456), np.float32)
    a4 = 264 + 16 * 2  # 440 Hz is two octaves above the lowest bin
    sound[:, a4], sound[:, a4 + 16], sound[:, a4 + 96] = 1, 2, 3
    told = pitch_sound(sound, make_notes([(1.0, 1.5, 69, 64)]))[0, 2]
    np.testing.assert_array_equal(told[24:27], [1, 2, 0])
    np.testing.assert_array_equal(told[27:30], [3, 0, 0])


def test_the_prior_is_told_neither_hands_nor_fingers() -> None:
    notes = some_notes(12)
    told = notes.copy()
    told["hand"], told["finger"] = 0, 5
    one, other = notes_prior(Performance.create(notes)), notes_prior(Performance.create(told))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one.sum(1), 1)
    assert (one > 0).all()
    assert notes_prior(Performance()).shape == (0, 10)


# --- hands from motion, at an even rate -----------------------------------------------------------


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    frames=st.integers(1, 40),
    rate=st.sampled_from([15.0, 24.0, 25.0, 29.97, 30.0, 60.0]),
    start=st.floats(-2, 2),
    lost=st.floats(0, 1),
)
def test_resampling_at_the_same_times_changes_nothing(
    seed: int, frames: int, rate: float, start: float, lost: float
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(frames, 2, 3))
    values[rng.random(frames) < lost] = np.nan
    time = start + np.arange(frames) / rate
    np.testing.assert_allclose(resampled(values, time, time), values, atol=1e-9)


@settings(max_examples=40)
@given(
    slope=st.floats(-5, 5),
    rate=st.sampled_from([20.0, 25.0, 30.0, 50.0]),
    wanted=st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_straight_lines_stay_straight(slope: float, rate: float, wanted: list[float]) -> None:
    time = np.arange(round(rate) + 1) / rate
    at = np.array(wanted)
    made = resampled(1 + slope * time, time, at)
    np.testing.assert_allclose(made, 1 + slope * at, atol=1e-9)


def test_nothing_is_known_outside_and_in_gaps() -> None:
    time = np.concatenate([np.arange(10), np.arange(40, 50)]) / FRAME_RATE
    wanted = np.arange(-10, 60) / FRAME_RATE
    made = resampled(time, time, wanted)
    known = np.flatnonzero(np.isfinite(made)) - 10
    # At most a frame and a half from what is there.
    np.testing.assert_array_equal(known, [*range(-1, 11), *range(39, 51)])
    inside = [*range(10), *range(40, 50)]
    np.testing.assert_allclose(made[10:][inside], wanted[10:][inside])


def test_beside_an_unknown_frame_the_known_one_is_taken_half_a_frame_away() -> None:
    values = np.array([0.0, 1.0, np.nan, 3.0, 4.0])
    time = np.arange(5) / FRAME_RATE
    made = resampled(values, time, np.array([0, 0.5, 1, 1.4, 2, 2.6, 3, 3.5]) / FRAME_RATE)
    np.testing.assert_allclose(made, [0, 0.5, 1, 1, np.nan, 3, 3, 3.5])
    assert np.isnan(resampled(values[:0], time[:0], time)).all()


def test_motion_is_seen_from_above() -> None:
    motion = playing_hands(2.0, FRAME_RATE)
    seen = seen_from_motion(motion)
    assert seen.frame_count == 60
    np.testing.assert_allclose(
        seen.points_m, motion.landmarks_m[:, :, POINTS, :2].transpose(1, 0, 2, 3), atol=1e-12
    )
    np.testing.assert_allclose(seen.height_m, motion.tips_m[..., 2].transpose(1, 0, 2), atol=1e-12)
    assert (seen.confidence == 1).all()
    np.testing.assert_array_equal(POINTS[:5], [4, 8, 12, 16, 20])


@pytest.mark.parametrize("rate", [25.0, 60.0, 120.0])
def test_motion_of_another_rate_lies_at_the_same_times(rate: float) -> None:
    fine = seen_from_motion(playing_hands(2.0, 30.0))
    other = seen_from_motion(playing_hands(2.0, rate))
    frames = min(fine.frame_count, other.frame_count) - 1
    np.testing.assert_allclose(other.points_m[:frames], fine.points_m[:frames], atol=5e-4)


def test_motion_that_starts_late_is_unseen_before() -> None:
    motion = playing_hands(1.0, FRAME_RATE, start_sec=1.0)
    seen = seen_from_motion(motion)
    assert seen.frame_count == 60
    assert np.isnan(seen.points_m[:28]).all()
    assert (seen.confidence[:28] == 0).all()
    whole = seen_from_motion(replace(motion, start_sec=0.0))
    np.testing.assert_allclose(seen.points_m[30:], whole.points_m, atol=1e-9)


def test_untracked_hands_are_not_seen_and_their_confidence_is_taken() -> None:
    motion = playing_hands(1.0, FRAME_RATE)
    tracked = motion.tracked.copy()
    tracked[0, 10:20] = False
    sure = np.full(tracked.shape, 0.7)
    seen = seen_from_motion(replace(motion, tracked=tracked, confidence=sure))
    assert np.isnan(seen.points_m[10:20, 0]).all()
    assert (seen.confidence[10:20, 0] == 0).all()
    np.testing.assert_allclose(seen.confidence[:10, 0], 0.7)
    np.testing.assert_allclose(seen.confidence[:, 1], 0.7)


# --- windows --------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 300),
    frames=st.integers(0, 900),
    crowded=st.booleans(),
)
def test_every_note_and_every_frame_belongs_to_one_window(
    seed: int, count: int, frames: int, crowded: bool
) -> None:
    rng = np.random.default_rng(seed)
    # All notes before the end or, as after a film that stops early, up to a second after it.
    seconds = frames / FRAME_RATE + rng.uniform(0, 1)
    notes = some_notes(count, seed, seconds)
    if crowded and count:
        notes["onset_sec"] = np.sort(np.minimum(notes["onset_sec"], rng.uniform(0, seconds) + 0.5))
        notes["onset_sec"] = np.minimum(notes["onset_sec"], seconds)
        notes["release_sec"] = np.maximum(notes["release_sec"], notes["onset_sec"])
    answered, looked_at = np.zeros(count, int), np.zeros(frames, int)
    for part in parts(Evidence(notes, None, None, None, True), frames):
        assert len(part.evidence.notes) == len(part.notes) == len(part.own)
        np.add.at(answered, part.notes[part.own], 1)
        first, last = part.own_frames
        looked_at[first:last] += 1
        assert part.start <= first <= last <= part.start + WINDOW_FRAMES
        assert (np.diff(part.notes) > 0).all()
        times = part.evidence.notes["onset_sec"] + part.start / FRAME_RATE
        np.testing.assert_allclose(times, notes["onset_sec"][part.notes])
        assert (part.evidence.notes["onset_sec"] < WINDOW_FRAMES / FRAME_RATE).all()
    assert (answered == 1).all()
    assert (looked_at == 1).all()


def test_crowds_keep_the_nearest_other_notes_and_all_their_own() -> None:
    onset = np.linspace(0, 20, 2000)
    notes = make_notes([(float(t), float(t) + 0.1, 60, 64) for t in onset])
    shown = list(parts(Evidence(notes, None, None, None, True), 600))
    assert max(len(part.notes) for part in shown) <= 192
    assert sum(int(part.own.sum()) for part in shown) == 2000
    owned = [frame for part in shown for frame in range(*part.own_frames)]
    assert owned == list(range(600))
    sparse = make_notes([(float(t), float(t) + 0.1, 60, 64) for t in np.linspace(0, 20, 700)])
    for part in parts(Evidence(sparse, None, None, None, True), 600):
        assert len(part.notes) <= 192
        # One run of notes, since the farthest from the middle went.
        assert (np.diff(part.notes) == 1).all()


def test_evidence_is_cut_where_the_window_lies() -> None:
    whole = some_evidence(80, 500)
    assert whole.seen is not None
    assert whole.sound is not None
    assert whole.prior is not None
    for part in parts(whole, 500):
        seen, sound = part.evidence.seen, part.evidence.sound
        assert seen is not None
        assert sound is not None
        assert seen.frame_count == len(sound) == WINDOW_FRAMES
        frame = part.start + np.arange(WINDOW_FRAMES)
        inside = (frame >= 0) & (frame < 500)
        np.testing.assert_array_equal(sound[inside], whole.sound[frame[inside]])
        np.testing.assert_array_equal(seen.points_m[inside], whole.seen.points_m[frame[inside]])
        assert (sound[~inside] == 0).all()
        assert np.isnan(seen.points_m[~inside]).all()
        assert (seen.confidence[~inside] == 0).all()
        assert part.evidence.prior is not None
        np.testing.assert_array_equal(part.evidence.prior, whole.prior[part.notes])


def test_a_take_shorter_than_a_window_is_one() -> None:
    (part,) = parts(some_evidence(5, 60), 60)
    assert part.own_frames == (0, 60)
    assert part.own.all()
    (empty,) = parts(some_evidence(0, 1), 0)
    assert empty.own_frames == (0, 0)


@pytest.mark.parametrize(("count", "full"), [(0, 16), (1, 16), (16, 16), (17, 32), (40, 48)])
def test_notes_are_filled_up_to_whole_phrases(count: int, full: int) -> None:
    row = window_inputs(some_evidence(count))
    assert full % PHRASE_NOTES == 0
    assert row["pairs"].shape == (full, full, 6)
    for name in ("views", "pitch_sound", "facts", "frames", "frames_there", "real"):
        assert len(row[name]) == full
        assert (row[name][count:] == 0).all()
    assert (row["pairs"][count:] == 0).all()
    assert (row["pairs"][:, count:] == 0).all()
    assert row["real"].sum() == count
    assert row["sound"].shape == (WINDOW_FRAMES, 456)
    assert row["seen"].shape == (WINDOW_FRAMES, FRAME_CHANNELS)
    assert row["frames"].dtype == np.int64
    assert all(rows.dtype == np.float32 for name, rows in row.items() if name != "frames")
    assert all(np.isfinite(rows).all() for rows in row.values())


@pytest.mark.parametrize(
    ("missing", "flag", "empty"),
    [
        ({"sound": None}, 0, ("sound", "pitch_sound")),
        ({"seen": None}, 1, ("seen", "views")),
        ({"velocity_known": False}, 2, ()),
        ({"prior": None}, 3, ()),
    ],
)
def test_what_is_missing_is_zero_and_flagged(
    missing: dict[str, bool | None], flag: int, empty: tuple[str, ...]
) -> None:
    evidence = some_evidence(20)
    row = window_inputs(replace(evidence, **missing))  # type: ignore[arg-type]
    np.testing.assert_array_equal(row["given"], np.delete(np.eye(4), flag, 0).sum(0))
    assert (window_inputs(evidence)["given"] == 1).all()
    for name in empty:
        assert (row[name] == 0).all()
    if flag == 2:
        assert (row["facts"][:, 21:23] == 0).all()
    if flag == 3:
        assert (row["facts"][:, 23:] == 0).all()


def test_what_is_not_known_cannot_leak() -> None:
    evidence = replace(some_evidence(20), velocity_known=False, prior=None)
    other = evidence.notes.copy()
    other["velocity"], other["hand"], other["finger"], other["confidence"] = 1, 0, 3, 1
    one, two = window_inputs(evidence), window_inputs(replace(evidence, notes=other))
    for name, rows in one.items():
        np.testing.assert_array_equal(rows, two[name], err_msg=name)


@pytest.mark.parametrize("frames", [0, 30, 240, 300])
def test_recordings_and_films_of_any_length_fill_a_window(frames: int) -> None:
    evidence = some_evidence(10)
    row = window_inputs(replace(evidence, sound=some_sound(frames), seen=some_seen(max(frames, 1))))
    assert (row["sound"][frames:] == 0).all()
    assert row["sound"].shape[0] == row["seen"].shape[0] == WINDOW_FRAMES
    assert all(np.isfinite(rows).all() for rows in row.values())
