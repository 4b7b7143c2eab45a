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


if __name__ == "__main__":
    write_pictures(sys.argv[1])
