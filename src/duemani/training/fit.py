"""One way to train every network of the motion model, by Lightning.

A step's batch and noise depend on the seed and the step's number only, and a checkpoint holds the
optimiser and the averaged weights, so training that was killed goes on as if it had not been.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from duemani.errors import InputError

Report = Callable[[str, float], None]
Logger = Literal["csv", "tensorboard"]
_WARM_UP = 200
_CLIP = 1.0


@dataclass(frozen=True)
class Optimisation:
    """How a network is trained.

    Attributes:
        steps: how many.
        batch: windows a step.
        learning_rate: highest, after a warm-up; falls to a hundredth as a cosine does.
        ema_decay: of the averaged weights, which are the ones kept.
        seed: of weights, batches and noise.
        precision: of Lightning's; bf16-mixed helps on GPUs, not on most CPUs.
        checkpoint_steps: from one checkpoint to the next.
    """

    steps: int
    batch: int = 16
    learning_rate: float = 1e-3
    ema_decay: float = 0.998
    seed: int = 0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    checkpoint_steps: int = 500


@dataclass(frozen=True)
class Machine:
    """Where to train.

    Attributes:
        accelerator: Lightning's word: auto, cpu or gpu.
        devices: how many.
        threads: of PyTorch on the CPU; small steps gain little from a second one.
        logger: csv, or tensorboard where it is installed.
    """

    accelerator: str = "auto"
    devices: int = 1
    threads: int = 1
    logger: Logger = "csv"


@runtime_checkable
class Task(Protocol):
    """A network, its batches and its loss."""

    network: nn.Module

    def batch(self, step: int, count: int) -> dict[str, Tensor]:
        """The batch of one step: the same each time it is asked for."""
        ...

    def losses(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms; `loss` is what is minimised. Noise comes from the generator."""
        ...


class _Steps(IterableDataset[dict[str, Tensor]]):
    def __init__(self, task: Task, first: int, plan: Optimisation) -> None:
        self.task, self.first, self.plan = task, first, plan

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        # Each of several devices draws windows of its own.
        shared = torch.distributed.is_available() and torch.distributed.is_initialized()
        devices = torch.distributed.get_world_size() if shared else 1
        rank = torch.distributed.get_rank() if shared else 0
        for step in range(self.first, self.plan.steps):
            yield self.task.batch(step * devices + rank, self.plan.batch)


class _Kept:
    """A task that the averaged copy of the weights shares: its data may fill the memory."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def __deepcopy__(self, memo: dict[int, object]) -> _Kept:
        return self


class _Module(lightning.LightningModule):
    def __init__(self, task: Task, plan: Optimisation) -> None:
        super().__init__()
        self.kept, self.plan = _Kept(task), plan
        self.network = task.network

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        generator = torch.Generator(device=self.device)
        generator.manual_seed(self.plan.seed * 1_000_003 + self.global_step + self.global_rank)
        losses = self.kept.task.losses(batch, generator)
        self.log_dict({name: value.detach() for name, value in losses.items()})
        return losses["loss"]

    def configure_optimizers(self) -> object:
        optimiser = torch.optim.AdamW(
            self.network.parameters(), self.plan.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4
        )
        warm = torch.optim.lr_scheduler.LinearLR(
            optimiser, 0.02, 1.0, min(_WARM_UP, self.plan.steps)
        )
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimiser, self.plan.steps, self.plan.learning_rate / 100
        )
        both = torch.optim.lr_scheduler.ChainedScheduler([warm, fall], optimiser)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": both, "interval": "step"}}


class _Reporting(Callback):
    def __init__(self, stage: str, report: Report) -> None:
        self.stage, self.report = stage, report

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        module: _Module,
        *_: object,
    ) -> None:
        self.report(self.stage, trainer.global_step / module.plan.steps)


def fit(
    task: Task,
    stage: str,
    folder: Path,
    plan: Optimisation,
    machine: Machine,
    report: Report | None = None,
) -> nn.Module:
    """Train, or go on training from the last checkpoint in `folder`; return the averaged weights.

    Args:
        task: what to learn.
        stage: its name, for logs and checkpoints.
        folder: of logs and checkpoints.
        plan: how.
        machine: where.
        report: called with the stage's name and its share done.

    Raises:
        InputError: the checkpoint is damaged or another network's.
    """
    torch.set_num_threads(machine.threads)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    checkpoints = folder / stage
    last = checkpoints / "last.ckpt"
    first = _step_of(last) if last.exists() else 0
    logger_class = TensorBoardLogger if machine.logger == "tensorboard" else CSVLogger
    averaging = EMAWeightAveraging(decay=plan.ema_decay, update_starting_at_step=1)
    callbacks: list[Callback] = [
        averaging,
        ModelCheckpoint(
            checkpoints,
            filename="checkpoint",
            save_last=True,
            every_n_train_steps=min(plan.checkpoint_steps, plan.steps),
            enable_version_counter=False,
        ),
    ]
    if report:
        callbacks.append(_Reporting(stage, report))
    module = _Module(task, plan)
    if first >= plan.steps:
        _restore(module, last)
        return task.network.eval().to("cpu")
    trainer = lightning.Trainer(
        accelerator=machine.accelerator,
        devices=machine.devices,
        precision=plan.precision,
        max_steps=plan.steps,
        gradient_clip_val=_CLIP,
        logger=logger_class(folder / "logs", name=stage, version=f"from_{first}"),
        log_every_n_steps=min(50, plan.steps),
        callbacks=callbacks,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            trainer.fit(
                module,
                DataLoader(_Steps(task, first, plan), batch_size=None),
                ckpt_path=str(last) if last.exists() else None,
                weights_only=True,
            )
        except (RuntimeError, KeyError) as error:
            if last.exists() and "state_dict" in str(error):
                raise InputError(
                    f"{last} belongs to another network; name another folder."
                ) from error
            raise
    return task.network.eval().to("cpu")


def _restore(module: _Module, path: Path) -> None:
    """The averaged weights of a finished training."""
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"{path} belongs to another network; name another folder.") from error


def _step_of(path: Path) -> int:
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        if not {"state_dict", "current_model_state", "optimizer_states"} <= set(checkpoint):
            raise KeyError("state")
        return int(checkpoint["global_step"])
    except Exception as error:
        raise InputError(f"{path} is no checkpoint of this training; remove it.") from error
