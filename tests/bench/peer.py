"""peer.py - what every contestant written in Python begins with.

    train_X.py WORK THREADS DIR [VARIANT] [--cold]      DIR: work folder of the driver

Pins itself, checks itself against nnc, prints `ready JSON`, then answers each line `go SECONDS` of
standard input with one line of JSON.  --cold: one step or prediction, `FIRST KiB`, end.
"""
import json
import os
import sys
import time

from work import INFER, STEPS, TRAIN, forward, read_tensors, seeded_inputs, seeded_weights, weights

NAME, THREADS, DIR = sys.argv[1], int(sys.argv[2]), sys.argv[3]
VARIANT = sys.argv[4] if len(sys.argv) > 4 and sys.argv[4] != "--cold" else ""
COLD = sys.argv[-1] == "--cold"
WORK = {**TRAIN, **INFER}[NAME]
cpus = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, set(cpus[-THREADS:]))
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[v] = str(THREADS)
if THREADS > 1:
    os.environ.update(OMP_PROC_BIND="true", OMP_PLACES="{%d},{%d}" % tuple(cpus[-2:]))
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def say(text):
    print(text, flush=True)


def peak_kib():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def batches():
    """The rows that nnc trains on: STEPS pairs of inputs and targets."""
    t = read_tensors(f"{DIR}/{NAME}.rows.safetensors")
    x, y, n = t["inputs"], t["targets"], WORK["batch"]
    return [(x[i * n:(i + 1) * n], y[i * n:(i + 1) * n]) for i in range(STEPS)]


def begin():
    return weights(f"{DIR}/{NAME}.begin.safetensors", WORK)


def serve(turn):
    for line in sys.stdin:
        word = line.split()
        if not word or word[0] == "quit":
            return
        say(json.dumps(turn(float(word[1]))))


def train(step, sync, now):
    """step(i) trains on batch i and returns its loss; sync() waits; now() gives [(weight, bias)]."""
    import numpy as np
    if COLD:
        step(0)
        sync()
        say(f"FIRST {peak_kib()}")
        os._exit(0)
    for i in range(STEPS):
        loss = float(step(i))
    sync()
    ours, theirs = weights(f"{DIR}/{NAME}.last.safetensors", WORK), now()
    far = sum(float(((a - b) ** 2).sum()) for p, q in zip(ours, theirs) for a, b in zip(p, q))
    moved = sum(float(((a - b) ** 2).sum()) for p, q in zip(ours, begin()) for a, b in zip(p, q))
    assert all(np.isfinite(a).all() for p in theirs for a in p)
    say("ready " + json.dumps(dict(loss=loss, far=(far / moved) ** 0.5)))

    def turn(seconds):
        for i in range(3):
            step(i)
        sync()
        t, n = time.perf_counter(), 0
        while time.perf_counter() - t < seconds:
            for _ in range(4):
                step(n % STEPS)
                n += 1
        sync()
        return dict(rate=n * WORK["batch"] / (time.perf_counter() - t))
    serve(turn)


def infer(predict, batch, result):
    """predict() computes all samples; result() gives the outputs."""
    import numpy as np
    predict()
    if COLD:
        say(f"FIRST {peak_kib()}")
        os._exit(0)
    right = forward(seeded_weights(WORK), seeded_inputs(WORK, batch))
    far = float(np.abs(np.asarray(result()).reshape(right.shape) - right).max() / np.abs(right).max())
    say("ready " + json.dumps(dict(far=far)))

    def turn(seconds):
        for _ in range(20):
            predict()
        took, t = [], time.perf_counter()
        while time.perf_counter() - t < seconds:
            s = time.perf_counter_ns()
            predict()
            took.append(time.perf_counter_ns() - s)
        took.sort()
        p50 = took[len(took) // 2] / 1e3
        return dict(us=p50, p99=took[int(len(took) * 0.99)] / 1e3, rate=batch / p50 * 1e6)
    serve(turn)
