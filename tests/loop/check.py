"""check.py - what runs of tests/loop programs left behind, against what the contract says.

    check.py linear TRAIN VAL TEST      targets are linear in the inputs; parts have equal shares of classes
    check.py sequence TRAIN             successors; the target is the next token
    check.py trap TRAIN CSV LEFT_OUT    updates = batches without a row of class 0; LEFT_OUT the others
    check.py time TRAIN VAL TEST DIR    the parts in file order
    check.py folds DIR TEXT             folds are disjoint, complete, of equal shares; mean +- std of the rows
    check.py early CSV METRIC PATIENCE MIN_DELTA   the run ended where the rule says, not before
    check.py falls CSV COLUMN FACTOR    the last value is below FACTOR times the first
    check.py rows CSV STEPS [VALIDATED] the column `step`, and in which rows val_loss stands
"""
import csv
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "probe")]
import safetensors  # noqa: E402


def table(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def rows_of(tensors, name):
    shape, values = tensors[name]
    n = len(values) // shape[0]
    return [values[i * n:(i + 1) * n] for i in range(shape[0])]


def solve(a, b):
    """The solution of a square system, by elimination with pivots."""
    n = len(a)
    m = [row[:] + [v] for row, v in zip(a, b)]
    for i in range(n):
        p = max(range(i, n), key=lambda r: abs(m[r][i]))
        m[i], m[p] = m[p], m[i]
        for r in range(n):
            if r != i:
                f = m[r][i] / m[i][i]
                m[r] = [u - f * v for u, v in zip(m[r], m[i])]
    return [m[i][n] / m[i][i] for i in range(n)]


def linear(train, val, test):
    parts = [safetensors.load(p) for p in (train, val, test)]
    sizes = [len(rows_of(p, "seen_c")) for p in parts]
    assert sizes == [210, 60, 30], sizes
    kinds = [[int(r[0]) for r in rows_of(p, "seen_kind")] for p in parts]
    for k in range(3):
        all_k = sum(part.count(k) for part in kinds)
        assert all_k > 10, (k, all_k)
        for part, size in zip(kinds, sizes):
            assert abs(part.count(k) - all_k * size / 300) < 2, (k, part.count(k), all_k, size)
    x = [r + [float(int(c[0]) == i) for i in range(4)]
         for r, c in zip(rows_of(parts[0], "seen_x"), rows_of(parts[0], "seen_c"))]
    for out in range(2):
        y = [r[out] for r in rows_of(parts[0], "seen_y")]
        a = [[sum(r[i] * r[j] for r in x) for j in range(10)] for i in range(10)]
        w = solve(a, [sum(r[i] * v for r, v in zip(x, y)) for i in range(10)])
        worst = max(abs(sum(u * v for u, v in zip(w, r)) - t) for r, t in zip(x, y))
        size = sum(v * v for v in y) / len(y)
        assert worst < 1e-9 and 0.05 < size < 5, (worst, size)


def sequence(train):
    t = safetensors.load(train)
    x, y = rows_of(t, "seen_tokens"), rows_of(t, "seen_next")
    assert all(a[1:] == b[:-1] for a, b in zip(x, y))
    count = {}
    for a, b in zip(x, y):
        for u, v in zip(a, b):
            count.setdefault(int(u), {}).setdefault(int(v), 0)
            count[int(u)][int(v)] += 1
    table = {u: max(c, key=c.get) for u, c in count.items()}
    assert len(table) == 12
    total = sum(sum(c.values()) for c in count.values())
    right = sum(c[table[u]] for u, c in count.items()) / total
    assert abs(right - (0.9 + 0.1 / 12)) < 0.02, right


def trap(train, path, left_out):
    bad = [int(r[0]) == 0 for r in rows_of(safetensors.load(train), "seen_c")]
    groups = [any(bad[i:i + 8]) for i in range(0, len(bad), 8)]
    assert 2 < sum(groups) < 40
    rows = table(path)
    fine = groups.count(False)
    assert [int(r["step"]) for r in rows] == [fine, 2 * fine], (rows, fine)
    assert int(left_out) == 2 * sum(groups), (left_out, sum(groups))
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])


def time(train, val, test, folder):
    with open(f"{folder}/steps.images.idx", "rb") as f:
        raw = f.read()[16:]
    rows = [list(map(float, raw[i * 25:i * 25 + 25])) for i in range(60)]
    for path, lo, hi in ((train, 0, 41), (val, 41, 54), (test, 54, 60)):
        assert rows_of(safetensors.load(path), "seen") == rows[lo:hi], (path, lo, hi)


def folds(folder, text):
    def part(name):
        t = safetensors.load(f"{folder}/folds.{name}.safetensors")
        return [(tuple(x), int(k[0])) for x, k in zip(rows_of(t, "seen_x"), rows_of(t, "seen_kind"))]
    test = part("test1")
    everything, share = [], {}
    for k in range(1, 5):
        val, train = part(f"val{k}"), part(f"train{k}")
        assert part(f"test{k}") == test and len(test) == 11 and len(val) in (22, 23)
        assert len(set(val + train + test)) == 101
        everything += val
        for kind in range(3):
            share.setdefault(kind, []).append([v[1] for v in val].count(kind))
    assert len(set(everything)) == 90
    assert all(max(s) - min(s) <= 1 for s in share.values()), share
    lines = [line.split() for line in open(text)]
    at = lines.index(["fold", "loss", "accuracy"])
    acc = [float(line[2]) for line in lines[at + 1:at + 5]]
    mean = sum(acc) / 4
    std = (sum((a - mean) ** 2 for a in acc) / 3) ** 0.5
    row = lines[at + 5]
    assert row[0] == "mean" and row[5] == "+-", row
    assert abs(float(row[4]) - mean) < 2e-4 and abs(float(row[6]) - std) < 2e-4, (row, mean, std)
    finals = [float(line[5]) for line in lines[:at] if line[:1] == ["3"] and len(line) > 5]
    assert len(finals) == 4 and all(a >= f for a, f in zip(acc, finals)), (acc, finals)


def early(path, metric, patience, min_delta):
    best, waited, ends = None, 0, []
    for i, r in enumerate(table(path)):
        v = float(r[metric])
        if best is None or v < best - float(min_delta):
            best, waited = v, 0
        else:
            waited += 1
        ends.append(waited >= int(patience))
    assert ends[-1] and not any(ends[:-1]), ends


def falls(path, column, factor):
    v = [float(r[column]) for r in table(path) if r[column]]
    assert v[-1] < float(factor) * v[0], v


def rows(path, steps, validated=None):
    t = table(path)
    assert [r["step"] for r in t] == steps.split(), [r["step"] for r in t]
    if validated is not None:
        assert [r["step"] for r in t if r["val_loss"]] == validated.split(), t


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
