"""What each choice of the diffusion model is worth: python -m benchmarks.motion_ablations.

Trains every variant alike (same takes, steps, batch and seeds; a single stream is made wider, so
that it costs as much arithmetic) and measures all of them on unseen takes, as the paper does: the
recording alone in, poses out as they are drawn, without notes, guidance or projection. A second
table varies what is told, the steps, guidance and projection with the weights that ship.

    python -m benchmarks.motion_ablations [train NAME…] [table [NAME…]] [sampling] [arithmetic]

DUEMANI_MOTION names the prepared data set, DUEMANI_WORK the folder with the checkpoints of the main
training, whose encoder all variants share.
Checkpoints are kept, so what was trained is not trained again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from duemani.datasets.takes import MotionTake, list_takes, load_take
from duemani.evaluation.motion.clips import gesture_clips
from duemani.evaluation.motion.gesture_code import GestureEncoder, fid, load_gesture_encoder
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.evaluation.motion.published import evaluate_published
from duemani.models.diffusion.config import DenoiserConfig, DiffusionOptions, PositionConfig
from duemani.motion import HandMotion
from duemani.performance import Performance
from duemani.training.fit import Machine, Optimisation, fit
from duemani.training.motion.corpus import Corpus, load_corpus
from duemani.training.motion.hearing import Hearing, hear_takes
from duemani.training.motion.networks.audio_encoder import AudioEncoder
from duemani.training.motion.networks.run import TorchNetworks
from duemani.training.motion.positions import Positions, guide_errors
from duemani.training.motion.train import Material, MotionTraining, train_denoiser
from duemani.verbs.perform import generate

DATA = Path(os.environ.get("DUEMANI_MOTION", "out/simulated"))
WORK = Path(os.environ.get("DUEMANI_WORK", "out/motion.work"))
TAKES, SECONDS = 6, 24.0
SINGLE_WIDTHS = (136, 224, 272, 272)  # √2 wider: as much arithmetic as two streams


@dataclass(frozen=True)
class Variant:
    """One row: how it differs from the model that ships, and its training seeds."""

    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    position: str = "shared"
    seeds: tuple[int, ...] = (0,)
    shared_noise: bool = False
    of: str = ""


SHIPPED = DenoiserConfig()
VARIANTS = {
    "HCAA, two streams": Variant(seeds=(0, 1)),
    "single stream": Variant(
        replace(SHIPPED, streams="single", widths=SINGLE_WIDTHS), "single", seeds=(0, 1)
    ),
    "fusion none": Variant(replace(SHIPPED, fusion="none")),
    "fusion concat": Variant(replace(SHIPPED, fusion="concat")),
    "fusion self, cross": Variant(replace(SHIPPED, fusion="self_cross")),
    "fusion cross, self": Variant(replace(SHIPPED, fusion="cross_self")),
    "HCAA as published": Variant(replace(SHIPPED, fusion="hcaa_published")),
    "same noise for both": Variant(shared_noise=True, of="HCAA, two streams"),
    "no position condition": Variant(replace(SHIPPED, position_condition=False)),
    "wrist fixed": Variant(replace(SHIPPED, move_wrist=False)),
    "no loss on tips": Variant(replace(SHIPPED, tip_weight=0.0)),
    "flow matching": Variant(replace(SHIPPED, objective="flow")),
}
PLAN = Optimisation(800, batch=8, learning_rate=1e-3)
POSITION_PLAN = Optimisation(600, batch=8, learning_rate=1.5e-3)
MACHINE = Machine("cpu", 1, 1)


def stage_of(name: str, seed: int) -> str:
    """Where a variant's checkpoints lie."""
    return f"{name.replace(', ', '_').replace(' ', '_').lower()}_{seed}"


@cache
def encoder() -> AudioEncoder:
    """The main training's, which all variants share."""
    training = MotionTraining()
    hearing = Hearing(Corpus([], {}), training.audio, training.audio_plan.seed)
    fit(hearing, "audio", WORK, training.audio_plan, MACHINE)
    return hearing.network.eval()


@cache
def material() -> Material:
    """Training takes and what the encoder hears in them."""
    train = load_corpus([DATA], "train", with_sound=False)
    valid = load_corpus([DATA], "valid", with_sound=False, most=24)
    heard = [hear_takes(encoder(), corpus.takes, WORK / "heard") for corpus in (train, valid)]
    return Material(train, valid, heard[0], heard[1])


@cache
def position_task(streams: str, train: bool = True) -> Positions:
    """The position predictor of the ablations: one for two streams, one for the single stream."""
    widths = SINGLE_WIDTHS if streams == "single" else PositionConfig().widths
    config = PositionConfig(widths, streams)  # type: ignore[arg-type]
    task = Positions(material().train, material().heard, config, 0)
    fit(task, f"position_{streams}", WORK / "ablations", POSITION_PLAN, MACHINE)
    task.network.eval()
    return task


def networks_of(name: str, seed: int) -> TorchNetworks:
    """A variant, trained if it is not yet."""
    variant = VARIANTS[name]
    training = MotionTraining(denoiser=variant.denoiser, denoiser_plan=replace(PLAN, seed=seed))
    stage = stage_of(variant.of or name, seed)
    gestures = train_denoiser(material(), training, WORK / "ablations", MACHINE, None, stage)
    predictor = position_task(variant.position).network
    errors = guide_errors(predictor, material().valid, material().heard_valid)
    return TorchNetworks(encoder(), predictor, gestures.network.eval(), gestures.code, errors)


@cache
def gesture_encoder() -> GestureEncoder:
    """What FID sees clips through: `benchmarks.gesture_encoder` made it."""
    return load_gesture_encoder(Path(__file__).parent / "weights" / "gestures.safetensors")


@cache
def unseen_takes(count: int = TAKES) -> list[MotionTake]:
    """Unseen takes, composers in turn."""
    by_composer: dict[str, list[MotionTake]] = {}
    for path in list_takes(DATA):
        if path.stem.startswith("asap"):
            take = load_take(path)
            if take.split == "test" and take.performance.duration_sec > SECONDS:
                by_composer.setdefault(take.composer, []).append(take)
    chosen: list[MotionTake] = []
    for turn in range(count):
        for composer in sorted(by_composer):
            if turn < len(by_composer[composer]) and len(chosen) < count:
                chosen.append(by_composer[composer][turn])
    return chosen


def make(
    take: MotionTake, options: DiffusionOptions, networks: TorchNetworks | None
) -> tuple[HandMotion, HandMotion, dict[str, float], float]:
    """The true motion, the one made, its scores, and the time it took a second of music."""
    notes = take.performance.between(0, SECONDS)
    bare = notes.notes.copy()
    bare["hand"], bare["finger"] = -1, 0
    sound = None if take.sound is None else take.sound[: int(SECONDS * 30)]
    began = time.perf_counter()
    _, motion = generate(
        Performance(bare, notes.pedal), None, 30.0, options=options, sound=sound, networks=networks
    )
    took = (time.perf_counter() - began) / SECONDS
    scores = evaluate_motion(motion, Performance(bare, notes.pedal))
    return take.motion.between(0, SECONDS), motion.between(0, SECONDS), scores, took


def measure(options: DiffusionOptions, networks: TorchNetworks | None) -> dict[str, float]:
    """Means over the unseen takes."""
    pairs, rows, times = [], [], []
    for take in unseen_takes():
        true, motion, scores, took = make(take, options, networks)
        pairs.append((true, motion))
        rows.append(scores)
        times.append(took)
    found = evaluate_published(pairs)
    both = {
        name: (found[f"{name}_left"] + found[f"{name}_right"]) / 2
        for name in ("fgd", "wgd", "pd", "smooth")
    }
    codes = [
        np.concatenate([gesture_encoder().encode(gesture_clips(pair[side])) for pair in pairs])
        for side in range(2)
    ]
    both["fid"] = fid(codes[0], codes[1])
    names = ("f1", "precision", "recall")
    means = {name: float(np.mean([row[name] for row in rows])) for name in names}
    return {**both, **means, "sec_per_sec": float(np.mean(times))}


def show(title: str, rows: dict[str, list[dict[str, float]]]) -> None:
    """A table of means and, over seeds, standard deviations."""
    names = list(next(iter(rows.values()))[0])
    print(f"\n## {title}\n\n| | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for label, runs in rows.items():
        cells = []
        for name in names:
            values = [run[name] for run in runs]
            cells.append(f"{np.mean(values):.4f} ± {np.std(values):.4f}")
        print(f"| {label} | {' | '.join(cells)} |", flush=True)


def table(names: Sequence[str] = ()) -> None:
    """Variants side by side, sound alone, as drawn; spread over training and sampling seeds."""
    rows = {}
    for name in names or VARIANTS:
        runs, variant = [], VARIANTS[name]
        for seed in variant.seeds:
            networks = networks_of(name, seed)
            for variation in range(2):
                options = DiffusionOptions(
                    told="sound", raw=True, guidance=0.0, variation=variation, steps=10,
                    shared_noise=variant.shared_noise,
                )  # fmt: skip
                runs.append(measure(options, networks))
        rows[name] = runs
        show(f"so far: {name}", {name: runs})
    show(f"Variants, sound alone, {PLAN.steps} steps of {PLAN.batch} windows", rows)


def sampling() -> None:
    """What is told, steps, samplers, guidance and projection, with the weights that ship."""
    settings = {
        "what ships": DiffusionOptions(),
        "no projection": DiffusionOptions(raw=True),
        "neither projection nor guidance": DiffusionOptions(raw=True, guidance=0.0),
        "notes, as drawn": DiffusionOptions(told="notes", raw=True, guidance=0.0),
        "sound, as drawn": DiffusionOptions(told="sound", raw=True, guidance=0.0),
        "sound, by ear": DiffusionOptions(told="sound", raw=True),
        **{
            f"neither, {sampler} {steps}": DiffusionOptions(
                raw=True, guidance=0.0, steps=steps, sampler=sampler
            )
            for sampler, steps in (("dpm", 4), ("dpm", 20), ("ddim", 8), ("ddim", 20))
        },
    }  # fmt: skip
    rows = {
        label: [measure(replace(options, variation=seed), None) for seed in range(2)]
        for label, options in settings.items()
    }
    show("Sampling, the weights that ship", rows)


def main() -> None:
    """Run the parts named on the command line."""
    from benchmarks.motion_arithmetic import arithmetic

    words = sys.argv[1:] or ["table", "sampling", "arithmetic"]
    if words[0] == "train":
        for seed in range(2):
            for name in words[1:] or VARIANTS:
                if seed in VARIANTS[name].seeds and not VARIANTS[name].of:
                    began = time.perf_counter()
                    networks_of(name, seed)
                    print(name, seed, f"{time.perf_counter() - began:.0f} s", flush=True)
        return None
    if words[0] == "table" and len(words) > 1:
        return table(words[1:])
    parts = {"table": table, "sampling": sampling, "arithmetic": arithmetic}
    for word in words:
        parts[word]()
    return None


if __name__ == "__main__":
    main()
