"""check.py - what models on real tables reach, against scikit-learn and NumPy (make_fixtures.py).

    check.py folds TEXT         diabetes: the scores of each fold; the loss is convex, so only the digits printed differ
    check.py means TEXT         cancer: the means over folds are those of scikit-learn's net, within 0.015
    check.py weights A B        two weights files are equal to 1e-9 relative
"""
import json
import os
import re
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import safetensors

EXPECT = json.load(open(os.path.join(here, "expect.json")))


def table(path):
    """The columns of the table of folds: {name: [values of the folds]}."""
    lines = open(path).read().split("\n")
    at = next(i for i, s in enumerate(lines) if s.split()[:1] == ["fold"] and "loss" in s)
    names, rows = lines[at].split(), []
    for line in lines[at + 1:]:
        if not re.match(r" \d", line):
            break
        rows.append([float(v) for v in line.split()])
    return {n: [r[k] for r in rows] for k, n in enumerate(names)}


def folds(path):
    got = table(path)
    for name, want in EXPECT["diabetes"].items():
        assert len(got[name]) == 5
        for i, (a, b) in enumerate(zip(got[name], want)):
            assert abs(a - b) <= 2e-4 * max(1, abs(b)), f"fold {i + 1}: {name} {a}, expected {b}"


def means(path):
    got = table(path)
    for name, want in EXPECT["cancer"].items():
        mean = sum(got[name]) / 5
        print(name, mean, want)
        assert abs(mean - want) < 0.015, f"{name} {mean}, expected {want}"


def weights(a, b):
    got, want = safetensors.load(a), safetensors.load(b)
    assert got.keys() == want.keys()
    for name, (_, v) in want.items():
        for i, (x, y) in enumerate(zip(got[name][1], v)):
            assert abs(x - y) <= 1e-9 * max(1, abs(y)), f"{name}, element {i}: {x}, expected {y}"


globals()[sys.argv[1]](*sys.argv[2:])
