"""command_rows.py - group E: command lines and surroundings of nnc (exit 2) and of a trainer."""
import os
import resource

from harness import Case
from source_rows import GOOD, body
from weight_rows import F, good

G = {"m.nn": GOOD}
TRAIN = ["train", "--epochs", "1", "--progress", "none", "-q"]


def nnc(name, args, line, status=2, files=None, **kw):
    return Case(f"E{name}", args, status, line, G if files is None else files, **kw)


def plain(name, args, line, status=2, **kw):
    return Case(f"E trainer: {name}", args, status, line, kw.pop("files", {}), tool="plain", **kw)


ROWS = [
    nnc("1 no arguments", [], r"error: "),
    nnc("1 unknown flag", ["--summray", "m.nn"], r"--summary"),
    nnc("1 flag without a value", ["m.nn", "-o"], r"-o"),
    nnc("1 empty value", ["m.nn", "--batch="], r"--batch"),
    nnc("1 value for a flag that has none", ["--check=3", "m.nn"], r"--check"),
    nnc("1 two files", ["m.nn", "n.nn"], r"n\.nn"),
    nnc("1 two modes", ["--check", "--infer", "m.nn"], r"error: "),
    *[nnc(f"2 --batch {v!r}", ["m.nn", "--batch", v, "-o", "m.c"], r"--batch")
      for v in ("", "abc", "1e9", " 5", "5x", "-1", "0", "18446744073709551616")],
    *[nnc(f"2 --max-errors {v!r}", ["m.nn", "--check", "--max-errors", v], r"--max-errors")
      for v in ("", "abc", "-1", "99999999999999999999")],
    nnc("2 -O9", ["m.nn", "-O9"], r"-O"),
    nnc("2 --precision f16", ["m.nn", "--precision", "f16"], r"--precision"),
    nnc("2 -D without a value", ["m.nn", "-D", "n"], r"-D"),
    nnc("2 -D unknown", ["m.nn", "-D", "n=3"], r"E0501"),
    nnc("2 -D twice, unknown", ["m.nn", "-D", "=3"], r"-D"),
    nnc("3 output in a missing folder", ["m.nn", "-o", "gone/m.c"], r"gone/m\.c", 3),
    nnc("3 output is a folder", ["m.nn", "-o", "d"], r"\bd\b", 3, {**G, "d": None}),
    nnc("3 output is the source", ["m.nn", "-o", "m.nn"], r"m\.nn", 2),
    nnc("3 output is the source by a link", ["m.nn", "-o", "l.nn"], r"l\.nn", 2,
        {**G, "l.nn": lambda p: os.symlink("m.nn", p)}),
    nnc("3 /dev/full", ["m.nn", "-o", "/dev/full"], r"/dev/full", 3),
    nnc("3 standard output is closed", ["m.nn", "-o", "-"], r"error: .*written", 3, close=(1,)),
    nnc("3 missing source", ["none.nn"], r"none\.nn", 3),
    nnc("3 source is a folder", ["d"], r"\bd\b", 3, {"d": None}),
    nnc("3 source is /dev/zero", ["/dev/zero"], r"/dev/zero", 3),
    Case("E4 20,000 arguments", ["--check", *["-I", "x"] * 10000, "m.nn"], 0, files=G),
    nnc("4 argument of 100 KiB", ["--" + "x" * 100000, "m.nn"], r"error: "),
    nnc("4 argument that is no UTF-8", [b"--\xff\xfe", "m.nn"], r"error: "),
    nnc("5 --infer without weights", ["--infer", "m.nn"], r"--weights"),
    nnc("5 option of a later version", ["--tune", "m.nn"], r"E0405"),
    Case("E7 environment of nonsense", ["--check", "m.nn"], 0, files=G,
         env={"LC_ALL": "xx", "OMP_NUM_THREADS": "abc", "COLUMNS": "-3", "NNC_PATH": ":::", "HOME": "", "TMPDIR": "/no"}),
    Case("E8 all descriptors closed", ["--check", "m.nn"], 0, files=G, close=(0, 1, 2)),
    Case("E8 descriptors closed, a wrong program", ["--check", "m.nn"], 1, "", {"m.nn": body("y = z")}, close=(0, 2)),
    plain("1 unknown command", ["trian"], r"train"),
    plain("1 unknown option", ["train", "--epoch", "3"], r"--epochs"),
    plain("1 option without a value", ["train", "--epochs"], r"--epochs"),
    *[plain(f"2 --epochs {v!r}", ["train", "--epochs", v], r"--epochs")
      for v in ("", "abc", "0", "-1", "1.5", "5x", " 5", "99999999999999999999")],
    *[plain(f"2 --batch {v!r}", ["train", "--batch", v], r"--batch") for v in ("", "0", "-1", "abc", "4294967296")],
    *[plain(f"2 --seed {v!r}", ["train", "--seed", v], r"--seed") for v in ("", "-1", "x", "18446744073709551616")],
    *[plain(f"2 --time-limit {v!r}", ["train", "--time-limit", v], r"--time-limit") for v in ("", "0", "5d", "-1m")],
    *[plain(f"2 --set {v!r}", ["train", "--set", v], r"--set|optimizer|lr")
      for v in ("", "lr", "=3", "optimizer.lr=", "optimizer.lr=x", "nothing=1", "lr=0.1")],
    plain("2 --log xml", ["train", "--log", "xml"], r"--log"),
    plain("2 --split all", ["eval", "--weights", F, "--split", "all"], r"--split", files={F: good()}),
    plain("2 --format xml", ["predict", "--weights", F, "--format", "xml"], r"--format", files={F: good()}),
    plain("2 --freeze nothing", [*TRAIN, "--freeze", "nothing.*", "--no-save"], r"nothing"),
    *[plain(f"6 --threads {v}", ["train", "--threads", v], r"--threads") for v in ("0", "-1", "abc")],
    plain("6 --threads 100000", [*TRAIN, "--threads", "100000", "--no-save"], r"4096"),
    Case("E7 a trainer in an environment of nonsense", [*TRAIN, "--no-save"], 0, tool="plain",
         env={"LC_ALL": "xx", "OMP_NUM_THREADS": "abc", "OPENBLAS_NUM_THREADS": "0", "COLUMNS": "x"}),
    Case("E8 a trainer without descriptors", [*TRAIN, "--out", "r"], 0, tool="plain", close=(0, 1, 2), files={"r": None}),
    plain("3 --out is a file", [*TRAIN, "--out", "f"], r"\bf\b", 3, files={"f": "x"}),
    plain("3 --out in a missing folder", [*TRAIN, "--out", "a/b/c"], r"a/b", 3),
    plain("3 --out on /dev/full", ["predict", "--weights", F, "--in", "b.safetensors", "--out", "/dev/full"],
          r"b\.safetensors|/dev/full", 3, files={F: good()}),
    plain("F files of at most 100 bytes", [*TRAIN, "--out", "r"], r"error: ", 3, files={"r": None},
          limits={resource.RLIMIT_FSIZE: 100}, new_files=True),
]
NOT_BUILT = [("E9", "an empty argv cannot be made from here; unit test"),
             ("E10", "needs another user")]
