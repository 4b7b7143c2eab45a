"""flat.py make FOLDER | check FILE - rows of any shape inside `flatten`: IDX, npy, raw and CIFAR with the same rows.

Each row's elements in C order, as NumPy's reshape has them, are what `x` of FILE must hold, divided by 4.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import safetensors

N = 6


def pixel(i, k):
    return (37 * i + 11 * k) % 251


def rows(each):
    return [[pixel(i, k) for k in range(each)] for i in range(N)]


def save(path, *parts):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(b"".join(parts))


def make(root):
    small = b"".join(bytes(r) for r in rows(6))
    for name in "train", "t10k":
        save(f"{root}/flat/{name}-images-idx3-ubyte", struct.pack(">4i", 0x803, N, 2, 3), small)
        save(f"{root}/flat/{name}-labels-idx1-ubyte", struct.pack(">2i", 0x801, N), bytes(N))
    for name, descr, shape, body in ("x", "|u1", f"({N}, 3, 1, 2)", small), ("y", "|u1", f"({N},)", bytes(N)):
        head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        save(f"{root}/flat/{name}.npy", b"\x93NUMPY\1\0", struct.pack("<H", len(head)), head.encode(), body)
    save(f"{root}/flat/x.bin", small)
    for i in range(5):
        picture = [b"\0" + bytes(r) for r in rows(3072)]
        save(f"{root}/flat/data_batch_{i + 1}.bin", *(picture if i == 0 else [bytes(3073)]))
    save(f"{root}/flat/test_batch.bin", bytes(3073))


def check(path):
    (count, each), values = safetensors.load(path)["x"]
    found = [values[i * each:(i + 1) * each] for i in range(count)]
    want = [[v / 4 for v in r] for r in rows(each)]
    assert each in (6, 3072) and [list(r) for r in found[:N]] == want, found[:N]


globals()[sys.argv[1]](sys.argv[2])
