"""random_layers.py - are dropout and noise in training what they should be?

    random_layers.py source DIR        writes DIR/random_layers.nn, .weights and .batch files
    random_layers.py check FOUND       what `gradients` wrote; prints one line a fault

All inputs and weights are 1, so an element of dropout is 0 or 1 / (1 - p), and the gradient of a
weight that it is multiplied with is the sum of the outputs over the samples.
"""
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402

ROWS = 50
DROPS = {"a": ("dropout({}, 0.3)", 0.3), "b": ("{} |> dropout", 0.5), "c": ("dropout({}, 0.3)", 0.3),
         "d": ("spatial_dropout({}, 0.4)", 0.4), "e": ("dropout({}, 0.9)", 0.9),
         "f": ("dropout({}, 1)", 1)}


def source():
    lines = ['data synthetic("random", 8)', "model random_layers {", "  input x: f32[N, 20, 6, 5]"]
    for name, (text, _) in DROPS.items():
        lines += [f"  param w{name}: f32[20, 6, 5]", f"  u{name} = x * w{name}",
                  f"  {name} = {text.format('u' + name)}", f"  output o{name} = {name}"]
    lines += ["  output noise = gaussian_noise(x, 0.5)", "  output drawn = randn_like(x)",
              "  output again = randn_like(x)", "  s = reshape(x, N, 20, 30)",
              # the first layer's states do not reach the second one
              "  output cut = lstm(s, 4, layers = 2, dropout = 1 - 1e-12)",
              "  loss all = " + " + ".join(f"sum({k})" for k in DROPS), "}",
              "train { epochs = 1, batch = 8, optimizer = sgd(lr = 0.1), seed = 3 }", ""]
    return "\n".join(lines)


def write(folder):
    with open(f"{folder}/random_layers.nn", "w", encoding="utf-8") as f:
        f.write(source())
    ones = {f"w{k}": ([20, 6, 5], [1.0] * 600) for k in DROPS}
    for level, size in (0, 30), (1, 4):
        ones.update({f"lstm1.weight_ih_l{level}": ([16, size], [0.1] * (16 * size)),
                     f"lstm1.weight_hh_l{level}": ([16, 4], [0.1] * 64),
                     f"lstm1.bias_ih_l{level}": ([16], [0.1] * 16), f"lstm1.bias_hh_l{level}": ([16], [0.1] * 16)})
    safetensors.save(f"{folder}/random_layers.weights.safetensors", ones)
    safetensors.save(f"{folder}/random_layers.batch.safetensors", {"x": ([ROWS, 20, 6, 5], [1.0] * (ROWS * 600))})


def share(name, hits, n, p):
    if abs(hits / n - p) > 5 * math.sqrt(p * (1 - p) / n):
        yield f"{name}: {hits / n:.4f} of {n} are 0, expected {p}"


def faults(t):
    for name, (_, p) in DROPS.items():
        v = t[f"output.o{name}"][1]
        if any(x != 0 and abs(x * (1 - p) - 1) > 1e-12 for x in v):
            yield f"{name}: neither 0 nor 1 / (1 - p)"
        n = len(v)
        if name == "d":
            v30 = [v[i:i + 30] for i in range(0, n, 30)]
            if any(len(set(c)) > 1 for c in v30):
                yield f"{name}: a channel is dropped in part"
            yield from share(name, sum(c[0] == 0 for c in v30), len(v30), p)
        else:
            yield from share(name, sum(x == 0 for x in v), n, p)
        sums = [sum(v[i::600]) for i in range(600)]
        if max(abs(a - b) for a, b in zip(sums, t[f"grad.w{name}"][1])) > 1e-9:
            yield f"{name}: the gradient does not flow where the value did"
    if t["output.oa"][1] == t["output.oc"][1]:
        yield "two dropouts draw the same"
    if t["output.drawn"][1] == t["output.again"][1]:
        yield "two randn_like draw the same"
    for name, mean, std in ("noise", 1, 0.5), ("drawn", 0, 1):
        z = [(v - mean) / std for v in t[f"output.{name}"][1]]
        n = len(z)
        for k, want, spread in (1, 0, 1), (2, 1, math.sqrt(2)), (3, 0, math.sqrt(15)), (4, 3, math.sqrt(96)):
            found = sum(v ** k for v in z) / n
            if abs(found - want) > 5 * spread / math.sqrt(n):
                yield f"{name}: moment {k} is {found:.4f}, expected {want}"
    rows = [t["output.cut"][1][i:i + 80] for i in range(0, ROWS * 80, 80)]
    if any(r != rows[0] for r in rows):
        yield "lstm: the second layer sees what dropout took away"


def main():
    if sys.argv[1] == "source":
        write(sys.argv[2])
        return 0
    found = list(faults(safetensors.load(sys.argv[2])))
    print("\n".join(found) or "all statistics fit")
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())
