"""The web page: one self-contained HTML file that plays a performance with two 3D hands, offline.

The page itself is built from `web/` at install time into `assets/perform.html`, a template; this
module fills it.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from pathlib import Path

from duemani.motion import HandMotion
from duemani.outputs.page.parts import (
    keyboard_data,
    motion_data,
    packed_motion,
    resampled,
    skeleton_data,
)
from duemani.outputs.page.template import json_block, save_filled
from duemani.performance import Performance, sound_end_sec

PAGE_FORMAT = "duemani.page/1"


def save_page(
    path: Path,
    performance: Performance,
    motion: HandMotion,
    *,
    title: str,
    subtitle: str = "",
    chips: Sequence[str] = (),
    audio: bytes | None = None,
    audio_mime: str = "audio/mpeg",
) -> None:
    """Write the page; the file appears whole or not at all.

    Args:
        path: the `.html` file.
        performance: notes with hands and fingers, and the pedal.
        motion: both hands over the same time; what is not finite counts as not tracked.
        title: heading, any text (a file's name, say): it is shown, never interpreted.
        subtitle: a line below the heading, such as who plays.
        chips: a few short remarks beside the note counts, such as "simulated motion". Details
            for the page's About come from `motion.provenance`.
        audio: an encoded sound file that browsers can play, starting at time 0; None for silence.
        audio_mime: its type, such as "audio/mpeg", "audio/mp4" or "audio/ogg".

    Raises:
        InputError: the page's template was not built, or `path` cannot be written.
    """
    motion = resampled(motion)
    parts = {
        "TITLE": html.escape(title),
        "DATA": json_block(
            _page_data(performance, motion, title, subtitle, chips, audio_mime if audio else None)
        ),
        "MOTION": base64.b64encode(packed_motion(motion)).decode("ascii"),
        "AUDIO": base64.b64encode(audio).decode("ascii") if audio else "",
    }
    save_filled(path, "perform.html", parts)


def _page_data(
    performance: Performance,
    motion: HandMotion,
    title: str,
    subtitle: str,
    chips: Sequence[str],
    audio_mime: str | None,
) -> dict[str, object]:
    notes, pedal = performance.notes, performance.pedal
    sound_end = sound_end_sec(performance)
    motion_end = motion.start_sec + max(motion.frame_count - 1, 0) / motion.frame_rate
    duration = max(performance.duration_sec, motion_end, float(sound_end.max(initial=0.0)))
    integers = ("pitch", "velocity", "hand", "finger")
    return {
        "format": PAGE_FORMAT,
        "title": title,
        "subtitle": subtitle,
        "chips": list(chips),
        "facts": [[str(k).replace("_", " "), _plain(v)] for k, v in motion.provenance.items()],
        "duration_sec": round(duration, 4),
        "notes": {
            "onset_sec": notes["onset_sec"].round(4).tolist(),
            "release_sec": notes["release_sec"].round(4).tolist(),
            "sound_end_sec": sound_end.round(4).tolist(),
            **{name: notes[name].tolist() for name in integers},
        },
        "pedal": {
            "time_sec": pedal["time_sec"].round(4).tolist(),
            "value": pedal["value"].tolist(),
        },
        "keyboard": keyboard_data(),
        "skeleton": skeleton_data(),
        "motion": motion_data(motion),
        "audio_mime": audio_mime,
    }


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
