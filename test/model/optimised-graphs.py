"""Optimises the demo model with ONNX Runtime's own tools: fused nodes, half precision, a merged decoder.

    pip install onnxruntime onnx sympy
    python test/model/optimised-graphs.py FOLDER
    SAELAB_OPTIMISED=FOLDER npx vitest run test/model/optimised-graphs.test.ts
"""

import sys
from pathlib import Path

import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.float16 import convert_float_to_float16

SOURCE = str(Path(__file__).parents[2] / "demo" / "model" / "model.onnx")


def by_session(level, path):
    """What a session writes that is told to keep the graph it made."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(SOURCE, options, providers=["CPUExecutionProvider"])


def merged(path):
    """As optimum merges a decoder with a cache and one without: both bodies under an `If`."""
    model = onnx.load(SOURCE)
    inner = model.graph
    outputs = [o.name for o in inner.output]
    def body(name):
        graph = helper.make_graph(list(inner.node), name, [], list(inner.output))
        return graph
    node = helper.make_node("If", ["use_cache_branch"], outputs, name="optimum::if",
                            then_branch=body("with_past"), else_branch=body("no_past"))
    flag = helper.make_tensor_value_info("use_cache_branch", TensorProto.BOOL, [1])
    graph = helper.make_graph([node], "merged", [*inner.input, flag], list(inner.output), list(inner.initializer))
    onnx.save(helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version), str(path))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    levels = onnxruntime.GraphOptimizationLevel
    by_session(levels.ORT_ENABLE_BASIC, folder / "session-basic.onnx")
    by_session(levels.ORT_ENABLE_EXTENDED, folder / "session-extended.onnx")
    model = optimizer.optimize_model(SOURCE, model_type="gpt2", num_heads=4, hidden_size=128, opt_level=0)
    model.save_model_to_file(str(folder / "gpt2-optimizer.onnx"))
    print(model.get_fused_operator_statistics())
    half = convert_float_to_float16(onnx.load(SOURCE))
    onnx.save(half, str(folder / "fp16.onnx"))
    model.convert_float_to_float16()
    model.save_model_to_file(str(folder / "gpt2-optimizer-fp16.onnx"))
    merged(folder / "merged.onnx")


main()
