"""Pictures of our own keyboard from any side, with where it truly lies."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from duemani import keyboard
from duemani.inputs.film.camera import Camera, straightened
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.outputs import keyboard_mesh
from duemani.outputs.film import shading
from duemani.outputs.film.rasterizer import Rasterizer

_IVORY, _EBONY = np.array([0.74, 0.715, 0.65]), np.array([0.018, 0.018, 0.020])
_LACQUER, _FELT = np.array([0.010, 0.010, 0.011]), np.array([0.20, 0.012, 0.018])


@dataclass(frozen=True)
class Rendered:
    """A picture (BGR) and its true view."""

    picture: np.ndarray
    truth: KeyboardView


def render_keyboard(camera: Camera, body: bool = True) -> Rendered:
    """The keyboard and the piano about it, before a brown room, seen by an ideal lens."""
    eye, size = camera.position, camera.size_px
    with Rasterizer(camera) as rasterizer:
        white, black = keyboard_mesh.white_key_solid(), keyboard_mesh.black_key_solid()
        parts = [
            ((black if dark else white).moved((float(x), 0.0, 0.0)), _EBONY if dark else _IVORY)
            for dark, x in zip(keyboard.IS_BLACK, keyboard.CENTRE_X_M, strict=True)
        ]
        if body:
            parts += [
                (solid, _FELT if name == "felt" else _LACQUER)
                for name, solid in keyboard_mesh.body_solids().items()
            ]
        for solid, albedo in parts:
            to_eye = eye - solid.vertices_m
            to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
            colours = np.tile(albedo, (len(to_eye), 1))
            mesh = rasterizer.add(len(to_eye), solid.triangles)
            mesh.update(solid.vertices_m, shading.lit(solid.normals, colours, to_eye, 0.05))
        picture = rasterizer.draw(np.full((size[1], size[0], 3), (60, 70, 80), np.uint8))
    return Rendered(picture, KeyboardView(camera))


def photograph_keyboard(camera: Camera) -> np.ndarray:
    """The same as a camera shows it whose lens bends, or whose picture is mirrored (BGR)."""
    size = np.array(camera.size_px)
    pad = size // 8
    back = np.array([[-1.0, 0, size[0]], [0, 1, 0], [0, 0, 1]]) if camera.mirrored else np.eye(3)
    larger = np.array([[1.0, 0, pad[0]], [0, 1, pad[1]], [0, 0, 1]]) @ back
    width, height = (int(side) for side in size + 2 * pad)
    ideal = Camera(larger @ camera.picture_from_world, (width, height))
    drawn = render_keyboard(ideal).picture
    grid = np.stack(np.meshgrid(*(np.arange(float(side)) for side in size)), -1)
    straight = straightened(grid, camera.size_px, camera.bend)
    # The rasterizer's pixels lie at halves.
    source = (straight @ larger[:2, :2].T + larger[:2, 2] - 0.5).astype(np.float32)
    return cv2.remap(drawn, source[..., 0], source[..., 1], cv2.INTER_LINEAR).astype(np.uint8)


def line_error(found: KeyboardView, truth: KeyboardView, octave_free: bool = False) -> float:
    """Root mean square error of the white keys' lines in view, in white keys, along the keys.

    Args:
        found: the view to judge.
        truth: the true one.
        octave_free: whole octaves do not count.
    """
    x = np.arange(keyboard.WHITE_COUNT + 1) * keyboard.WHITE_PITCH_M
    lines = np.stack(np.broadcast_arrays(x[:, None], np.array([0.005, 0.045])), -1).reshape(-1, 2)
    before = truth.camera.depth(np.column_stack([lines, np.zeros(len(lines))])) > 0
    px = truth.to_picture(lines)
    seen = before & (px >= 0).all(1) & (px < np.array(truth.camera.size_px)).all(1)
    if not seen.any():
        return float("inf")
    off = (found.to_keyboard(px[seen]) - lines[seen])[:, 0] / keyboard.WHITE_PITCH_M
    if octave_free:
        off -= 7 * np.round(np.median(off) / 7)
    return float(np.sqrt(np.mean(off**2)))
