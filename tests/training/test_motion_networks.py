"""The motion model's networks in PyTorch: laws that hold whatever their weights are."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

import torch
from torch import Tensor

from duemani.keyboard import is_black, key_centre_x
from duemani.models.diffusion.conditions.hand_frame import (
    BIN_M,
    from_hand,
    hand_angles,
    hand_keys,
    hand_wrists,
    to_hand,
)
from duemani.models.diffusion.conditions.pianist import make_pianist
from duemani.models.diffusion.config import (
    DenoiserConfig,
    DiffusionOptions,
    PositionConfig,
    Streams,
)
from duemani.models.diffusion.windows import generate_poses
from duemani.models.solver.style import Style
from duemani.performance import LEFT, RIGHT
from duemani.training.motion.corpus import Corpus, take_arrays
from duemani.training.motion.gestures import PoseCodec
from duemani.training.motion.networks.audio_encoder import AudioEncoder, AudioEncoderConfig
from duemani.training.motion.networks.conditions import HALF_BINS, Conditions, LocalRoll, both_hands
from duemani.training.motion.networks.denoiser import Denoiser
from duemani.training.motion.networks.fusion import Hcaa, make_fusion
from duemani.training.motion.networks.position_predictor import PositionPredictor, WristStatistics
from duemani.training.motion.networks.run import TorchNetworks
from duemani.training.motion.networks.tips import Fingertips
from tests.helpers.hands import playing_hands
from tests.helpers.motion_model import made_up_take, scales, solver_code

WIDTHS = (16, 16, 16, 16)
STREAMS: tuple[Streams, ...] = ("shared", "separate", "single")
FUSIONS = ("none", "concat", "self_cross", "cross_self", "hcaa", "hcaa_published")
STATISTICS = WristStatistics((0.1, -0.1, 0.05), (0.1, 0.03, 0.01))
CHANNELS, FRAMES = 5, 32


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus([take_arrays(made_up_take("one")), take_arrays(made_up_take("two", 9.0))], {})


@pytest.fixture(scope="module")
def heard(corpus: Corpus) -> list[np.ndarray]:
    return [take.roll for take in corpus.takes]


@pytest.fixture(autouse=True)
def repeatable() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def some_conditions(seed: int = 0, given: tuple[int, ...] = (1, 1, 1, 1)) -> Conditions:
    """Of two windows, with keys that lie on the keyboard's mirror image as well."""
    rng = torch.Generator().manual_seed(seed)
    roll = torch.zeros(2, 2, FRAMES, 88, 3)
    roll[:, :, :, 10:70] = torch.rand(2, 2, FRAMES, 60, 3, generator=rng)
    fingers = torch.rand(2, 2, FRAMES, 5, 8, generator=rng)
    told = torch.tensor(given).float().expand(2, 4)
    return Conditions(roll[0], roll[1], fingers, torch.randn(2, 6, generator=rng), told)


def mirrored(known: Conditions) -> Conditions:
    """The hands changed round, on the keyboard as D4 mirrors it."""
    rolls = []
    for roll in (known.notes, known.heard):
        turned = torch.zeros_like(roll)
        turned[:, :, :83] = roll[:, :, :83].flip(2)
        rolls.append(turned)
    return Conditions(rolls[0], rolls[1], known.fingers.flip(1), known.style, known.given)


def some_denoiser(**changes: object) -> Denoiser:
    return Denoiser(DenoiserConfig(widths=WIDTHS, **changes), CHANNELS).eval()  # type: ignore[arg-type]


def some_guide() -> Tensor:
    return 0.2 * torch.randn(2, 2, FRAMES, 3, generator=torch.Generator().manual_seed(7))


def denoised(
    denoiser: Denoiser, known: Conditions, guide: Tensor, noisy: Tensor, time: float = 0.4
) -> Tensor:
    condition = denoiser.condition(known, guide, torch.tensor([0.1, 0.2]))
    return denoiser(noisy, torch.full((2,), time), condition)


def softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("published", [False, True])
def test_hcaa_is_the_papers_formula(published: bool) -> None:
    width, heads, tokens = 16, 4, 6
    module = Hcaa(width, as_published=published).double().eval()
    with torch.no_grad():
        module.vectors.normal_()
    mine, theirs = torch.randn(2, 1, tokens, width, dtype=torch.float64)
    q1, k1, q2, k2 = module.vectors.detach().numpy()
    weight = np.exp(q1 @ k1) - np.exp(q2 @ k2) + 0.1
    assert module.subtraction().item() == pytest.approx(weight)
    maps = []
    for x, layer in ((mine, module.mine), (theirs, module.theirs)):
        q, k, v = np.split(x[0].numpy() @ layer.weight.detach().numpy().T, 3, axis=-1)
        mixed = []
        for head in range(heads):
            part = slice(head * width // heads, (head + 1) * width // heads)
            scores = q[:, part] @ k[:, part].T / np.sqrt(width // heads)
            if published:
                scores = np.where(np.tri(tokens, dtype=bool), scores, -np.inf)
            mixed.append(softmax(scores) @ v[:, part])
        maps.append(np.concatenate(mixed, axis=-1))
    wanted = maps[0] - weight * maps[1]
    np.testing.assert_allclose(module.attended(mine, theirs)[0].detach(), wanted, atol=1e-9)


@pytest.mark.parametrize("published", [False, True])
def test_only_the_published_hcaa_is_causal_and_lets_nothing_pass_by(published: bool) -> None:
    module = Hcaa(16, as_published=published).eval()
    mine, theirs = torch.randn(2, 1, 8, 16)
    later = [x.clone() for x in (mine, theirs)]
    for x in later:
        x[:, 5:] += 1
    change = (module(*later) - module(mine, theirs)).abs().amax((0, 2))
    assert change[5:].min() > 1e-4
    assert (change[:5].max() < 1e-6) == published
    with torch.no_grad():
        module.project.weight.zero_()
    assert torch.allclose(module(*later), module(mine, theirs), atol=1e-6) == published


@pytest.mark.parametrize("kind", FUSIONS)
def test_hands_meet_only_in_fusion(kind: str) -> None:
    for streams in ("shared", "separate"):
        denoiser = some_denoiser(fusion=kind, streams=streams)
        noisy = torch.randn(2, 2, CHANNELS, FRAMES)
        other = noisy.clone()
        other[:, LEFT] += 1
        one, two = (denoised(denoiser, some_conditions(), some_guide(), x) for x in (noisy, other))
        assert (one[:, LEFT] - two[:, LEFT]).abs().max() > 1e-3
        assert torch.allclose(one[:, RIGHT], two[:, RIGHT], atol=1e-6) == (kind == "none")
    assert (make_fusion(16, kind) is None) == (kind == "none")  # type: ignore[arg-type]


@pytest.mark.parametrize("streams", STREAMS)
def test_every_kind_of_position_predictor(streams: Streams) -> None:
    predictor = PositionPredictor(PositionConfig(WIDTHS, streams), STATISTICS)
    wrists = predictor(some_conditions())
    assert wrists.shape == (2, 2, FRAMES, 3)
    wrists.sum().backward()
    assert all(p.grad is not None for p in predictor.parameters())
    for parameter in predictor.streams.parameters():
        parameter.data.zero_()
    mean = torch.tensor(STATISTICS.mean).expand(2, 2, FRAMES, 3)
    torch.testing.assert_close(predictor(some_conditions()), mean)


def test_shared_streams_treat_both_hands_alike() -> None:
    known, guide = some_conditions(), some_guide()
    noisy = torch.randn(2, 2, CHANNELS, FRAMES)
    for fusion in FUSIONS:
        denoiser = some_denoiser(fusion=fusion)
        there = denoised(denoiser, known, guide, noisy)
        back = denoised(denoiser, mirrored(known), guide.flip(1), noisy.flip(1))
        torch.testing.assert_close(back, there.flip(1), atol=1e-5, rtol=1e-4)
        assert (there[:, LEFT] - there[:, RIGHT]).abs().max() > 1e-3
    predictor = PositionPredictor(PositionConfig(WIDTHS), STATISTICS).eval()
    torch.testing.assert_close(predictor(mirrored(known)), predictor(known).flip(1))


@pytest.mark.parametrize("withheld", range(4))
def test_what_is_withheld_changes_nothing(withheld: int) -> None:
    names = (("notes",), ("fingers",), ("heard",), ("style",))[withheld]
    denoiser = some_denoiser()
    predictor = PositionPredictor(PositionConfig(WIDTHS), STATISTICS).eval()
    noisy = torch.randn(2, 2, CHANNELS, FRAMES)
    for told in (0, 1):
        given = tuple(told if at == withheld else 1 for at in range(4))
        known, other = some_conditions(0, given), some_conditions(1, given)
        other = replace(known, **{name: getattr(other, name) for name in names})
        for one, two in (
            [denoised(denoiser, x, some_guide(), noisy) for x in (known, other)],
            [predictor(x) for x in (known, other)],
        ):
            assert torch.equal(one, two) == (told == 0)


def test_positions_can_be_kept_from_the_streams() -> None:
    """Only the keys and fingers around the own hand then tell where it is."""
    quiet = some_conditions(given=(0, 0, 0, 1))
    noisy, guide = torch.randn(2, 2, CHANNELS, FRAMES), some_guide()
    for position in (True, False):
        denoiser = some_denoiser(position_condition=position)
        one, two = (denoised(denoiser, quiet, x, noisy) for x in (guide, guide + 0.1))
        assert torch.equal(one, two) == (not position)


def test_both_hands_see_the_keys_as_in_numpy() -> None:
    roll = torch.rand(2, 4, 88, 3)
    seen = both_hands(roll).numpy()
    for hand in (LEFT, RIGHT):
        np.testing.assert_array_equal(seen[0, hand], hand_keys(roll[0].numpy(), hand))


@pytest.mark.parametrize("pitch", [60, 61, 21, 108])
@pytest.mark.parametrize("bins_off", [0, 3, -7])
def test_a_key_is_seen_where_it_lies_from_the_wrist(pitch: int, bins_off: int) -> None:
    roll = torch.zeros(1, 1, 88, 3)
    roll[0, 0, pitch - 21, 2] = 1.0
    at = np.array([[float(key_centre_x(np.array(pitch))), 0.0, 0.0]])
    key = np.stack([to_hand(at, hand)[0, 0] for hand in (LEFT, RIGHT)])
    wrist = torch.from_numpy(key - bins_off * BIN_M).float()[None, :, None]
    seen = LocalRoll()(roll, wrist).unflatten(3, (3, 2, 2 * HALF_BINS + 1))[0, :, 0]
    black = int(is_black(np.array(pitch)))
    assert seen.sum(-1)[:, 2, black].numpy() == pytest.approx(1, abs=1e-4)
    assert seen.sum() == pytest.approx(2, abs=1e-3)
    offsets = torch.arange(-HALF_BINS, HALF_BINS + 1.0)
    middle = (seen[:, 2, black] * offsets).sum(-1)
    assert middle.numpy() == pytest.approx(bins_off, abs=1e-3)


def test_fingertips_are_the_skeletons() -> None:
    motion = playing_hands(0.5, 30.0)
    angles, wrists = hand_angles(motion), hand_wrists(motion)
    bones = np.repeat(motion.bone_lengths_m[:, None], motion.frame_count, 1)
    tips = Fingertips()(*(torch.from_numpy(x).float() for x in (wrists, angles, bones))).numpy()
    placed = np.stack([from_hand(tips[hand].astype(float), hand) for hand in (LEFT, RIGHT)])
    np.testing.assert_allclose(placed, motion.tips_m, atol=1e-6)


@pytest.mark.parametrize("wrist", [True, False])
def test_poses_are_coded_as_in_numpy(wrist: bool) -> None:
    code = solver_code(wrist)
    values = np.random.default_rng(0).normal(size=(2, 7, code.channels))
    angles, move = code.decode(values)
    codec = PoseCodec(code)
    made_angles, made_move = codec.decode(torch.from_numpy(values).float())
    np.testing.assert_allclose(made_angles, angles, atol=1e-6)
    np.testing.assert_allclose(made_move, move, atol=1e-6)
    coded = codec.encode(torch.from_numpy(angles).float(), torch.from_numpy(move).float())
    np.testing.assert_allclose(coded, values, atol=1e-4)


@pytest.mark.parametrize("streams", STREAMS)
def test_the_generator_runs_them(streams: Streams) -> None:
    code = solver_code()
    networks = TorchNetworks(
        AudioEncoder(AudioEncoderConfig(8, 16)).eval(),
        PositionPredictor(PositionConfig(WIDTHS, streams), STATISTICS).eval(),
        Denoiser(DenoiserConfig(WIDTHS, streams), code.channels).eval(),
        code,
        {"fingers": 0.001},
    )
    pianist = make_pianist(scales(), Style())
    poses = list(generate_poses(networks, pianist, 250, DiffusionOptions(steps=2)))
    assert [part.wrist_m.shape[1] for part in poses] == [192, 58]
    assert all(np.isfinite(part.angles_rad).all() for part in poses)
