"""table.py - measurements as rows, rows as Markdown."""
import os
import platform
import re
import statistics
import subprocess

SPREAD = 0.15                             # a row of two threads that varies more is not measured
MARK = "<!-- measured -->"


def row(title, us, peers, threads, unit, goal, flops, peaks):
    """One line of the table.  The ratio: of rates, or of times where the unit is us."""
    mine = [t[unit] for t in us.turns]
    best = None
    for p in peers:
        pairs = [a / b for a, b in zip(mine, [t[unit] for t in p.turns])]
        ratio = statistics.median(pairs)
        if best is None or (ratio > best[0] if unit == "us" else ratio < best[0]):
            best = (ratio, p.label, pairs)
    ratio, label, pairs = best
    quarter = statistics.quantiles(pairs, n=4, method="inclusive") if len(pairs) > 1 else [ratio] * 3
    middle = statistics.median(mine)
    rate = 1e6 / middle if unit == "us" else middle
    of_peak = rate * flops / (peaks[threads] * 1e9)
    spread = (quarter[2] - quarter[0]) / ratio
    reached = of_peak >= 0.8 or (ratio <= goal if unit == "us" else ratio >= goal)
    measured = threads == 1 or spread <= SPREAD
    return dict(row=title, unit=unit, nnc=middle, ratio=ratio, best=label, pairs=pairs, spread=spread, goal=goal,
                of_peak=of_peak, reached=reached if measured else None,
                peers={p.label: statistics.median(t[unit] for t in p.turns) for p in peers},
                foreign=statistics.mean(t["foreign"] for c in [us] + peers for t in c.turns))


def facts(peaks, cc, envs):
    with open("/proc/cpuinfo") as f:
        text = f.read()
    model = re.search(r"model name\s*: (.*)", text)
    flags = set(re.search(r"(?:flags|Features)\s*: (.*)", text).group(1).split())
    family = [re.search(rf"^{k}\s*: (\d+)", text, re.M) for k in ("cpu family", "model")]
    isa = next((n for f, n in (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "NEON")) if f in flags), "baseline")
    version = subprocess.run(cc + ["--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return dict(cpu=(model.group(1) if model else platform.machine()) +
                "".join(f", {n} {m.group(1)}" for n, m in zip(("family", "model"), family) if m),
                isa=isa, cores=len(os.sched_getaffinity(0)), system=platform.platform(), compiler=version,
                peak={str(k): v for k, v in peaks.items()}, peers=envs.versions())


def number(v):
    return f"{v:,.0f}" if v >= 100 else f"{v:.1f}"


def text(f, rows, cold):
    peak = ", ".join(f"{v:.1f} GFLOP/s on {k} thread{'s'[:int(k) > 1]}" for k, v in sorted(f["peak"].items()))
    out = [f"{f['cpu']} ({f['isa']}), {f['cores']} cores; {f['compiler']}; " +
           ", ".join(f"{k} {v}" for k, v in f["peers"].items()) + f".  Multiply-add peak: {peak}.", ""]
    if rows:
        out += ["| | nnc | best peer | ratio | goal | spread | of peak | others busy | |",
                "|---|--:|--:|--:|--:|--:|--:|--:|---|"]
    for r in rows:
        less = r["unit"] == "us"
        state = "not measured" if r["reached"] is None else "reached" if r["reached"] else "**loses**" if (
            r["ratio"] > 1 if less else r["ratio"] < 1) else "short of the goal"
        out.append(f"| {r['row']}, {'us' if less else 'samples/s'} | {number(r['nnc'])} | "
                   f"{r['best']} {number(r['peers'][r['best']])} | {r['ratio']:.2f} | "
                   f"{'≤' if less else '≥'} {r['goal']:.2f} | {r['spread']:.0%} | {r['of_peak']:.0%} | "
                   f"{r['foreign']:.1f} | {state} |")
    labels = []
    for r in rows:
        labels += [p for p in r["peers"] if p not in labels]
    if labels:
        out += ["", "| | nnc | " + " | ".join(labels) + " |", "|---|--:|" + "--:|" * len(labels)]
        out += [f"| {r['row']}, {'us' if r['unit'] == 'us' else 'samples/s'} | {number(r['nnc'])} | " + " | ".join(
            number(r["peers"][p]) if p in r["peers"] else "-" for p in labels) + " |" for r in rows]
    if cold:
        out += ["", "| cold start to the first step or prediction | s | peak memory, MiB |", "|---|--:|--:|"]
        out += [f"| {c['row']}, {c['who']} | {c['seconds']:.3f} | {c['kib'] / 1024:.1f} |" for c in cold]
    return "\n".join(out) + "\n"


def into(path, text):
    """Replaces what stands between the marks of a page."""
    with open(path) as f:
        page = f.read().split(MARK)
    with open(path, "w") as f:
        f.write(MARK.join([page[0], "\n" + text, page[-1]]))
