"""code_rows.py - group G: generated inference C in a foreign program (return code, never undefined behaviour)."""
import os
import subprocess

from harness import Case
from weight_rows import good

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


ROWS = [
    Case("G -ffast-math is refused", ["--check", "one.nn"], 0, files=FILES, then=refused),
    row("two models, classes out of range", "-O2"),
    row("sanitized", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    row("-funsigned-char -fshort-enums", "-O2", "-funsigned-char", "-fshort-enums"),
    row("header in C++", "-O2", cxx=True),
]
NOT_BUILT = [("G2'", "int8 is not built yet"),
             ("G5'", "no big-endian target is tested yet")]
