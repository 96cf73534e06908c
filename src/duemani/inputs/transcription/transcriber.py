"""Piano transcription: the notes and the sustain pedal heard in a recording."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.inputs.transcription.decoding import best_intervals, candidate_intervals
from duemani.inputs.transcription.events import Event, Track
from duemani.inputs.transcription.features import HOP, SAMPLE_RATE, sample_count
from duemani.inputs.transcription.network import TRACKS, TranscriberNetwork
from duemani.inputs.transcription.tuning import RATE_HZ as TUNING_RATE_HZ
from duemani.inputs.transcription.tuning import hear_tuning
from duemani.media.sound import probe_audio, stream_audio
from duemani.performance import LOWEST_PITCH, PEDAL_DTYPE, Performance, make_notes

ShareDone = Callable[[float], None]

WINDOW_FRAMES = 691  # 16 s: at any length but 690 or 691 the network misses many notes
OVERLAP_FRAMES = 44  # 1 s
LEAD_FRAMES = 22  # silence before the recording, so that an onset at 0 has a past
SILENCE = 2e-4  # peak, 1 = full scale: -74 dB
SOUNDING = 3e-3  # root mean square: -50 dB
LEAST_NOTES_A_SEC = 0.2  # of sound; the slowest music has more
MAX_DURATION_SEC = 4 * 3600.0
TUNED_SEC = 120.0  # of the recording tell its tuning
LEAD_IN_SEC = 4.0  # heard before a part, so that the pedal and notes on its edge are known
SUSTAIN_TRACK, FIRST_KEY_TRACK = 0, 2
SHORTEST_NOTE_SEC = 0.01
PEDAL_DOWN, PEDAL_UP = 127, 0


@runtime_checkable
class Transcriber(Protocol):
    """Anything that hears notes in a recording."""

    def transcribe(
        self,
        path: Path,
        progress: ShareDone | None = None,
        between_sec: tuple[float, float] | None = None,
    ) -> Performance:
        """Notes and pedal of the recording at `path`.

        Args:
            path: any file `stream_audio` reads.
            progress: called with the finished share, 0 to 1.
            between_sec: only this part is needed; times count from the file's start all the same.

        Returns:
            The take; empty for a recording without notes. Hands and fingers are unknown.

        Raises:
            InputError: the file is not readable sound, or the part lies beyond its end.
        """
        ...


def default_transcriber() -> Transcriber:
    """The transcriber the program uses unless told otherwise."""
    return SemiCrfTranscriber()


class SemiCrfTranscriber:
    """The default transcriber: transkun's network (see `weights/transcriber/CARD.md`).

    A note's release is the key's, not the end of the sound: the network was trained on releases
    without pedal extension. Memory does not grow with the recording's length.
    """

    def __init__(self, network: TranscriberNetwork | None = None) -> None:
        self._network = network or TranscriberNetwork()

    def transcribe(
        self,
        path: Path,
        progress: ShareDone | None = None,
        between_sec: tuple[float, float] | None = None,
    ) -> Performance:
        """See `Transcriber.transcribe`."""
        start_sec, end_sec = between_sec or (0.0, float("inf"))
        duration_sec = probe_audio(path).duration_sec
        from_sec = max(start_sec - LEAD_IN_SEC, 0.0)
        needed_sec = max(min(duration_sec, end_sec) - from_sec, 1e-3)
        heard_sec = 0.0

        def report(so_far_sec: float) -> None:
            nonlocal heard_sec
            heard_sec = so_far_sec
            if so_far_sec > MAX_DURATION_SEC:
                hours = f"{MAX_DURATION_SEC / 3600:g} hours"
                raise InputError(f"{path.name} lasts longer than {hours}; choose a part of it.")
            if progress is not None:
                progress(min(so_far_sec / needed_sec, 1.0))

        tuned = (from_sec, min(end_sec, from_sec + TUNED_SEC))
        tuning = hear_tuning(stream_audio(path, TUNING_RATE_HZ, between_sec=tuned))
        rate_hz = SAMPLE_RATE
        if tuning.matters:
            # Of a flat piano fewer samples a second, taken for as many as ever, are in tune.
            rate_hz = round(SAMPLE_RATE * 2 ** (tuning.cents / 1200))
            warnings.warn(f"{path.name}: {tuning.sentence}", stacklevel=2)
        sounding_sec = 0.0

        def blocks() -> Iterator[Float[np.ndarray, " sample"]]:
            nonlocal sounding_sec
            for block in stream_audio(path, rate_hz, between_sec=(from_sec, end_sec)):
                if float(np.sqrt(np.square(block).mean())) > SOUNDING:
                    sounding_sec += len(block) / rate_hz
                yield block

        performance = self.transcribe_samples(blocks(), report, rate_hz)
        if 0 < len(performance.notes) < LEAST_NOTES_A_SEC * sounding_sec - 1:
            warnings.warn(
                f"{path.name}: something sounds for {sounding_sec:.0f} s, but only"
                f" {len(performance.notes)} piano notes are heard in it; what else there is is not"
                " told.",
                stacklevel=2,
            )
        if between_sec is not None and from_sec + heard_sec <= start_sec:
            raise InputError(f"the part starts at {start_sec:g} s, after the end of {path.name}.")
        if progress is not None:
            progress(1.0)
        return performance.delayed(from_sec)

    def transcribe_samples(
        self,
        blocks: Iterable[Float[np.ndarray, " sample"]],
        after_window: Callable[[float], None] | None = None,
        rate_hz: int = SAMPLE_RATE,
    ) -> Performance:
        """Notes and pedal of mono sound given in blocks of any length.

        Args:
            blocks: samples at `rate_hz`.
            after_window: called with the seconds heard so far.
            rate_hz: 44.1 kHz for a piano in tune; less, as its pitch is less, for a flat one.
        """
        tracks = [Track() for _ in range(TRACKS)]
        heard = 0

        def counted() -> Iterator[Float[np.ndarray, " sample"]]:
            nonlocal heard
            for block in blocks:
                heard += len(block)
                yield block

        for start, samples, is_last in _windows(counted()):
            self._add_window(tracks, start, samples, is_last)
            if after_window is not None:
                after_window(heard / rate_hz)
        return _performance(tracks, heard / rate_hz, rate_hz / HOP)

    def _add_window(
        self, tracks: list[Track], start: int, samples: Float[np.ndarray, " sample"], is_last: bool
    ) -> None:
        frames = len(samples) // HOP + 1
        cut = frames if is_last else frames - OVERLAP_FRAMES // 2
        if np.abs(samples).max() > SILENCE:
            self._add_events(tracks, start, samples, cut)
        for track in tracks:
            track.finish_window(start + frames - 1, start + cut)

    def _add_events(
        self, tracks: list[Track], start: int, samples: Float[np.ndarray, " sample"], cut: int
    ) -> None:
        scores = self._network.run(samples)
        frames = scores.context.shape[1]
        found: list[tuple[int, int, int]] = []
        for index, track in enumerate(tracks):
            candidates = candidate_intervals(scores.score[index], scores.point_score[index])
            path = best_intervals(candidates, track.first_frame(start), frames)
            found += [(index, begin, end) for begin, end in path if begin < cut]
        if not found:
            return
        track_of, begins, ends = np.array(found).T
        heads = self._network.attributes(
            scores.context[track_of, begins], scores.context[track_of, ends]
        )
        for row, (number, first, last) in enumerate(found):
            has_onset, has_release = heads.has_end[row]
            event = Event(
                begin=start + first + float(heads.shift[row, 0]),
                end=start + last + float(heads.shift[row, 1]),
                velocity=int(heads.velocity[row]),
                has_onset=first > 0 or bool(has_onset),
                is_open=last == frames - 1 and not has_release,
            )
            tracks[number].add(event, start + last)


def _windows(
    blocks: Iterable[Float[np.ndarray, " sample"]],
) -> Iterator[tuple[int, Float[np.ndarray, " sample"], bool]]:
    """(start frame, samples, whether it is the last) of overlapping windows, silence in front."""
    size, hop = sample_count(WINDOW_FRAMES), (WINDOW_FRAMES - OVERLAP_FRAMES) * HOP
    buffer = np.zeros(LEAD_FRAMES * HOP, np.float32)
    start = 0
    for block in blocks:
        buffer = np.concatenate([buffer, block.astype(np.float32)])
        while len(buffer) > size:
            yield start, buffer[:size], False
            buffer = buffer[hop:]
            start += hop // HOP
    yield start, np.pad(buffer, (0, size - len(buffer))), True


def _performance(tracks: list[Track], end_sec: float, frame_rate: float) -> Performance:
    """Events in frames to notes and pedal in seconds, within the recording."""

    def seconds(frame: float) -> float:
        return min(max((frame - LEAD_FRAMES) / frame_rate, 0.0), end_sec)

    rows: list[tuple[float, float, int, int]] = []
    for pitch, track in enumerate(tracks[FIRST_KEY_TRACK:], LOWEST_PITCH):
        for event in track.events:
            onset = seconds(event.begin)
            release = max(seconds(event.end), onset + SHORTEST_NOTE_SEC)
            if onset < end_sec:
                rows.append((onset, release, pitch, min(max(event.velocity, 1), 127)))
    pedal: list[tuple[float, int]] = []
    for event in tracks[SUSTAIN_TRACK].events:
        if seconds(event.begin) < seconds(event.end):
            pedal += [(seconds(event.begin), PEDAL_DOWN), (seconds(event.end), PEDAL_UP)]
    return Performance.create(make_notes(rows), np.array(pedal, PEDAL_DTYPE))
