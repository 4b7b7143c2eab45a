"""long_rows.py - losses and norms over rows that are too long for a kernel's own arrays.

    long_rows.py source DIR        writes DIR/long_rows.nn, .weights and .batch files
    long_rows.py check FOUND       what `gradients` wrote; prints one line a fault

Cross-entropy over 2500 classes with its gradient, and layer_norm over as many values, computed
here in plain Python.
"""
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402

ROWS, IN, K = 5, 3, 2500
SMOOTH = 0.1

PROGRAM = f"""data synthetic("random", 8)
model long_rows {{
  input  x: f32[N, {IN}]
  target y: class({K})[N]
  z = x |> a: dense({K})
  w = x |> b: dense({K}) |> layer_norm
  loss plain = cross_entropy(z, y)
  loss smooth = 0.5 * cross_entropy(w, y, label_smoothing = {SMOOTH})
}}
train {{ epochs = 1, batch = 8, optimizer = sgd(lr = 0.1), seed = 3 }}
"""


def draw(n, seed, scale=1.0):
    """A fixed sequence without a library: -scale..scale."""
    v, s = [], seed
    for _ in range(n):
        s = (s * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        v.append(((s >> 33) / 2 ** 30 - 1) * scale)
    return v


def tensors():
    return {"a.weight": ([K, IN], draw(K * IN, 1, 3)), "a.bias": ([K], draw(K, 2)),
            "b.weight": ([K, IN], draw(K * IN, 3)), "b.bias": ([K], draw(K, 4)),
            "layer_norm1.weight": ([K], draw(K, 5)), "layer_norm1.bias": ([K], draw(K, 6))}


X, Y = draw(ROWS * IN, 7), [int((v + 1) / 2 * (K - 1)) for v in draw(ROWS, 8)]


def dense(t, name, row):
    w, b = t[name + ".weight"][1], t[name + ".bias"][1]
    return [b[k] + math.fsum(w[k * IN + i] * X[row * IN + i] for i in range(IN)) for k in range(K)]


def entropy(z, y, smooth):
    """The loss of a row, and its gradient."""
    m = max(z)
    e = [math.exp(v - m) for v in z]
    s = math.fsum(e)
    logp = [v - m - math.log(s) for v in z]
    goal = [smooth / K + (1 - smooth) * (k == y) for k in range(K)]
    loss = -math.fsum(g * p for g, p in zip(goal, logp))
    return loss, [e[k] / s - goal[k] for k in range(K)]


def norm(t, h, dz):
    """layer_norm of a row; with the gradient of its result: those of h, weight and bias."""
    g, b = t["layer_norm1.weight"][1], t["layer_norm1.bias"][1]
    mean = math.fsum(h) / K
    r = 1 / math.sqrt(math.fsum((v - mean) ** 2 for v in h) / K + 1e-5)
    n = [(v - mean) * r for v in h]
    if dz is None:
        return [n[k] * g[k] + b[k] for k in range(K)]
    dn = [dz[k] * g[k] for k in range(K)]
    s, p = math.fsum(dn) / K, math.fsum(dn[k] * n[k] for k in range(K)) / K
    return [r * (dn[k] - s - n[k] * p) for k in range(K)], [dz[k] * n[k] for k in range(K)], dz


def expected():
    t, total = tensors(), {"loss.plain": [0.0], "loss.smooth": [0.0]}
    for name, (shape, v) in t.items():
        total["grad." + name] = [0.0] * len(v)

    def add(name, v, by=1.0):
        total[name] = [a + by * b for a, b in zip(total[name], v)]

    for row in range(ROWS):
        x = X[row * IN:(row + 1) * IN]
        loss, dz = entropy(dense(t, "a", row), Y[row], 0)
        add("loss.plain", [loss], 1 / ROWS)
        add("grad.a.weight", [d * v for d in dz for v in x], 1 / ROWS)
        add("grad.a.bias", dz, 1 / ROWS)
        h = dense(t, "b", row)
        loss, dw = entropy(norm(t, h, None), Y[row], SMOOTH)
        add("loss.smooth", [loss], 0.5 / ROWS)
        dh, dg, db = norm(t, h, dw)
        add("grad.b.weight", [d * v for d in dh for v in x], 0.5 / ROWS)
        add("grad.b.bias", dh, 0.5 / ROWS)
        add("grad.layer_norm1.weight", dg, 0.5 / ROWS)
        add("grad.layer_norm1.bias", db, 0.5 / ROWS)
    return total


def write(folder):
    with open(f"{folder}/long_rows.nn", "w", encoding="utf-8") as f:
        f.write(PROGRAM)
    safetensors.save(f"{folder}/long_rows.weights.safetensors", tensors())
    safetensors.save(f"{folder}/long_rows.batch.safetensors",
                     {"x": ([ROWS, IN], X), "y": ([ROWS], Y)}, {"y": "I32"})


def check(found):
    bad = 0
    for name, want in expected().items():
        got = found[name][1]
        off = max(abs(a - b) / (1e-3 + abs(b)) for a, b in zip(got, want))
        if len(got) != len(want) or not off < 1e-9:
            print(f"{name}: off by {off:.2g}")
            bad = 1
    return bad


if __name__ == "__main__":
    if sys.argv[1] == "source":
        write(sys.argv[2])
    else:
        sys.exit(check(safetensors.load(sys.argv[2])))
