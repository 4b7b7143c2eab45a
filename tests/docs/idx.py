"""idx.py DIR [N] - the four files of an image set in IDX, made up: N training images, N / 4 for the test.

A class is a bright bar at one of ten places, so there is something to learn.
"""
import os
import random
import struct
import sys


def images(rng, n):
    labels = bytes(rng.randrange(10) for _ in range(n))
    rows = bytearray()
    for label in labels:
        image = bytearray(rng.randrange(64) for _ in range(784))
        for y in range(28):
            at = y * 28 + 2 + 2 * label
            image[at] = image[at + 1] = 200 + rng.randrange(56)
        rows += image
    return bytes(rows), labels


def main(folder, n):
    os.makedirs(folder, exist_ok=True)
    rng = random.Random(1)
    for part, count in (("train", n), ("t10k", n // 4)):
        rows, labels = images(rng, count)
        with open(os.path.join(folder, part + "-images-idx3-ubyte"), "wb") as f:
            f.write(struct.pack(">iiii", 2051, count, 28, 28) + rows)
        with open(os.path.join(folder, part + "-labels-idx1-ubyte"), "wb") as f:
            f.write(struct.pack(">ii", 2049, count) + labels)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400)
