"""data.py FOLDER - the data of tests/fields, made with the standard library alone."""
import os
import struct
import sys

ROWS, CHANNELS, SIDE = 40, 3, 2


def draw(n, seed):
    """n numbers 0..2^31-1 of a linear congruence (the constants of Numerical Recipes)."""
    out, s = [], seed
    for _ in range(n):
        s = (1664525 * s + 1013904223) % 2**32
        out.append(s >> 1)
    return out


def pictures():
    """Pixels and labels; pixel 0 is constant, pixel 1 in the training rows only."""
    pixel = CHANNELS * SIDE * SIDE
    v = [x >> 23 for x in draw(ROWS * pixel, 1)]
    for row in range(ROWS):
        v[row * pixel] = 77
        v[row * pixel + 1] = 200 if row < ROWS * 3 // 4 else 3 * row
    return v, [(0, 0, 1, 0, 2, 1, 3)[row % 7] for row in range(ROWS)]


def write_pictures(folder):
    pixels, labels = pictures()
    with open(os.path.join(folder, "pictures-images"), "wb") as f:
        f.write(struct.pack(">5i", 0x804, ROWS, CHANNELS, SIDE, SIDE) + bytes(pixels))
    with open(os.path.join(folder, "pictures-labels"), "wb") as f:
        f.write(struct.pack(">2i", 0x801, ROWS) + bytes(labels))


COLORS, SHAPES, SIZES = ("red", "green", "blue"), ("round", "flat", "odd"), (10, 2, 3, 0.5)
TABLE = 32


def table():
    """Records of texts; some cells are empty; the last quarter has texts that are nowhere before it."""
    v, rows = draw(TABLE * 8, 2), []
    for i in range(TABLE):
        r = v[8 * i:8 * i + 8]
        late = i >= TABLE * 3 // 4
        rows.append([COLORS[(r[0] >> 8) % 3] if i % 5 else "", str(r[1] % 1000 / 8) if i % 7 else "",
                     str(1e6 + r[2] % 100), str(SIZES[(r[3] >> 8) % 4]), str(r[4] % 500 / 4),
                     "new" if late and i % 2 else SHAPES[(r[5] >> 8) % 3], str(i % 2), "3.25",
                     str(r[6] % 77 / 16) if i != 3 else "", str(r[7] % 9)])
    return rows


NAMES = ["color", "width", "height", "size", "unit price", "shape", "y", "constant", "late", "last"]


def write_table(folder):
    with open(os.path.join(folder, "table-rows.csv"), "w") as f:
        for row in [NAMES] + table():
            f.write(",".join(row) + "\n")


if __name__ == "__main__":
    write_pictures(sys.argv[1])
    write_table(sys.argv[1])
