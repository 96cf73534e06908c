"""Networks' graphs, opened for onnxruntime; the one module that imports it, and keeps it silent.

The vendor's packages report every process that loads them to the vendor, and keep an identifier
of the machine on its disk. Only the environment variable below prevents both, if it is set before
the first import; the package's own `disable_telemetry_events()` comes too late for the first
report (docs/decisions.md has the figures).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeAlias

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime

# Where another program has imported it before us, at least nothing more is reported.
onnxruntime.disable_telemetry_events()

Graph: TypeAlias = onnxruntime.InferenceSession


def open_graph(
    content: bytes,
    threads: int,
    weights: Mapping[str, np.ndarray] | None = None,
    keep_memory: bool = True,
) -> Graph:
    """A graph ready to run. Nothing in it is executed as code.

    Args:
        content: an ONNX file's bytes.
        threads: how many cores one run may use.
        weights: those that the graph leaves out, by name.
        keep_memory: hold what one run needed for the next one; some percent faster.

    Raises:
        Exception: onnxruntime's own, where graph and weights do not fit together.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = keep_memory
    # Spinning threads starve each other when the cores are shared.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if weights:
        values = [
            onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array, np.float32))
            for array in weights.values()
        ]
        options.add_external_initializers(list(weights), values)
    return Graph(content, options, providers=["CPUExecutionProvider"])
