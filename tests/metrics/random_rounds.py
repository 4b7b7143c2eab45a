"""random_rounds.py - every metric on 200 random sets of rows, computed by a trainer and by scikit-learn.

    python3 random_rounds.py WORK TRAINER [ROUNDS]     TRAINER: metrics.nn, built with --precision f64

Each round makes new rows, a training and a validation part: some without some of the classes, some with
few different values, so that scores are equal to each other.  Nothing is learnt; the JSON lines of the
run hold the numbers.  They agree to 1e-9 and half of the last of the nine digits that are written.
"""
import json
import math
import os
import subprocess
import sys

import numpy as np

import data
import make_fixtures


def rows(r):
    """Bytes and labels as metrics.nn reads them."""
    x = r.integers(0, 256, size=(data.ROWS, 24))
    if r.random() < 0.5:                             # ties: of numbers, and of whole rows, as rounding
        x[:, 5:9] = x[:, 5:9] // 64 * 64 + 20        # parts softmax of equal scores in another order
        x[:, 0:5] = x[r.integers(0, 40, size=data.ROWS), 0:5]
        x[:, 9:15] = x[r.integers(0, 40, size=data.ROWS), 9:15]
    classes = r.choice(5, size=int(r.integers(1, 6)), replace=False) if r.random() < 0.6 else np.arange(5)
    y = r.choice(classes, size=data.ROWS)            # absent ones
    good = r.random(data.ROWS) < 0.5                 # rows that name the right class
    x[good, y[good]] = 255
    if r.random() < 0.1:
        x[:, 8] = 200                                # positives only
    return x, y


def write(folder, x, y):
    with open(os.path.join(folder, "images"), "wb") as f:
        f.write(bytes([0, 0, 8, 3]) + b"".join(v.to_bytes(4, "big") for v in (len(x), 1, 24)) +
                x.astype(np.uint8).tobytes())
    with open(os.path.join(folder, "labels"), "wb") as f:
        f.write(bytes([0, 0, 8, 1]) + len(y).to_bytes(4, "big") + y.astype(np.uint8).tobytes())


def agree(got, want):
    if want is None or not math.isfinite(want):
        return got is None
    if got is None:
        return False
    digit = 10.0 ** (math.floor(math.log10(abs(want))) - 8) if want else 0
    return abs(got - want) <= 1e-9 * max(1, abs(want)) + 0.5 * digit


def compare(scores, want, where):
    for name, v in want["numbers"].items():
        assert name in scores, name
        assert agree(scores[name], v), "%s: %s is %r, scikit-learn says %r" % (where, name, scores[name], v)
    assert scores["confusion"] == want["confusion"], where


def main(work, trainer, rounds=100):
    numbers = absent = 0
    os.makedirs(work, exist_ok=True)
    cut = data.ROWS - data.VAL
    for seed in range(int(rounds)):
        x, y = rows(np.random.default_rng(seed))
        write(work, x, y)
        subprocess.run([os.path.abspath(trainer), "train", "--out", "o", "--log", "jsonl", "--no-plot", "-q",
                        "--threads", "1"], cwd=work, env={**os.environ, "NNC_DATA": work}, check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(work, "o", "metrics.jsonl")) as f:
            end = json.loads(f.readlines()[-1])
        for part, lo, hi in ("train", 0, cut), ("val", cut, data.ROWS):
            want = make_fixtures.table(x[lo:hi], y[lo:hi])
            compare(end[part], want, "seed %d, %s" % (seed, part))
            numbers += len(want["numbers"])
            absent += len(set(y[lo:hi])) < 5
        for name in os.listdir(os.path.join(work, "o")):
            os.remove(os.path.join(work, "o", name))
    print("%d sets of rows, %d without some class, %d numbers agree" % (2 * int(rounds), absent, numbers))


if __name__ == "__main__":
    main(*sys.argv[1:])
