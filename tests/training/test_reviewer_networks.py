"""The reviewer in PyTorch: laws whatever its weights are, its task, its rivals, its export."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch
from torch import Tensor

from duemani.models.reviewer.config import GIVEN, ReviewerConfig
from duemani.models.reviewer.pretrained import load_reviewer
from duemani.models.reviewer.windows import Evidence, window_inputs
from duemani.training.reviewer.discriminators import Discriminator, rivals
from duemani.training.reviewer.network import Inputs, Judged, Reviewer
from tests.helpers.reviewer_model import (
    TINY,
    exported_reviewer,
    some_evidence,
)

LATE = replace(TINY, fusion="late", phrase_notes=0)
BY_NOTE = ("finger", "first_finger", "touch", "note")
BY_FRAME = ("pressing", "pedal")


@pytest.fixture(autouse=True)
def repeatable() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def batch_of(*windows: Evidence, full: int = 0) -> dict[str, Tensor]:
    """Windows as one batch, notes filled up to the longest, or to `full`."""
    rows = [window_inputs(window) for window in windows]
    most = max(full, *(len(row["real"]) for row in rows))
    made = {}
    for name in rows[0]:
        filled = []
        for row in rows:
            value, wide = row[name], list(row[name].shape)
            for axis in range(2 if name == "pairs" else 1):
                wide[axis] = most if name not in ("sound", "seen", "given") else wide[axis]
            whole = np.zeros(wide, value.dtype)
            whole[tuple(slice(0, size) for size in value.shape)] = value
            filled.append(whole)
        made[name] = torch.from_numpy(np.stack(filled))
    return made


def told(reviewer: Reviewer, batch: dict[str, Tensor]) -> Judged:
    with torch.no_grad():
        return reviewer.eval()(Inputs.of(batch))


def assert_same(one: Judged, other: Judged, notes: int, row: int = 0, atol: float = 1e-5) -> None:
    """The first window of one is a window of the other."""
    for name in BY_NOTE:
        np.testing.assert_allclose(
            getattr(one, name)[0, :notes], getattr(other, name)[row, :notes], atol=atol
        )
    for name in BY_FRAME:
        np.testing.assert_allclose(getattr(one, name)[0], getattr(other, name)[row], atol=atol)


# --- the network ----------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [TINY, LATE], ids=["hierarchical", "late"])
@pytest.mark.parametrize("count", [5, 16, 20])
def test_padding_does_not_change_the_notes(config: ReviewerConfig, count: int) -> None:
    reviewer = Reviewer(config)
    evidence = some_evidence(count)
    short, long = batch_of(evidence), batch_of(evidence, full=80)
    made = told(reviewer, short)
    assert_same(made, told(reviewer, long), count)
    # Nor does whatever stands in it.
    padded = torch.arange(80) >= count
    rubbish = dict(long)
    for name in ("views", "pitch_sound", "facts"):
        rubbish[name] = long[name].clone()
        rubbish[name][:, padded] = torch.randn(rubbish[name][:, padded].shape)
    rubbish["pairs"] = long["pairs"].clone()
    rubbish["pairs"][:, padded] = 1
    rubbish["pairs"][:, :, padded] = 1
    assert_same(made, told(reviewer, rubbish), count)


@pytest.mark.parametrize("config", [TINY, LATE], ids=["hierarchical", "late"])
def test_a_batch_is_its_windows_one_by_one(config: ReviewerConfig) -> None:
    reviewer = Reviewer(config)
    windows = [
        some_evidence(40),
        replace(some_evidence(3, seed=1), sound=None),
        replace(some_evidence(17, seed=2), seen=None, prior=None),
        some_evidence(0, seed=3),
    ]
    together = told(reviewer, batch_of(*windows))
    for row, window in enumerate(windows):
        alone = told(reviewer, batch_of(window))
        assert_same(alone, together, len(window.notes), row)


@pytest.mark.parametrize("config", [TINY, LATE], ids=["hierarchical", "late"])
@pytest.mark.parametrize(
    ("kind", "names"), [("sound", ("sound", "pitch_sound")), ("hands", ("seen", "views"))]
)
def test_what_is_not_given_is_not_looked_at(
    config: ReviewerConfig, kind: str, names: tuple[str, ...]
) -> None:
    reviewer = Reviewer(config)
    batch = batch_of(some_evidence(20))
    other = batch | {name: torch.randn(batch[name].shape) for name in names}
    used = told(reviewer, batch).finger - told(reviewer, other).finger
    assert used.abs().max() > 1e-3
    given = batch["given"].clone()
    given[:, GIVEN.index(kind)] = 0
    assert_same(
        told(reviewer, batch | {"given": given}), told(reviewer, other | {"given": given}), 20
    )


def test_notes_hear_of_each_other_and_of_their_frames_only_as_far_as_they_should() -> None:
    reviewer = Reviewer(replace(TINY, note_layers=0, phrase_notes=0))
    batch = batch_of(some_evidence(20))
    frames, there = batch["frames"][0], batch["frames_there"][0]
    # Two convolutions of five reach 4 frames, the exchange 8, and a note looks 8 around itself.
    far = [n for n in range(20) if int(frames[n][there[n] > 0].min()) > 40]
    seen = batch["seen"].clone()
    seen[:, :25] = torch.randn(seen[:, :25].shape)
    change = told(reviewer, batch).finger - told(reviewer, batch | {"seen": seen}).finger
    assert far
    assert len(far) < 20
    assert change[0, far].abs().max() < 1e-5
    assert change.abs().max() > 1e-4


def test_configurations_differ_in_what_they_hold() -> None:
    assert Reviewer(TINY).phrase is not None
    assert len(Reviewer(TINY).exchanges) == 1
    late = Reviewer(replace(TINY, fusion="late"))
    assert late.phrase is None
    assert len(late.exchanges) == 0
    assert Reviewer(replace(TINY, phrase_notes=0)).phrase is None


@pytest.mark.parametrize("phrase", [1, 4, 8, 16])
def test_phrases_may_be_shorter(phrase: int) -> None:
    judged = told(Reviewer(replace(TINY, phrase_notes=phrase)), batch_of(some_evidence(20)))
    assert torch.isfinite(judged.finger).all()


# --- the exported model ---------------------------------------------------------------------------


def test_the_exported_model_is_the_trained_one() -> None:
    path, reviewer = exported_reviewer()
    network = load_reviewer(path)
    assert (network.config, network.facts) == (reviewer.config, {"takes": 3})
    for count in (0, 5, 16, 40):
        evidence = some_evidence(count, seed=count)
        made = network.judge(window_inputs(evidence))
        wanted = told(reviewer, batch_of(evidence))
        np.testing.assert_allclose(made["finger"], wanted.finger[0].softmax(-1), atol=1e-4)
        np.testing.assert_allclose(made["pressing"], wanted.pressing[0].sigmoid(), atol=1e-4)
        np.testing.assert_allclose(made["touch"], wanted.touch[0], atol=1e-4)
        np.testing.assert_allclose(made["pedal"], wanted.pedal[0].sigmoid(), atol=1e-4)


# --- the rivals -----------------------------------------------------------------------------------


def gradients(module: torch.nn.Module) -> list[float]:
    return [0.0 if p.grad is None else float(p.grad.abs().max()) for p in module.parameters()]


def test_each_rival_moves_its_own_weights_only() -> None:
    discriminator = Discriminator(3)
    facts, true = torch.randn(2, 16, 44), torch.randn(2, 16, 3)
    real = (torch.arange(16) < 10).float().expand(2, 16)
    source = torch.nn.Linear(44, 3)
    learn, _, _ = rivals(discriminator, facts, true, source(facts), real)
    learn.backward()
    assert max(gradients(discriminator)) > 0
    assert max(gradients(source)) == 0
    discriminator.zero_grad(set_to_none=True)
    _, fool, _ = rivals(discriminator, facts, true, source(facts), real)
    fool.backward()
    assert max(gradients(discriminator)) == 0
    assert min(gradients(source)) > 0


def test_padding_neither_moves_nor_counts() -> None:
    discriminator = Discriminator(3).eval()
    real = (torch.arange(16) < 10).float().expand(2, 16)
    facts, true, made = torch.randn(2, 16, 44), torch.randn(2, 16, 3), torch.randn(2, 16, 3)
    one = rivals(discriminator, facts, true, made, real)
    for values in (facts, true, made):
        values[:, 10:] = torch.randn(values[:, 10:].shape)
    other = rivals(discriminator, facts, true, made, real)
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b)
    nothing = rivals(discriminator, facts, true, made, torch.zeros(2, 16))
    assert all(float(value.detach()) == 0 for value in nothing)


def test_a_discriminator_learns_to_tell_apart_and_a_generator_to_fool_it() -> None:
    torch.manual_seed(3)
    discriminator, real = Discriminator(3), torch.ones(4, 16)
    facts = torch.randn(4, 16, 44)
    true, made = torch.ones(4, 16, 3), torch.nn.Parameter(-torch.ones(4, 16, 3))
    learner = torch.optim.Adam(discriminator.parameters(), 3e-3)
    for _ in range(60):
        learner.zero_grad()
        learn, _, right = rivals(discriminator, facts, true, made, real)
        learn.backward()
        learner.step()
    assert float(right) > 0.95
    forger = torch.optim.Adam([made], 0.05)
    for _ in range(60):
        forger.zero_grad()
        _, fool, fooled = rivals(discriminator, facts, true, made, real)
        fool.backward()
        forger.step()
    assert float(fooled) < 0.7


def test_steps_are_bounded_by_spectral_norm() -> None:
    discriminator = Discriminator(3)
    facts, real = torch.randn(1, 16, 44), torch.ones(1, 16)
    for parameter in discriminator.parameters():
        parameter.data *= 1000 if parameter.ndim > 1 else 1
    for _ in range(30):  # the norm is estimated step by step
        discriminator(facts, torch.randn(1, 16, 3), real)
    discriminator.eval()
    score = discriminator(facts, torch.randn(1, 16, 3), real)
    assert float(score.detach().abs().max()) < 1000
