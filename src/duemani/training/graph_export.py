"""A PyTorch module's graph for onnxruntime, without the weights that stand in the model's file."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping

import onnx
import torch
from torch import Tensor, nn


def bare_graph(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    weights: set[str],
    outputs: tuple[str, ...] = ("result",),
    free: Mapping[str, Mapping[int, str]] | None = None,
    multiple: int = 1,
) -> onnx.ModelProto:
    """The module's ONNX graph.

    Args:
        module: called with the inputs in this order.
        inputs: examples, by name.
        weights: names of the parameters and buffers that the file holds.
        outputs: names of what it returns.
        free: dimensions of inputs that may be of any size, by input, index and a name of theirs.
        multiple: of which their sizes are.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    buffer = io.BytesIO()
    shapes = None
    if free is not None:
        names = {name for axes in free.values() for name in axes.values()}
        sizes = {name: multiple * torch.export.Dim(name, min=1, max=4096) for name in names}
        shapes = tuple(
            {axis: sizes[name] for axis, name in free.get(key, {}).items()} for key in inputs
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=shapes,
            dynamo=True,
            verbose=False,
            optimize=False,  # folding would make other weights of ours
        )
        program.save(buffer)
    model = onnx.load_from_string(buffer.getvalue())
    del model.graph.value_info[:], model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # where in the source each came from: most of the bytes
        node.doc_string = ""
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            size = len(tensor.raw_data)
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            for key, value in (("location", "weights"), ("offset", "0"), ("length", str(size))):
                entry = tensor.external_data.add()
                entry.key, entry.value = key, value
    return model


def weights_of(graph: onnx.ModelProto) -> list[str]:
    """Names of the weights that a bare graph wants."""
    return [tensor.name for tensor in graph.graph.initializer if tensor.data_location]
