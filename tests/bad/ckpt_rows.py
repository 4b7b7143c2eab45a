"""ckpt_rows.py - group C: checkpoints that a trainer did not write so (exit 3).  The trainer is `plain`.

The trainer makes a good checkpoint once; rows change a number of it and put the checksum right, so that it is the
walk over the state that has to refuse.
"""
import json
import os
import re
import struct
import subprocess
import tempfile
import threading

from harness import Case

TRAIN = ["train", "-q", "--progress", "none", "--no-plot", "--log", "none", "--epochs"]
MASK = (1 << 64) - 1
P = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261)
made, lock = [], threading.Lock()


def rotate(v, n):
    return (v << n | v >> (64 - n)) & MASK


def one(acc, lane):
    return rotate(acc + lane * P[1] & MASK, 31) * P[0] & MASK


def xxh64(b):
    """XXH64 of its specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), seed 0."""
    at = 0
    if len(b) >= 32:
        v = [(P[0] + P[1]) & MASK, P[1], 0, -P[0] & MASK]
        for at in range(0, len(b) - 31, 32):
            v = [one(a, lane) for a, lane in zip(v, struct.unpack_from("<4Q", b, at))]
        at += 32
        h = sum(rotate(a, n) for a, n in zip(v, (1, 7, 12, 18))) & MASK
        for a in v:
            h = ((h ^ one(0, a)) * P[0] + P[3]) & MASK
    else:
        h = P[4]
    h = (h + len(b)) & MASK
    for at in range(at, len(b) - 7, 8):
        h = (rotate(h ^ one(0, struct.unpack_from("<Q", b, at)[0]), 27) * P[0] + P[3]) & MASK
    at = len(b) & ~7
    if len(b) - at >= 4:
        h = (rotate(h ^ struct.unpack_from("<I", b, at)[0] * P[0] & MASK, 23) * P[1] + P[2]) & MASK
        at += 4
    for c in b[at:]:
        h = rotate(h ^ c * P[4] & MASK, 11) * P[0] & MASK
    h = (h ^ h >> 33) * P[1] & MASK
    h = (h ^ h >> 29) * P[2] & MASK
    return h ^ h >> 32


def good(path):
    """The checkpoint after one epoch, made by the trainer beside the folder of rows."""
    with lock:
        if not made:
            work = os.path.dirname(os.path.dirname(os.path.dirname(os.fsdecode(path))))
            with tempfile.TemporaryDirectory() as d:
                subprocess.run([os.path.join(work, "plain"), *TRAIN, "1"], cwd=d, check=True, capture_output=True)
                with open(os.path.join(d, "plain.ckpt"), "rb") as f:
                    made.append(f.read())
    return made[0]


def parts(raw):
    n, = struct.unpack_from("<Q", raw)
    return json.loads(raw[8:8 + n]), raw[8 + n:]


def pack(head, data):
    head["__metadata__"]["nnc.xxh64"] = "0" * 16
    text = json.dumps(head).encode()
    at = text.index(b'"nnc.xxh64"') + len('"nnc.xxh64": "')
    text = text[:at] + b"%016x" % xxh64(data + text[:at] + text[at + 16:]) + text[at + 16:]
    return struct.pack("<Q", len(text)) + text + data


def changed(f):
    def make(path):
        head, data = parts(good(path))
        head, data = f(head, data) or (head, data)
        with open(path, "wb") as out:
            out.write(pack(head, data))
    return make


def note(name, value):
    def f(head, _):
        if value is None:
            del head["__metadata__"][name]
        else:
            head["__metadata__"][name] = value
    return changed(f)


def resized(name):
    """The tensor loses its last element, those behind it move up."""
    def f(head, data):
        t = head[name]
        size = {"F64": 8, "F32": 4, "U8": 1}[t["dtype"]]
        t["shape"] = [t["shape"][0] - 1, *t["shape"][1:]]
        cut = size
        for d in t["shape"][1:]:
            cut *= d
        end = t["data_offsets"][1]
        t["data_offsets"][1] -= cut
        for k, other in head.items():
            if k not in ("__metadata__", name) and other["data_offsets"][0] >= end:
                other["data_offsets"] = [v - cut for v in other["data_offsets"]]
        return head, data[:end - cut] + data[end:]
    return changed(f)


def without(name):
    def f(head, data):
        lo, hi = head.pop(name)["data_offsets"]
        for k, other in head.items():
            if k != "__metadata__" and other["data_offsets"][0] >= hi:
                other["data_offsets"] = [v - (hi - lo) for v in other["data_offsets"]]
        return head, data[:lo] + data[hi:]
    return changed(f)


def row(name, make, line, status=3):
    return Case(f"C16 {name}", [*TRAIN, "2", "--resume"], status, line, {"plain.ckpt": make}, tool="plain")


def number(name, value, line=None, status=3):
    return row(f"{name} {'is missing' if value is None else repr(value)}", note(f"run.{name}", value),
               line or rf"plain\.ckpt: .*{re.escape(name)}.*R6", status)


MOST = str((1 << 63) - 1)
COUNTS = ["step", "epoch", "update", "sample", "samples", "before", "report_step", "averaged", "left_out", "in_a_row",
          "gathered_samples", "best_epoch", "best_step"]
SMALL = ["position", "batch", "batch_cut", "batches", "room", "gathered", "wanted", "looks", "open", "updated", "epoch_end",
         "over"]
ROWS = [
    row("the good checkpoint goes on", changed(lambda head, data: None), "", 0),
    *[number(n, "-1") for n in COUNTS + SMALL],
    *[number(n, MOST) for n in COUNTS + SMALL],
    *[number("step", v) for v in (None, "", "x", "1e3", "1 ", str(1 << 63))],
    number("epoch", "7", r"has done 3 steps and 7 epochs already.*E0502", 2),
    number("epoch", "3", r"has done 3 steps and 3 epochs already.*E0502", 2),
    *[number("samples", v) for v in ("nan", "inf", "-inf")],
    *[number("norm", v) for v in (None, "", "x")],
    row("format 2", note("nnc.checkpoint", "2"), r"format 2"),
    row("no format", note("nnc.checkpoint", None), r"is no checkpoint"),
    *[row(f"{n} is missing", without(n), re.escape(n) + r".*R6") for n in ("run/log", "sums/losses", "dense1.weight")],
    *[row(f"{n} is shorter", resized(n), re.escape(n) + r".*R6")
      for n in ("run/knobs", "run/norms", "scores/val", "sums/metrics", "dense1.weight")],
    row("run/log is shorter", resized("run/log"), r"R6"),
]
