"""code_rows.py - group G: generated inference C in a foreign program (return code, never undefined behaviour)."""
import os
import shutil
import struct
import subprocess

from harness import Case
from weight_rows import good, header, pack

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "plain.nn"), encoding="utf-8") as f:
    PLAIN = f.read()
EMBED = """model %s {
  input k: class(5)[N]
  input x: f32[N, 2]
  y = embedding(k, 5, 2) + x
  loss mean(y * y)
  output y
}
"""
WEIGHTS = good({"embedding1.weight": [5, 2]})
MAIN = r"""
#include <string.h>
#include "one_infer.h"
#include "two_infer.h"
int main(void)
{
	int k[1] = { 4 }, bad[4] = { 5, -1, 2147483647, -2147483647 - 1 };
	float x[2] = { 1, 2 }, y[2] = { 7, 7 }, z[2];
	if (one_run(k, x, y) != 0 || two_run(k, x, z) != 0 || memcmp(y, z, sizeof y))
		return 1;
	y[0] = y[1] = 7;
	for (int i = 0; i < 4; i++)
		if (one_run(&bad[i], x, y) != -5 || y[0] != 7 || y[1] != 7)
			return 2;
	return 0;
}
"""


def build(*flags, cxx=False):
    """Two models in one program; a class out of range is refused without touching the output."""
    def then(folder):
        nnc = os.environ["NNC_PLAIN"]
        for name in ("one", "two"):
            subprocess.run([nnc, "--infer", f"{name}.nn", "--weights", "w.safetensors", "-o", f"{name}_infer.c"],
                           cwd=folder, check=True, capture_output=True)
        cc = os.environ.get("CC", "cc")
        units = [["-std=c99", "-c", "one_infer.c"], ["-std=c99", "-c", "two_infer.c"],
                 ["-x", "c++" if cxx else "c", "-c", "main.c"]]
        steps = [[cc, *flags, "-Wall", "-Wextra", "-Wconversion", "-Werror", *u] for u in units]
        steps += [[cc, *flags, "one_infer.o", "two_infer.o", "main.o", "-o", "main"], ["./main"]]
        for s in steps:
            done = subprocess.run(s, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                return f"{' '.join(s)}: status {done.returncode} {done.stderr[:300]}"
        return None
    return then


FILES = {"one.nn": EMBED % "one", "two.nn": EMBED % "two", "w.safetensors": WEIGHTS, "main.c": MAIN}


def row(name, *flags, **kw):
    return Case(f"G {name}", ["--check", "one.nn"], 0, files=FILES, then=build(*flags, **kw))


def refused(folder):
    """-ffast-math would break the functions of the file: the C compiler says so."""
    complaint = build("-O3", "-ffast-math")(folder)
    return None if complaint and "-ffast-math breaks" in complaint else f"not refused: {complaint}"


# Weights of all forms, so that they differ from each other: embedding, panels, a few rows, 16 bits.
NET = """model net {
  input x: f32[N, 6]
  input k: class(5)[N]
  h = concat(x, embedding(k, 5, 2), dim = 1) |> dense(70) |> relu |> dense(40) |> layer_norm |> gelu
  loss mean(h * h)
  output y = h |> dense(3) |> softmax
}
"""
SHAPES = {"embedding1.weight": [5, 2], "dense1.weight": [70, 8], "dense1.bias": [70], "dense2.weight": [40, 70],
          "dense2.bias": [40], "layer_norm1.weight": [40], "layer_norm1.bias": [40], "dense3.weight": [3, 40],
          "dense3.bias": [3]}
CHECK = r"""
#include <stdio.h>
#include "net_infer.h"
int main(void)
{
	int k[1] = { 3 };
	float x[6] = { 0.5f, -1.25f, 3, 0, 0.75f, -2 }, y[3];
	if (net_run(x, k, y))
		return 1;
	printf("%.9g %.9g %.9g\n", (double)y[0], (double)y[1], (double)y[2]);
	return !(net_selfcheck() <= 1e-6f);
}
"""


def net_weights(path):
    head, n = header(SHAPES)
    with open(path, "wb") as f:
        f.write(pack(head, struct.pack(f"<{n // 4}f", *[(i * 37 % 101 - 50) / 128 for i in range(n // 4)])))


def big_endian(folder):
    """The same text compiled for s390x finds its own stored outputs; at -O0 it has the very bits of this machine.

    Standard C keeps floats in double there (FLT_EVAL_METHOD 1), which the bits exclude: -fexcess-precision=fast.
    """
    def answer(cc, run):
        units = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffp-contract=off", "-fexcess-precision=fast", "net_infer.c", "check.c"]
        subprocess.run([cc, "-O1", *units, "-static", "-o", "net"], cwd=folder, check=True, capture_output=True)
        return subprocess.run([*run, "./net"], cwd=folder, check=True, capture_output=True, text=True).stdout

    for level, half in (("-O0", "none"), ("-O2", "none"), ("-O2", "bf16"), ("-O2", "f16")):
        subprocess.run([os.environ["NNC_PLAIN"], "--infer", "net.nn", "--weights", "w.safetensors", "--self-check", level,
                        "--quantize", half, "-o", "net_infer.c"], cwd=folder, check=True, capture_output=True)
        try:
            there = answer("s390x-linux-gnu-gcc", ["qemu-s390x"])
            here = answer(os.environ.get("CC", "cc"), []) if level == "-O0" else there
        except subprocess.CalledProcessError as e:
            return f"{level} {half}: {' '.join(e.cmd)}: status {e.returncode} {e.stderr[:300]}"
        if here != there:
            return f"{level} {half}: {there.strip()} instead of {here.strip()}"
    return None


CROSS = shutil.which("s390x-linux-gnu-gcc") and shutil.which("qemu-s390x")
ROWS = [
    Case("G -ffast-math is refused", ["--check", "one.nn"], 0, files=FILES, then=refused),
    row("two models, classes out of range", "-O2"),
    row("sanitized", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    row("-funsigned-char -fshort-enums", "-O2", "-funsigned-char", "-fshort-enums"),
    row("header in C++", "-O2", cxx=True),
]
NOT_BUILT = [("G2'", "int8 is not built yet")]
if CROSS:
    ROWS.append(Case("G5' big-endian", ["--check", "net.nn"], 0, then=big_endian,
                     files={"net.nn": NET, "w.safetensors": net_weights, "check.c": CHECK}))
else:
    NOT_BUILT.append(("G5'", "needs s390x-linux-gnu-gcc (with its libc) and qemu-s390x"))
