"""work.py - the workloads, for the driver and for every contestant: sizes, goals, files, FLOPs.

FLOPs count products alone, two a multiply-add: forward, both gradients, none into the input.
"""
import json

STEPS = 16                                # batches of rows; a check takes as many steps
TRAIN = {
    "t1": dict(sizes=[784, 128, 10], act="sigmoid", loss="squares", opt="sgd", lr=0.1, batch=64,
               goal={1: 1.15, 2: 1.6}),
    "t2": dict(sizes=[784, 512, 256, 10], act="relu", loss="entropy", opt="adam", lr=1e-3, batch=128,
               goal={1: 1.2, 2: 1.4}),
}
INFER = {
    "i1": dict(sizes=[784, 512, 256, 10]),
    "i6": dict(sizes=[640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]),
}
ONE, ONE_BF16, MANY = 1.05, 0.75, 0.95    # goals: times of a sample, rate of 64 on two threads


def layers(w):
    return list(zip(w["sizes"], w["sizes"][1:]))


def train_flops(w):
    """of one sample"""
    macs = [a * b for a, b in layers(w)]
    return 2 * (3 * sum(macs) - macs[0])


def infer_flops(w):
    return 2 * sum(a * b for a, b in layers(w))


def read_tensors(path):
    """{name: NumPy array} of a .safetensors file."""
    import numpy as np
    kinds = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4"}
    with open(path, "rb") as f:
        raw = f.read()
    n = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8:8 + n])
    head.pop("__metadata__", None)
    return {k: np.frombuffer(raw[8 + n:][v["data_offsets"][0]:v["data_offsets"][1]],
                             kinds[v["dtype"]]).reshape(v["shape"]).copy() for k, v in head.items()}


def write_tensors(path, tensors):
    """float32 NumPy arrays."""
    head, data = {}, b""
    for k, v in tensors.items():
        raw = v.astype("<f4").tobytes()
        head[k] = dict(dtype="F32", shape=list(v.shape), data_offsets=[len(data), len(data) + len(raw)])
        data += raw
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + data)


def weights(path, w):
    """[(weight [out, in], bias)] of dense1, dense2, ..."""
    t = read_tensors(path)
    return [(t[f"dense{i + 1}.weight"], t[f"dense{i + 1}.bias"]) for i in range(len(w["sizes"]) - 1)]


def seeded_weights(w):
    """Weights of an inference workload: uniform as PyTorch's defaults, biases too."""
    import numpy as np
    r = np.random.default_rng(1234)
    out = []
    for a, b in layers(w):
        s = a ** -0.5
        out.append((r.uniform(-s, s, (b, a)).astype(np.float32), r.uniform(-s, s, b).astype(np.float32)))
    return out


def seeded_inputs(w, batch):
    import numpy as np
    return np.random.default_rng(5678).random((batch, w["sizes"][0]), dtype=np.float32)


def forward(ws, x):
    """The outputs of an inference workload in double."""
    import numpy as np
    x = x.astype(np.float64)
    for i, (m, b) in enumerate(ws):
        x = x @ m.astype(np.float64).T + b
        if i + 1 < len(ws):
            x = np.maximum(x, 0)
    return x
