"""The motion model's training tasks: what they draw, what they minimise, that they learn."""

import itertools
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

import torch
from torch import Tensor, nn

from duemani.models.diffusion.config import DenoiserConfig, PositionConfig, Streams
from duemani.models.diffusion.sampler import TRAIN_STEPS, alpha_bars
from duemani.training.fit import Task
from duemani.training.motion import hearing
from duemani.training.motion.corpus import Corpus, draw_windows, take_arrays
from duemani.training.motion.drawing import conditions_of, doubt_of, draw_batch
from duemani.training.motion.gestures import Gestures
from duemani.training.motion.networks.audio_encoder import AudioEncoder, AudioEncoderConfig
from duemani.training.motion.positions import Positions
from tests.helpers.motion_model import made_up_take

WIDTHS = (16, 16, 16, 16)
STREAMS: tuple[Streams, ...] = ("shared", "separate", "single")
FUSIONS = ("none", "concat", "self_cross", "cross_self", "hcaa", "hcaa_published")


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


OPTIONS = list(itertools.product(("v", "flow"), (True, False), (True, False)))
ALL = [(s, f, OPTIONS if s + f == "sharedhcaa" else OPTIONS[::7]) for s in STREAMS for f in FUSIONS]


@pytest.mark.parametrize(("streams", "fusion", "options"), ALL)
def test_every_kind_of_denoiser_learns(
    corpus: Corpus, heard: list[np.ndarray], streams: Streams, fusion: str, options: list
) -> None:
    for objective, position, wrist in options:
        config = DenoiserConfig(WIDTHS, streams, fusion, False, position, wrist, objective)  # type: ignore[arg-type]
        task = Gestures(corpus, heard, config, 0)
        losses = task.losses(task.batch(0, 1), torch.Generator().manual_seed(0))
        losses["loss"].backward()
        for name, parameter in task.network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
        noisy = torch.randn(1, 2, task.code.channels, 240)
        batch = task.batch(1, 1)
        condition = task.network.condition(conditions_of(batch), batch["guide"], batch["doubt"])
        assert task.network(noisy, torch.ones(1), condition).shape == noisy.shape
        assert task.code.channels == len(task.code.moving) + 3 * wrist


class _Oracle(nn.Module):
    """Says of every noisy pose what the sampler must hear to foresee the true one."""

    def __init__(self, clean: Tensor, objective: str) -> None:
        super().__init__()
        self.clean, self.objective = clean, objective

    def condition(self, *_: object) -> Tensor:
        return self.clean

    def forward(self, noisy: Tensor, time: Tensor, known: Tensor) -> Tensor:
        time = time[:, None, None, None]
        if self.objective == "flow":
            return (noisy - known) / time
        bar = torch.from_numpy(alpha_bars())[(time * TRAIN_STEPS).round().long()]
        return ((bar.sqrt() * noisy - known) / (1 - bar).sqrt()).float()


@pytest.mark.parametrize("objective", ["v", "flow"])
def test_training_and_sampling_mean_the_same(
    corpus: Corpus, heard: list[np.ndarray], objective: Literal["v", "flow"]
) -> None:
    task = Gestures(corpus, heard, DenoiserConfig(WIDTHS, objective=objective), 0)
    batch = task.batch(0, 4)
    clean = task.codec.encode(batch["angles"], batch["wrist"] - batch["guide"]).mT
    task.network = _Oracle(clean, objective)  # type: ignore[assignment]
    losses = task.losses(batch, torch.Generator().manual_seed(0))
    assert losses["denoise"] < 1e-4
    assert losses["tips"] < 1e-2
    task.network = _Oracle(torch.zeros_like(clean), objective)  # type: ignore[assignment]
    wrong = task.losses(batch, torch.Generator().manual_seed(0))
    assert wrong["denoise"] > 0.1
    assert wrong["tips"] > 0.5


def learned(task: Task, steps: int, rate: float) -> tuple[float, float]:
    """Mean loss of the first and the last five steps on one batch with the same noise."""
    batch, losses = task.batch(0, 1), []
    optimiser = torch.optim.Adam(task.network.parameters(), rate)
    for _ in range(steps):
        loss = task.losses(batch, torch.Generator().manual_seed(1))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses[:5])), float(np.mean(losses[-5:]))


@pytest.mark.parametrize("kind", ["v", "flow", "positions", "hearing"])
def test_one_batch_is_learned_by_heart(corpus: Corpus, heard: list[np.ndarray], kind: str) -> None:
    task: Task
    steps = 60
    if kind == "positions":
        task, steps = Positions(corpus, heard, PositionConfig((32, 32, 16, 16)), 0), 150
    elif kind == "hearing":
        task = hearing.Hearing(corpus, AudioEncoderConfig(8, 16), 0)
    else:  # noise is no simpler than its channels are many
        config = DenoiserConfig((64, 16, 16, 16), objective=kind)  # type: ignore[arg-type]
        task = Gestures(corpus, heard, config, 0)
    first, last = learned(task, steps, 5e-3)
    assert last < 0.4 * first


def test_hearing_in_chunks_is_hearing_the_whole(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = AudioEncoder(AudioEncoderConfig(8, 16)).eval()
    whole = hearing.hear_take(encoder, corpus.takes[1])
    monkeypatch.setattr(hearing, "_CHUNK", 50)
    parts = hearing.hear_take(encoder, corpus.takes[1])
    np.testing.assert_allclose(parts.astype(float), whole.astype(float), atol=1e-3)
    assert whole.shape == (270, 88, 3)


def test_heard_takes_are_kept_for_the_next_time(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = AudioEncoder(AudioEncoderConfig(8, 16)).eval()
    one = hearing.hear_takes(encoder, corpus.takes, tmp_path / "heard")
    np.testing.assert_array_equal(one[0], hearing.hear_take(encoder, corpus.takes[0]))
    monkeypatch.setattr(hearing, "hear_take", None)
    again = hearing.hear_takes(encoder, corpus.takes, tmp_path / "heard")
    for first, second in zip(one, again, strict=True):
        np.testing.assert_array_equal(first, second)


def test_what_another_encoder_heard_is_not_taken_for_this_ones(
    corpus: Corpus, tmp_path: Path
) -> None:
    encoders = [AudioEncoder(AudioEncoderConfig(8, 16)).eval() for _ in range(2)]
    for encoder in (*encoders, encoders[0]):
        (kept, _) = hearing.hear_takes(encoder, corpus.takes, tmp_path)
        np.testing.assert_array_equal(kept, hearing.hear_take(encoder, corpus.takes[0]))


def test_hearing_that_was_killed_leaves_nothing_half_written(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = AudioEncoder(AudioEncoderConfig(8, 16)).eval()

    def killed(file: object, array: np.ndarray) -> None:
        with ExitStack() as stack:
            if isinstance(file, (str, Path)):
                file = stack.enter_context(Path(file).open("wb"))
            file.write(array.tobytes()[:1000])  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(np, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            hearing.hear_takes(encoder, corpus.takes, tmp_path)
    (kept, _) = hearing.hear_takes(encoder, corpus.takes, tmp_path)
    np.testing.assert_array_equal(kept, hearing.hear_take(encoder, corpus.takes[0]))


def test_onsets_are_counted_once_within_a_frame() -> None:
    wanted = np.zeros((40, 88, 3), np.float32)
    wanted[[10, 20, 30], 40, 1] = 1
    found = np.zeros_like(wanted)
    found[[10, 21, 35], 40, 1] = 0.9
    found[5, 40, 1] = 0.3
    assert hearing.onset_scores(found, wanted) == (2, 3, 3)
    assert hearing.onset_scores(wanted, wanted) == (3, 3, 3)
    assert hearing.onset_scores(np.zeros_like(wanted), wanted) == (0, 0, 3)


def test_batches_depend_on_seed_and_step_only(corpus: Corpus, heard: list[np.ndarray]) -> None:
    one = draw_batch(corpus, heard, 3, 4, 0)
    draw_batch(corpus, heard, 4, 4, 0)
    again = draw_batch(corpus, heard, 3, 4, 0)
    for name, values in one.items():
        torch.testing.assert_close(values, again[name], rtol=0, atol=0)
        assert values.isfinite().all()
    for other in (draw_batch(corpus, heard, 4, 4, 0), draw_batch(corpus, heard, 3, 4, 1)):
        assert not torch.equal(one["guide"], other["guide"])
    sounding = hearing.Hearing(corpus, AudioEncoderConfig(8, 16), 0)
    first, second, third = (sounding.batch(step, 2)["sound"] for step in (5, 5, 6))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_every_way_of_telling_is_drawn(corpus: Corpus, heard: list[np.ndarray]) -> None:
    """A take without sound never counts as heard, a pianist without style never as known."""
    silent = replace(
        corpus.takes[0], sound=corpus.takes[0].sound[:0], style=np.full(6, np.nan, np.float32)
    )
    mixed = Corpus([silent, corpus.takes[1]], {})
    batch = draw_batch(mixed, [heard[0][:0], heard[1]], 0, 300, 0)
    quiet = ~batch["heard"].flatten(1).any(1)
    assert 0 < quiet.sum() < 300
    given = batch["given"].int()
    assert not given[quiet][:, [2, 3]].any()
    assert {tuple(row) for row in given[~quiet][:, :3].tolist()} == {
        (1, 1, 1), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1)
    }  # fmt: skip
    assert (given[:, 0] | given[:, 2]).all()  # something is always told
    assert set(given[~quiet][:, 3].tolist()) == {0, 1}
    assert all(values.isfinite().all() for values in batch.values())


def test_doubt_says_how_far_the_guide_is_off(corpus: Corpus, heard: list[np.ndarray]) -> None:
    batch = draw_batch(corpus, heard, 0, 200, 0)
    miss = (batch["guide"] - batch["wrist"]).numpy()
    size = np.expm1(4 * batch["doubt"].numpy()) * 0.001
    true = size < 1e-7
    assert 5 < true.sum() < 60
    assert np.abs(miss[true]).max() < 1e-7
    measured = miss[~true, :, :, 0].std((1, 2))
    assert np.all(measured < 2 * size[~true])
    assert np.all(measured > 0.3 * size[~true])
    assert miss[..., 2].std() < 0.5 * miss[..., 0].std()
    np.testing.assert_allclose(np.expm1(4 * doubt_of(np.array(0.01))) * 0.001, 0.01)


def test_windows_stay_inside_their_takes(corpus: Corpus) -> None:
    windows = draw_windows(corpus, 240, 200, (0,))
    assert {window.take for window in windows} == {0, 1}
    starts = set()
    for window in windows:
        total = corpus.takes[window.take].frame_count
        assert window.frames.shape == (240,)
        assert window.frames.min() >= 0
        assert window.frames.max() == min(total - 1, window.frames[0] + 239)
        if window.take == 1:
            starts.add(int(window.frames[0]))
    assert min(starts) == 0
    assert max(starts) == corpus.takes[1].frame_count - 240


@pytest.mark.parametrize("kind", ["gestures", "positions"])
def test_what_was_not_tracked_does_not_spoil_the_rest(kind: str) -> None:
    take = made_up_take()
    tracked, wrist = take.motion.tracked.copy(), take.motion.wrist_m.copy()
    rotations, landmarks = take.motion.rotations_rad.copy(), take.motion.landmarks_m.copy()
    tracked[0, 30:60] = False
    for values in (wrist, rotations, landmarks):
        values[0, 30:60] = np.nan
    motion = replace(
        take.motion,
        tracked=tracked,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=landmarks,
    )
    corpus = Corpus([take_arrays(replace(take, motion=motion))], {})
    heard = [corpus.takes[0].roll]
    task: Task
    if kind == "gestures":
        task = Gestures(corpus, heard, DenoiserConfig(WIDTHS), 0)
    else:
        task = Positions(corpus, heard, PositionConfig(WIDTHS), 0)
    losses = task.losses(task.batch(0, 2), torch.Generator().manual_seed(0))
    assert all(loss.isfinite() for loss in losses.values())
