"""command_rows.py - group E: command lines and surroundings of nnc (exit 2) and of a trainer."""
import os
import resource

from harness import EMPTY, Case
from source_rows import GOOD, body
from weight_rows import F, good

G = {"m.nn": GOOD}
TRAIN = ["train", "--epochs", "1", "--progress", "none", "-q"]


def nnc(name, args, line, status=2, files=None, **kw):
    return Case(f"E{name}", args, status, line, G if files is None else files, **kw)


def plain(name, args, line, status=2, **kw):
    return Case(f"E trainer: {name}", args, status, line, kw.pop("files", {}), tool="plain", **kw)


def unreadable(path):
    with open(path, "w", encoding="utf-8") as f:
        f.write(GOOD)
    os.chmod(path, 0o600)


NOBODY = 65534
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
for tool, right, wrong in (("nnc", ["--check", "m.nn"], ["--chekc", "m.nn"]),
                           ("plain", [*TRAIN, "--no-save"], ["trian"])):
    ROWS += [
        Case(f"E9 {tool} without a name", right, 0, files=G, tool=tool, argv0=""),
        Case(f"E9 {tool} without a name, a wrong line", wrong, 2, r"^[a-z]*: ?error: |error: ", G, tool=tool, argv0=""),
        Case(f"E9 {tool} without any argument", [], 2 if tool == "nnc" else 0, r"error: ", G, tool=tool, argv0=EMPTY),
        Case(f"E9 {tool} with a name of 60,000 bytes", wrong, 2, r"error: ", G, tool=tool, argv0="n" * 60000),
    ]
ROWS += [
    Case("E10 another user", ["--check", "m.nn"], 0, files=G, user=NOBODY),
    nnc("10 another user may not write", ["m.nn", "-o", "m.c"], r"m\.c: .*[Pp]ermission", 3, user=NOBODY),
    nnc("10 another user may not read", ["--check", "u.nn"], r"u\.nn: .*[Pp]ermission", 3, {"u.nn": unreadable}, user=NOBODY),
    Case("E10 a trainer of another user", [*TRAIN, "--no-save"], 0, tool="plain", user=NOBODY),
    plain("10 another user may not write", TRAIN, r"[Pp]ermission", 3, user=NOBODY),
    nnc("10 the folder is gone", ["--check", "m.nn"], r"m\.nn", 3, gone=True),
    nnc("10 the folder is gone, output", ["--fmt", "m.nn", "-o", "m.c"], r"m\.nn", 3, gone=True),
    Case("E10 a trainer whose folder is gone", [*TRAIN, "--no-save"], 0, tool="plain", gone=True),
    plain("10 the folder is gone", TRAIN, r"error: .*No such file", 3, gone=True),
]
NOT_BUILT = [("E10", "of the same row, a program that is setuid: nnc has no reason to be, and its C compiler would be anyone's")]
