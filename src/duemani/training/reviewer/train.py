"""The whole training of the reviewer, and how well it does on takes it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from duemani.datasets.takes import read_description
from duemani.errors import InputError
from duemani.models.embedded_graph import read_model
from duemani.models.reviewer.config import ReviewerConfig
from duemani.models.reviewer.pretrained import REVIEWER_FORMAT, load_reviewer
from duemani.training.fit import Machine, Optimisation, fit
from duemani.training.reviewer.corpus import ReviewTake, load_review_takes
from duemani.training.reviewer.network import Reviewer
from duemani.training.reviewer.task import Lessons, Reviewing
from duemani.version import VERSION

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class ReviewerTraining:
    """What is trained, and for how long: about an hour on one core.

    Attributes:
        network: sizes.
        lessons: what it is shown.
        plan: how it is trained.
    """

    network: ReviewerConfig = field(default_factory=ReviewerConfig)
    lessons: Lessons = field(default_factory=Lessons)
    plan: Optimisation = field(
        default_factory=lambda: Optimisation(4000, batch=16, learning_rate=1.2e-3)
    )

    def quick(self) -> ReviewerTraining:
        """A few steps of a tiny network: to try whether everything works."""
        rivalry = replace(self.lessons.rivalry, warm_up=1)
        return replace(
            self,
            network=ReviewerConfig(16, 16, 8, 2, 1, 1),
            lessons=replace(self.lessons, rivalry=rivalry),
            plan=replace(self.plan, steps=4, batch=2),
        )


def fit_reviewer(
    takes: Sequence[ReviewTake],
    training: ReviewerTraining,
    work: Path,
    machine: Machine,
    report: Report | None = None,
    stage: str = "reviewer",
    start_from: Path | None = None,
) -> Reviewer:
    """Train on takes, or go on with a training that was stopped; the averaged weights.

    Args:
        takes: to learn from.
        training, work, machine, report: see `train_reviewer`.
        stage: name of the training, for logs and checkpoints.
        start_from: a model of the same sizes whose weights are the first ones.
    """
    task = Reviewing(takes, training.network, training.lessons, training.plan.seed)
    if start_from is not None:
        load_weights(task.network.reviewer, start_from)
    fit(task, stage, work, training.plan, machine, report)
    return task.network.reviewer.eval()


def load_weights(reviewer: Reviewer, path: Path) -> None:
    """Take over the weights of a model file.

    Raises:
        InputError: it is no such model, or its sizes are others.
    """
    file = read_model(path, "reviewer", REVIEWER_FORMAT)
    prefix = "reviewer."
    weights = {
        name.removeprefix(prefix): torch.from_numpy(values.astype("f4"))
        for name, values in file.tensors.items()
        if name.startswith(prefix)
    }
    try:
        reviewer.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(f"{path.name} is a reviewer of other sizes.") from error


def train_reviewer(
    folders: Sequence[Path],
    output: Path,
    work: Path,
    training: ReviewerTraining,
    machine: Machine,
    report: Report | None = None,
    start_from: Path | None = None,
) -> dict[str, object]:
    """Train the reviewer and write its file.

    Args:
        folders: prepared data sets (`duemani prepare simulated`).
        output: model file, `.safetensors`.
        work: folder of checkpoints and logs.
        training: what, and how long.
        machine: where.
        report: called with the stage's name and its share done.
        start_from: a model that is trained further, under these lessons.

    Returns:
        Facts about the training, which the file holds as well.

    Raises:
        InputError: no data, or checkpoints of another training in `work`.
    """
    from duemani.training.reviewer.export import save_reviewer

    takes = load_review_takes(folders, "train", work / "priors", report=report)
    reviewer = fit_reviewer(takes, training, work, machine, report, start_from=start_from)
    facts: dict[str, object] = {
        "duemani": VERSION,
        "data": [read_description(folder) for folder in folders],
        "training": asdict(training),
        "started_from": None if start_from is None else load_reviewer(start_from).facts,
        "takes": len(takes),
        "hours": round(sum(take.frame_count for take in takes) / 30 / 3600, 2),
    }
    with torch.inference_mode():
        save_reviewer(output, reviewer, facts)
    return facts
