"""check.py - what tests/group/fields.sh asks of the files that trainers leave behind.

    check.py values EXPECT.safetensors PART.safetensors FIRST    rows from FIRST on of every tensor are equal
    check.py known PART.safetensors                              normalize with given numbers
    check.py meta WEIGHTS.safetensors KEY LENGTH                 a list of so many numbers
    check.py batch PART.safetensors TO                           its tensors and the labels as a batch
    check.py weighted WEIGHTS EXPECT GRADIENTS                   class weights, and the loss with them
    check.py deployed LIBRARY PART.safetensors                   inference C on raw pixels gives the same
    check.py deployed_table LIBRARY PART.safetensors             the same, numbers and texts
    check.py spoil WEIGHTS.safetensors KEY VALUE|- TO            another value, or without the key; no checksum
"""
import ctypes
import json
import math
import os
import struct
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
import data
import safetensors


def header(path):
    raw = open(path, "rb").read()
    n = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8:8 + n]), raw[8 + n:]


def near(a, b, what):
    """Double against double; a different order of sums costs a few units in the last place."""
    assert abs(a - b) <= 1e-12 * max(1, abs(b)), f"{what}: {a!r}, expected {b!r}"


def values(expect, part, first):
    want, got = safetensors.load(expect), safetensors.load(part)
    for name, (shape, v) in want.items():
        row = len(v) // shape[0]
        have = got[name][1]
        assert have, name
        for i, x in enumerate(have):
            near(x, v[int(first) * row + i], f"{name}, element {i}")


def known(part):
    got = safetensors.load(part)
    pixels, _ = data.pictures()
    plane, mean, std = data.SIDE**2, [0.1, 0.2, 0.3], [0.5, 2.0, 4.0]
    for i, x in enumerate(got["known"][1]):
        c = i // plane % data.CHANNELS
        near(x, (pixels[i] / 255 - mean[c]) / std[c], f"known, element {i}")
    for i, x in enumerate(got["one"][1]):
        near(x, (pixels[i] - 3) / 0.25, f"one, element {i}")


def meta(path, key, length):
    value = json.loads(header(path)[0]["__metadata__"][key])
    assert len(value) == int(length), value


def deployed(library, part):
    run, got = ctypes.CDLL(library).pictures_run, safetensors.load(part)
    pixels, n = data.pictures()[0], data.CHANNELS * data.SIDE**2
    names = ["scaled", "ranged", "known", "one", "z"]
    for i in range(len(got["z"][1]) // 4):
        out = {k: (ctypes.c_double * (4 if k == "z" else n))() for k in names}
        run((ctypes.c_ubyte * n)(*pixels[i * n:(i + 1) * n]), *[out[k] for k in names])
        for k in names:
            for e, x in enumerate(out[k]):
                near(x, got[k][1][i * len(out[k]) + e], f"{k}, row {i}, element {e}")


def deployed_table(library, part):
    lib, got = ctypes.CDLL(library), safetensors.load(part)

    def numbers(*texts):
        return (ctypes.c_double * len(texts))(*[float(t or "nan") for t in texts])

    def text(column, t):
        return (ctypes.c_int32 * 1)(getattr(lib, f"table_{column}_class")(t.encode()))

    out = {"x": (ctypes.c_double * 12)(), "rest": (ctypes.c_double * 3)(), "kind": (ctypes.c_int32 * 1)(),
           "gap": (ctypes.c_double * 1)()}
    for i in range(len(got["kind"][1])):
        r = data.table()[i]
        status = lib.table_run(text("color", r[0]), numbers(r[1], r[2]), text("size", r[3]), numbers(r[4]),
                               numbers(*r[7:]), text("shape", r[5]), numbers(r[1]), *out.values())
        assert status == 0, status
        for k, v in out.items():
            for e, x in enumerate(v):
                near(x, got[k][1][i * len(v) + e], f"{k}, row {i}, element {e}")
    assert lib.table_shape_class(b"new") == 3 and lib.table_color_class(None) == 2


def batch(part, to):
    got = safetensors.load(part)
    n = len(got["z"][1]) // 4
    got["label"] = ([n], data.pictures()[1][:n])
    safetensors.save(to, got, {"label": "I64"})


def weighted(weights, expect, gradients):
    w = json.loads(header(weights)[0]["__metadata__"]["nnc.label.balanced.weight"])
    for a, b in zip(w, safetensors.load(expect)["weight"][1], strict=True):
        near(a, b, "class weight")
    out = safetensors.load(gradients)
    z, total, loss = out["output.z"][1], 0, 0
    for i in range(len(z) // 4):
        row, y = z[4 * i:4 * i + 4], data.pictures()[1][i]
        loss += w[y] * (math.log(sum(math.exp(v) for v in row)) - row[y])
        total += w[y]
    near(out["loss"][1][0], loss / total, "the loss")


def spoil(path, key, value, to):
    head, body = header(path)
    head["__metadata__"].pop("nnc.xxh64", None)
    head["__metadata__"].pop(key)
    if value != "-":
        head["__metadata__"][key] = value
    text = json.dumps(head).encode()
    open(to, "wb").write(struct.pack("<Q", len(text)) + text + body)


globals()[sys.argv[1]](*sys.argv[2:])
