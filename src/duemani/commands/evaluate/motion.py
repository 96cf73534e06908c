"""`evaluate motion`: one motion file, or all models side by side on a prepared data set."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from duemani.commands.arguments import Number, OptionalPath, OptionalSequence, say
from duemani.commands.progress_bars import ProgressBars
from duemani.errors import InputError
from duemani.files import check_readable

if TYPE_CHECKING:
    from duemani.models.diffusion.networks import MotionNetworks


@dataclass(frozen=True)
class EvaluateMotion:
    """Measure a motion file against its notes, or all models on a prepared data set."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PATH")]
    """Hand motion, .npz, or the folder of a data set made by `duemani prepare`."""
    reference: OptionalPath = None
    """The notes that a motion file should play: MIDI, .json (then with finger agreement), score."""
    sequence: OptionalSequence = None
    """Which sequence of a type 2 MIDI file is the reference, from 1."""
    takes: int = 12
    """How many test takes of a data set, composers in turn."""
    seconds: Number = 40.0
    """How much of each take, from its beginning; clips of the published metrics last 8 s."""
    seeds: int = 2
    """How many times the diffusion model plays each take."""
    weights: Annotated[
        tuple[Path, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="PATH")
    ] = ()
    """Another model made by `duemani train motion`, to be measured too; may be repeated."""
    gestures: OptionalPath = None
    """Gesture encoder, .safetensors; without it there is no FID."""
    real_hands: OptionalPath = None
    """MIDItest folder: also set fingertips beside those of real hands."""
    json: bool = False
    """Print the figures as JSON on standard output."""

    def run(self) -> dict[str, object] | str:
        """Do it and return the figures: of a file by name; of a data set as tables or for JSON."""
        return self._data_set() if self.input.is_dir() else self._one_file()

    def _one_file(self) -> dict[str, object]:
        from duemani.evaluation.motion.measure import evaluate_motion
        from duemani.motion import load_motion
        from duemani.verbs.read import read_take

        check_readable(self.input)
        if self.weights or self.gestures or self.real_hands:
            raise InputError(
                "--weights, --gestures and --real-hands go with the folder of a data set."
            )
        if self.reference is None:
            raise InputError(
                f"{self.input.name} needs --reference, the notes that it should play; only the"
                " folder of a data set goes without."
            )
        motion = load_motion(self.input)
        scores = evaluate_motion(
            motion, read_take(self.reference, sequence=self.sequence).performance
        )
        # JSON knows no NaN: what cannot be measured is null.
        return {n: None if math.isnan(value) else round(value, 4) for n, value in scores.items()}

    def _data_set(self) -> dict[str, object] | str:
        from duemani.datasets.choice import choose_test_takes
        from duemani.datasets.recorded.miditest import TAKES, load_take
        from duemani.datasets.takes import read_description
        from duemani.evaluation.benchmark.players import all_players
        from duemani.evaluation.benchmark.report import MotionReport
        from duemani.evaluation.benchmark.run import Benchmark, load_excerpt
        from duemani.evaluation.motion.gesture_code import load_gesture_encoder
        from duemani.models.diffusion import pretrained

        # Whatever is wrong shows before anything long is done.
        if self.reference is not None:
            raise InputError("--reference goes with a motion file; a data set holds its notes.")
        if self.takes < 1 or self.seeds < 1 or self.seconds < 1:
            raise InputError("takes, seeds and seconds must be 1 or more.")
        if find_spec("sklearn") is None:
            raise InputError("WGD needs scikit-learn: install duemani with its extra `bench`.")
        source = str(read_description(self.input)["source"])
        folder = self.real_hands
        real_takes = [] if folder is None else [load_take(folder, number) for number in TAKES]
        encoder = None if self.gestures is None else load_gesture_encoder(self.gestures)
        pretrained.shipped_networks()
        players = all_players(_trained(self.weights))
        paths = choose_test_takes(self.input, self.takes)
        excerpts = [load_excerpt(path, self.seconds) for path in paths]
        if any(take.sound is None for take in excerpts):
            say("some takes have no sound, so no model plays from sound alone.")
            players = {n: one for n, one in players.items() if one.options.told != "sound"}
        benchmark = Benchmark(excerpts, players, self.seeds, encoder)
        with ProgressBars() as progress:
            report = MotionReport(
                data=self.input.resolve().name,
                source=source,
                simulated=all(take.simulated for take in excerpts),
                takes=[take.name for take in excerpts],
                seconds=self.seconds,
                seeds=self.seeds,
                rows=benchmark.measure(progress),
                fid_floor=benchmark.fid_floor(),
                real_takes=[take.number for take in real_takes],
                real_hands=benchmark.measure_real_hands(real_takes, progress),
            )
        return report.for_machines() if self.json else report.for_people()


def _trained(paths: Sequence[Path]) -> dict[str, MotionNetworks]:
    """Other models by their files' names, or whole paths where two share a name."""
    from duemani.models.diffusion import pretrained

    stems = Counter(path.stem for path in paths)
    return {
        path.stem if stems[path.stem] == 1 else str(path): pretrained.load_networks(path)
        for path in paths
    }
