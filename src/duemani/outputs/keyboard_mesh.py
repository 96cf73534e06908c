"""The keyboard in three dimensions: boxes with soft edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from duemani import keyboard

WHITE_GAP_M = 0.0009
KEY_BODY_M = 0.022
FALLBOARD_Y_M = 0.151


@dataclass(frozen=True)
class Solid:
    """A closed mesh with its own normals: positions [m], counter-clockwise from outside."""

    vertices_m: Float[np.ndarray, "vertex 3"]
    normals: Float[np.ndarray, "vertex 3"]
    triangles: Int[np.ndarray, "triangle 3"]

    def moved(self, offset_m: tuple[float, float, float]) -> Solid:
        """The same solid at another place."""
        return Solid(self.vertices_m + np.array(offset_m), self.normals, self.triangles)


def white_key_solid() -> Solid:
    """A white key about its own middle in x; y and z as in the keyboard frame."""
    half = (keyboard.WHITE_PITCH_M - WHITE_GAP_M) / 2
    return _block((-half, half), (0.0, keyboard.WHITE_LENGTH_M), (-KEY_BODY_M, 0.0), 0.0009)


def black_key_solid() -> Solid:
    """A black key about its own middle in x: narrower at the top, its front slanting back."""
    base, top = keyboard.BLACK_BASE_WIDTH_M / 2, keyboard.BLACK_TOP_WIDTH_M / 2
    y0, y1, height = keyboard.BLACK_FRONT_M, keyboard.BLACK_BACK_M, keyboard.BLACK_HEIGHT_M
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (y0, y1) for z in (-0.012, height)])
    corners[:, 0] *= np.where(corners[:, 2] > 0, top, base)
    corners[(corners[:, 1] == y0) & (corners[:, 2] > 0), 1] += 0.0035
    return soft_hexahedron(corners, 0.0013)


def body_solids() -> dict[str, Solid]:
    """What does not move: the key bed, the key slip before the keys, cheeks, felt, fallboard."""
    width = keyboard.KEYBOARD_WIDTH_M
    wide = (-0.075, width + 0.075)
    return {
        "key_bed": _block(wide, (-0.03, 0.175), (-0.060, -0.028), 0.002),
        "key_slip": _block(wide, (-0.030, -0.003), (-0.060, -0.009), 0.002),
        "left_cheek": _block((-0.075, -0.0015), (-0.003, 0.16), (-0.060, 0.016), 0.002),
        "right_cheek": _block((width + 0.0015, wide[1]), (-0.003, 0.16), (-0.060, 0.016), 0.002),
        "felt": _block((0.0, width), (0.1465, FALLBOARD_Y_M), (-0.02, 0.0045), 0.0008),
        "fallboard": _block(wide, (FALLBOARD_Y_M, 0.175), (-0.060, 0.055), 0.002),
    }


def _block(
    x_m: tuple[float, float], y_m: tuple[float, float], z_m: tuple[float, float], bevel_m: float
) -> Solid:
    corners = np.array([(x, y, z) for x in x_m for y in y_m for z in z_m])
    return soft_hexahedron(corners, bevel_m)


def soft_hexahedron(corners_m: Float[np.ndarray, "8 3"], bevel_m: float) -> Solid:
    """A six-sided solid with bevelled edges; corners ordered by x, then y, then z.

    The bevels share the faces' vertices and normals, so shading rounds them.
    """
    # Corners of each face (bits x y z), counter-clockwise seen from outside.
    faces = np.array(
        [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    )
    vertex_at: dict[tuple[int, int], int] = {}
    vertices, normals, triangles = list[np.ndarray](), list[np.ndarray](), list[list[int]]()
    for face, ring in enumerate(faces):
        points = corners_m[ring]
        normal = np.cross(points[2] - points[0], points[3] - points[1])
        for k in range(4):
            before, after = points[k - 1] - points[k], points[(k + 1) % 4] - points[k]
            inset = before / np.linalg.norm(before) + after / np.linalg.norm(after)
            vertex_at[face, int(ring[k])] = len(vertices)
            vertices.append(points[k] + bevel_m * inset)
            normals.append(normal / np.linalg.norm(normal))
        a, b, c, d = (vertex_at[face, int(corner)] for corner in ring)
        triangles += [[a, b, c], [a, c, d]]
    for face, ring in enumerate(faces):
        for a, b in zip(ring, np.roll(ring, -1), strict=True):
            other = next(g for g in range(6) if g != face and a in faces[g] and b in faces[g])
            if face < other:
                p, q = vertex_at[face, int(a)], vertex_at[face, int(b)]
                r, s = vertex_at[other, int(b)], vertex_at[other, int(a)]
                triangles += [[p, s, r], [p, r, q]]
    for corner in range(8):
        around = [vertex_at[f, corner] for f in range(6) if corner in faces[f]]
        outward = np.sum([normals[v] for v in around], axis=0)
        first, second, third = (vertices[v] for v in around)
        if np.dot(np.cross(second - first, third - first), outward) < 0:
            around.reverse()
        triangles.append(around)
    return Solid(np.array(vertices), np.array(normals), np.array(triangles))
