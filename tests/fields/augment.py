"""augment.py write FOLDER | check LOG.csv - pictures as they are in training, pixel by pixel.

Every pixel of an augmented picture is a loss of its own, so the log of a run with batches of one and a line for each
step holds the pictures.  Each must be one of the pictures that the function may make, all of these must occur, and
equally often (within five standard deviations).
"""
import collections
import csv
import itertools
import math
import struct
import sys

H = W = 3
STEPS = 600
KINDS = {"shift": "random_shift(1)", "flip": "random_flip", "crop": "random_crop(3, padding = 1)", "cut": "cutout(2)"}
PICTURE = [[10 * i + j + 11 for j in range(W)] for i in range(H)]


def write(folder):
    with open(f"{folder}/one-image", "wb") as f:
        f.write(struct.pack(">4i", 0x803, 4, H, W) + bytes(itertools.chain(*PICTURE)) * 4)
    with open(f"{folder}/one-label", "wb") as f:
        f.write(struct.pack(">2i", 0x801, 4) + bytes(4))
    fields = "\n".join(f"  {k} = (images + 0) |> {v}" for k, v in KINDS.items())
    inputs = "\n".join(f"  input {k}: f32[N, 1, {H}, {W}]" for k in KINDS)
    losses = "\n".join(f"  loss {k}_{i}_{j} = sum({k}[:, 0, {i}, {j}])"
                       for k in KINDS for i in range(H) for j in range(W))
    with open(f"{folder}/augment.nn", "w") as f:
        f.write(f'''data idx(images = "one-image", labels = "one-label") {{
{fields}
  label = labels
}}
model augment {{
{inputs}
  target label: class(2)[N]
  param w: f32 = zeros()
  loss zero = w * 0 + 0 * sum(where(label == 0, 1, 0))
{losses}
}}
train {{ steps = {STEPS}, batch = 1, validate = steps(1), optimizer = sgd(lr = 0), seed = 5 }}
''')


def window(top, left):
    return tuple(PICTURE[i + top][j + left] if 0 <= i + top < H and 0 <= j + left < W else 0
                 for i in range(H) for j in range(W))


def cut(top, left):
    return tuple(0 if top <= i < top + 2 and left <= j < left + 2 else PICTURE[i][j]
                 for i in range(H) for j in range(W))


MAY = {"shift": [window(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)],
       "flip": [window(0, 0), tuple(PICTURE[i][W - 1 - j] for i in range(H) for j in range(W))],
       "crop": [window(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)],
       "cut": [cut(a - 1, b - 1) for a in range(H) for b in range(W)]}


def check(path):
    rows = list(csv.DictReader(open(path)))
    assert len(rows) == STEPS, len(rows)
    for kind, may in MAY.items():
        seen = collections.Counter(tuple(round(float(r[f"{kind}_{i}_{j}"])) for i in range(H) for j in range(W))
                                   for r in rows)
        for picture in seen:
            assert picture in may, f"{kind}: {picture}"
        share = STEPS / len(may)
        for picture in may:
            assert abs(seen[picture] - share) < 5 * math.sqrt(share), f"{kind}: {seen}"


globals()[sys.argv[1]](sys.argv[2])
