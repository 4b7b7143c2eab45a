"""compare.py - is every tensor of one file near that of the other?

    compare.py EXPECTED FOUND [BOUND]

For each tensor of EXPECTED: max |a - b| / max(max |b|, 1e-3) <= BOUND (1e-9), same shape, all
finite.  NAME@k in EXPECTED is every k-th element of NAME.  Tensors of FOUND that EXPECTED lacks are
an error, except losses that the program does not name.  Prints one line: the worst ratio and its tensor; status 1 if it is above the bound.
"""
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors  # noqa: E402


def ratio(found, expected):
    top = max([abs(b) for b in expected], default=0.0)
    worst = 0.0
    for a, b in zip(found, expected):
        if not math.isfinite(a):
            return math.inf
        worst = max(worst, abs(a - b))
    return worst / max(top, 1e-3)


def main():
    expected, found = safetensors.load(sys.argv[1]), safetensors.load(sys.argv[2])
    bound = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-9
    worst, where, problems = 0.0, "-", []
    for key, (shape, values) in expected.items():
        name, _, k = key.partition("@")
        if name not in found:
            problems.append(f"{name} is missing")
            continue
        got_shape, got = found[name]
        if k:
            got_shape, got = shape, got[::int(k)]
        if list(got_shape) != list(shape) or len(got) != len(values):
            problems.append(f"{name} has shape {got_shape}, expected {shape}")
            continue
        r = ratio(got, values)
        if r > bound:
            problems.append(f"{name} is off by {r:.2e}")
        if not r <= worst:
            worst, where = r, name
    known = {k.partition("@")[0] for k in expected}
    problems += [f"{name} is unexpected" for name in found
                 if name not in known and not name.startswith("loss.")]
    print(f"worst {worst:.2e} ({where}), bound {bound:.0e}" + "".join("; " + p for p in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
