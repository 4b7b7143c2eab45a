"""make_files.py - make_files.py infer DIR | onnx DIR: inputs of the inference workloads.

infer: weights for nnc (.safetensors), inputs and right outputs as raw floats.   onnx: NAME.onnx.
"""
import sys

from work import INFER, forward, seeded_inputs, seeded_weights, write_tensors

kind, folder = sys.argv[1:]
for name, w in INFER.items():
    ws = seeded_weights(w)
    if kind == "infer":
        write_tensors(f"{folder}/{name}.safetensors", {f"dense{i + 1}.{k}": v for i, p in enumerate(ws)
                                                       for k, v in zip(("weight", "bias"), p)})
        x = seeded_inputs(w, 64)
        x.tofile(f"{folder}/{name}.x")
        forward(ws, x).astype("<f4").tofile(f"{folder}/{name}.y")
        seeded_inputs(w, 1).tofile(f"{folder}/{name}.x1")
        forward(ws, seeded_inputs(w, 1)).astype("<f4").tofile(f"{folder}/{name}.y1")
    else:
        from onnx import TensorProto, checker, helper, numpy_helper, save
        node, init, at = [], [], "x"
        for i, (m, b) in enumerate(ws):
            init += [numpy_helper.from_array(m, f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
            last = i + 1 == len(ws)
            node.append(helper.make_node("Gemm", [at, f"w{i}", f"b{i}"], ["y" if last else f"z{i}"], transB=1))
            if not last:
                node.append(helper.make_node("Relu", [f"z{i}"], [f"a{i}"]))
            at = f"a{i}"
        graph = helper.make_graph(
            node, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", w["sizes"][0]])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", w["sizes"][-1]])], init)
        net = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        checker.check_model(net)
        save(net, f"{folder}/{name}.onnx")
