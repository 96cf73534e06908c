"""How well the keyboard is found in pictures: `python -m benchmarks.keyboard_finding DATA [COUNT]`.

DATA is the folder with `hands/miditest`, `images/overhead_frames` and `video`; COUNT pictures are
made of each take, twice as many of each side (3 unless told; with fewer, fewer frames are read).
Errors are root
mean square distances of white key lines in widths of a white key; "wrong" is a view given with an
error over half a key (over whole octaves where it says that the octave is sure).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.rendered_keyboards import line_error, render_keyboard
from duemani import keyboard
from duemani.inputs.film.camera import Camera, camera_towards
from duemani.inputs.film.keyboard.finder import find_keyboard, find_keyboard_in_film
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera

_TAKES = (5, 10, 23, 24)
_WRONG = 0.5


def main() -> None:
    """Print the tables."""
    data = Path(sys.argv[1])
    cv2.setNumThreads(1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    rng = np.random.default_rng(7)
    takes = [_take(data / "hands/miditest", number) for number in _TAKES]
    _real_takes(takes)
    for name, change in _CHANGES.items():
        cases = [_changed(*take[:2], change, rng) for take in takes for _ in range(count)]
        _summary(f"MIDItest {name}", [(picture, truth) for picture, truth in cases])
    for name, eyes in _rendered_views(rng, 2 * count).items():
        scenes = [render_keyboard(camera) for camera in eyes]
        _summary(f"rendered {name}", [(_worn(s.picture, rng), s.truth) for s in scenes])
    _frames(data / "images/overhead_frames", max(4 // count, 1))
    _film(data / "video/overhead_concert_grand.mp4")
    _negatives(data, rng, count)


def _take(folder: Path, number: int) -> tuple[np.ndarray, KeyboardView, np.ndarray, float]:
    """A picture, its view by the true lines, the lines, and the row where they hold."""
    picture = cv2.imread(str(folder / f"{number}.jpg"))
    stored = np.load(folder / f"{number}.npz")
    lines, top, bottom = stored["white_key_lines"], float(stored["top"]), float(stored["bottom"])
    x = np.arange(len(lines)) * keyboard.WHITE_PITCH_M
    row = bottom - 0.15 * (bottom - top)
    # The lines hold at the front only; behind it they are taken to be upright.
    points = np.concatenate([np.column_stack([x, np.full(len(x), y)]) for y in (0.0, 0.15)])
    rows = np.repeat([bottom, top], len(x))
    plane, _ = cv2.findHomography(points, np.column_stack([np.tile(lines, 2), rows]), 0)
    return picture, KeyboardView(keyboard_camera(plane, picture.shape[1::-1])), lines, row


def _real_takes(takes: list[tuple[np.ndarray, KeyboardView, np.ndarray, float]]) -> None:
    errors = []
    for number, (picture, _, lines, _) in zip(_TAKES, takes, strict=True):
        start = time.process_time()
        view = find_keyboard(picture)
        used = time.process_time() - start
        if view is None:
            print(f"MIDItest {number:2}: not found")
            continue
        x = np.arange(len(lines)) * keyboard.WHITE_PITCH_M
        px = view.to_picture(np.column_stack([x, np.full(len(x), 0.025)]))[:, 0]
        errors.append(np.sqrt(np.mean((px - lines) ** 2)) / np.diff(lines).mean())
        print(f"MIDItest {number:2}: error {errors[-1]:.3f} keys, {used:.2f} s of one core")
    print(f"MIDItest median: {np.median(errors):.3f} keys")


Change = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def _changed(
    picture: np.ndarray, truth: KeyboardView, change: Change, rng: np.random.Generator
) -> tuple[np.ndarray, KeyboardView]:
    changed, moved = change(picture, rng)
    plane = moved @ truth.camera.picture_from_plane
    return changed, KeyboardView(keyboard_camera(plane, changed.shape[1::-1]))


def _warped(picture: np.ndarray, plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture seen through a homography, all of it within the new one."""
    height, width = picture.shape[:2]
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], float)
    seen = cv2.perspectiveTransform(corners, plane)[0]
    low, high = seen.min(0), seen.max(0)
    scale = min(1920 / (high - low).max(), 1.5)
    back = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]], [0, 0, 1]])
    size = np.ceil(scale * (high - low)).astype(int)
    plane = back @ plane
    shown = cv2.warpPerspective(picture, plane, [int(s) for s in size], flags=cv2.INTER_AREA)
    return shown, plane


def _turn(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    angle = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    return _warped(picture, np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]))


def _tilt(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A camera turned about its optical centre by up to 30 degrees each way."""
    height, width = picture.shape[:2]
    inner = np.array([[1.0 * width, 0, width / 2], [0, 1.0 * width, height / 2], [0, 0, 1]])
    turn, _ = cv2.Rodrigues(np.radians(rng.uniform(-30, 30, 3)))
    return _warped(picture, inner @ turn @ np.linalg.inv(inner))


def _mirror(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return picture[:, ::-1].copy(), np.array(
        [[-1.0, 0, picture.shape[1] - 1], [0, 1, 0], [0, 0, 1]]
    )


def _crop(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    width = picture.shape[1]
    share = rng.uniform(0.4, 0.8)
    left = int(rng.uniform(0, 1 - share) * width)
    moved = np.array([[1.0, 0, -left], [0, 1, 0], [0, 0, 1]])
    return picture[:, left : left + int(share * width)].copy(), moved


def _dim(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    width = picture.shape[1]
    light = np.linspace(*rng.uniform(0.12, 0.8, 2), width)[None, :, None]
    tint = rng.uniform(0.4, 1.0, 3)
    dimmed = picture * light * tint + rng.normal(0, 4, picture.shape)
    return _pressed(np.clip(dimmed, 0, 255).astype(np.uint8), 60), np.eye(3)


def _small(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    scale = rng.uniform(0.25, 0.5)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(small, 150, 150, 20, 20, 0), np.array(
        [[scale, 0, 20], [0, scale, 150], [0, 0, 1]]
    )


_CHANGES: dict[str, Change] = {
    "turned": _turn,
    "tilted": _tilt,
    "mirrored": _mirror,
    "cropped": _crop,
    "dimmed": _dim,
    "small": _small,
}


def _pressed(picture: np.ndarray, quality: int) -> np.ndarray:
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)


def _worn(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uneven light, blur, noise and JPEG."""
    height, width = picture.shape[:2]
    light = np.add.outer(
        np.linspace(*rng.uniform(-0.2, 0.2, 2), height),
        np.linspace(*rng.uniform(0.5, 1.0, 2), width),
    )
    soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.2)))
    noisy = soft * light[..., None] + rng.normal(0, 3, picture.shape)
    return _pressed(np.clip(noisy, 0, 255).astype(np.uint8), 75)


def _rendered_views(rng: np.random.Generator, count: int) -> dict[str, list[Camera]]:
    def some(eye: tuple[float, float, float], spread: float, angle: float) -> list[Camera]:
        views = []
        for _ in range(count):
            at = np.array(eye) + rng.uniform(-spread, spread, 3)
            target = np.array([0.61, 0.08, 0.0]) + rng.uniform(-1, 1, 3) * [0.1, 0.05, 0]
            places = tuple(at.tolist()), tuple(target.tolist())
            views.append(camera_towards(*places, np.radians(angle), (1280, 720)))
        return views

    return {
        "overhead": some((0.61, 0.0, 1.1), 0.15, 50),
        "before the player": some((0.61, -0.75, 0.7), 0.15, 55),
        "left shoulder": some((0.25, -0.4, 0.5), 0.1, 60),
        "right shoulder": some((1.0, -0.4, 0.5), 0.1, 60),
        "from behind": some((0.61, 0.55, 0.8), 0.1, 60),
        "from behind, right": some((1.4, 0.45, 0.5), 0.1, 55),
        "close": some((0.6, -0.15, 0.5), 0.1, 40),
        "left side": some((-0.3, -0.15, 0.5), 0.1, 50),
        "right side": some((1.5, -0.15, 0.5), 0.1, 50),
        "low, left": some((-0.25, 0.0, 0.25), 0.08, 50),
        "low, right": some((1.5, 0.0, 0.25), 0.08, 50),
        "low, before": some((0.61, -0.6, 0.2), 0.1, 60),
    }


def _summary(name: str, cases: list[tuple[np.ndarray, KeyboardView]]) -> None:
    errors, sure, wrong = [], 0, list[str]()
    start = time.process_time()
    for picture, truth in cases:
        view = find_keyboard(picture)
        if view is None:
            continue
        errors.append(line_error(view, truth, octave_free=True))
        sure += view.octave_sure
        error = line_error(view, truth, octave_free=not view.octave_sure)
        if error > _WRONG:
            wrong.append(f"{error:.1f} keys ({'sure' if view.octave_sure else 'octave open'})")
    used = (time.process_time() - start) / len(cases)
    median, high = np.percentile(errors, [50, 90]) if errors else (np.nan, np.nan)
    print(
        f"{name:28} found {len(errors):2}/{len(cases)}, octave sure {sure:2}, error median"
        f" {median:.3f}, 90 % {high:.3f}, wrong {len(wrong)}, {used:.2f} s"
        + "".join(f"\n    wrong by {one}" for one in wrong),
        flush=True,
    )


def _frames(folder: Path, stride: int) -> None:
    found, sure, misses, places = 0, 0, [], {}
    paths = sorted(folder.glob("*.jpg"))[::stride]
    for path in paths:
        view = find_keyboard(cv2.imread(str(path)))
        if view is None:
            print(f"  overhead frame {path.stem}: not found")
            continue
        found, sure = found + 1, sure + view.octave_sure
        misses.append(view.miss_keys)
        places[path.stem] = view.to_picture(np.array([[0.3, 0.025], [0.9, 0.025]]))
    # Frames with the first and last A of a camera in the same place belong together.
    stack = np.array(list(places.values()))
    near = np.linalg.norm(stack[:, None] - stack[None], axis=-1).max(-1)
    off = near[np.triu_indices(len(near), 1)]
    off = off[off < 12]
    print(
        f"overhead frames: found {found}/{len(paths)}, octave sure {sure}, own miss median"
        f" {np.median(misses):.3f}, 90 % {np.percentile(misses, 90):.3f}; {len(off)} pairs of"
        f" frames from one camera differ by {np.median(off):.1f} px (median)"
    )


def _film(path: Path) -> None:
    capture, pictures = cv2.VideoCapture(str(path)), list[np.ndarray]()
    while (read := capture.read())[0]:
        pictures.append(read[1])
    found = find_keyboard_in_film((n / 10, picture) for n, picture in enumerate(pictures))
    print(f"film: {found.remarks or 'no remarks'}, view {found.view is not None}")
    if found.view is None:
        return
    errors = [
        line_error(view, found.view)
        for picture in pictures[::8]
        if (view := find_keyboard(picture)) is not None
    ]
    print(
        f"film: {len(errors)}/{len(pictures[::8])} single pictures found, median"
        f" {np.median(errors):.3f}, greatest {max(errors):.3f} keys from the film's view"
    )


def _negatives(data: Path, rng: np.random.Generator, count: int) -> None:
    alarms = dict.fromkeys(("noise", "stripes", "bar code", "text", "crops", "black"), 0)
    counts = dict.fromkeys(alarms, 0)
    for name, picture in _nothings(data, rng, count):
        counts[name] += 1
        view = find_keyboard(picture)
        alarms[name] += view is not None
        if view is not None:
            print(
                f"  false alarm: {name} {counts[name]}, own miss {view.miss_keys:.3f}", flush=True
            )
    print("false alarms: " + ", ".join(f"{n} {alarms[n]}/{counts[n]}" for n in alarms))


def _nothings(data: Path, rng: np.random.Generator, count: int) -> Iterator[tuple[str, np.ndarray]]:
    yield "black", np.zeros((480, 640, 3), np.uint8)
    for _ in range(2 * count):
        yield "noise", rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
        period, share = rng.uniform(8, 40), rng.uniform(0.3, 0.6)
        row = ((np.arange(800) % period) < share * period) * 200 + 20
        stripes = np.full((480, 800, 3), 210, np.uint8)
        stripes[150:300] = row.astype(np.uint8)[None, :, None]
        yield "stripes", stripes
        bars = np.repeat(rng.integers(0, 2, 120), rng.integers(4, 14, 120)) * 220 + 10
        code = np.full((480, len(bars), 3), 230, np.uint8)
        code[150:300] = bars.astype(np.uint8)[None, :, None]
        yield "bar code", code
        page = np.full((700, 900, 3), 240, np.uint8)
        for line in range(20):
            words = "".join(rng.choice(list("abcdefghil mnopqrstu vwIlH"), 55))
            cv2.putText(page, words, (20, 40 + 32 * line), 0, 0.8, (20, 20, 20), 2)
        yield "text", page
    # The piano's action and what lies before the keys, not the keys.
    for path in sorted((data / "images/overhead_frames").glob("*.jpg"))[:: max(12 // count, 1)]:
        picture = cv2.imread(str(path))
        height = picture.shape[0]
        yield "crops", picture[: int(0.38 * height)]
        yield "crops", picture[int(0.82 * height) :]


if __name__ == "__main__":
    main()
