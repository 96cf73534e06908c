"""Headless software renderer: lit triangles to pixels by Panda3D's `tinydisplay`.

No GPU, window system or system library is needed. Vertices bring their own colours (see
`duemani.outputs.scene`), textures darken or carry pictures; edges are smoothed by drawing at twice
the size.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8
from panda3d import core

from duemani.inputs.film.camera import Camera

SUPERSAMPLING = 2
_VERTEX = np.dtype([("position", "f4", 3), ("colour", "u1", 4), ("uv", "f4", 2)])
_SETTINGS = """
window-type offscreen
notify-level-x11display fatal
notify-level-tinydisplay error
"""


class Mesh:
    """Triangles on screen whose vertices can change every frame; made by `Rasterizer.add`."""

    def __init__(self, node: Any, data: Any, array: np.ndarray) -> None:
        self._node, self._data, self._array = node, data, array

    def update(
        self,
        positions_m: Float[np.ndarray, "vertex 3"] | None = None,
        colours: Float[np.ndarray, "vertex 3"] | None = None,
        uv: Float[np.ndarray, "vertex 2"] | None = None,
    ) -> None:
        """New positions [m], display RGB colours (0-1) and texture coordinates (v upwards)."""
        if positions_m is not None:
            self._array["position"] = positions_m
        if colours is not None:
            self._array["colour"][:, :3] = np.clip(colours * 255 + 0.5, 0, 255)
        if uv is not None:
            self._array["uv"] = uv
        self._data.modify_array_handle(0).copy_data_from(self._array.tobytes())

    def show(self, visible: bool) -> None:
        """Draw it from now on, or not."""
        if visible:
            self._node.show()
        else:
            self._node.hide()

    def set_texture(self, texture: Picture) -> None:
        """Multiply its colours by a picture, placed by `uv`."""
        self._node.set_texture(texture.handle)


class Picture:
    """A grey texture; width and height must be powers of two.

    It is read without smoothing, which takes tinydisplay five times as long: make it fine enough.
    """

    def __init__(self, width: int, height: int) -> None:
        self.handle = core.Texture()
        kind = core.Texture
        self.handle.setup_2d_texture(width, height, kind.T_unsigned_byte, kind.F_luminance)
        self.handle.set_wrap_u(core.SamplerState.WM_clamp)
        self.handle.set_wrap_v(core.SamplerState.WM_clamp)

    def update(self, grey: UInt8[np.ndarray, "height width"]) -> None:
        """Rows from the bottom (v = 0) upwards."""
        self.handle.set_ram_image(grey.tobytes())


class Rasterizer:
    """Draws meshes as one camera sees them; use `close` (or a `with` block) when done.

    The camera is an ideal one, made by `camera_at` or `camera_towards`: bent lenses and mirrored
    pictures are not drawn.
    """

    _numbers = count()

    def __init__(self, camera: Camera) -> None:
        width, height = self._size = camera.size_px
        engine, pipe = _engine()
        properties = core.FrameBufferProperties()
        properties.set_rgba_bits(8, 8, 8, 8)
        properties.set_depth_bits(24)
        size = core.WindowProperties.size(width * SUPERSAMPLING, height * SUPERSAMPLING)
        name = f"duemani{next(self._numbers)}"
        refuse = core.GraphicsPipe.BF_refuse_window
        self._engine = engine
        self._buffer = engine.make_output(pipe, name, 0, properties, size, refuse)
        if self._buffer is None:
            raise RuntimeError("panda3d's software renderer did not start: install duemani again.")
        self._buffer.set_clear_color(core.LColor(0, 0, 0, 0))
        self._pixels = core.Texture()
        self._buffer.add_render_texture(self._pixels, core.GraphicsOutput.RTM_copy_ram)
        self._root = core.NodePath("scene")
        self._root.set_two_sided(False)
        eye = core.Camera("camera")
        lens = core.PerspectiveLens()
        lens.set_aspect_ratio(width / height)
        lens.set_min_fov(float(np.degrees(2 * np.arctan(min(width, height) / 2 / camera.focal_px))))
        lens.set_near_far(0.05, 6.0)
        eye.set_lens(lens)
        placed = self._root.attach_new_node(eye)
        placed.set_mat(core.LMatrix4(*_world_from_eye(camera).T.ravel()))
        self._buffer.make_display_region().set_camera(placed)
        self._camera = camera

    def __enter__(self) -> Rasterizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give its memory back."""
        self._engine.remove_window(self._buffer)

    def add(self, vertex_count: int, triangles: Int[np.ndarray, "triangle 3"]) -> Mesh:
        """A mesh of white vertices at the origin, until it is updated."""
        array = np.zeros(vertex_count, _VERTEX)
        array["colour"] = 255
        data = core.GeomVertexData("mesh", _vertex_format(), core.Geom.UH_dynamic)
        data.set_num_rows(vertex_count)
        indices = core.GeomTriangles(core.Geom.UH_static)
        indices.set_index_type(core.Geom.NT_uint32)
        rows = indices.modify_vertices()
        rows.set_num_rows(triangles.size)
        rows.modify_handle().copy_data_from(triangles.astype(np.uint32).tobytes())
        geometry = core.Geom(data)
        geometry.add_primitive(indices)
        node = core.GeomNode("mesh")
        node.add_geom(geometry)
        # Vertices move without telling Panda3D their bounds.
        node.set_bounds(core.OmniBoundingVolume())
        node.set_final(True)
        handle = node.modify_geom(0)
        path = self._root.attach_new_node(node)
        return Mesh(path, handle.modify_vertex_data(), array)

    def project(self, points_m: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 2"]:
        """Pixel (x, y) of points before the camera; y grows downwards."""
        return self._camera.project(points_m)

    def draw(
        self, background: UInt8[np.ndarray, "height width 3"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The meshes before a background, BGR, rows from the top."""
        width, height = self._size
        self._engine.render_frame()
        raw = np.frombuffer(self._pixels.get_ram_image(), np.uint8)
        large = raw.reshape(height * SUPERSAMPLING, width * SUPERSAMPLING, 4)
        small = cv2.flip(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), 0)
        # Cleared pixels are (0, 0, 0, 0), so averaging has weighted colours by coverage.
        uncovered = cv2.bitwise_not(cv2.extractChannel(small, 3))
        behind = cv2.multiply(background, cv2.merge([uncovered] * 3), scale=1 / 255)
        return cv2.add(cv2.cvtColor(small, cv2.COLOR_BGRA2BGR), behind)


def _world_from_eye(camera: Camera) -> Float[np.ndarray, "4 4"]:
    """Panda3D's eye looks along its y; its x is the picture's right and its z the picture's up."""
    sight, right, below = camera.rays(camera.middle + np.array([[0, 0], [1, 0], [0, 1.0]]))
    world_from_eye = np.eye(4)
    columns = [right - sight, sight, sight - below, camera.position]
    columns[0], columns[2] = (columns[k] * camera.focal_px for k in (0, 2))
    world_from_eye[:3] = np.stack(columns, axis=1)
    return world_from_eye


@cache
def _engine() -> tuple[Any, Any]:
    """Panda3D's one engine and its software pipe."""
    core.load_prc_file_data("duemani", _SETTINGS)
    selection = core.GraphicsPipeSelection.get_global_ptr()
    selection.make_module_pipe("p3tinydisplay")
    offscreen = core.TypeRegistry.ptr().find_type("TinyOffscreenGraphicsPipe")
    pipe = selection.make_pipe(offscreen)
    return core.GraphicsEngine.get_global_ptr(), pipe


@cache
def _vertex_format() -> Any:
    columns = core.GeomVertexArrayFormat()
    columns.add_column("vertex", 3, core.Geom.NT_float32, core.Geom.C_point)
    columns.add_column("color", 4, core.Geom.NT_uint8, core.Geom.C_color)
    columns.add_column("texcoord", 2, core.Geom.NT_float32, core.Geom.C_texcoord)
    layout = core.GeomVertexFormat()
    layout.add_array(columns)
    return core.GeomVertexFormat.register_format(layout)
