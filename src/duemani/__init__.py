"""duemani: joins what a pianist's hands do with what is heard.

Importing the package loads nothing heavy; each name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duemani.errors import InputError as InputError
    from duemani.evaluation.motion.measure import evaluate_motion as evaluate_motion
    from duemani.inputs.midi.read import load_json as load_json
    from duemani.inputs.midi.read import load_midi as load_midi
    from duemani.inputs.score.play import load_score as load_score
    from duemani.models.fingering.choose import Fingering as Fingering
    from duemani.models.fingering.choose import assign_fingers as assign_fingers
    from duemani.models.fingering.choose import choose_fingers as choose_fingers
    from duemani.models.solver.style import Style as Style
    from duemani.models.solver.style import sample_style as sample_style
    from duemani.motion import HandMotion as HandMotion
    from duemani.motion import load_motion as load_motion
    from duemani.motion import save_motion as save_motion
    from duemani.outputs.fingered import Fingered as Fingered
    from duemani.outputs.gltf.file import save_gltf as save_gltf
    from duemani.outputs.notes import save_json as save_json
    from duemani.outputs.notes import save_midi as save_midi
    from duemani.performance import Performance as Performance
    from duemani.report import Review as Review
    from duemani.verbs.finger import finger as finger
    from duemani.verbs.finger import save_fingered as save_fingered
    from duemani.verbs.perform import generate as generate
    from duemani.verbs.perform import perform as perform
    from duemani.verbs.perform import save_notes as save_notes
    from duemani.verbs.perform import save_performed as save_performed
    from duemani.verbs.read import Take as Take
    from duemani.verbs.read import read_take as read_take
    from duemani.verbs.read import transcribe as transcribe
    from duemani.verbs.review.material import Sources as Sources
    from duemani.verbs.review.review import Wishes as Wishes
    from duemani.verbs.review.review import review as review
    from duemani.verbs.review.save import save_review as save_review
    from duemani.verbs.track import Tracked as Tracked
    from duemani.verbs.track import save_tracked as save_tracked
    from duemani.verbs.track import track as track

_HOMES = {
    "Fingered": "outputs.fingered",
    "Fingering": "models.fingering.choose",
    "HandMotion": "motion",
    "InputError": "errors",
    "Performance": "performance",
    "Review": "report",
    "Sources": "verbs.review.material",
    "Style": "models.solver.style",
    "Take": "verbs.read",
    "Tracked": "verbs.track",
    "Wishes": "verbs.review.review",
    "assign_fingers": "models.fingering.choose",
    "choose_fingers": "models.fingering.choose",
    "evaluate_motion": "evaluation.motion.measure",
    "finger": "verbs.finger",
    "generate": "verbs.perform",
    "load_json": "inputs.midi.read",
    "load_midi": "inputs.midi.read",
    "load_motion": "motion",
    "load_score": "inputs.score.play",
    "perform": "verbs.perform",
    "read_take": "verbs.read",
    "review": "verbs.review.review",
    "sample_style": "models.solver.style",
    "save_fingered": "verbs.finger",
    "save_gltf": "outputs.gltf.file",
    "save_json": "outputs.notes",
    "save_midi": "outputs.notes",
    "save_motion": "motion",
    "save_notes": "verbs.perform",
    "save_performed": "verbs.perform",
    "save_review": "verbs.review.save",
    "save_tracked": "verbs.track",
    "track": "verbs.track",
    "transcribe": "verbs.read",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'duemani' has no attribute {name!r}")
    return getattr(import_module(f"duemani.{_HOMES[name]}"), name)
