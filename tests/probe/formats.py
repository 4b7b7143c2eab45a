"""formats.py - batches for formats.nn, and whether the tables of `predict` agree.

    formats.py make DIR      weights and batches
    formats.py check DIR     p.csv, p.jsonl, p.npy.NAME.npy against p.safetensors
"""
import array
import csv
import json
import random
import struct
import sys

from inputs import safetensors

N = 40
NPY = {"<f4": "f", "|b1": "B", "<i8": "q"}


def single(v):
    return array.array("f", [v])[0]


def make(folder):
    r = random.Random(5)

    def near(*shape):
        return shape, [r.randrange(-64, 64) / 32 for _ in range(safetensors.count(shape))]

    def whole(lo, hi):
        return (N,), [r.randrange(lo, hi) for _ in range(N)]

    weights = {"dense1.weight": near(5, 3), "dense1.bias": near(5), "embedding1.weight": near(4, 5),
               "dense2.weight": near(2, 5), "dense2.bias": near(2)}
    safetensors.save(folder + "/w.safetensors", weights, dict.fromkeys(weights, "F32"))
    batch = {"x": near(N, 3), "k": whole(0, 4), "i": whole(-9, 9), "b": whole(0, 2),
             "y": whole(0, 2), "more": near(2)}
    wide = {"x": "F64", "k": "I64", "i": "I64", "b": "I64", "y": "I64", "more": "F32"}
    narrow = {"x": "F16", "k": "U8", "i": "I8", "b": "BOOL", "y": "BOOL", "more": "F32"}
    mixed = {"x": "F32", "k": "I32", "i": "I16", "b": "U8", "y": "I32", "more": "F32"}
    for name, types in (("wide", wide), ("narrow", narrow), ("b", mixed)):
        safetensors.save("%s/%s.safetensors" % (folder, name), batch, types)
    inputs = {n: t for n, t in batch.items() if n != "y"}
    safetensors.save(folder + "/inputs.safetensors", inputs, wide)
    safetensors.save(folder + "/class.safetensors", {**batch, "k": ((N,), [4] * N)}, wide)
    safetensors.save(folder + "/shape.safetensors", {**batch, "x": near(N, 2)}, wide)


def npy(path):
    with open(path, "rb") as f:
        raw = f.read()
    assert raw[:8] == b"\x93NUMPY\x01\x00", path
    n = struct.unpack("<H", raw[8:10])[0]
    assert (10 + n) % 64 == 0 and raw[9 + n:10 + n] == b"\n", path
    head = eval(raw[10:10 + n].decode())
    assert head["fortran_order"] is False, path
    values = array.array(NPY[head["descr"]])
    values.frombytes(raw[10 + n:])
    return list(head["shape"]), values.tolist(), head["descr"]


def flat(v):
    return [e for part in v for e in flat(part)] if isinstance(v, list) else [v]


def check(folder):
    tensors = safetensors.load(folder + "/p.safetensors")
    with open(folder + "/p.csv", newline="") as f:
        table = list(csv.DictReader(f))
    with open(folder + "/p.jsonl") as f:
        lines = [json.loads(line) for line in f]
    assert len(table) == len(lines) == N
    assert list(lines[0]) == ["probs", "class", "whole", "one", "column", "flag", "rows", "cube"]
    assert all(len(v) == 2 and len(v[0]) == 1 for v in (lines[0]["rows"], lines[0]["cube"]))
    size = {name: safetensors.count(shape) // N for name, (shape, _) in tensors.items()}
    header = [n for name in tensors for k in range(size[name])
              for n in [name if size[name] == 1 else "%s.%d" % (name, k)]]
    assert list(table[0]) == header, header
    for name, (shape, values) in tensors.items():
        cells = [row[n] for row in table for n in header if n == name or n.startswith(name + ".")]
        assert [single(float(c)) for c in cells] == values, name
        assert [single(v) for line in lines for v in flat(line[name])] == values, name
        found = npy("%s/p.npy.%s.npy" % (folder, name))
        assert found[:2] == (shape, values), name
        want = {"class": "<i8", "whole": "<i8", "flag": "|b1"}.get(name, "<f4")
        assert found[2] == want, (name, found[2])
        assert len(values) == N * size[name]


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](sys.argv[2])
