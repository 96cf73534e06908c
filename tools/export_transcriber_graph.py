"""Writes ONNX graphs node by node (developer tool, used by `export_transcriber.py`)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Precision = Literal["float32", "float16", "blockwise", "int8"]
"""How weights are stored and multiplied: `blockwise` is 8 bits with a scale per 64 inputs, and
activations rounded likewise; `int8` has a scale per output and one for all activations."""

MS = "com.microsoft"
BLOCK_SIZE = 64


class GraphBuilder:
    """Collects nodes and initializers; each method adds nodes and returns the output's name."""

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._count = 0

    def name(self) -> str:
        """A value name not used before."""
        self._count += 1
        return f"v{self._count}"

    def constant(self, value: np.ndarray, compact: bool = True) -> str:
        """An initializer; large float ones are stored as float16 unless `float32` is asked for."""
        name = self.name()
        if value.dtype == np.float64:
            value = value.astype(np.float32)
        half = compact and self.precision != "float32"
        if half and value.dtype == np.float32 and value.size > 4096:
            self.initializers.append(numpy_helper.from_array(value.astype(np.float16), name))
            return self.add("Cast", [name], to=TensorProto.FLOAT)
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(
        self, kind: str, inputs: list[str], domain: str = "", outputs: int = 1, **attributes: object
    ) -> str:
        """One node with only its first output used."""
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names[0]

    def shape(self, dims: list[int]) -> str:
        """A constant list of integers."""
        return self.constant(np.array(dims, np.int64))

    def reshape(self, value: str, dims: list[int]) -> str:
        """`value` in another shape; one of `dims` may be -1."""
        return self.add("Reshape", [value, self.shape(dims)])

    def slice(self, value: str, axis: int, start: int) -> str:
        """All of `value` from `start` on along `axis`."""
        ends = np.iinfo(np.int64).max
        parts = [self.shape([n]) for n in (start, ends, axis)]
        return self.add("Slice", [value, *parts])

    def swap(self, value: str) -> str:
        """Exchange the time and track axes of (time, track, 256)."""
        return self.add("Transpose", [value], perm=[1, 0, 2])

    def linear(self, value: str, weight: np.ndarray, quantize: bool = True) -> str:
        """`value` (..., in) times `weight` (in, out), without bias."""
        if quantize and self.precision == "int8":
            scale = (np.abs(weight).max(0) / 127).astype(np.float32)
            codes = np.round(weight / scale).astype(np.int8)
            inputs = [value, self.constant(codes), self.constant(scale)]
            return self.add("DynamicQuantizeMatMul", inputs, MS)
        if quantize and self.precision == "blockwise":
            return self._blockwise(value, weight)
        return self.add("MatMul", [value, self.constant(weight)])

    def _blockwise(self, value: str, weight: np.ndarray) -> str:
        rows, columns = weight.shape
        blocks = weight.T.reshape(columns, rows // BLOCK_SIZE, BLOCK_SIZE)
        scale = (np.abs(blocks).max(-1) / 127).astype(np.float32)
        codes = np.clip(np.round(blocks / scale[..., None]) + 128, 1, 255).astype(np.uint8)
        inputs = [value, self.constant(codes), self.constant(scale, compact=False)]
        return self.add(
            "MatMulNBits", inputs, MS, K=rows, N=columns, bits=8, block_size=BLOCK_SIZE,
            accuracy_level=4,
        )  # fmt: skip

    def conv(self, value: str, weight: np.ndarray, bias: np.ndarray, **attributes: object) -> str:
        """A two-dimensional convolution."""
        return self.add("Conv", [value, self.constant(weight), self.constant(bias)], **attributes)

    def group_norm(self, value: str, scale: np.ndarray, bias: np.ndarray, bins: int) -> str:
        """Normalise each of 4 channel groups over time and frequency, then scale and shift."""
        groups = self.reshape(value, [1, 4, -1])
        ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
        inputs = [groups, self.constant(ones), self.constant(zeros)]
        flat = self.add("InstanceNormalization", inputs, epsilon=1e-5)
        back = self.reshape(flat, [1, len(scale), -1, bins])
        scaled = self.add("Mul", [back, self.constant(scale[:, None, None])])
        return self.add("Add", [scaled, self.constant(bias[:, None, None])])

    def add_and_norm(self, total: str, update: str, bias: np.ndarray) -> tuple[str, str]:
        """(root-mean-square normalised sum, sum) of a residual and its update with bias."""
        gamma = self.constant(np.ones(len(bias), np.float32))
        names = [self.name() for _ in range(4)]
        inputs = [total, update, gamma, self.constant(bias)]
        outputs = [names[0], "", "", names[3]]
        node = helper.make_node(
            "SkipSimplifiedLayerNormalization", inputs, outputs, domain=MS, epsilon=1e-6
        )
        self.nodes.append(node)
        return names[0], names[3]
