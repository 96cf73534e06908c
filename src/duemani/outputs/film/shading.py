"""Light on skin and keys, computed for each vertex, and the hands' shadows on the keys."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from duemani import keyboard
from duemani.outputs.hand_mesh import HandMesh
from duemani.outputs.look import linear_rgb
from duemani.skeleton import FINGER_JOINTS

# Directions towards the lights: a lamp on the piano at the left, whose shadows fall towards the
# player, and a window at the right.
_LAMP = np.array([-0.55, 0.36, 0.75]) / np.linalg.norm([-0.55, 0.36, 0.75])
_WINDOW = np.array([0.70, -0.40, 0.45]) / np.linalg.norm([0.70, -0.40, 0.45])
_LAMP_COLOUR = np.array([1.00, 0.95, 0.87])
_WINDOW_COLOUR = np.array([0.20, 0.24, 0.30])
_SKY, _GROUND = np.array([0.17, 0.19, 0.22]), np.array([0.13, 0.11, 0.09])
_SKIN, _FLUSH = linear_rgb("skin") * 0.86, np.array([0.30, 0.07, 0.045])

SHADOW_X_M = (-0.10, 1.325)
SHADOW_Y_M = (-0.06, 0.20)
SHADOW_SIZE = (2048, 512)
_PAINTED_SIZE = (1024, 256)  # shadows are soft: painted small, then enlarged
_PART_WEIGHT = 0.3


def lit(
    normals: Float[np.ndarray, "vertex 3"],
    albedo: Float[np.ndarray, "vertex 3"],
    to_eye: Float[np.ndarray, "vertex 3"],
    gloss: float,
    wrap: float = 0.0,
) -> Float[np.ndarray, "vertex 3"]:
    """Display RGB (0-1) of surface points; `wrap` lets light reach round edges, as in skin."""
    facing = normals @ _LAMP
    lamp = np.clip((facing + wrap) / (1 + wrap), 0, 1)[:, None]
    window = np.clip(normals @ _WINDOW, 0, 1)[:, None]
    up = 0.5 + 0.5 * normals[:, 2:]
    light = _LAMP_COLOUR * lamp + _WINDOW_COLOUR * window + _SKY * up + _GROUND * (1 - up)
    half = _LAMP + to_eye
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    shine = np.clip(np.sum(normals * half, axis=-1), 0, 1) ** 28
    grazing = (1 - np.clip(np.sum(normals * to_eye, axis=-1), 0, 1)) ** 3
    colour = albedo * light + gloss * (shine + 0.5 * grazing)[:, None] * _LAMP_COLOUR
    return np.clip(colour, 0, 1) ** (1 / 2.2)


def lit_skin(
    vertices_m: Float[np.ndarray, "vertex 3"],
    normals: Float[np.ndarray, "vertex 3"],
    albedo: Float[np.ndarray, "vertex 3"],
    eye_m: Float[np.ndarray, "3"],
) -> Float[np.ndarray, "vertex 3"]:
    """Display RGB of skin: soft edges, reddish where light fades, darker close to the keys."""
    to_eye = eye_m - vertices_m
    to_eye /= np.linalg.norm(to_eye, axis=-1, keepdims=True)
    fading = 1 - np.abs(normals @ _LAMP - 0.05) / 0.45
    albedo = albedo + _FLUSH * 0.45 * np.clip(fading, 0, 1)[:, None]
    open_sky = np.clip(0.45 + 0.55 * (vertices_m[:, 2:] + 0.005) / 0.04, 0.45, 1)
    open_sky = np.where(normals[:, 2:] < 0.3, open_sky, 0.5 + 0.5 * open_sky)
    return lit(normals, albedo, to_eye, 0.05, wrap=0.3) * open_sky


def skin_albedo(mesh: HandMesh) -> Float[np.ndarray, "vertex 3"]:
    """Colour of each skin vertex: redder where joints bend and at the tips."""
    albedo = np.tile(_SKIN, (len(mesh.vertices_m), 1))
    bending = 1 - mesh.weights.max(axis=1)
    redness = np.clip(bending, 0, 0.5) * np.where(mesh.normals[:, 2] > 0, 0.9, 0.3)
    albedo += _FLUSH * redness[:, None]
    tips = mesh.weights[:, FINGER_JOINTS[:, 2]].sum(axis=1)
    albedo += _FLUSH * 0.22 * tips[:, None]
    return albedo * (1 - np.clip(0.5 * _hollowness(mesh), -0.12, 0.45))[:, None]


def _hollowness(mesh: HandMesh) -> Float[np.ndarray, " vertex"]:
    """How far the surface around each vertex stands out above it, in units of 2 mm."""
    points, same = np.unique(mesh.vertices_m.round(6), axis=0, return_inverse=True)
    edges = same[mesh.triangles][:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    neighbours = np.bincount(edges[:, 0], minlength=len(points))[:, None]
    smooth = points
    for _ in range(4):
        total = np.zeros_like(points)
        np.add.at(total, edges[:, 0], smooth[edges[:, 1]])
        smooth = total / neighbours
    return np.sum((smooth - points)[same] * mesh.normals, axis=-1) / 0.002


def shadow_uv(points_m: Float[np.ndarray, "vertex 3"]) -> Float[np.ndarray, "vertex 2"]:
    """Where the lamp's ray through each point meets z = 0, in the shadow picture (0-1)."""
    ground = _grounded(points_m)
    low = np.array([SHADOW_X_M[0], SHADOW_Y_M[0]])
    span = np.array([SHADOW_X_M[1], SHADOW_Y_M[1]]) - low
    return (ground - low) / span


class Shadows:
    """Paints what the lamp does not reach: hands (softer where higher), gaps, fallboard."""

    def __init__(self, mesh: HandMesh) -> None:
        self._parts = [np.flatnonzero(w > _PART_WEIGHT) for w in mesh.weights.T]
        self._fixed = _fixed_shadow()

    def paint(
        self, hands_m: list[Float[np.ndarray, "vertex 3"]]
    ) -> UInt8[np.ndarray, "height width"]:
        """The shadow picture, rows by y: white is lit. Give only the hands that are there."""
        width, height = _PAINTED_SIZE
        high, near = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
        scale = np.array([width - 1, height - 1])
        for vertices_m in hands_m:
            pixels = shadow_uv(vertices_m) * scale
            for part in self._parts:
                outline = cv2.convexHull(pixels[part].astype(np.float32)).round().astype(np.int32)
                cv2.fillConvexPoly(high, outline, 255)
                if vertices_m[part, 2].min() < 0.022:
                    low = part[vertices_m[part, 2] < 0.022]
                    outline = cv2.convexHull(pixels[low].astype(np.float32)).astype(np.int32)
                    cv2.fillConvexPoly(near, outline, 255)
        soft = cv2.GaussianBlur(high, (0, 0), sigmaX=5.5, sigmaY=7)
        close = cv2.GaussianBlur(near, (0, 0), sigmaX=2.5, sigmaY=3.5)
        shade = self._fixed
        for layer, darkness in ((soft, 0.52), (close, 0.38)):
            passed = cv2.convertScaleAbs(layer, alpha=-darkness, beta=255)
            shade = cv2.multiply(shade, passed, scale=1 / 255)
        return cv2.resize(shade, SHADOW_SIZE, interpolation=cv2.INTER_LINEAR)


def _grounded(points_m: np.ndarray) -> np.ndarray:
    return points_m[:, :2] - points_m[:, 2:] * (_LAMP[:2] / _LAMP[2])


def _fixed_shadow() -> UInt8[np.ndarray, "height width"]:
    """Shadows that do not move: 255 is lit."""
    width, height = _PAINTED_SIZE
    picture = np.zeros((height, width), np.float32)
    scale = np.array([width - 1, height - 1])
    for key in np.flatnonzero(keyboard.IS_BLACK):
        half = keyboard.BLACK_BASE_WIDTH_M / 2
        sides = keyboard.CENTRE_X_M[key] - half, keyboard.CENTRE_X_M[key] + half
        ends = keyboard.BLACK_FRONT_M, keyboard.BLACK_BACK_M
        box = [(x, y, z) for x in sides for y in ends for z in (0.0, 0.011)]
        outline = cv2.convexHull((shadow_uv(np.array(box)) * scale).astype(np.float32))
        cv2.fillConvexPoly(picture, outline.round().astype(np.int32), 1.0)
    soft = cv2.GaussianBlur(picture, (0, 0), sigmaX=1.8, sigmaY=3.0)
    y_m = np.linspace(*SHADOW_Y_M, height)
    back = np.clip((y_m - 0.105) / 0.045, 0, 1) ** 2 * (y_m < 0.16)
    return ((1 - 0.42 * soft) * (1 - 0.45 * back[:, None]) * 255).astype(np.uint8)
