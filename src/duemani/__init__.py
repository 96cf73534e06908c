"""duemani: a piano recording goes in, two 3D hands play it.

Importing the package loads nothing heavy; each name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duemani.errors import InputError as InputError
    from duemani.evaluation.motion import evaluate_motion as evaluate_motion
    from duemani.inputs.midi import load_json as load_json
    from duemani.inputs.midi import load_midi as load_midi
    from duemani.inputs.score import load_score as load_score
    from duemani.inputs.take import read_take as read_take
    from duemani.inputs.take import transcribe as transcribe
    from duemani.models.fingering import Fingering as Fingering
    from duemani.models.fingering import assign_fingers as assign_fingers
    from duemani.models.fingering import choose_fingers as choose_fingers
    from duemani.models.solver.style import Style as Style
    from duemani.models.solver.style import sample_style as sample_style
    from duemani.motion import HandMotion as HandMotion
    from duemani.motion import load_motion as load_motion
    from duemani.motion import save_motion as save_motion
    from duemani.outputs.gltf import save_gltf as save_gltf
    from duemani.outputs.midi import save_json as save_json
    from duemani.outputs.midi import save_midi as save_midi
    from duemani.performance import Performance as Performance
    from duemani.pipeline import generate as generate
    from duemani.pipeline import perform as perform
    from duemani.pipeline import save as save

_HOMES = {
    "InputError": "errors",
    "evaluate_motion": "evaluation.motion",
    "load_json": "inputs.midi",
    "load_midi": "inputs.midi",
    "load_score": "inputs.score",
    "Fingering": "models.fingering",
    "assign_fingers": "models.fingering",
    "choose_fingers": "models.fingering",
    "Style": "models.solver.style",
    "sample_style": "models.solver.style",
    "HandMotion": "motion",
    "load_motion": "motion",
    "save_motion": "motion",
    "save_gltf": "outputs.gltf",
    "save_json": "outputs.midi",
    "save_midi": "outputs.midi",
    "Performance": "performance",
    "generate": "pipeline",
    "perform": "pipeline",
    "read_take": "inputs.take",
    "save": "pipeline",
    "transcribe": "inputs.take",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'duemani' has no attribute {name!r}")
    return getattr(import_module(f"duemani.{_HOMES[name]}"), name)
