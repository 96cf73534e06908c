"""What the motion model is told and what it makes, in numbers: frames, rolls, codes, spectra."""

import numpy as np
import pytest

from duemani.keyboard import is_black, key_at, key_centre_x, key_rest_top
from duemani.media.spectra import (
    FEATURE_COUNT,
    HOP,
    LONG_BINS,
    SAMPLE_RATE_HZ,
    SHORT_BINS,
    measure_loudness,
    sound_features,
    stream_features,
)
from duemani.models.diffusion.conditions.hand_frame import (
    FIRST_KEY,
    KEY_COUNT,
    LINE_BINS,
    from_hand,
    hand_angles,
    hand_keys,
    hand_rotations,
    hand_wrists,
    line_matrix,
    line_position,
    to_hand,
)
from duemani.models.diffusion.conditions.note_roll import finger_features, hand_targets, note_roll
from duemani.models.diffusion.conditions.pianist import known_at, make_pianist
from duemani.models.diffusion.conditions.style_code import STYLE_SIZE, style_code
from duemani.models.diffusion.pose_code import WRIST_MOVE_M
from duemani.models.solver.style import Style, sample_style
from duemani.performance import LEFT, RIGHT, Performance, make_notes
from tests.helpers.hands import playing_hands
from tests.helpers.motion_model import mirrored, scales, solver_code, tones

RATE = 30.0
D4 = 62
HANDS = pytest.mark.parametrize("hand", [LEFT, RIGHT])


@HANDS
def test_a_hands_frame_and_back(hand: int) -> None:
    points = np.random.default_rng(0).normal(size=(4, 5, 3))
    np.testing.assert_allclose(from_hand(to_hand(points, hand), hand), points, atol=1e-12)
    np.testing.assert_allclose(to_hand(from_hand(points, hand), hand), points, atol=1e-12)


def test_x_grows_from_thumb_to_little_finger_and_is_0_at_d4() -> None:
    motion = playing_hands(1.0, RATE)
    for hand in (LEFT, RIGHT):
        tips = to_hand(motion.tips_m[hand], hand)
        assert np.all(tips[:, 4, 0] > tips[:, 0, 0])
    d4 = np.array([float(key_centre_x(np.array(D4))), 0.03, 0.0])
    np.testing.assert_allclose(to_hand(d4, LEFT), [0, 0.03, 0], atol=1e-12)
    np.testing.assert_allclose(to_hand(d4, RIGHT), [0, 0.03, 0], atol=1e-12)


def test_mirrored_keys_lie_alike_for_both_hands() -> None:
    pitch = np.arange(21, 104)
    zero = np.zeros(len(pitch))
    there = np.stack([key_centre_x(pitch), zero, zero], -1)
    mirror = np.stack([key_centre_x(124 - pitch), zero, zero], -1)
    np.testing.assert_allclose(to_hand(there, RIGHT), to_hand(mirror, LEFT), atol=1e-12)


def test_angles_give_the_rotations_back() -> None:
    motion = playing_hands(1.0, RATE)
    made = hand_rotations(hand_angles(motion))
    np.testing.assert_allclose(made, motion.rotations_rad, atol=1e-9)
    placed = [from_hand(hand_wrists(motion)[hand], hand) for hand in (LEFT, RIGHT)]
    np.testing.assert_allclose(placed, motion.wrist_m, atol=1e-12)


@HANDS
@pytest.mark.parametrize("pitch", [21, 61, 62, 108])
def test_a_hand_sees_each_key_where_it_lies(hand: int, pitch: int) -> None:
    roll = np.zeros((2, 88, 3), np.float32)
    roll[1, pitch - 21] = (1, 2, 3)
    seen = hand_keys(roll, hand)
    assert seen.shape == (2, KEY_COUNT, 3)
    middle, away = KEY_COUNT // 2, pitch - D4 if hand == RIGHT else D4 - pitch
    np.testing.assert_array_equal(seen[1, middle + away], (1, 2, 3))
    assert np.count_nonzero(seen) == 3


def test_both_hands_see_mirrored_music_alike() -> None:
    time = np.arange(90) / RATE
    music = scales()
    one, other = note_roll(music, time), note_roll(mirrored(music), time)
    np.testing.assert_array_equal(hand_keys(one, RIGHT), hand_keys(other, LEFT))
    assert one.any()


def test_keys_are_drawn_where_they_lie_on_the_line_of_their_colour() -> None:
    lines = line_matrix()
    np.testing.assert_allclose(lines[::-1, :, ::-1], lines, atol=1e-6)
    np.testing.assert_allclose(lines.sum((1, 2)), 1, atol=1e-6)
    pitch = np.arange(21, 109)
    drawn = lines[FIRST_KEY : FIRST_KEY + 88]
    np.testing.assert_array_equal(drawn[:, 1].any(-1), is_black(pitch))
    middle = (drawn.sum(1) * np.arange(LINE_BINS)).sum(-1)
    x = key_centre_x(pitch) - float(key_centre_x(np.array(D4)))
    np.testing.assert_allclose(middle, line_position(x), atol=1e-4)


def two_notes() -> Performance:
    return Performance.create(make_notes([(1.0, 1.5, 60, 127), (1.02, 1.03, 64, 1)]))


def test_roll_of_two_notes_by_hand() -> None:
    roll = note_roll(two_notes(), np.arange(75) / RATE).astype(float)
    held, coming, struck = np.moveaxis(roll[:, 60 - 21], -1, 0)
    # Frames last from half a frame before to half a frame after their time.
    np.testing.assert_allclose(held[29:32], [0, 0.5, 1], atol=1e-3)
    np.testing.assert_allclose(held[44:47], [1, 0.5, 0], atol=1e-3)
    np.testing.assert_allclose(coming[[27, 30, 31]], [np.exp(-1), 1, 0], atol=1e-3)
    np.testing.assert_allclose(struck[[29, 30, 33]], [0, 1, np.exp(-1)], atol=1e-3)
    short_held, short_coming, short_struck = np.moveaxis(roll[:, 64 - 21], -1, 0)
    np.testing.assert_allclose(short_held[30:33], [0, 0.3, 0], atol=1e-3)
    soft = 0.3 + 0.7 / 127
    np.testing.assert_allclose(short_struck[31], soft * np.exp(-(31 / 30 - 1.02) / 0.1), atol=1e-3)
    np.testing.assert_allclose(short_coming[30], np.exp(-0.2), atol=1e-3)
    others = np.delete(roll, [60 - 21, 64 - 21], axis=1)
    assert not others.any()


def test_notes_are_held_for_as_long_as_they_last() -> None:
    roll = note_roll(two_notes(), np.arange(75) / RATE)
    np.testing.assert_allclose(roll[:, 39, 0].sum(dtype=float) / RATE, 0.5, atol=1e-3)
    np.testing.assert_allclose(roll[:, 43, 0].sum(dtype=float) / RATE, 0.01, atol=1e-4)


def test_any_part_of_a_piece_is_told_as_the_whole_is() -> None:
    music, time = scales(times=3), np.arange(250) / RATE
    pianist = make_pianist(music, Style())
    whole, part = known_at(pianist, 0, 250), known_at(pianist, 97, 60)
    # Where a note's fade is cut off may differ by a frame.
    np.testing.assert_allclose(part.notes, whole.notes[97:157], atol=3e-3)
    wanted, fingers = whole.fingers[:, 97:157], part.fingers
    np.testing.assert_allclose(fingers[..., 3:], wanted[..., 3:], atol=1e-5)
    # A position counts where it has weight; before its first known strike a finger hangs lower.
    counts = wanted[..., 3:6] > 0
    assert counts.any(axis=(1, 2)).all()
    np.testing.assert_allclose(fingers[..., :3][counts], wanted[..., :3][counts], atol=5e-4)
    np.testing.assert_array_equal(whole.notes, note_roll(music, time).astype(np.float32))


def test_outside_the_piece_nothing_is_heard_or_played() -> None:
    heard = np.full((20, 88, 3), 0.5, np.float16)
    known = known_at(make_pianist(scales(), Style(), heard), -5, 40)
    assert not known.heard[:5].any()
    np.testing.assert_array_equal(known.heard[5:25], 0.5)
    assert not known.heard[25:].any()
    assert not known.notes[:5, :, 0].any()


@HANDS
def test_fingers_are_told_the_solvers_paths(hand: int) -> None:
    music = scales()
    style = Style(seed=3)
    time = np.arange(120) / RATE
    paths = hand_targets(music, hand, style).at(time, style)
    told = finger_features(paths, hand)
    np.testing.assert_allclose(np.expm1(told[..., 3:6] * 8.5), paths.weight, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(told[..., 6], paths.pressing)
    known = told[..., 7] > 0
    np.testing.assert_array_equal(known, paths.weight.any(-1))
    assert not told[~known].any()
    placed = from_hand(told[..., :3].astype(float), hand)
    mine = music.notes[music.notes["hand"] == hand]
    for note in mine:
        frame = int((note["onset_sec"] + 0.04) * RATE) + 1
        finger = note["finger"] - 1
        assert told[frame, finger, 6] == 1
        at = placed[frame, finger]
        assert key_at(at[:1], at[1:2]) == note["pitch"] - 21
        top = float(key_rest_top(np.array([note["pitch"]]))[0])
        assert at[2] < top  # the key is down


def test_mirrored_music_tells_the_other_hand_the_same() -> None:
    music, time, style = scales(), np.arange(120) / RATE, Style()
    quiet = [hand_targets(m, h, style) for m, h in ((music, RIGHT), (mirrored(music), LEFT))]
    one, other = (
        finger_features(targets.at(time, style), hand)
        for targets, hand in zip(quiet, (RIGHT, LEFT), strict=True)
    )
    # The small variations of touch are drawn for each hand.
    np.testing.assert_allclose(one[..., 0], other[..., 0], atol=0.008)
    np.testing.assert_array_equal(one[..., 6:], other[..., 6:])


@pytest.mark.parametrize("wrist", [True, False])
def test_poses_and_their_codes(wrist: bool) -> None:
    code = solver_code(wrist)
    values = np.random.default_rng(0).normal(size=(2, 7, code.channels))
    angles, move = code.decode(values)
    np.testing.assert_allclose(code.encode(angles, move), values, atol=1e-10)
    still = np.setdiff1d(np.arange(48), code.moving)
    flat = angles.reshape(2, 7, 48)
    np.testing.assert_allclose(
        flat[..., still], np.broadcast_to(np.array(code.mean)[still], flat[..., still].shape)
    )
    if wrist:
        np.testing.assert_allclose(move, values[..., -3:] * WRIST_MOVE_M)
    else:
        assert not move.any()
    np.testing.assert_allclose(code.decode(np.zeros((1, code.channels)))[0].ravel(), code.mean)


def test_a_style_in_numbers() -> None:
    codes = np.stack([style_code(sample_style(seed)) for seed in range(300)])
    assert codes.shape[1] == STYLE_SIZE
    np.testing.assert_allclose(codes.mean(0), 0, atol=0.2)
    np.testing.assert_allclose(codes.std(0), 1, atol=0.25)
    usual = style_code(Style())
    np.testing.assert_allclose(usual, 0, atol=0.1)
    changed = style_code(Style(lift_m=0.018)) - usual
    np.testing.assert_allclose(changed, [0, 0, 0, 1, 0, 0], atol=1e-9)


def sine(hertz: float, seconds: float = 2.0) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return np.sin(2 * np.pi * hertz * time).astype(np.float32)


@pytest.mark.parametrize("pitch", [45, 69, 93])
def test_a_tone_peaks_at_its_key(pitch: int) -> None:
    features = sound_features(sine(440 * 2 ** ((pitch - 69) / 12)), 60)
    assert features.shape == (60, FEATURE_COUNT)
    inner = features[10:50].astype(float)
    assert set(inner[:, :LONG_BINS].argmax(1)) == {3 * (pitch - 21) + 1}
    short = round(16 * (pitch - 45) / 12)
    for begin in (LONG_BINS, LONG_BINS + SHORT_BINS):
        assert np.abs(inner[:, begin : begin + SHORT_BINS].argmax(1) - short).max() <= 1


def test_a_click_is_heard_in_its_row() -> None:
    samples = np.zeros(60 * HOP, np.float32)
    samples[25 * HOP] = 1.0
    features = sound_features(samples, 60).astype(float)
    assert features[:, LONG_BINS:].sum(1).argmax() == 25
    assert features[:, :LONG_BINS].sum(1).argmax() == 25


@pytest.mark.parametrize("size", [100, 4096, 15_360, 50_000])
def test_streaming_equals_the_whole(size: int) -> None:
    samples = tones(scales(), 3.0)
    blocks = [samples[at : at + size] for at in range(0, len(samples), size)]
    loudness = measure_loudness(iter(blocks))
    streamed = np.concatenate(list(stream_features(iter(blocks), 100, loudness)))
    np.testing.assert_array_equal(streamed, sound_features(samples, 100))


def test_long_sound_comes_in_blocks_without_seams() -> None:
    samples = np.random.default_rng(0).normal(size=910 * HOP).astype(np.float32)
    blocks = list(stream_features(iter([samples]), 910, 1.0))
    assert len(blocks) > 1
    later = np.concatenate(list(stream_features(iter([samples[880 * HOP :]]), 30, 1.0)))
    np.testing.assert_allclose(np.concatenate(blocks)[885:905], later[5:25], atol=2e-3)


def test_a_quieter_recording_looks_alike() -> None:
    samples = tones(scales(), 3.0)
    loud, quiet = sound_features(samples, 90), sound_features(0.01 * samples, 90)
    np.testing.assert_allclose(loud.astype(float), quiet.astype(float), atol=4e-3)
    assert loud.max() > 0.5


@pytest.mark.parametrize("samples", [np.zeros(40_000, np.float32), np.zeros(0, np.float32)])
def test_silence_is_nothing(samples: np.ndarray) -> None:
    np.testing.assert_array_equal(sound_features(samples, 50), 0)


def test_sound_shorter_than_a_window_is_followed_by_silence() -> None:
    features = sound_features(sine(440, 0.01), 30).astype(float)
    assert features.shape == (30, FEATURE_COUNT)
    assert np.isfinite(features).all()
    assert features[0].any()
    assert not features[10:].any()
