"""Packs numpy arrays into a glTF file's one binary buffer."""

from __future__ import annotations

import numpy as np
from pygltflib import (
    ARRAY_BUFFER,
    ELEMENT_ARRAY_BUFFER,
    FLOAT,
    GLTF2,
    UNSIGNED_BYTE,
    UNSIGNED_SHORT,
    Accessor,
    Attributes,
    Buffer,
    BufferView,
    Mesh,
    Primitive,
)

_COMPONENTS = {"f": FLOAT, "H": UNSIGNED_SHORT, "B": UNSIGNED_BYTE}
_SHAPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class GltfBuffer:
    """Adds accessors to a `GLTF2` and collects their bytes; `finish` attaches them."""

    def __init__(self, gltf: GLTF2) -> None:
        self._gltf = gltf
        self._blob = bytearray()

    def add(self, values: np.ndarray, target: int | None = None, with_range: bool = False) -> int:
        """Index of a new accessor that holds `values` (element, ...)."""
        self._blob.extend(b"\0" * (-len(self._blob) % 4))
        data = np.ascontiguousarray(values).tobytes()
        self._gltf.bufferViews.append(
            BufferView(buffer=0, byteOffset=len(self._blob), byteLength=len(data), target=target)
        )
        accessor = Accessor(
            bufferView=len(self._gltf.bufferViews) - 1,
            componentType=_COMPONENTS[values.dtype.char],
            count=len(values),
            type=_SHAPES[values.shape[1:]],
        )
        if with_range:
            flat = values.reshape(len(values), -1)
            accessor.min = [float(value) for value in flat.min(axis=0)]
            accessor.max = [float(value) for value in flat.max(axis=0)]
        self._blob.extend(data)
        self._gltf.accessors.append(accessor)
        return len(self._gltf.accessors) - 1

    def add_mesh(
        self,
        name: str,
        vertices: np.ndarray,
        normals: np.ndarray,
        triangles: np.ndarray,
        material: int,
        joints: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> int:
        """Index of a new mesh; positions and normals already in glTF's axes."""
        attributes = Attributes(
            POSITION=self.add(vertices.astype(np.float32), ARRAY_BUFFER, with_range=True),
            NORMAL=self.add(normals.astype(np.float32), ARRAY_BUFFER),
        )
        if joints is not None and weights is not None:
            attributes.JOINTS_0 = self.add(joints.astype(np.uint8), ARRAY_BUFFER)
            attributes.WEIGHTS_0 = self.add(weights.astype(np.float32), ARRAY_BUFFER)
        indices = self.add(triangles.astype(np.uint16).ravel(), ELEMENT_ARRAY_BUFFER)
        primitive = Primitive(attributes=attributes, indices=indices, material=material)
        self._gltf.meshes.append(Mesh(name=name, primitives=[primitive]))
        return len(self._gltf.meshes) - 1

    def finish(self) -> None:
        """Attach the collected bytes as the file's binary chunk."""
        self._gltf.buffers = [Buffer(byteLength=len(self._blob))]
        self._gltf.set_binary_blob(bytes(self._blob))
