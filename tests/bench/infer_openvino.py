"""infer_openvino.py - OpenVINO, CPU, latency mode, f32; VARIANT: the batch."""
from peer import DIR, NAME, THREADS, VARIANT, WORK, infer, seeded_inputs
import openvino as ov

batch = int(VARIANT)
core = ov.Core()
net = core.read_model(f"{DIR}/{NAME}.onnx")
net.reshape([batch, WORK["sizes"][0]])
net = core.compile_model(net, "CPU", {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY",
                                      "INFERENCE_PRECISION_HINT": "f32"})
r = net.create_infer_request()
r.set_input_tensor(ov.Tensor(seeded_inputs(WORK, batch)))
infer(lambda: r.infer(), batch, lambda: r.get_output_tensor(0).data)
