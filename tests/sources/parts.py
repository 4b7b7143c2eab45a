"""parts.py - val and test that are folders or files of their own, for IDX and CIFAR.

    parts.py make FOLDER               data: every sample is one number, repeated
    parts.py check FILE FIRST COUNT    the output `x` of FILE holds the numbers FIRST, FIRST + 1, ...
"""
import gzip
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import safetensors


def idx(path, first, n, pack=open):
    for name, shape in ("images-idx3-ubyte", (n, 2, 2)), ("labels-idx1-ubyte", (n,)):
        each = 4 if len(shape) == 3 else 1
        head = bytes([0, 0, 8, len(shape)]) + b"".join(k.to_bytes(4, "big") for k in shape)
        body = b"".join(bytes([(first + i) if each == 4 else i % 3] * each) for i in range(n))
        with pack(f"{path}-{name}" + (".gz" if pack is gzip.open else ""), "wb") as f:
            f.write(head + body)


def cifar(path, first, n):
    with open(path, "wb") as f:
        for i in range(n):
            f.write(bytes([i % 10]) + bytes([first + i]) * 3072)


def make(root):
    for name in "main", "val", "only_test", "batches", "held":
        os.makedirs(f"{root}/{name}", exist_ok=True)
    idx(f"{root}/main/train", 0, 20)
    idx(f"{root}/main/t10k", 50, 5)
    idx(f"{root}/val/train", 100, 7)
    idx(f"{root}/val/t10k", 120, 4, gzip.open)
    idx(f"{root}/only_test/t10k", 200, 6)
    for i in range(5):
        cifar(f"{root}/batches/data_batch_{i + 1}.bin", 4 * i, 4)
    cifar(f"{root}/batches/test_batch.bin", 50, 5)
    cifar(f"{root}/held/test_batch.bin", 100, 7)
    cifar(f"{root}/one.bin", 200, 6)


def check(path, first, count):
    shape, values = safetensors.load(path)["x"]
    each = len(values) // shape[0]
    found = sorted(values[::each])
    assert shape[0] == count and found == [first + i for i in range(count)], found


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    check(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
