"""source_rows.py - group A: programs that are wrong, hostile or odd (exit 1; 0 where they must work)."""
import os
import resource
import subprocess

from harness import Case

HEAD = "model m {\n  input x: f32[N, 4]\n"
TAIL = "  loss mean(y * y)\n}\n"
CHECK = ["--check", "m.nn"]


def body(lines):
    return HEAD + "".join(f"  {s}\n" for s in lines.split("\n")) + TAIL


def wrong(name, text, line, errors=1, args=CHECK, **kw):
    return Case(name, args, 1, line, {"m.nn": text, **kw.pop("files", {})}, errors, **kw)


def works(name, text, args=CHECK, **kw):
    return Case(name, args, 0, "", {"m.nn": text, **kw.pop("files", {})}, **kw)


def layer(name, expression, line, errors=1):
    return wrong(name, body(f"y = {expression}"), line, errors)


def image(name, expression, line):
    text = "model m {\n  input x: f32[N, 3, 8, 8]\n  y = " + expression + "\n" + TAIL
    return wrong(name, text, line)


GOOD = body("y = x |> dense(3)")


def compiles(folder):
    """The C that lies there has no warning, and its trainer's gradients are right."""
    nnc = os.environ["NNC_PLAIN"]
    flags = subprocess.run([nnc, "--cflags"], capture_output=True, text=True, check=True).stdout.split()
    libs = subprocess.run([nnc, "--libs"], capture_output=True, text=True, check=True).stdout.split()
    cc = subprocess.run([os.environ.get("CC", "cc"), *flags, "-O0", "-Wall", "-Wextra", "-Werror", "m.c", *libs,
                         "-o", "m"], cwd=folder, capture_output=True, text=True, check=False)
    if cc.returncode:
        return "the C does not compile: " + cc.stderr[:300]
    test = subprocess.run(["./m", "selftest"], cwd=folder, capture_output=True, text=True, check=False)
    return None if test.returncode == 0 else "selftest fails: " + (test.stdout + test.stderr)[:300]


def link(to):
    return lambda path: os.symlink(to, path)


def chain(n):
    files = {f"i{i}.nn": f'import "i{i + 1}.nn"\n' for i in range(n)}
    files[f"i{n}.nn"] = "const last = 1\n"
    return files


C_NAMES = ["exp", "main", "tanh", "errno", "int", "double", "static", "restrict", "inline", "__x", "memcpy",
           "float", "register", "NULL", "stdin", "_Bool", "nnc_exp", "c", "x", "X", "x_", "B", "nnrt_ctx"]
c_names = "model main {\n" + "".join(
    f"  input {n}: f32[N, 2]\n" for n in C_NAMES if n not in ("exp", "tanh")) + \
    "  for_ = x |> int: dense(3) |> double: dense(2)\n  v1 = X + x_ + c\n" + \
    "  loss mean((for_ + v1) ** 2)\n  output switch = for_\n  output default = v1\n}\n"

DIMS = [("0", "E030[0-9]|E0404"), ("-1", "E0"), ("2147483648", "E0"), ("1e300", "E0"), ("3.5", "E0"), ("0x", "E010"),
        ("099", "E0"), ("9" * 400, "E0")]

ROWS = [
    wrong("A1 empty file", "", r"^m\.nn:1:1: error: .*E0402"),
    wrong("A1 only comments", "# nothing\n# here\n", r"^m\.nn:\d+:\d+: error: .*E0402"),
    wrong("A1 only a byte order mark", b"\xef\xbb\xbf", r"E0402"),
    wrong("A2 open string", 'const s = "abc\n' + GOOD, r"^m\.nn:1:11: error: .*string", None),
    wrong("A2 open brace", "model m {\n  input x: f32[N, 4]\n", r"^m\.nn:", None),
    wrong("A2 open parenthesis", body("y = (x + (1 * 2"), r"^m\.nn:", None),
    wrong("A3 NUL byte", b"model m {\n  inp\0ut x: f32[N, 4]\n}\n", r"^m\.nn:2:6: error: .*E01", None),
    wrong("A3 control character", b"model m {\n  \x01 input x: f32[N, 4]\n}\n", r"^m\.nn:2:3: error: .*E01", None),
    wrong("A3 invalid UTF-8", b"model m {\n  \xff\xfe = 3\n}\n", r"^m\.nn:2:3: error: .*E01", None),
    wrong("A3 overlong encoding", b"model m {\n  \xc0\xaf = 3\n}\n", r"^m\.nn:2:3: error: .*E01", None),
    wrong("A3 lead byte at the end", GOOD.encode() + b"\xe2\x82", r"^m\.nn:", None),
    works("A3 byte order mark", b"\xef\xbb\xbf" + GOOD.encode()),
    works("A3 CRLF", GOOD.replace("\n", "\r\n")),
    wrong("A3 invalid UTF-8 in a comment", b"# \xff\xfe\n" + GOOD.encode(), r"^m\.nn:1:3: error: byte 0xff", None),
    wrong("A4 name of 1 MiB", body("y = " + "a" * (1 << 20)), r"^m\.nn:3:.*255|limit|longer", None),
    Case("A4 file of 17 MiB", CHECK, 3, r"m\.nn: more than 16777216 bytes", {"m.nn": "#" + "x" * (17 << 20)}),
    wrong("A4 line of 2 MiB", "#" + "x" * (2 << 20) + "\n" + GOOD, r"^m\.nn:1:", None),
    wrong("A5 nested parentheses", body("y = " + "(" * 100000 + "x" + ")" * 100000), r"^m\.nn:3:\d+: error: .*nest",
          None),
    wrong("A5 unary minus", body("y = " + "-" * 100000 + "x"), r"^m\.nn:3:\d+: error: ", None),
    wrong("A5 nested blocks", HEAD + "if true { " * 100000 + "}" * 100000 + "}\n", r"^m\.nn:\d+:\d+: error: .*nest",
          None),
    wrong("A5 nested calls", body("y = " + "relu(" * 50000 + "x" + ")" * 50000), r"^m\.nn:3:\d+: error: ", None),
    wrong("A5 nested lists", "const a = " + "[" * 50000 + "]" * 50000 + "\n" + GOOD, r"^m\.nn:1:\d+: error: ", None),
    wrong("A6 import of itself", 'import "m.nn"\n' + GOOD, r"^m\.nn:2:1: error: .*E0406", None),
    wrong("A6 cycle of imports", 'import "a.nn"\n' + GOOD, r"error: ", None,
          files={"a.nn": 'import "b.nn"\n', "b.nn": 'import "a.nn"\nimport "m.nn"\n'}),
    works("A6 chain of 3,000 imports", 'import "i0.nn"\n' + GOOD, files=chain(3000)),
    wrong("A6 missing import", 'import "nothing.nn"\n' + GOOD, r"^m\.nn:1:8: error: .*nothing\.nn"),
    wrong("A6 import of a folder", 'import "d"\n' + GOOD, r"^m\.nn:1:8: error: .*d\b", files={"d": None}),
    wrong("A6 import of a FIFO", 'import "f"\n' + GOOD, r"^m\.nn:1:8: error: .*f\b", files={"f": os.mkfifo}),
    wrong("A6 import of /dev/zero", 'import "/dev/zero"\n' + GOOD, r"^m\.nn:1:8: error: .*/dev/zero"),
    wrong("A6 link to nothing", 'import "l.nn"\n' + GOOD, r"^m\.nn:1:8: error: .*l\.nn",
          files={"l.nn": link("gone")}),
    wrong("A8 repeat bomb", body("y = x\n" + "repeat 100 { " * 10 + "y = y + 1" + " }" * 10),
          r"^m\.nn:\d+:\d+: error: .*E0403"),
    wrong("A8 repeat of 2^40", body("y = x\nrepeat 1099511627776 { y = y + 1 }"), r"^m\.nn:\d+:\d+: error: "),
    wrong("A8 block that calls itself", "block b(x: f32[N, C]) { return x |> b }\n" + body("y = x |> b"),
          r"E0403"),
    wrong("A8 doubling blocks", "".join(
        f"block b{i + 1}(x: f32[N, C]) {{ return (x |> b{i}) + (x |> b{i}) }}\n" for i in range(40)) +
        "block b0(x: f32[N, C]) { return x * 2 }\n" + body("y = x |> b40"), r"error: ", None),
    *[wrong(f"A9 dimension {d[:12]}", "model m {\n  input x: f32[N, " + d + "]\n  loss mean(x)\n}\n",
            r"^m\.nn:2:\d+: error: .*" + e, None) for d, e in DIMS],
    works("A9 dimension 1_000", "model m {\n  input x: f32[N, 1_000]\n  loss mean(x)\n}\n"),
    wrong("A10 2^64 elements", "model m {\n  input x: f32[N, 65536, 65536, 65536, 65536]\n  loss mean(x)\n}\n",
          r"^m\.nn:2:\d+: error: "),
    layer("A10 2^62 parameters", "x |> dense(2147483647) |> dense(2147483647)", r"^m\.nn:3:\d+: error: "),
    wrong("A11 rank 9", "model m {\n  input x: f32[N, 1, 1, 1, 1, 1, 1, 1, 1]\n  loss mean(x)\n}\n",
          r"^m\.nn:2:\d+: error: .*8"),
    layer("A11 rank 0 where 2 is needed", "sum(x) |> dense(3)", r"^m\.nn:3:\d+: error: .*E030"),
    layer("A12 inner sizes", "x @ ones(5, 3)", r"E0301.*|.*4.*5"),
    layer("A12 [3] with [4]", "x + ones(3)", r"E0301"),
    layer("A12 concat on differing axes", "concat(ones(3, 4), ones(2, 5), dim = 0)", r"E0301"),
    layer("A12 axis out of range", "sum(x, dim = 2)", r"E0311"),
    layer("A12 axis -9", "softmax(x, dim = -9)", r"E0311"),
    image("A13 kernel too large", "conv2d(x, 4, 9)", r"E0302.*|kernel"),
    image("A13 stride 0", "conv2d(x, 4, 3, stride = 0)", r"stride"),
    image("A13 dilation 0", "conv2d(x, 4, 3, dilation = 0)", r"dilation"),
    image("A13 negative padding", "conv2d(x, 4, 3, padding = -1)", r"padding"),
    image("A13 groups do not divide", "conv2d(x, 4, 3, groups = 2)", r"E0308|groups"),
    image("A13 groups 0", "conv2d(x, 4, 3, groups = 0)", r"E0308"),
    image("A13 pool window 0", "max_pool2d(x, 0)", r"kernel"),
    image("A13 pool stride 0", "avg_pool2d(x, 2, stride = 0)", r"stride"),
    image("A13 kernel 0", "conv2d(x, 4, 0)", r"kernel"),
    image("A13 filters 0", "conv2d(x, 0, 3)", r"error: "),
    image("A13 kernel 2^31", "conv2d(x, 1, 2147483647, padding = 2147483647)", r"error: "),
    layer("A14 reshape to another size", "reshape(x, N, 5)", r"E0301.*|reshape"),
    layer("A14 a -1 that does not divide", "reshape(x, N, 3, -1)", r"E0301.*|reshape"),
    layer("A14 twice the same dimension", "permute(x, 0, 0)", r"E0301.*|permute"),
    layer("A14 two -1", "reshape(x, -1, -1)", r"error: .*-1"),
    wrong("A15 undefined name", body("y = z + 1"), r"E0204"),
    wrong("A15 used before definition", body("y = z + 1\nz = x"), r"E0204"),
    wrong("A15 defined twice", "const a = 1\nconst a = 2\n" + GOOD, r"E0205"),
    wrong("A15 one letter off", body("y = x |> dens(3)"), r"E0201"),
    wrong("A16 const that needs itself", "const a = b, b = a\n" + GOOD, r"error: ", None),
    works("A17 unused layer", body("y = x |> dense(3)\nz = x |> dense(2)"), then=None),
    wrong("A17 unused layer with -Werror", body("y = x |> dense(3)\nz = x |> dense(2)"),
          r"error: .*never used", args=["--check", "-Werror", "m.nn"]),
    wrong("A18 loss that is no scalar", HEAD + "  loss x * x\n}\n", r"E0309"),
    wrong("A18 loss on a wrong label", "model m {\n  input x: f32[N, 4]\n  target t: class(4)[N]\n"
          "  loss mse(x, t)\n}\n", r"E03(10|01|04)"),
    wrong("A19 unknown argument", body("y = x |> dense(3, activation = relu)"), r"E020[24]", None),
    wrong("A19 argument twice", body("y = x |> dense(3, units = 4)"), r"E0207|E0205|E0202"),
    wrong("A19 unknown optimizer", GOOD + "train { epochs = 1, optimizer = adamm() }\n", r"E0201"),
    works("A20 names of C", c_names, args=["m.nn", "-o", "m.c"], then=compiles),
    works("A21 strings of C", 'const s = "*/ // \\\\\\n ??/ \\" %s%n #include <x>"\n' + GOOD +
          '# */ #include "no" ??/ %n\n', args=["m.nn", "-o", "m.c"], then=compiles),
    *[wrong(f"A22 {s}", GOOD + "train { epochs = 1, optimizer = " + s + " }\n", r"^m\.nn:\d+:\d+: error: ", None)
      for s in ("adam(lr = 1e400)", 'adam(lr = "0,01")', "adam(betas = [0.9])")],
    wrong("A22 dropout -0.1", body("y = x |> dropout(-0.1)"), r"error: "),
    wrong("A22 dropout 1.5", body("y = x |> dropout(1.5)"), r"error: "),
    wrong("A23 batch 0", GOOD + "train { epochs = 1, batch = 0 }\n", r"E0404"),
    wrong("A23 epochs 0", GOOD + "train { epochs = 0 }\n", r"E0404"),
    wrong("A23 epochs 1e18", GOOD + "train { epochs = 1_000_000_000_000_000_000 }\n", r"error: "),
    layer("A24 a tensor where an integer is needed", "x |> dense(x)", r"E0207"),
    layer("A24 an integer where a tensor is needed", "dense(3, 4)", r"error: "),
    wrong("A24 f16 in a model", "model m {\n  input x: f16[N, 4]\n  loss mean(x)\n}\n", r"E0310"),
    wrong("A24 i64 in a model", "model m {\n  input x: i64[N, 4]\n  loss mean(x * 1.0)\n}\n", r"E0310"),
    wrong("A25 10,000 errors", HEAD + "".join(f"  y{i} = z{i}\n" for i in range(10000)) + "}\n", r"E0204", 20),
    works("A26 10,000 operands", body("y = concat(" + ", ".join(["x"] * 10000) + ", dim = 1)")),
    works("A27 from a pipe", "", args=["--check", "/dev/stdin"], stdin=GOOD.encode()),
    Case("A28 -x.nn", ["--check", "--", "-x.nn"], 0, files={"-x.nn": GOOD}),
    Case("A28 blank in the name", ["--check", "a b.nn"], 0, files={"a b.nn": GOOD}),
    Case("A28 semicolon", [";rm.nn", "-o", "x.c"], 0, files={";rm.nn": GOOD}),
    Case("A28 $(x)", ["$(x).nn", "-o", "x.c"], 0, files={"$(x).nn": GOOD}),
    Case("A28 name of 251 bytes", ["--check", "n" * 248 + ".nn"], 0, files={"n" * 248 + ".nn": GOOD}),
    Case("A28 name that is no UTF-8", ["--check", b"\xff\xfe.nn"], 0, files={b"\xff\xfe.nn": GOOD}),
    Case("A28 name with a newline, wrong", ["--check", "a\nb.nn"], 1, "E0204", {"a\nb.nn": body("y = z")}),
    wrong("small stack", body("y = " + "(" * 900 + "x" + ")" * 900 + " + q"), r"E0204",
          limits={resource.RLIMIT_STACK: 1 << 20}),
]
NOT_BUILT = [("A7", "the list of the plan has no such row")]
