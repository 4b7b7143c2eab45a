"""initial.py - are first values distributed as the initialisers' formulas say?

    initial.py source DIR        writes DIR/initial.nn
    initial.py check WEIGHTS     the file that `train` with lr = 0 wrote; prints one line a fault

For n values the mean may be off by 5 standard errors, std / sqrt(n), and the deviation by 5 times
std * sqrt((kurtosis - 1) / (4 n)).  Bounds of uniform and truncated values hold strictly and are
approached to 1 part in a hundred.
"""
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402

RAW = (80, 5, 3, 4)                                       # fan_in 60, fan_out 960
VECTOR = 3000                                             # both fans 3000


def uniform(a, b):
    return (a + b) / 2, (b - a) / math.sqrt(12), a, b, 1.8


def normal(mean, std):
    return mean, std, -math.inf, math.inf, 3.0


def truncated(mean, std, a, b):
    """By the moments of the normal distribution cut at a and b."""
    p = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    c = lambda z: (1 + math.erf(z / math.sqrt(2))) / 2
    u, v = (a - mean) / std, (b - mean) / std
    w = c(v) - c(u)
    m = (p(u) - p(v)) / w
    s = 1 + (u * p(u) - v * p(v)) / w - m * m
    return mean + std * m, std * math.sqrt(s), a, b, 3.0


def fans(i, o):
    """The initialisers without arguments for fan_in i and fan_out o."""
    return {
        "kaiming_uniform()": uniform(-1 / math.sqrt(i), 1 / math.sqrt(i)),
        "kaiming_normal()": normal(0, math.sqrt(2 / i)), "lecun_normal()": normal(0, math.sqrt(1 / i)),
        "xavier_uniform()": uniform(-math.sqrt(6 / (i + o)), math.sqrt(6 / (i + o))),
        "xavier_normal()": normal(0, math.sqrt(2 / (i + o))),
    }


# path: (distribution); declarations of raw parameters and layers
RAWS = {**fans(60, 960), "uniform(-0.3, 0.5)": uniform(-0.3, 0.5), "normal(0.2, 0.5)": normal(0.2, 0.5),
        "normal()": normal(0, 1), "trunc_normal()": truncated(0, 1, -2, 2),
        "trunc_normal(0, 0.02)": truncated(0, 0.02, -2, 2),
        "trunc_normal(0.5, 1, 0, 1.5)": truncated(0.5, 1, 0, 1.5), "he()": normal(0, math.sqrt(2 / 60)),
        "0.5 * normal(0, 1) + 1": normal(1, 0.5)}
FIXED = {"zeros()": 0.0, "ones()": 1.0, "constant(0.25)": 0.25, "0.5": 0.5}
VECTORS = fans(VECTOR, VECTOR)
ORTHOGONAL = {"q1": (12, 30), "q2": (30, 12), "q3": (20, 20), "q4": (8, 3, 2, 2)}
DEFAULT = {
    "dense1.weight": uniform(-1 / 8, 1 / 8), "dense1.bias": uniform(-1 / 8, 1 / 8),
    "conv1.weight": uniform(-1 / 6, 1 / 6), "conv1.bias": uniform(-1 / 6, 1 / 6),
    "group.weight": uniform(-1 / math.sqrt(18), 1 / math.sqrt(18)),
    "turned.weight": uniform(-1 / math.sqrt(54), 1 / math.sqrt(54)),
    "table.weight": normal(0, 1), "rnn1.weight_ih_l0": uniform(-0.2, 0.2),
    "rnn1.bias_hh_l0": uniform(-0.2, 0.2), "lstm1.weight_hh_l0": uniform(-0.2, 0.2),
    "attend.in_proj_weight": uniform(-math.sqrt(6 / 256), math.sqrt(6 / 256)),
    "given.weight": normal(0, 0.3), "given.bias": normal(2, 0.1), "attend.out_proj.weight": uniform(-1 / 8, 1 / 8),
}
ZERO = ["attend.in_proj_bias", "attend.out_proj.bias", "layer_norm1.bias", "batch_norm1.bias"]
ONE = ["layer_norm1.weight", "batch_norm1.weight", "rms_norm1.weight"]


def source():
    lines = ["fn he() = normal(0, sqrt(2 / fan_in))", 'data synthetic("random", 8)', "model initial {",
             "  input x: f32[N, 64]", "  input k: class(300)[N]"]
    kept = []
    for stem, table, shape in ("r", RAWS, RAW), ("f", FIXED, (7, 3)), ("v", VECTORS, (VECTOR,)):
        for i, init in enumerate(table):
            lines.append(f"  param {stem}{i}: f32[{', '.join(map(str, shape))}] = {init}")
            kept.append(f"{stem}{i}")
    for name, shape in ORTHOGONAL.items():
        lines.append(f"  param {name}: f32[{', '.join(map(str, shape))}] = orthogonal()")
        kept.append(name)
    lines += [
        "  i = reshape(x, N, 4, 4, 4)", "  s = reshape(x, N, 1, 64)",
        "  a = sum(dense(x, 300))", "  b = sum(i |> conv1: conv2d(300, 3))",
        "  c = sum(i |> group: conv2d(300, 3, groups = 2))", "  d = sum(i |> turned: conv_transpose2d(6, 3))",
        "  e = sum(k |> table: embedding(300, 20))", "  f = sum(rnn(s, 25)) + sum(lstm(s, 25))",
        "  g = sum(s |> attend: multi_head_attention(4))",
        "  h = sum(x |> given: dense(300, init = normal(0, 0.3), bias_init = normal(2, 0.1)))",
        "  j = sum(layer_norm(x)) + sum(rms_norm(x)) + sum(batch_norm(i))",
        "  output y = x", "  loss all = a + b + c + d + e + f + g + h + j + "
        + " + ".join(f"0 * sum({k})" for k in kept), "}",
        "train { epochs = 1, batch = 8, optimizer = sgd(lr = 0), seed = 5 }", ""]
    return "\n".join(lines)


def moments(name, values, d):
    mean, std, low, high, kurtosis = d
    n = len(values)
    m = sum(values) / n
    s = math.sqrt(sum((v - m) ** 2 for v in values) / (n - 1))
    if abs(m - mean) > 5 * std / math.sqrt(n):
        yield f"{name}: mean {m:.4g}, expected {mean:.4g}"
    if abs(s - std) > 5 * std * math.sqrt((kurtosis - 1) / (4 * n)):
        yield f"{name}: deviation {s:.4g}, expected {std:.4g}"
    if min(values) < low - 1e-6 or max(values) > high + 1e-6:
        yield f"{name}: {min(values):.4g} to {max(values):.4g} leaves {low:.4g} to {high:.4g}"
    if kurtosis == 1.8 and n > 1000 and max(values) - min(values) < 0.99 * (high - low):
        yield f"{name}: {min(values):.4g} to {max(values):.4g} does not fill {low:.4g} to {high:.4g}"
    if math.isinf(high) and n > 2000:
        far = sum(abs(v - mean) > 2 * std for v in values) / n
        if abs(far - 0.0455) > 5 * math.sqrt(0.0455 / n):
            yield f"{name}: {far:.4f} of the values beyond 2 deviations, expected 0.0455"


def orthogonal(name, values, shape):
    rows, cols = shape[0], len(values) // shape[0]
    a = [values[i * cols:(i + 1) * cols] for i in range(rows)]
    if rows > cols:
        a = [list(c) for c in zip(*a)]
    worst = max(abs(sum(x * y for x, y in zip(a[i], a[j])) - (i == j))
                for i in range(len(a)) for j in range(i + 1))
    if not worst <= 2e-6:
        yield f"{name}: rows are orthogonal and of length 1 to {worst:.2e} only"
    moved = sum(abs(v) for v in a[0]) / len(a[0])         # no unit matrix
    if not moved > 0.5 / math.sqrt(len(a[0])):
        yield f"{name}: its first row is no random direction"


def faults(t):
    for stem, table in ("r", RAWS), ("v", VECTORS):
        for i, (init, d) in enumerate(table.items()):
            yield from moments(f"{init} as {stem}{i}", t[f"{stem}{i}"][1], d)
    for name, d in DEFAULT.items():
        yield from moments(name, t[name][1], d)
    for i, (init, v) in enumerate(FIXED.items()):
        if set(t[f"f{i}"][1]) != {v}:
            yield f"{init}: not {v} everywhere"
    for names, v in (ZERO, 0.0), (ONE, 1.0):
        yield from (f"{n}: not {v} everywhere" for n in names if set(t[n][1]) != {v})
    for name, shape in ORTHOGONAL.items():
        yield from orthogonal(name, t[name][1], shape)
    if t["r5"][1][:9] == t["r6"][1][:9] or len(set(t["r0"][1])) < 0.99 * len(t["r0"][1]):
        yield "draws repeat"


def main():
    if sys.argv[1] == "source":
        with open(f"{sys.argv[2]}/initial.nn", "w", encoding="utf-8") as f:
            f.write(source())
        return 0
    found = list(faults(safetensors.load(sys.argv[2])))
    print("\n".join(found) or "all distributions fit")
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())
