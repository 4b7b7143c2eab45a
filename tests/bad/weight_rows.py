"""weight_rows.py - group C: weights and batch files in .safetensors (exit 3).  The trainer is `plain`."""
import json
import os
import struct
import zipfile

from harness import Case

SHAPES = {"dense1.weight": [3, 4], "batch_norm1.weight": [3], "batch_norm1.bias": [3],
          "batch_norm1.running_mean": [3], "batch_norm1.running_var": [3]}
GRADIENTS = ["gradients", "--weights", "w.safetensors", "--in", "b.safetensors", "--out", "o.safetensors"]
EVAL = ["eval", "--weights", "w.safetensors"]
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "BOOL": 1}


def count(shape):
    n = 1
    for d in shape:
        n *= d
    return n


def header(shapes=None, dtype="F32"):
    """The header of a good file as an object, and the number of data bytes."""
    head, at = {}, 0
    for name, shape in (SHAPES if shapes is None else shapes).items():
        n = count(shape) * BYTES[dtype]
        head[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + n]}
        at += n
    return head, at


def pack(head, data):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data


def floats(n, value=0.5):
    return struct.pack(f"<{n // 4}f", *[value] * (n // 4))


def good(shapes=None):
    head, n = header(shapes)
    return pack(head, floats(n))


def change(f, **kw):
    head, n = header(**kw)
    data = bytearray(floats(n))
    got = f(head, data)
    return pack(head if got is None else got, bytes(data))


def entry(name, key, value):
    def f(head, data):
        head[name][key] = value
    return change(f)


def text(old, new):
    head, n = header()
    return pack(json.dumps(head).replace(old, new, 1).encode(), floats(n))


def bad(name, content, line, args=None, **kw):
    return Case(f"C{name}", args or EVAL, 3, line, {"w.safetensors": content}, tool="plain", **kw)


def put(name, value):
    def f(head, data):
        head[name] = value
    return f


def overlap(head, data):
    head["batch_norm1.bias"]["data_offsets"] = head["batch_norm1.weight"]["data_offsets"]


def hole(head, data):
    for name in ("batch_norm1.running_mean", "batch_norm1.running_var"):
        head[name]["data_offsets"] = [v + 4 for v in head[name]["data_offsets"]]
    data += b"\0" * 4


def lacking(name):
    return good({k: v for k, v in SHAPES.items() if k != name})


def number(i, value):
    head, n = header()
    data = bytearray(floats(n))
    struct.pack_into("<f", data, 4 * i, value)
    return pack(head, bytes(data))


def zipped(path):
    with zipfile.ZipFile(os.fsdecode(path), "w") as z:
        z.writestr("archive/data.pkl", b"\x80\x02")


def checked(head, data):
    head["__metadata__"] = {"nnc.xxh64": "0123456789abcdef"}


W, F = "dense1.weight", "w.safetensors"
batch = {"x": [5, 4], "t": [5]}


def batch_file(shapes=None, t_type="I64", t=(0, 1, 2, 0, 1), dtype="F32"):
    shapes = shapes or batch
    head, at, data = {}, 0, b""
    for name, shape in shapes.items():
        kind = t_type if name == "t" else dtype
        n = count(shape)
        if name == "t" and kind in ("I64", "I32"):
            part = struct.pack(f"<{n}{'q' if kind == 'I64' else 'i'}", *[t[i % len(t)] for i in range(n)])
        elif kind == "F32":
            part = floats(4 * n)
        else:
            part = b"\0" * (n * BYTES[kind])
        head[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + len(part)]}
        at += len(part)
        data += part
    return pack(head, data)


def gradients(name, content, line, status=3):
    return Case(f"C batch: {name}", GRADIENTS, status, line, {F: good(), "b.safetensors": content}, tool="plain")


ROWS = [
    Case("C0 the good file loads", EVAL, 0, files={F: good()}, tool="plain"),
    Case("C missing file", EVAL, 3, r"w\.safetensors: .*No such file.*R6", tool="plain"),
    *[bad(f"1 {n} bytes", good()[:n], r"w\.safetensors: .*R6") for n in range(8)],
    *[bad(f"1 header length {name}", struct.pack("<Q", n) + good()[8:], r"w\.safetensors: .*R6")
      for name, n in (("0", 0), ("1", 1), ("2^63", 1 << 63), ("2^64 - 1", (1 << 64) - 1), ("above the limit", 100000001),
                      ("file size", len(good())), ("one more", len(good()) - 7))],
    bad("2 header is a list", pack(b"[]", b""), r"R6"),
    bad("2 header is a number", pack(b"1", b""), r"R6"),
    bad("2 header does not begin with {", pack(b" " + json.dumps(header()[0]).encode(), floats(96)), r"R6"),
    bad("2 padded with NUL", pack(json.dumps(header()[0]).encode() + b"\0\0", floats(header()[1])), r"R6"),
    Case("C2 padded with blanks", EVAL, 0, files={F: pack(json.dumps(header()[0]).encode() + b"  ",
                                                          floats(header()[1]))}, tool="plain"),
    bad("2 trailing text", pack(json.dumps(header()[0]).encode() + b"{}", floats(header()[1])), r"R6"),
    bad("2 invalid UTF-8", pack(json.dumps(header()[0]).encode().replace(b"dense1", b"dens\xff1"), floats(96)), r"R6"),
    bad("2 lead byte at the end", pack(json.dumps(header()[0]).encode()[:-1] + b"\xe2", floats(96)), r"R6"),
    bad("3 depth 1e6", pack(b'{"a":' * 10 + b"[" * 1000000, b""), r"R6"),
    bad("3 number of 10,000 digits", text('"shape": [3, 4]', '"shape": [3, ' + "9" * 10000 + "]"), r"R6"),
    *[bad(f"3 offset {v}", text("[0, 48]", f"[{v}, 48]"), r"R6") for v in ("-1", "0.5", "1e3", '"0"', "null", "true")],
    bad("3 duplicate keys", text('"batch_norm1.bias"', '"batch_norm1.weight"'), r"R6"),
    bad("3 lone surrogate", text("dense1.weight", "\\ud800"), r"R6"),
    bad("3 NUL in a name", text("dense1.weight", "dense1\\u0000weight"), r"R6"),
    bad("4 reversed offsets", entry(W, "data_offsets", [48, 0]), W),
    bad("4 overlap", change(overlap), r"batch_norm1"),
    bad("4 hole", change(hole), r"R6"),
    bad("4 past the end", entry(W, "data_offsets", [0, 1 << 40]), W),
    bad("4 rest at the end", good() + b"\0" * 4, r"R6"),
    bad("4 data cut", good()[:-4], r"R6"),
    bad("4 three offsets", entry(W, "data_offsets", [0, 20, 48]), W),
    bad("5 span and shape differ", entry(W, "shape", [3, 5]), W),
    bad("5 product overflows", entry(W, "shape", [1 << 62, 1 << 62]), W),
    bad("5 product wraps to 12", entry(W, "shape", [1 << 32, 1 << 32, 12]), W),
    bad("5 negative dimension", entry(W, "shape", [-3, -4]), W),
    bad("5 dimension 2^70", text("[3, 4]", f"[{1 << 70}, 4]"), r"R6"),
    bad("5 rank 1000", entry(W, "shape", [1] * 998 + [3, 4]), W),
    bad("6 unknown dtype", entry(W, "dtype", "F8_E4M3"), W),
    bad("6 dtype is a number", entry(W, "dtype", 3), W),
    Case("C6 F16 is converted", EVAL, 0, files={F: (lambda h: pack(h[0], b"\0\x38" * (h[1] // 2)))(header(dtype="F16"))},
         tool="plain"),
    bad("6 integers as weights", pack(header(dtype="I32")[0], floats(header()[1])), r"R6"),
    bad("7 metadata is a list", change(put("__metadata__", [])), r"R6"),
    bad("7 metadata of numbers", change(put("__metadata__", {"a": 1})), r"R6"),
    Case("C7 1e5 entries of metadata", EVAL, 0,
         files={F: change(put("__metadata__", {f"k{i}": "v" for i in range(100000)}))}, tool="plain"),
    *[bad(f"8 {n} is missing", lacking(n), n.replace(".", r"\.")) for n in SHAPES],
    bad("8 one tensor more", good({**SHAPES, "extra.weight": [2]}), r"extra\.weight"),
    bad("8 renamed", text("dense1.weight", "dense2.weight"), r"dense[12]\.weight"),
    bad("8 transposed", entry(W, "shape", [4, 3]), W),
    Case("C8 --partial takes what fits", ["train", "--weights", F, "--partial", "--epochs", "1", "--no-save", "-q",
                                          "--progress", "none"], 0, files={F: lacking(W)}, tool="plain"),
    bad("8 --partial with nothing that fits", good({"other": [2]}), r"R6",
        ["train", "--weights", F, "--partial", "--epochs", "1", "--no-save"]),
    *[bad(f"10 {v} in the weights", number(3, float(v)), r"dense1\.weight.*R") for v in ("nan", "inf", "-inf")],
    bad("11 wrong checksum", change(checked), r"R6"),
    bad("11 checksum that is no number", change(put("__metadata__", {"nnc.xxh64": "xyz"})), r"R6"),
    bad("12 no byte", b"", r"R6"),
    bad("13 a folder", None, r"folder"),
    bad("13 a FIFO", os.mkfifo, r"regular file"),
    bad("13 a link to /dev/zero", lambda p: os.symlink("/dev/zero", p), r"regular file"),
    Case("C14 output over the input", ["predict", "--weights", F, "--in", "b.safetensors", "--out", "b.safetensors"], 0,
         files={F: good(), "b.safetensors": batch_file()}, tool="plain"),
    Case("C14 output over the input by a link", ["predict", "--weights", F, "--in", "b.safetensors", "--out",
                                                 "./c.safetensors"], 0,
         files={F: good(), "b.safetensors": batch_file(),
                "c.safetensors": lambda p: os.symlink("b.safetensors", p)}, tool="plain"),
    bad("17 zip", zipped, r"R6"),
    bad("18 pickle", b"\x80\x02}q\x00.", r"R6"),
    bad("18 HDF5", b"\x89HDF\r\n\x1a\n" + b"\0" * 100, r"R6"),
    bad("18 GGUF", b"GGUF\x03\0\0\0" + b"\0" * 100, r"R6"),
    gradients("class 3 of 3", batch_file(t=(3,)), r"`?t`?.*3"),
    gradients("class -1", batch_file(t=(-1,)), r"-1"),
    gradients("class 2^32", batch_file(t=(1 << 32,)), r"4294967296|t"),
    gradients("no target", batch_file({"x": [5, 4]}), r"`t`"),
    gradients("counts differ", batch_file({"x": [5, 4], "t": [6]}), r"[56]"),
    gradients("another shape", batch_file({"x": [5, 3], "t": [5]}), r"`x`"),
    gradients("another rank", batch_file({"x": [20], "t": [5]}), r"`x`"),
    gradients("no rows", batch_file({"x": [0, 4], "t": [0]}), r"R"),
    Case("C batch: more rows than the program's batch", GRADIENTS, 0,
         files={F: good(), "b.safetensors": batch_file({"x": [17, 4], "t": [17]})}, tool="plain"),
    gradients("floats as classes", batch_file(t_type="F32"), r"`t`"),
    gradients("integers as floats", batch_file(dtype="I32"), r"`x`"),
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "plain.nn"), encoding="utf-8") as f:
    PROGRAM = f.read()
# The compiler reads weights too, for inference C: what a trainer refuses, it refuses, and writes nothing.
ROWS += [Case(f"C nnc: {c.name[1:]}", ["--infer", "p.nn", "--weights", F, "-o", "p.c"], c.status, c.line,
              {"p.nn": PROGRAM, **c.files}) for c in ROWS if c.args is EVAL]
NOT_BUILT = []  # C15, the lock on the results of a run: tests/group/resume.sh
