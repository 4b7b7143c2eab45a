"""shapes.py - contractions of drawn shapes: a dense layer's training step against OpenBLAS and the peak.

Twenty shapes from a seeded generator, M, C and K from 1 to 1024: `x: f32[N, K] |> dense(C, bias = false)`, loss
mean(y * y), sgd, batch M, on one thread, built by gcc and by clang.  4 * M * C * K FLOPs over the time that
`bench` reports; beside it two calls of OpenBLAS's sgemm on the same shapes.
"""
import os
import random
import shutil
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = """data synthetic("random", {m})

model shape {{
  input x: f32[N, {k}]
  y = x |> dense({c}, bias = false)
  loss mean(y * y)
}}

train {{ epochs = 1, batch = {m}, optimizer = sgd(lr = 1e-6), seed = 1 }}
"""


def drawn(n=20, seed=7):
    """Half of them uniform, half uniform in the logarithm, so that small and odd extents come, too."""
    r = random.Random(seed)
    one = lambda i: r.randint(1, 1024) if i % 2 else round(2 ** r.uniform(0, 10))
    return [tuple(one(i) for _ in range(3)) for i in range(n)]


def build(bench, shape, cc):
    """A trainer, compiled by cc, linked by gcc: the library was made with gcc's OpenMP."""
    m, c, k = shape
    base = bench.path(f"shape_{m}_{c}_{k}")
    out = f"{base}_{os.path.basename(cc)}"
    with open(f"{base}.nn", "w") as f:
        f.write(PROGRAM.format(m=m, c=c, k=k))
    bench.sh(bench.nnc, f"{base}.nn", "-o", f"{base}.c")
    bench.sh(cc, *bench.sh(bench.nnc, "--cflags").split(), "-c", f"{base}.c", "-o", f"{out}.o")
    bench.sh("gcc", f"{out}.o", *bench.sh(bench.nnc, "--libs").split(), "-o", out)
    return out


def measure(bench, shape, compilers):
    m, c, k = shape
    programs = {cc: build(bench, shape, cc) for cc in compilers}
    rates, blas = {cc: [] for cc in compilers}, []
    for _ in range(bench.a.alternations):
        bench.peak(1)
        for cc, program in programs.items():
            said = bench.sh(program, "bench", "--threads", "1", "--time-limit", str(bench.a.seconds / 2),
                            preexec_fn=bench.pinned(1))
            us = float(said.strip().splitlines()[-1].split(",")[1].split()[0])
            rates[cc].append(4.0 * m * c * k / us / 1e3)
        blas.append(float(bench.sh(bench.path("sgemm"), str(m), str(c), str(k), str(bench.a.seconds / 2),
                                   preexec_fn=bench.pinned(1), env=dict(os.environ, OPENBLAS_NUM_THREADS="1"))))
    pairs = {cc: statistics.median(a / b for a, b in zip(r, blas)) for cc, r in rates.items()}
    return dict(shape=shape, gflops={cc: statistics.median(r) for cc, r in rates.items()}, pairs=pairs,
                blas=statistics.median(blas))


def run(bench, say):
    subprocess.run([*bench.cc, "-O2", f"{HERE}/sgemm.c", "-o", bench.path("sgemm"), "-lopenblas"], check=True)
    compilers = [cc for cc in ("gcc", "clang") if shutil.which(cc)]
    rows = []
    for shape in drawn():
        rows.append(measure(bench, shape, compilers))
        say("  %d x %d x %d  " % shape + "  ".join(f"{cc} {g:.1f}" for cc, g in rows[-1]["gflops"].items()) +
            f"  OpenBLAS {rows[-1]['blas']:.1f} GFLOP/s")
    return rows


def text(rows, peak):
    compilers = list(rows[0]["gflops"])
    out = ["", "| M x C x K | " + " | ".join(f"{cc}, GFLOP/s | of peak | / OpenBLAS" for cc in compilers) + " | OpenBLAS |",
           "|---|" + "--:|--:|--:|" * len(compilers) + "--:|"]
    for r in sorted(rows, key=lambda r: -min(r["shape"])):
        out.append("| %d x %d x %d | " % r["shape"] + " | ".join(
            f"{r['gflops'][cc]:.1f} | {r['gflops'][cc] / peak:.0%} | {r['pairs'][cc]:.2f}" for cc in compilers) +
            f" | {r['blas']:.1f} |")
    for cc in compilers:
        of = lambda least: [r["gflops"][cc] / peak for r in rows if min(r["shape"]) >= least]
        behind = sum(r["pairs"][cc] < 0.95 for r in rows)
        big, middle = of(64), of(32)
        out.append(("" if cc != compilers[0] else "\n") +
                   f"* {cc}: median of the shapes with all sides at least 64 "
                   f"{statistics.median(big) if big else 0:.0%} of the peak (goal 90 %), lowest with all at least 32 "
                   f"{min(middle) if middle else 0:.0%} (goal 70 %), {behind} of {len(rows)} more than 5 % behind OpenBLAS "
                   "(goal 0).")
    return "\n".join(out) + "\n"
