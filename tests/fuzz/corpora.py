"""corpora.py - writes the first inputs of the targets to tests/fuzz/corpus; run by hand.

The target `language` begins with the programs of models/ and tests/ instead.
"""
import gzip
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "bad")]
import data_rows  # noqa: E402
import table_rows  # noqa: E402
import weight_rows  # noqa: E402


def put(target, name, data):
    with open(os.path.join(HERE, "corpus", target, name), "wb") as f:
        f.write(data)


def idx():
    images, labels = data_rows.idx([3, 4, 4]), data_rows.idx([3], b"\0\1\0")
    for name, a, b in (("plain", images, labels), ("gzip", gzip.compress(images, mtime=0), gzip.compress(labels, mtime=0)),
                       ("rank", data_rows.idx([3, 16]), labels), ("class", images, data_rows.idx([3], b"\0\7\1"))):
        for cut in range(16):
            if (len(a) + len(b)) * cut // 15 == len(a):
                put("idx", name, bytes([cut]) + a + b)
        # padded so that a 16th falls between the two files
        total = -(-len(a) // 8) * 15
        if total >= len(a) + len(b):
            pad = total * 8 // 15 - len(a)
            put("idx", name + "-padded", bytes([8]) + a + b"\0" * pad + b + b"\0" * (total - len(a) - pad - len(b)))


def safetensors():
    w = weight_rows
    put("safetensors", "weights", w.good({"dense1.weight": [2, 3]}))
    put("safetensors", "metadata", w.change(w.put("__metadata__", {"a": "b"})))
    for kind in ("F64", "F16", "BF16", "I32", "BOOL"):
        head, n = w.header({"dense1.weight": [2, 3]}, kind)
        put("safetensors", kind, w.pack(head, bytes(n)))
    put("safetensors", "batch", w.batch_file({"image": [2, 1, 4, 4], "label": [2]}).replace(b'"t"', b'"label"'))


def tables():
    t = table_rows
    for name, source, data in (
            ("csv", 0, t.GOOD.encode()), ("quotes", 0, b'a,"b","c d",y,w\r\n1,"2",3,0,"u\n""v"\r\n\r\n1,2,.5e1,2,\r\n'),
            ("names", 1, b"\xef\xbb\xbf1,2,3,0\n"), ("rest", 2, b"p,w,q,y\n1,u,NA,0\n,v,2,1\n"),
            ("csv-gzip", 0, gzip.compress(t.GOOD.encode(), mtime=0)), ("npy", 3, t.npy()), ("npy-mapped", 11, t.npy()),
            ("npy-big", 19, t.npy(">i2", data=bytes(24))), ("npz", 4, t.GOODZ), ("npz-mapped", 12, t.GOODZ),
            ("npz-packed", 4, t.PACKED), ("libsvm", 5, b"0 1:2 6:1e-3 # c\n\n2 qid:3 2:5\n"),
            ("byte", 6, b"abcdefghi"), ("char", 7, "ééabcd".encode() * 2)):
        put("tables", name, bytes([source]) + data)


def command():
    lines = {"nnc": ["m.nn", "-o", "m.c", "-O2", "-Dn=3", "-I", "x", "--batch", "32", "-MD", "-MF", "m.d"],
             "infer": ["--infer", "m.nn", "--weights", "w.safetensors", "--prefix", "p", "--header", "h.h", "--libm"],
             "modes": ["--summary=json", "--dump-graph=grad", "--fmt", "--check", "-i", "--list", "layers"],
             "warnings": ["-Wall", "-Werror=unused-value", "-Wno-validation", "-w", "--color", "always",
                          "--diagnostics", "json", "--max-errors", "3", "m.nn"]}
    for name, words in lines.items():
        put("command", name, b"\0" + "\n".join(words).encode())
    trainer = {"train": ["train", "--epochs", "3", "--batch", "all", "--seed", "1", "--set", "lr=0.1", "--threads", "2",
                         "--time-limit", "30m", "--out", "r", "--log", "csv,jsonl", "--progress", "none", "-q"],
               "predict": ["predict", "--weights", "w", "--in", "b", "--out", "o", "--format", "npy"],
               "eval": ["eval", "--split", "val", "--freeze", "dense*", "--partial", "--overfit", "10", "--fold", "2"]}
    for name, words in trainer.items():
        put("command", name, b"\1" + "\n".join(words).encode())


if __name__ == "__main__":
    for make in (idx, safetensors, tables, command):
        make()
