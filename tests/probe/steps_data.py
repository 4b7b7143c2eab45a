"""steps_data.py - data and first weights of steps_*.nn, from seeds alone.

    steps_data.py DIR        writes DIR/steps.images.idx, steps.labels.idx, steps.weights.safetensors,
                             and with the tensors of batch_norm steps_loop.weights.safetensors
"""
import random
import struct
import sys

import inputs
from inputs import safetensors

ROWS, SIDE, HIDDEN, CLASSES = 60, 5, 9, 4


def images():
    rng = random.Random(11)
    return [rng.randrange(256) for _ in range(ROWS * SIDE * SIDE)]


def labels():
    rng = random.Random(12)
    return [rng.randrange(CLASSES) for _ in range(ROWS)]


def weights():
    rng = random.Random(13)
    spec = {**inputs.dense("dense1", SIDE * SIDE, HIDDEN), **inputs.dense("dense2", HIDDEN, CLASSES)}
    return {path: inputs.tensor(rng, *s) for path, s in spec.items()}


def norm():
    """The tensors of batch_norm as it begins."""
    first = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    return {f"batch_norm1.{k}": ([HIDDEN], [v] * HIDDEN) for k, v in first.items()}


def main():
    out = sys.argv[1]
    with open(f"{out}/steps.images.idx", "wb") as f:
        f.write(struct.pack(">4i", 0x803, ROWS, SIDE, SIDE) + bytes(images()))
    with open(f"{out}/steps.labels.idx", "wb") as f:
        f.write(struct.pack(">2i", 0x801, ROWS) + bytes(labels()))
    safetensors.save(f"{out}/steps.weights.safetensors", weights())
    safetensors.save(f"{out}/steps_loop.weights.safetensors", {**weights(), **norm()})


if __name__ == "__main__":
    main()
