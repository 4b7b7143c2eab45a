"""data.py - rows for metrics.nn: random bytes as IDX files, from a seed, with the standard library.

    python3 data.py FOLDER
"""
import random
import struct
import sys

ROWS, VAL, WIDTH, CLASSES = 300, 120, 24, 5


def rows():
    """Bytes and labels; the last VAL rows have no label 3 and few different bytes: ties."""
    r = random.Random(20)
    pixels, labels = [], []
    for i in range(ROWS):
        few = i >= ROWS - VAL
        row = [r.randrange(0, 16) * 16 if few else r.randrange(256) for _ in range(WIDTH)]
        label = r.choice([0, 1, 2, 4]) if few else r.randrange(CLASSES)
        row[label] = min(255, row[label] + 48)
        row[6] = max(0, min(255, row[5] // 2 + r.randrange(100)))
        row[8] = max(0, min(255, row[7] + r.randrange(-90, 90)))
        pixels.append(row)
        labels.append(label)
    return pixels, labels


def main(folder):
    pixels, labels = rows()
    with open(folder + "/images", "wb") as f:
        f.write(struct.pack(">4B3i", 0, 0, 8, 3, ROWS, 1, WIDTH))
        f.write(b"".join(bytes(p) for p in pixels))
    with open(folder + "/labels", "wb") as f:
        f.write(struct.pack(">4Bi", 0, 0, 8, 1, ROWS) + bytes(labels))


if __name__ == "__main__":
    main(sys.argv[1])
