"""reference.py - what shop.nn computes, in double, with the weights rounded as they are stored.

    reference.py FOLDER     writes shop.safetensors and, for each of none, bf16, f16, KIND_expect.h: inputs of five
                            samples and the right outputs, as C arrays; bad_*.safetensors; summed.safetensors,
                            which is shop.safetensors with the checksum that trainers write

Rounding is done on bits (bfloat16: half a unit of the last place and its parity added, the way of
PyTorch) and by struct's binary16, which rounds to nearest even.
"""
import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors  # noqa: E402

PEOPLE, THINGS, N, T, I, H = 7, 5, 5, 3, 20, 8
SHAPES = {"embedding1.weight": [PEOPLE, 6], "embedding2.weight": [THINGS, 10],
          "lstm1.weight_ih_l0": [4 * H, I], "lstm1.weight_hh_l0": [4 * H, H],
          "lstm1.bias_ih_l0": [4 * H], "lstm1.bias_hh_l0": [4 * H],
          "dense1.weight": [150, 24], "dense1.bias": [150], "dense2.weight": [70, 150], "dense2.bias": [70],
          "dense3.weight": [9, 70], "dense3.bias": [9]}


def f32(v):
    return struct.unpack("<f", struct.pack("<f", v))[0]


def bf16(v):
    u = struct.unpack("<I", struct.pack("<f", v))[0]
    u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000
    return struct.unpack("<f", struct.pack("<I", u))[0]


def f16(v):
    return struct.unpack("<e", struct.pack("<e", v))[0]


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def dense(w, name, x):
    rows, columns = SHAPES[name + ".weight"]
    m, b = w[name + ".weight"], w[name + ".bias"]
    return [b[i] + math.fsum(m[i * columns + k] * x[k] for k in range(columns)) for i in range(rows)]


def lstm(w, xs):
    h, c = [0.0] * H, [0.0] * H
    for x in xs:
        g = [w["lstm1.bias_ih_l0"][i] + w["lstm1.bias_hh_l0"][i] +
             math.fsum(w["lstm1.weight_ih_l0"][i * I + k] * x[k] for k in range(I)) +
             math.fsum(w["lstm1.weight_hh_l0"][i * H + k] * h[k] for k in range(H)) for i in range(4 * H)]
        for k in range(H):
            c[k] = sigmoid(g[H + k]) * c[k] + sigmoid(g[k]) * math.tanh(g[2 * H + k])
            h[k] = sigmoid(g[3 * H + k]) * math.tanh(c[k])
    return h


def shop(w, person, thing, seen):
    x = (w["embedding1.weight"][6 * person:6 * person + 6] + w["embedding2.weight"][10 * thing:10 * thing + 10] +
         lstm(w, [seen[I * t:I * t + I] for t in range(T)]))
    x = [max(v, 0.0) for v in dense(w, "dense1", x)]
    x = [math.tanh(v) for v in dense(w, "dense2", x)]
    z = dense(w, "dense3", x)
    top = max(z)
    e = [math.exp(v - top) for v in z]
    return [v / math.fsum(e) for v in e], math.fsum(v * v for v in z) / len(z)


def xxh64(data):
    """XXH64 with seed 0, from the description of the algorithm in the xxHash project."""
    p1, p2, p3, p4, p5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                          2870177450012600261)
    mask = 2 ** 64 - 1

    def turn(x, r):
        return (x << r | x >> (64 - r)) & mask

    def mix(v, x):
        return turn((v + x * p2) & mask, 31) * p1 & mask

    n, at, h = len(data), 0, p5
    if n >= 32:
        v = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        for at in range(0, n - 31, 32):
            v = [mix(v[i], x) for i, x in enumerate(struct.unpack_from("<4Q", data, at))]
        at += 32
        h = sum(turn(x, r) for x, r in zip(v, (1, 7, 12, 18))) & mask
        for x in v:
            h = ((h ^ mix(0, x)) * p1 + p4) & mask
    h = (h + n) & mask
    while at + 8 <= n:
        h = (turn(h ^ mix(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= n:
        h = (turn(h ^ struct.unpack_from("<I", data, at)[0] * p1 & mask, 23) * p2 + p3) & mask
        at += 4
    for c in data[at:]:
        h = turn(h ^ c * p5 & mask, 11) * p1 & mask
    h = (h ^ h >> 33) * p2 & mask
    h = (h ^ h >> 29) * p3 & mask
    return h ^ h >> 32


def with_checksum(path, to):
    """The file with `nnc.xxh64`: of the data, then of the header without the 16 digits."""
    with open(path, "rb") as f:
        raw = f.read()
    n = struct.unpack("<Q", raw[:8])[0]
    start, rest, data = b'{"__metadata__":{"nnc.xxh64":"', b'"},' + raw[9:8 + n], raw[8 + n:]
    digits = b"%016x" % xxh64(data + start + rest)
    with open(to, "wb") as f:
        f.write(struct.pack("<Q", len(start + digits + rest)) + start + digits + rest + data)


def array(f, kind, name, values):
    f.write(f"static const {kind} {name}[] = {{\n")
    for i in range(0, len(values), 8):
        f.write("\t" + " ".join(f"{v!r}," for v in values[i:i + 8]) + "\n")
    f.write("};\n")


def main(folder):
    r = random.Random(3)
    count = safetensors.count
    w = {k: [f32(r.gauss(0, 0.5 if len(s) > 1 and s[1] < 30 else 0.12)) for _ in range(count(s))] for k, s in SHAPES.items()}
    # ties of both kinds, subnormal numbers of binary16, zeros of both signs
    w["dense1.weight"][:8] = [1 + 2.0 ** -8, 1 + 3 * 2.0 ** -8, 1 + 2.0 ** -11, 1 + 3 * 2.0 ** -11, 2.0 ** -15, 3 * 2.0 ** -25,
                              -0.0, 0.0]
    files = {"shop": w}
    for name, value in (("bad_nan", math.nan), ("bad_inf", math.inf), ("bad_large", 3.4e38), ("bad_f16", 65520.0)):
        files[name] = dict(w, **{"dense2.bias": [value] + w["dense2.bias"][1:]})
    for name, v in files.items():
        safetensors.save(f"{folder}/{name}.safetensors", {k: (SHAPES[k], v[k]) for k in v}, {k: "F32" for k in v})
    with_checksum(f"{folder}/shop.safetensors", f"{folder}/summed.safetensors")
    person, thing = [3, 0, 6, 2, 5], [4, 1, 0, 2, 3]
    seen = [f32(r.gauss(0, 1)) for _ in range(N * T * I)]
    for kind, rounded in (("none", f32), ("bf16", bf16), ("f16", f16)):
        q = {k: [rounded(v) for v in values] for k, values in w.items()}
        out = [shop(q, person[i], thing[i], seen[T * I * i:T * I * (i + 1)]) for i in range(N)]
        with open(f"{folder}/{kind}_expect.h", "w") as f:
            array(f, "int32_t", "person", person)
            array(f, "int32_t", "thing", thing)
            array(f, "float", "seen", seen)
            array(f, "double", "probs_right", [v for p, _ in out for v in p])
            array(f, "double", "score_right", [s for _, s in out])


main(sys.argv[1])
