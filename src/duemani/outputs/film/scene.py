"""The picture of one moment: hands and keys, lit, with falling notes behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8

from duemani import keyboard
from duemani.inputs.film.camera import Camera, camera_towards
from duemani.motion import HandMotion
from duemani.outputs import keyboard_mesh
from duemani.outputs.film import shading
from duemani.outputs.film.badges import Badges
from duemani.outputs.film.note_panel import HAND_COLOURS, NotePanel
from duemani.outputs.film.rasterizer import Mesh, Picture, Rasterizer
from duemani.outputs.film.sleeves import Sleeve
from duemani.outputs.hand_mesh import known_frames, load_hand_mesh, skin_hand
from duemani.outputs.keys_down import FRONT_M, KEY_COUNT, PIVOT_Y_M, key_depths
from duemani.outputs.look import linear_rgb, look, view_from
from duemani.performance import LOWEST_PITCH, UNKNOWN_HAND, Performance, sound_end_sec

CameraPlace = Literal["player", "overhead", "side"]
_BACKGROUND = (17, 15, 14)  # BGR
_PANEL_SIZE = (2048, 512)
_IVORY, _EBONY = linear_rgb("ivory") * 0.84, linear_rgb("ebony") * 2
_LACQUER, _FELT = np.array([0.010, 0.010, 0.011]), np.array([0.20, 0.012, 0.018])
_MINIMUM_SPAN_M = 0.62
_MARGIN_M = 0.10
# A note lights its key from a little before its onset, when the finger goes down.
_EARLY_SEC, _LATE_SEC = 0.05, 0.1
# How strongly a key glows that is heard but not held, and how fast that fades.
_RINGING, _RINGING_SEC = look()["ringing"], look()["ringing_sec"]


@dataclass(frozen=True)
class Framing:
    """The camera, and how the note panel stands: its lower edge, height and tilt."""

    camera: Camera
    panel_edge_m: tuple[float, float]
    panel_rise_m: tuple[float, float]


def frame_camera(
    place: CameraPlace, x_range_m: tuple[float, float], size_px: tuple[int, int]
) -> Framing:
    """A camera that shows a stretch of the keyboard; the panel's rise is (dy, dz)."""
    left, right = x_range_m
    middle, span = (left + right) / 2, right - left
    reach = span * size_px[1] / size_px[0]  # of the picture's height, at the keys
    if place == "overhead":
        angle = 30.0
        target_y = 0.035 + 0.09 * span
        height = reach / 2 / np.tan(np.radians(angle / 2))
        sight = view_from(place)
        eye = (middle, target_y + sight[1] / sight[2] * height, height)
        camera = camera_towards(eye, (middle, target_y, 0.0), np.radians(angle), size_px)
        return Framing(camera, (0.176, 0.056), (0.50 * span, 0.0))
    if place == "side":
        target = (middle + 0.02 * span, 0.09, 0.03 + 0.03 * span)
        aside = np.array([0.58 * span + 0.02, 0.30 * span + 0.22, 0.27 * span + 0.07])
        eye = tuple(np.array(target) + np.linalg.norm(aside) * view_from(place))
        camera = camera_towards(eye, target, np.radians(36.0), size_px)
        return Framing(camera, (0.178, 0.056), (0.12 * span, 0.42 * span))
    angle = 34.0
    distance = reach / 2 / np.tan(np.radians(angle / 2)) * 1.02
    target = (middle, 0.10 + 0.02 * span, 0.02 + 0.07 * span)
    eye = tuple(np.array(target) + distance * view_from(place))
    camera = camera_towards(eye, target, np.radians(angle), size_px)
    return Framing(camera, (0.176, 0.056), (0.22 * span, 0.40 * span))


def visible_range(motion: HandMotion, performance: Performance) -> tuple[float, float]:
    """Stretch of the keyboard to show [m]: all hands and notes, not less than three octaves."""
    low, high = list[float](), list[float]()
    if len(performance.notes):
        x_m = keyboard.CENTRE_X_M[performance.notes["pitch"] - LOWEST_PITCH]
        low.append(float(x_m.min()) - 0.04)
        high.append(float(x_m.max()) + 0.04)
    for hand in range(2):
        known = known_frames(motion, hand)
        if known.any():
            low.append(float(motion.landmarks_m[hand, known, :, 0].min()))
            high.append(float(motion.landmarks_m[hand, known, :, 0].max()))
    left = max(min(low, default=0.0) - _MARGIN_M, -0.06)
    right = min(max(high, default=keyboard.KEYBOARD_WIDTH_M) + _MARGIN_M, 1.2822)
    missing = max(_MINIMUM_SPAN_M - (right - left), 0.0) / 2
    return left - missing, right + missing


class PianoScene:
    """Draws any moment of a motion and its performance; use it in a `with` block."""

    def __init__(
        self,
        motion: HandMotion,
        performance: Performance,
        camera: CameraPlace,
        size: tuple[int, int],
        ahead_sec: float = 3.0,
    ) -> None:
        self._motion, self._performance = motion, performance
        self._key_depth_m = key_depths(motion, performance)
        self._sound_end_sec = sound_end_sec(performance)
        x_range = visible_range(motion, performance)
        framing = frame_camera(camera, x_range, size)
        self._eye = framing.camera.position
        self._rasterizer = Rasterizer(framing.camera)
        self._badges = Badges(performance, self._eye, self._rasterizer.project, size[1])
        self._shadow = Picture(*shading.SHADOW_SIZE)
        self._shadows = shading.Shadows(load_hand_mesh(1))
        self._known = [known_frames(motion, hand) for hand in range(2)]
        self._hands = [self._add_hand(hand) for hand in range(2)]
        self._sleeves = [Sleeve(load_hand_mesh(hand), hand) for hand in range(2)]
        self._cloth = [self._rasterizer.add(len(s.albedo), s.triangles) for s in self._sleeves]
        self._albedo = [shading.skin_albedo(load_hand_mesh(hand)) for hand in range(2)]
        self._add_keys()
        self._add_body()
        self._place_panel(framing, x_range, size, ahead_sec)

    def __enter__(self) -> PianoScene:
        return self

    def __exit__(self, *_: object) -> None:
        self._rasterizer.close()

    def draw(self, now_sec: float) -> UInt8[np.ndarray, "height width 3"]:
        """The picture at a time, BGR."""
        self._move_keys(now_sec)
        hands = [self._move_hand(hand, now_sec) for hand in range(2)]
        self._shadow.update(self._shadows.paint([hand for hand in hands if hand is not None]))
        picture = self._rasterizer.draw(self._draw_panel(now_sec))
        poses = [self._landmarks(hand, now_sec) for hand in range(2)]
        self._badges.draw(picture, now_sec, poses, self._depths(now_sec))
        return picture

    def _frames(self, now_sec: float) -> tuple[np.ndarray, float]:
        """The motion's frames around a time and the share of the second.

        Not `HandMotion.at`: meshes are mixed, not poses; next to a gap the hand that is known is
        shown, and skin is reckoned once where a second time would move it by no pixel.
        """
        last = self._motion.frame_count - 1
        at = np.clip((now_sec - self._motion.start_sec) * self._motion.frame_rate, 0, last)
        low = int(at)
        share = float(at - low)
        return np.array([low, min(low + 1, last)] if share > 1e-3 else [low]), share

    def _add_hand(self, hand: int) -> Mesh:
        mesh = load_hand_mesh(hand)
        return self._rasterizer.add(len(mesh.vertices_m), mesh.triangles)

    def _move_hand(self, hand: int, now_sec: float) -> np.ndarray | None:
        """Pose, light and show one hand; its vertices, none where it is not known."""
        frames, share = self._frames(now_sec)
        frames = frames[self._known[hand][frames]]
        for mesh in (self._hands[hand], self._cloth[hand]):
            mesh.show(len(frames) > 0)
        if not len(frames):
            return None
        vertices, normals = skin_hand(self._motion, frames, hand)
        if len(frames) == 2:
            vertices = vertices[:1] * (1 - share) + vertices[1:] * share
        colours = shading.lit_skin(vertices[0], normals[0], self._albedo[hand], self._eye)
        self._hands[hand].update(vertices[0], colours)
        cloth, outward = self._sleeves[hand].pose(vertices[0])
        to_eye = _unit(self._eye - cloth)
        albedo = self._sleeves[hand].albedo
        self._cloth[hand].update(cloth, shading.lit(outward, albedo, to_eye, 0.02))
        return vertices[0]

    def _add_keys(self) -> None:
        white, black = keyboard_mesh.white_key_solid(), keyboard_mesh.black_key_solid()
        solids = [
            (black if is_black else white).moved((float(x), 0.0, 0.0))
            for is_black, x in zip(keyboard.IS_BLACK, keyboard.CENTRE_X_M, strict=True)
        ]
        sizes = [len(solid.vertices_m) for solid in solids]
        self._key_of_vertex = np.repeat(np.arange(88), sizes)
        self._key_vertices = np.concatenate([solid.vertices_m for solid in solids])
        starts = np.concatenate([[0], np.cumsum(sizes[:-1])])
        triangles = [s.triangles + start for s, start in zip(solids, starts, strict=True)]
        normals = np.concatenate([solid.normals for solid in solids])
        on_black = keyboard.IS_BLACK[self._key_of_vertex][:, None]
        to_eye = _unit(self._eye - self._key_vertices)
        grey = np.ones_like(normals)
        # Black keys lie in the shadow that they cast themselves: tint them more.
        tint_share = np.where(on_black, 1.25, 0.80)
        self._tint_light = shading.lit(normals, 0.6 * grey, to_eye, 0.0) * tint_share
        ivory = shading.lit(normals, _IVORY * grey, to_eye, 0.0)
        sides = np.where(self._key_vertices[:, 2:] < -0.004, 0.62, 1.0)
        ebony = shading.lit(normals, _EBONY * grey, to_eye, 0.10)
        self._key_colours = np.where(on_black, ebony, ivory * sides)
        lever = PIVOT_Y_M - FRONT_M[self._key_of_vertex]
        self._key_drop = (PIVOT_Y_M - self._key_vertices[:, 1]) / lever
        self._keys = self._rasterizer.add(len(self._key_vertices), np.concatenate(triangles))
        self._keys.update(uv=shading.shadow_uv(self._key_vertices))
        self._keys.set_texture(self._shadow)

    def _landmarks(self, hand: int, now_sec: float) -> np.ndarray | None:
        """Landmarks [m] of the hand as it is shown; none where it is not known."""
        frames, share = self._frames(now_sec)
        frames = frames[self._known[hand][frames]]
        if not len(frames):
            return None
        weights = [1 - share, share] if len(frames) == 2 else [1.0]
        return np.average(self._motion.landmarks_m[hand, frames], axis=0, weights=weights)

    def _depths(self, now_sec: float) -> np.ndarray:
        """How far each key is down [m], (88,)."""
        frames, share = self._frames(now_sec)
        weights = [1 - share, share] if len(frames) == 2 else [1.0]
        return np.average(self._key_depth_m[frames], axis=0, weights=weights)

    def _move_keys(self, now_sec: float) -> None:
        depth = self._depths(now_sec)
        vertices = self._key_vertices.copy()
        vertices[:, 2] -= depth[self._key_of_vertex] * self._key_drop
        hand, ringing = self._lit_keys(now_sec)
        held = np.clip(depth / keyboard.TRAVEL_M, 0, 1)
        light = np.maximum(np.where(ringing > 0, held, 0), ringing)[self._key_of_vertex, None]
        tint = HAND_COLOURS[hand][self._key_of_vertex]
        colours = self._key_colours * (1 - 0.74 * light) + tint * self._tint_light * light
        self._keys.update(vertices, colours)

    def _lit_keys(self, now_sec: float) -> tuple[np.ndarray, np.ndarray]:
        """Hand whose note each key sounds, -1 none or unknown, and how strongly it rings; (88,).

        A key that is only heard, not held down, glows a little; one that is silent never.
        """
        notes = self._performance.notes
        hand, ringing = np.full(KEY_COUNT, UNKNOWN_HAND), np.zeros(KEY_COUNT)
        last = np.searchsorted(notes["onset_sec"], now_sec + _EARLY_SEC)
        until = np.maximum(self._sound_end_sec[:last], notes["release_sec"][:last] + _LATE_SEC)
        heard = notes[:last][until > now_sec]
        since = np.clip(now_sec - heard["release_sec"], 0, None)
        hand[heard["pitch"] - LOWEST_PITCH] = heard["hand"]
        ringing[heard["pitch"] - LOWEST_PITCH] = _RINGING * np.exp(-since / _RINGING_SEC)
        return hand, ringing

    def _add_body(self) -> None:
        for name, solid in keyboard_mesh.body_solids().items():
            to_eye = _unit(self._eye - solid.vertices_m)
            albedo = np.tile(_FELT if name == "felt" else _LACQUER, (len(to_eye), 1))
            gloss = 0.0 if name == "felt" else 0.05
            mesh = self._rasterizer.add(len(solid.vertices_m), solid.triangles)
            mesh.update(solid.vertices_m, shading.lit(solid.normals, albedo, to_eye, gloss))

    def _place_panel(
        self,
        framing: Framing,
        x_range: tuple[float, float],
        size: tuple[int, int],
        ahead_sec: float,
    ) -> None:
        x_range = (x_range[0] - 0.25, x_range[1] + 0.25)
        (y, z), (dy, dz) = framing.panel_edge_m, framing.panel_rise_m
        self._panel = NotePanel(
            self._performance, x_range, float(np.hypot(dy, dz)), _PANEL_SIZE, ahead_sec
        )
        corners = np.array([(x, y + k * dy, z + k * dz) for k in (0, 1) for x in x_range])
        width, height = _PANEL_SIZE
        picture = np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float32)
        seen = self._rasterizer.project(corners).astype(np.float32)
        self._panel_warp = cv2.getPerspectiveTransform(picture, seen)
        self._size = size

    def _draw_panel(self, now_sec: float) -> UInt8[np.ndarray, "height width 3"]:
        """The note panel as the camera sees it, before the background colour."""
        return cv2.warpPerspective(
            self._panel.draw(now_sec),
            self._panel_warp,
            self._size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=_BACKGROUND,
        )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
