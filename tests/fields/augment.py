"""augment.py write FOLDER | check LOG.csv - pictures as they are in training, pixel by pixel.

Every pixel of an augmented picture is a loss of its own, so the log of a run with batches of one and a line for each
step holds the pictures.  Each must be one of the pictures that the function may make, all of these must occur, and
equally often, or as often as it is said (within five standard deviations).
"""
import collections
import csv
import itertools
import math
import struct
import sys

H = W = 3
STEPS = 600
KINDS = {"shift": "random_shift(1)", "flip": "random_flip", "crop": "random_crop(3, padding = 1)", "cut": "cutout(2)",
         "turn": "random_rotate(90)"}
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


# What PyTorch's affine_grid and grid_sample (nearest, zeros), as torchvision's RandomRotation calls them, make of
# 20,001 angles from -90 to 90 degrees, and how often.
TURNED = {(11, 12, 13, 21, 22, 23, 31, 32, 33): 0.2699,
          (21, 11, 12, 31, 22, 13, 32, 33, 23): 0.1666, (12, 13, 23, 11, 22, 33, 21, 31, 32): 0.1666,
          (31, 21, 11, 32, 22, 12, 33, 23, 13): 0.1350, (13, 23, 33, 12, 22, 32, 11, 21, 31): 0.1350,
          (21, 12, 12, 21, 22, 23, 32, 32, 23): 0.0317, (12, 12, 23, 21, 22, 23, 21, 32, 32): 0.0317,
          (21, 21, 12, 32, 22, 12, 32, 23, 23): 0.0316, (12, 23, 23, 12, 22, 32, 21, 21, 32): 0.0316}


def check(path):
    rows = list(csv.DictReader(open(path)))
    assert len(rows) == STEPS, len(rows)
    for kind, may in [*MAY.items(), ("turn", TURNED)]:
        seen = collections.Counter(tuple(round(float(r[f"{kind}_{i}_{j}"])) for i in range(H) for j in range(W))
                                   for r in rows)
        for picture in seen:
            assert picture in may, f"{kind}: {picture}"
        for picture in may:
            share = STEPS * TURNED[picture] if kind == "turn" else STEPS / len(may)
            assert abs(seen[picture] - share) < 5 * math.sqrt(share), f"{kind}: {seen}"


globals()[sys.argv[1]](sys.argv[2])
