"""inputs.py - weights and batches of the probe programs, from seeds alone.

    inputs.py MODEL DIR      writes DIR/MODEL.weights.safetensors and DIR/MODEL.batchN.safetensors
                             for N = 1, 7, 32

The numbers are a pure function of the model's name (random.Random is the same in all versions of
Python), so that only what PyTorch computed from them has to be kept (make_fixtures.py).
"""
import os
import random
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors  # noqa: E402

SIZES = (1, 7, 32)

# path: (shape, half width of the range around `middle`)
def norm(path, n):
    return {path + ".weight": ((n,), 0.3, 1.0), path + ".bias": ((n,), 0.2)}


def stats(path, n):
    return {path + ".running_mean": ((n,), 0.3), path + ".running_var": ((n,), 0.3, 1.0)}


def dense(path, inputs, units):
    return {path + ".weight": ((units, inputs), 1.7 / inputs ** 0.5), path + ".bias": ((units,), 0.2)}


# fields: name: (shape of a sample, number of classes; 0: float)
MODELS = {
    "mlp": {
        "params": {**dense("dense1", 784, 256), **dense("dense2", 256, 10)},
        "buffers": {},
        "fields": {"image": ((1, 28, 28), 0), "label": ((), 10)},
    },
    "conv_bn": {
        "params": {
            "first.conv2d1.weight": ((8, 3, 3, 3), 0.3), **norm("first.batch_norm1", 8),
            "second.conv2d1.weight": ((12, 8, 3, 3), 0.2), **norm("second.batch_norm1", 12),
            **dense("dense1", 48, 10)},
        "buffers": {**stats("first.batch_norm1", 8), **stats("second.batch_norm1", 12)},
        "fields": {"image": ((3, 10, 10), 0), "label": ((), 10)},
    },
    "gru": {
        "params": {
            "cell1.w_ih": ((36, 6), 0.5), "cell1.w_hh": ((36, 12), 0.5),
            "cell1.b_ih": ((36,), 0.3), "cell1.b_hh": ((36,), 0.3),
            **dense("dense1", 12, 5), **dense("dense2", 12, 3)},
        "buffers": {},
        "fields": {"x": ((9, 6), 0), "tag": ((9,), 5), "kind": ((), 3)},
    },
    "attention": {
        "params": {
            "wte.weight": ((17, 16), 0.5), "wpe": ((8, 16), 0.5), **norm("layer_norm1", 16),
            **dense("attention1.qkv", 16, 48), **dense("attention1.proj", 16, 16),
            **norm("layer_norm2", 16), **dense("dense1", 16, 32), **dense("dense2", 32, 16),
            **norm("layer_norm3", 16)},
        "buffers": {},
        "fields": {"tokens": ((8,), 17), "next": ((8,), 17)},
    },
    "siamese": {
        "params": {"enc.U": ((24, 8), 0.4), "enc.V": ((8, 16), 0.5), "enc.b": ((16,), 0.2)},
        "buffers": {},
        "fields": {"a": ((24,), 0), "b": ((24,), 0), "same": ((), 2)},
    },
}


def tensor(rng, shape, width, middle=0.0):
    return list(shape), [middle + width * (2 * rng.random() - 1)
                         for _ in range(safetensors.count(shape))]


def weights(model):
    """{path: (shape, values)}: every parameter and buffer."""
    rng = random.Random(zlib.crc32(model.encode()))
    m = MODELS[model]
    return {path: tensor(rng, *spec) for path, spec in {**m["params"], **m["buffers"]}.items()}


def batch(model, n):
    """({name: (shape, values)}, {name: dtype}): one batch of n samples."""
    rng = random.Random(zlib.crc32(model.encode()) + n)
    fields, types = {}, {}
    for name, (shape, classes) in MODELS[model]["fields"].items():
        shape = [n, *shape]
        k = safetensors.count(shape)
        if classes:
            fields[name] = shape, [rng.randrange(classes) for _ in range(k)]
            types[name] = "I64"
        else:
            fields[name] = shape, [3.0 * rng.random() - 1.5 for _ in range(k)]
    return fields, types


def main():
    model, out = sys.argv[1:]
    safetensors.save(f"{out}/{model}.weights.safetensors", weights(model))
    for n in SIZES:
        safetensors.save(f"{out}/{model}.batch{n}.safetensors", *batch(model, n))


if __name__ == "__main__":
    main()
