#!/usr/bin/env python3
"""larger.py - training on files larger than memory, beside the same rows in memory.

    python3 tests/bench/larger.py make DIR [--gb 4]                 tables (csv, npy), trainers; takes minutes
    python3 tests/bench/larger.py run DIR FORM SIZE [--threads N]   one line: both speeds, their ratio
    python3 tests/bench/larger.py clean DIR

FORM is csv or npy, SIZE is small (100 columns, 100-64-1) or middle (784 columns, 784-256-10).  The run
on files has 1 GiB of addresses, and its rows are in the page cache; speeds leave out loading, hashing
and the first report.  The weights of both runs must be equal to the bit.

SPDX-License-Identifier: 0BSD
"""
import argparse
import array
import os
import random
import resource
import shutil
import struct
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIZES = {"small": (100, 128, 40_000), "middle": (784, 64, 8_000)}   # columns, batch, steps
BLOCK = 4000                                                        # rows that are drawn; they are repeated

BODY = {
    "small": "  target y: f32[N]\n  z = x |> dense(64) |> relu |> dense(1) |> squeeze(-1)\n  loss mse(z, y)\n",
    "middle": "  target y: class(10)[N]\n  z = x |> dense(256) |> relu |> dense(10)\n  loss cross_entropy(z, y)\n",
}


def source(form, size, cache):
    if form == "csv":
        return f'csv("{size}.csv", cache = "{cache}", val = 1000) {{ x = others(), y = y }}'
    return f'npy(x = "{size}_x.npy", y = "{size}_y.npy", cache = "{cache}", val = 1000)'


def program(form, size, cache):
    columns, batch, steps = SIZES[size]
    return (f"data {source(form, size, cache)}\nmodel {size} {{\n  input x: f32[N, {columns}]\n{BODY[size]}}}\n"
            f"train {{ steps = {steps}, batch = {batch}, optimizer = sgd(lr = 0.01), "
            f"validate = steps({steps // 8}) }}\n")


def npy_head(descr, shape):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (117 - len(text)) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def make_csv(path, block, targets, columns, total):
    rows = [",".join(f"{v:.4f}" for v in block[i * columns:(i + 1) * columns]) + f",{targets[i]:g}\n"
            for i in range(BLOCK)]
    text = "".join(rows).encode()
    with open(path, "wb") as f:
        f.write((",".join(f"x{k}" for k in range(columns)) + ",y\n").encode())
        for _ in range(total // len(text) + 1):
            f.write(text)


def make_npy(path, size, block, targets, columns, total):
    times = total // (BLOCK * columns * 4) + 1
    with open(path + "_x.npy", "wb") as f:
        f.write(npy_head("<f4", (times * BLOCK, columns)))
        for _ in range(times):
            f.write(block.tobytes())
    with open(path + "_y.npy", "wb") as f:
        f.write(npy_head("<f4" if size == "small" else "|u1", (times * BLOCK,)))
        f.write(array.array("f" if size == "small" else "B", targets).tobytes() * times)


def make(a):
    os.makedirs(a.dir, exist_ok=True)
    for size, (columns, _, _) in SIZES.items():
        r = random.Random(1)
        block = array.array("f", [r.gauss(0, 1) for _ in range(BLOCK * columns)])
        targets = [r.gauss(0, 1) if size == "small" else r.randrange(10) for _ in range(BLOCK)]
        make_csv(f"{a.dir}/{size}.csv", block, targets, columns, a.gb << 30)
        make_npy(f"{a.dir}/{size}", size, block, targets, columns, a.gb << 30)
        for form in "csv", "npy":
            for cache in "ram", "mmap":
                name = f"{form}_{size}_{cache}"
                with open(f"{a.dir}/{name}.nn", "w") as f:
                    f.write(program(form, size, cache))
                subprocess.run([f"{ROOT}/build/nnc", f"{name}.nn", "--build", "-o", name], cwd=a.dir, check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def speed(path):
    """Samples a second between the first and the last report."""
    with open(path) as f:
        head, *lines = [line.rstrip("\n").split(",") for line in f]
    at = {name: k for k, name in enumerate(head)}
    first, last = lines[0], lines[-1]
    steps = int(last[at["step"]]) - int(first[at["step"]])
    return steps * int(last[at["batch"]]) / (float(last[at["seconds"]]) - float(first[at["seconds"]]))


def addresses():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))


def train(a, cache):
    name, out = f"{a.form}_{a.size}_{cache}", f"{a.dir}/out_{a.form}_{a.size}_{cache}"
    if cache == "ram":
        shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out, exist_ok=True)
    for old in os.listdir(out):
        if not old.endswith(".rows"):
            os.remove(f"{out}/{old}")
    more = ["--threads", str(a.threads)] if a.threads else []
    more += ["--steps", str(a.steps)] if a.steps else []
    subprocess.run([f"./{name}", "train", "-q", "--progress", "none", "--no-plot", "--out", out, *more],
                   stdout=subprocess.DEVNULL, cwd=a.dir, check=True, preexec_fn=addresses if cache == "mmap" else None)
    with open(f"{out}/{a.size}.last.safetensors", "rb") as f:
        raw = f.read()
    return speed(f"{out}/{a.size}.csv"), raw[8 + struct.unpack("<Q", raw[:8])[0]:]


def warm(a):
    """Reads what the run on files will read rows of."""
    path = f"{a.dir}/{a.size}_x.npy" if a.form == "npy" else f"{a.dir}/out_csv_{a.size}_mmap/{a.size}.rows"
    if os.path.exists(path):
        subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)


def run(a):
    warm(a)
    files, same = train(a, "mmap")
    memory, want = train(a, "ram")
    if same != want:
        sys.exit(f"{a.form} {a.size}: the weights differ")
    print(f"{a.form} {a.size:6} {a.threads or 'all'} threads: {memory:9.0f} samples/s in memory, {files:9.0f} on files: "
          f"{files / memory:.2f}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["make", "run", "clean"])
    p.add_argument("dir")
    p.add_argument("form", nargs="?", choices=["csv", "npy"])
    p.add_argument("size", nargs="?", choices=list(SIZES))
    p.add_argument("--gb", type=int, default=4)
    p.add_argument("--threads", type=int)
    p.add_argument("--steps", type=int)
    a = p.parse_args()
    if a.what == "run" and not a.size:
        p.error("run needs FORM and SIZE")
    if a.what == "clean":
        shutil.rmtree(a.dir)
    else:
        {"make": make, "run": run}[a.what](a)


main()
