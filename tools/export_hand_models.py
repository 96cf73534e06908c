"""Turn MediaPipe's two hand graphs into ONNX files with float16 weights (developer tool).

Reads `palm_detection_full.tflite` and `hand_landmark_full.tflite` out of the mediapipe 0.10.14
wheel (Apache-2.0) and writes, into the weights folder:

- `hand_detector.onnx`: a picture's 192 x 192 letterbox in; palm boxes and scores out.
- `hand_landmarker.onnx`: a 224 x 224 crop in; landmarks, presence, handedness and metres out.
- `LICENSE.txt`: the wheel's licence.

The weights in the wheel are float16 already, so storing them so again is exact; they are cast to
float32 when the graph is loaded. The batch is left free, so several crops go through at once.

Needs onnx, tf2onnx 1.17 and tensorflow-cpu 2.21, best in a venv of their own:
`python tools/export_hand_models.py WHEEL [-o FOLDER]`. Afterwards put the printed hashes into
`duemani.inputs.hand_graph.SHA256`.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

MODULES = "mediapipe/modules"
LICENCE = "mediapipe-0.10.14.dist-info/LICENSE"
GRAPHS = {
    "hand_detector.onnx": f"{MODULES}/palm_detection/palm_detection_full.tflite",
    "hand_landmarker.onnx": f"{MODULES}/hand_landmark/hand_landmark_full.tflite",
}
OUTPUTS = {
    "hand_detector.onnx": {"Identity": "boxes", "Identity_1": "scores"},
    "hand_landmarker.onnx": {
        "Identity": "landmarks",
        "Identity_1": "presence",
        "Identity_2": "handedness",
        "Identity_3": "metres",
    },
}
OPSET = 18
MOST_DIFFERENCE = 1e-3  # of the largest output


def convert(tflite: Path) -> onnx.ModelProto:
    """The graph in ONNX, batch free, every large weight as float16."""
    model, _ = tf2onnx.convert.from_tflite(str(tflite), opset=OPSET)
    _free_batch(model.graph, _shapes(model))
    _store_halves(model.graph)
    _rename(model.graph, OUTPUTS[_target(tflite)])
    model.producer_name, model.producer_version = "duemani", ""
    model.doc_string = ""
    model.ir_version = 10
    onnx.checker.check_model(model)
    return model


def _target(tflite: Path) -> str:
    return next(name for name, source in GRAPHS.items() if source.endswith(tflite.name))


def _store_halves(graph: onnx.GraphProto) -> None:
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < 16:
            continue
        values = numpy_helper.to_array(tensor)
        halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            print(f"  {tensor.name}: not exact, off by {np.abs(halves - values).max():.2g}")
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(halves, f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])


def _free_batch(graph: onnx.GraphProto, shapes: dict[str, list[int]]) -> None:
    """Make the first axis of inputs, outputs and reshapes free; `shapes` are those of a batch of 1."""
    del graph.value_info[:]
    for value in [*graph.input, *graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    for node in graph.node:
        if node.op_type == "Reshape":
            shape = np.array([-1, *shapes[node.output[0]][1:]], np.int64)
            node.input[1] = f"{node.output[0]}_shape"
            graph.initializer.append(numpy_helper.from_array(shape, node.input[1]))
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _shapes(model: onnx.ModelProto) -> dict[str, list[int]]:
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    return {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in [*graph.value_info, *graph.output]
    }


def _rename(graph: onnx.GraphProto, outputs: dict[str, str]) -> None:
    names = {**outputs, graph.input[0].name: "picture"}
    for value in [*graph.input, *graph.output]:
        value.name = names[value.name]
    for node in graph.node:
        for values in (node.input, node.output):
            for index, name in enumerate(values):
                values[index] = names.get(name, name)


def difference(tflite: Path, model: onnx.ModelProto) -> float:
    """Largest difference of any output to the original's, relative to the largest value."""
    interpreter = tf.lite.Interpreter(str(tflite))
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    picture = np.random.default_rng(0).random(given["shape"], np.float32)
    interpreter.set_tensor(given["index"], picture)
    interpreter.invoke()
    names = OUTPUTS[_target(tflite)]
    details = interpreter.get_output_details()
    wanted = {detail["name"]: interpreter.get_tensor(detail["index"]) for detail in details}
    twice = np.concatenate([picture, np.zeros_like(picture)])
    found = dict(
        zip(
            names.values(),
            ReferenceEvaluator(model).run(list(names.values()), {"picture": twice}),
            strict=True,
        )
    )
    return max(
        float(np.abs(found[names[name]][:1] - value).max() / max(np.abs(value).max(), 1.0))
        for name, value in wanted.items()
    )


def main() -> None:
    """Write the weight files and print their hashes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("src/duemani/weights"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(options.wheel) as wheel, tempfile.TemporaryDirectory() as folder:
        (options.output / "LICENSE.txt").write_bytes(wheel.read(LICENCE))
        for name, source in GRAPHS.items():
            tflite = Path(folder) / Path(source).name
            tflite.write_bytes(wheel.read(source))
            model = convert(tflite)
            off = difference(tflite, model)
            if off > MOST_DIFFERENCE:
                raise SystemExit(f"{name} differs from {tflite.name} by {off:.2g}.")
            path = options.output / name
            path.write_bytes(model.SerializeToString(deterministic=True))
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            print(f"{name} {path.stat().st_size} bytes, off by {off:.1g}, sha256 {digest}")


if __name__ == "__main__":
    main()
