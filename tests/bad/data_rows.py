"""data_rows.py - group B: data files (exit 3).  The trainer `image` reads 28 x 28 images, 10 classes."""
import gzip
import os
import struct

from harness import Case

TRAIN = ["train", "--data", "d", "--epochs", "1", "--no-save", "--progress", "none", "-q"]
NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


def idx(dims, data=None, kind=8, magic=b"\0\0"):
    n = 1
    for d in dims:
        n *= d
    data = bytes(i * 7 % 10 for i in range(n)) if data is None else data
    return magic + bytes([kind, len(dims)]) + b"".join(struct.pack(">I", d & 0xffffffff) for d in dims) + data


def folder(**change):
    files = dict(zip(("images", "labels", "test_images", "test_labels"),
                     (idx([40, 28, 28]), idx([40]), idx([10, 28, 28]), idx([10]))))
    files.update(change)
    return {f"d/{n}": f for n, f in zip(NAMES, files.values()) if f is not NotImplemented}


def bad(name, line, status=3, args=None, **change):
    return Case(f"B {name}", args or TRAIN, status, line, folder(**change), tool="image")


def sparse(path):
    with open(path, "wb") as f:
        f.write(idx([1 << 21, 28, 28], b""))
        f.truncate(16 + (1 << 21) * 784)


def zeros(path):
    with open(path, "wb") as f:
        f.write(idx([40], bytes([3] * 39) + b"\x0b"))


GOOD_IMAGES = idx([40, 28, 28])
ROWS = [
    Case("B0 the good folder works", TRAIN, 0, files=folder(), tool="image"),
    Case("B1 folder is missing", TRAIN, 3, r"d: cannot read the data.*R7", tool="image"),
    Case("B1 folder is a file", TRAIN, 3, r"d: cannot read the data.*R7", {"d": "x"}, tool="image"),
    bad("1 a file is missing", r"t10k|train-labels", labels=NotImplemented),
    bad("1 a file is a folder", r"train-images.*folder.*R7", images=None),
    bad("1 a FIFO", r"train-images.*regular file.*R7", images=os.mkfifo),
    bad("1 a link to nothing", r"train-images.*R7", images=lambda p: os.symlink("gone", p)),
    bad("1 a link to /dev/zero", r"train-images.*regular file.*R7", images=lambda p: os.symlink("/dev/zero", p)),
    bad("2 no byte", r"train-images.*header", images=b""),
    bad("2 three bytes", r"train-images.*header", images=b"\0\0\x08"),
    bad("2 header only", r"R5", images=GOOD_IMAGES[:16]),
    bad("2 one byte short", r"R5", images=GOOD_IMAGES[:-1]),
    bad("2 one byte long", r"R5.*|1 more byte", images=GOOD_IMAGES + b"x"),
    bad("3 wrong magic", r"R1.*|begins with", images=b"PK" + GOOD_IMAGES[2:]),
    bad("3 little-endian magic", r"begins with 03 08", images=b"\x03\x08\0\0" + GOOD_IMAGES[4:]),
    bad("3 floats", r"byte 2", images=idx([40, 28, 28], kind=13)),
    bad("3 unknown type", r"byte 2", images=idx([40, 28, 28], kind=255)),
    bad("3 rank 0", r"byte 3", images=b"\0\0\x08\0"),
    bad("3 rank 255", r"byte 3", images=b"\0\0\x08\xff" + b"\0\0\0\x01" * 255),
    bad("3 product overflows", r"R5|R1", images=idx([0xffffffff] * 8, b"")),
    bad("3 no rows", r"R5", images=idx([0, 28, 28]), labels=idx([0])),
    bad("3 2^32 - 1 rows", r"R5", images=idx([0xffffffff, 28, 28], b"")),
    Case("B4 gzip under a plain name", TRAIN, 0, files=folder(images=gzip.compress(GOOD_IMAGES)), tool="image"),
    bad("4 gzip cut in the middle", r"decompress", images=gzip.compress(GOOD_IMAGES)[:-20]),
    bad("4 gzip with a wrong sum", r"decompress", images=gzip.compress(GOOD_IMAGES)[:-8] + b"\0" * 8),
    bad("4 gzip of nothing", r"header", images=gzip.compress(b"")),
    bad("5 counts differ", r"40.*39|39.*40", labels=idx([39])),
    bad("6 another shape", r"28 x 27.*28|R1", images=idx([40, 28, 27])),
    bad("6 another rank", r"R1", images=idx([40, 784])),
    bad("7 label 10", r"R4.*|10", labels=idx([40], bytes([3] * 39) + b"\x0a")),
    bad("7 label 255", r"R4.*|255", labels=idx([40], b"\xff" + bytes([3] * 39))),
    bad("7 label in the test part", r"R4.*|11", test_labels=idx([10], bytes([3] * 9) + b"\x0b")),
    bad("17 one row", r".", status=3, images=idx([1, 28, 28]), labels=idx([1])),
    Case("B18 the last batch is short", [*TRAIN, "--batch", "7"], 0, files=folder(), tool="image"),
    Case("B23 a sparse file of 1.6 GB, wrong labels", TRAIN, 3, r"R5", folder(images=sparse), tool="image"),
    Case("B7 batch file: class out of range", ["gradients", "--weights", "w.safetensors", "--in", "b.safetensors",
                                               "--out", "o.safetensors"], 3, r"R", {"b.safetensors": b""},
         tool="image"),
]
