"""infer_ort.py - ONNX Runtime, CPU provider; VARIANT: the batch."""
from peer import DIR, NAME, THREADS, VARIANT, WORK, infer, seeded_inputs
import onnxruntime as ort

batch = int(VARIANT)
o = ort.SessionOptions()
o.intra_op_num_threads, o.inter_op_num_threads = THREADS, 1
s = ort.InferenceSession(f"{DIR}/{NAME}.onnx", o, providers=["CPUExecutionProvider"])
x = {"x": seeded_inputs(WORK, batch)}
infer(lambda: s.run(None, x), batch, lambda: s.run(None, x)[0])
