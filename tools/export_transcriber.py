"""Rebuild transkun's network as an ONNX graph that onnxruntime runs without torch (developer tool).

Reads the trained weights out of the transkun 2.0.1 wheel (MIT) and writes, into the weights folder:

- `transcriber.onnx`: mel frames and position codes in; interval scores' factors and context out.
- `transcriber_heads.npz`: position codes' MLPs, analysis windows, velocity and end-point heads.

The graph is written from the paper (Yan and Duan, "Scoring intervals using non-hierarchical
transformer for automatic piano transcription", ISMIR 2024, arXiv:2404.09466) and the checkpoint's
tensor names and shapes. Three exact rewrites make it cheaper: layer scales are folded into the
weights before them, the two scorer projections into one bilinear form, and the last layer
computes only the 90 event tracks that are read.

Needs torch and onnx: `python tools/export_transcriber.py WHEEL [-o FOLDER]`. Afterwards put
the printed hashes into `duemani.inputs.transcription_network.SHA256`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import onnx
import torch
from export_transcriber_graph import MS, GraphBuilder, Precision
from onnx import TensorProto, helper

CHECKPOINT = "transkun/pretrained/2.0.pt"
LAYERS, HEADS, WIDTH, HIDDEN = 6, 8, 256, 1024
TRACKS, BANDS, PATCH = 90, 59, 8
MEL_BINS, WINDOWS = 229, 6


def read_checkpoint(wheel: Path) -> dict[str, np.ndarray]:
    """The trained tensors, by name, from the transkun wheel."""
    with zipfile.ZipFile(wheel) as archive:
        raw = io.BytesIO(archive.read(CHECKPOINT))
    state = torch.load(raw, map_location="cpu", weights_only=True)["state_dict"]
    return {name: tensor.numpy() for name, tensor in state.items()}


def _front(graph: GraphBuilder, state: dict[str, np.ndarray]) -> str:
    """Mel frames (1, 6, frame, 229) to patches (patch + 1, 149, 256), positions added."""
    get = lambda name: state[f"backbone.{name}"]  # noqa: E731
    bands = np.arange(MEL_BINS, dtype=np.float32)[:, None]
    code = position_code(state, "backbone.posEmbedBuilder", bands)
    hidden = graph.conv("mel", get("inputConv.weight"), get("inputConv.bias"), pads=[1, 1, 1, 1])
    hidden = graph.add("Add", [hidden, graph.constant(code.T[None, :, None, :])])
    # The constant padding before the first strided convolution is merged into its own.
    plan = [
        (1, [2, 1], [5, 3, 4, 2], 232),
        (5, [2, 2], [1, 1, 1, 1], 116),
        (9, [2, 2], [1, 1, 1, 1], 58),
        (13, [1, 1], [1, 1, 1, 1], 58),
    ]
    for index, strides, pads, bins in plan:
        weight, bias = get(f"downConv.{index}.weight"), get(f"downConv.{index}.bias")
        hidden = graph.conv(hidden, weight, bias, strides=strides, pads=pads)
        scale, shift = get(f"downConv.{index + 1}.weight"), get(f"downConv.{index + 1}.bias")
        hidden = graph.group_norm(hidden, scale, shift, bins)
        if index != plan[-1][0]:
            hidden = graph.add("Gelu", [hidden], MS)
    hidden = graph.reshape(graph.add("Transpose", [hidden], perm=[0, 2, 3, 1]), [-1, 58, WIDTH])
    padded = graph.add("Pad", [hidden, graph.shape([1, 1, 0, 0, TRACKS, 0])])
    return graph.add("Add", [padded, "positions"])


def _attention(
    graph: GraphBuilder, norm: str, memory: str, state: dict[str, np.ndarray], prefix: str
) -> tuple[str, np.ndarray]:
    """(update without bias, its bias) of one attention block along the middle axis."""
    module = f"{prefix}.module."
    weights = [state[f"{module}{part}_proj_weight"] for part in "qkv"]
    parts = [graph.linear(v, w) for v, w in zip((norm, memory, memory), weights, strict=True)]
    mixed = graph.add("MultiHeadAttention", parts, MS, num_heads=HEADS)
    scale = state[f"{prefix}.scale"]
    update = graph.linear(mixed, state[f"{module}out_proj.weight"].T * scale)
    return update, state[f"{module}out_proj.bias"] * scale


def _feed_forward(
    graph: GraphBuilder, norm: str, state: dict[str, np.ndarray], prefix: str
) -> tuple[str, np.ndarray]:
    module, scale = f"{prefix}.module.", state[f"{prefix}.scale"]
    wide = graph.linear(norm, state[f"{module}0.weight"].T)
    wide = graph.add("BiasGelu", [wide, graph.constant(state[f"{module}0.bias"])], MS)
    update = graph.linear(wide, state[f"{module}3.weight"].T * scale)
    return update, state[f"{module}3.bias"] * scale


def build_network(state: dict[str, np.ndarray], precision: Precision) -> onnx.ModelProto:
    """The whole network: (mel, positions) to (context, score, point_score) of a window."""
    graph = GraphBuilder(precision)
    total = _front(graph, state)
    ones = graph.constant(np.ones(WIDTH, np.float32))
    norm = graph.add("SimplifiedLayerNormalization", [total, ones], epsilon=1e-6, axis=-1)
    for layer in range(LAYERS):
        prefix = f"backbone.encoderLayers.{layer}."
        # Keys and values are the layer's input itself, not normalised, for both attentions.
        memory = total
        if layer == LAYERS - 1:
            norm, total = graph.slice(norm, 1, BANDS), graph.slice(total, 1, BANDS)
        for axis in "FT":
            update, bias = _attention(graph, norm, memory, state, f"{prefix}mhaBlock{axis}")
            norm, total = graph.add_and_norm(total, update, bias)
            update, bias = _feed_forward(graph, norm, state, f"{prefix}fnnBlock{axis}")
            norm, total = graph.add_and_norm(total, update, bias)
            # Attend along the other axis next: (time, track) and (track, time) alternate.
            norm, total = graph.swap(norm), graph.swap(total)
            if axis == "F":
                last = layer == LAYERS - 1
                memory = graph.swap(graph.slice(memory, 1, BANDS) if last else memory)
    tracks = graph.swap(graph.slice(total, 0, 1))
    weight = state["backbone.upConv1dSkip.weight"].transpose(0, 2, 1).reshape(WIDTH, -1)
    bias = np.tile(state["backbone.upConv1dSkip.bias"], PATCH)
    frames = graph.linear(tracks, weight, quantize=False)
    frames = graph.add("Add", [frames, graph.constant(bias)])
    context = graph.reshape(frames, [TRACKS, -1, WIDTH])
    form, form_bias = _bilinear_form(state)
    ends = graph.add("MatMul", [context, graph.constant(form, compact=False)])
    ends = graph.add("Add", [ends, graph.constant(form_bias)])
    parts = [graph.name() for _ in range(3)]
    sizes = graph.shape([WIDTH, 1, 1])
    graph.nodes.append(helper.make_node("Split", [ends, sizes], parts, axis=-1))
    begins = graph.add("Transpose", [context], perm=[0, 2, 1])
    score = graph.add("Add", [graph.add("MatMul", [parts[0], begins]), parts[1]])
    named = {"context": context, "score": score, "point_score": parts[2]}
    for name, value in named.items():
        graph.nodes.append(helper.make_node("Identity", [value], [name]))
    return _finish(graph)


def _bilinear_form(state: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """One projection to (256 query, 1 end bias, 1 single-frame score), exact in float64.

    The score of an interval is (Wq c_e + bq) . (Wk c_b + bk) / 16, which equals
    query_e . c_b + end bias_e.
    """
    weight = state["scorer.map.0.weight"].astype(np.float64)
    bias = state["scorer.map.0.bias"].astype(np.float64)
    key_form = np.concatenate([weight[WIDTH : 2 * WIDTH], bias[WIDTH : 2 * WIDTH, None]], 1)
    key_form /= np.sqrt(WIDTH)
    form = np.concatenate([weight[:WIDTH].T @ key_form, weight[2 * WIDTH :].T], 1)
    return form, np.concatenate([bias[:WIDTH] @ key_form, bias[2 * WIDTH :]])


def _finish(graph: GraphBuilder) -> onnx.ModelProto:
    real = TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info("mel", real, [1, WINDOWS, "frame", MEL_BINS]),
        helper.make_tensor_value_info("positions", real, ["patch", BANDS + TRACKS, WIDTH]),
    ]
    outputs = [
        helper.make_tensor_value_info("context", real, [TRACKS, "padded_frame", WIDTH]),
        helper.make_tensor_value_info("score", real, [TRACKS, "padded_frame", "padded_frame"]),
        helper.make_tensor_value_info("point_score", real, [TRACKS, "padded_frame", 1]),
    ]
    body = helper.make_graph(graph.nodes, "transcriber", inputs, outputs, graph.initializers)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MS, 1)]
    model = helper.make_model(body, opset_imports=opsets, producer_name="duemani")
    model.ir_version = 10
    return model


def position_code(state: dict[str, np.ndarray], prefix: str, at: np.ndarray) -> np.ndarray:
    """The learned position code at coordinates `at` (n, dims): a Fourier feature MLP."""
    tensors = {name: torch.from_numpy(state[f"{prefix}.{name}"]) for name in _MLP}
    phase = torch.from_numpy(at) @ tensors["proj.weight"].T + tensors["proj.bias"]
    wave = torch.cos(phase) / np.sqrt(phase.shape[-1] / 2)
    wide = torch.nn.functional.gelu(wave @ tensors["mlp.0.weight"].T + tensors["mlp.0.bias"])
    return (wide @ tensors["mlp.3.weight"].T + tensors["mlp.3.bias"]).numpy()


_MLP = tuple(f"{part}.{kind}" for part in ("proj", "mlp.0", "mlp.3") for kind in ("weight", "bias"))
_HEADS = {
    "band_code": ("backbone.posEmbedBuilderAttnTF", _MLP),
    "track_code": ("backbone.posEmbedBuilderAttnTE", _MLP),
    "velocity": ("velocityPredictor", ("0.weight", "0.bias", "3.weight", "3.bias")),
    "ends": ("refinedOFPredictor", ("0.weight", "0.bias", "3.weight", "3.bias")),
    "window": ("framewiseFeatureExtractor.spectrogramExtractor.winGen", ("sigma", "center")),
}


def heads(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What runs in numpy: tensors by `<part>.<name>`, matrices as (in, out), large as float16."""
    arrays: dict[str, np.ndarray] = {}
    for part, (prefix, names) in _HEADS.items():
        for name in names:
            value = state[f"{prefix}.{name}"]
            # The Fourier projection stays exact: its product with frame numbers is a phase.
            half = value.size > 4096
            arrays[f"{part}.{name}"] = (value.astype(np.float16) if half else value).T
    return arrays


def main() -> None:
    """Write the weight files and print their hashes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--precision", default="blockwise", choices=Precision.__args__)
    parser.add_argument("-o", "--output", type=Path, default=Path("src/duemani/weights"))
    options = parser.parse_args()
    state = read_checkpoint(options.wheel)
    model = build_network(state, options.precision)
    options.output.mkdir(parents=True, exist_ok=True)
    network, rest = (
        options.output / "transcriber.onnx",
        options.output / "transcriber_heads.npz",
    )
    network.write_bytes(model.SerializeToString())
    np.savez(rest, **heads(state))  # pyright: ignore[reportArgumentType]
    for path in (network, rest):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path.name} {path.stat().st_size} bytes sha256 {digest}")


if __name__ == "__main__":
    main()
