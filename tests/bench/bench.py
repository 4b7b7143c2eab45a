"""bench.py - nnc against the peers, alternately, in one run; prints the tables of docs/benchmarks.md.

    bench.py [--quick] [--rows t1,t2,i1,i6,shapes] [--threads 1,2] [--alternations 5] [--seconds 0.6]
             [--build build] [--peers FOLDER] [--doc docs/benchmarks.md]

An alternation of a row: a loop of multiply-adds (the peak), nnc, each peer once.  The ratio to a peer
is the median over the pairs (nnc, peer) of one alternation; the best peer is the one that nnc is
farthest behind or least ahead of.  Everybody is pinned to the same cores.  Before anything is timed,
all contestants take the same steps from the same weights on the same rows, or compute the same
samples; one that comes out elsewhere is an error.
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

import shapes
import table
from envs import Envs
from work import INFER, MANY, ONE, ONE_BF16, STEPS, TRAIN, infer_flops, train_flops

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CPUS = sorted(os.sched_getaffinity(0))
# script, environment, variant, threads it takes part with
TRAINERS = [("torch", "torch", ""), ("torch", "torch", "fused"), ("numpy", "torch", ""),
            ("jax", "jax", ""), ("tf", "tf", ""), ("tf", "tf", "xla")]
ENGINES = [("ort", "onnx"), ("openvino", "openvino"), ("tflite", "tf")]
# largest distances: of the loss; of the way that the weights went; of outputs
FAR_LOSS, FAR_WEIGHTS, FAR_OUTPUT, FAR_BF16 = 1e-5, 1e-3, 1e-4, 2e-2


def sh(*args, **kw):
    r = subprocess.run(args, capture_output=True, text=True, **kw)
    if r.returncode:
        sys.exit(f"bench: {' '.join(args)}\n{r.stdout[-800:]}{r.stderr[-2000:]}")
    return r.stdout


def pinned(threads):
    return lambda: os.sched_setaffinity(0, set(CPUS[-threads:]))


def busy():
    """Seconds that all cores have worked."""
    with open("/proc/stat") as f:
        n = [int(x) for x in f.readline().split()[1:]]
    return (sum(n[:3]) + sum(n[5:8])) / os.sysconf("SC_CLK_TCK")


def worked(pid):
    with open(f"/proc/{pid}/stat") as f:
        n = f.read().rsplit(")", 1)[1].split()
    return (int(n[11]) + int(n[12])) / os.sysconf("SC_CLK_TCK")


class Peer:
    """A program that waits for its turn."""

    def __init__(self, label, command, threads, env=None):
        self.label = label
        self.turns = []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.PIPE, cwd=HERE, env=env, preexec_fn=pinned(threads))
        line = self.process.stdout.readline()
        while line and not line.startswith("ready "):
            line = self.process.stdout.readline()
        self.facts = json.loads(line[6:]) if line else None
        if not line:
            sys.exit(f"bench: {label}: {self.process.communicate()[1][-2000:]}")

    def go(self, seconds):
        before, own, t = busy(), worked(self.process.pid), time.time()
        self.process.stdin.write(f"go {seconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {self.label}: {self.process.communicate()[1][-2000:]}")
        turn = json.loads(line)
        turn["foreign"] = (busy() - before - worked(self.process.pid) + own) / (time.time() - t)
        self.turns.append(turn)

    def close(self):
        self.process.communicate("quit\n")


class Trainer:
    """nnc's `bench` command, started anew for each turn."""

    def __init__(self, label, program, threads):
        self.label, self.threads, self.turns = label, threads, []
        self.command = [program, "bench", "--threads", str(threads)]

    def go(self, seconds):
        before, t, own = busy(), time.time(), os.times()
        p = subprocess.Popen(self.command + ["--time-limit", str(seconds)], stdout=subprocess.PIPE, text=True,
                             preexec_fn=pinned(self.threads))
        kib = watch_memory(p)
        last = p.communicate()[0].strip().splitlines()[-1]
        now = os.times()
        own = now.children_user + now.children_system - own.children_user - own.children_system
        self.turns.append(dict(rate=float(last.split()[1]), kib=kib,
                               foreign=(busy() - before - own) / (time.time() - t)))

    def close(self):
        pass


class Engine:
    """nnc's inference C in a small program (infer_main.c), started anew for each turn."""

    def __init__(self, label, command, threads):
        self.label, self.threads, self.turns, self.command = label, threads, [], command

    def go(self, seconds):
        before, t, own = busy(), time.time(), os.times()
        turn = json.loads(sh(*self.command, str(seconds), preexec_fn=pinned(self.threads)))
        now = os.times()
        own = now.children_user + now.children_system - own.children_user - own.children_system
        turn["foreign"] = (busy() - before - own) / (time.time() - t)
        self.turns.append(turn)

    def close(self):
        pass


def watch_memory(p):
    """The largest resident set of a running program, KiB: rusage would count our own before exec.  Each look takes
    a processor from the program for a moment, and the peers are not looked at while they are timed: looks are rare."""
    kib = 0
    while p.poll() is None:
        try:
            with open(f"/proc/{p.pid}/status") as f:
                kib = max([kib] + [int(line.split()[1]) for line in f if line.startswith("VmHWM")])
        except OSError:
            break
        time.sleep(0.1)
    return kib


class Bench:
    sh, pinned = staticmethod(sh), staticmethod(pinned)

    def __init__(self, a):
        self.a = a
        self.work = os.path.join(a.build, "bench")
        self.nnc = os.path.join(a.build, "nnc")
        self.cc = os.environ.get("CC", "cc").split()
        self.envs = Envs(a.peers)
        os.makedirs(self.work, exist_ok=True)
        self.peak_program = self.path("peak")
        sh(*self.cc, "-O2", "-march=native", f"{HERE}/peak.c", "-o", self.peak_program, "-pthread")
        self.peaks = {}
        self.rows, self.cold, self.shapes = [], [], []

    def path(self, name):
        return os.path.join(os.path.abspath(self.work), name)

    def python(self, env):
        return self.envs.python(env)

    def peak(self, threads):
        g = float(sh(self.peak_program, str(threads), "0.1", preexec_fn=pinned(threads)))
        self.peaks[threads] = max(g, self.peaks.get(threads, 0))

    # ---- training ------------------------------------------------------------------------------

    def build_trainer(self, name):
        c, out = self.path(f"{name}.c"), self.path(name)
        sh(self.nnc, f"{HERE}/{name}.nn", "-o", c)
        sh(*self.cc, *sh(self.nnc, "--cflags").split(), c, *sh(self.nnc, "--libs").split(), "-o", out)

    def prepare_training(self, name):
        """The rows as a file, first weights, and what nnc makes of them in STEPS steps."""
        self.build_trainer(name)
        self.build_trainer(f"{name}_rows")
        run = lambda *v: sh(*v, cwd=self.work)
        nothing = self.path("nothing.safetensors")
        head = b'{"nothing":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        head += b" " * (-len(head) % 8)
        with open(nothing, "wb") as f:
            f.write(len(head).to_bytes(8, "little") + head + b"\0\0\0\0")
        run(self.path(f"{name}_rows"), "predict", "--split", "train", "--weights", nothing,
            "--out", self.path(f"{name}.rows.safetensors"))
        quiet = ("--progress", "none", "-Wno-validation")
        train = lambda steps, out: run(self.path(name), "train", "--steps", str(steps), "--set",
                                       f"optimizer.lr={TRAIN[name]['lr'] if steps > 1 else 0}", *quiet, "--out", out)
        last = f"{name}.last.safetensors"
        # a step with learning rate 0 leaves the first weights
        shutil.rmtree(self.path("begin"), ignore_errors=True)
        shutil.rmtree(self.path("train"), ignore_errors=True)
        train(1, self.path("begin"))
        shutil.copy(self.path(f"begin/{last}"), self.path(f"{name}.begin.safetensors"))
        train(STEPS, self.path("train"))
        said = run(self.path(name), "bench", "--steps", str(STEPS), "--out", self.work)
        with open(self.path(f"train/{last}"), "rb") as f, open(self.path(last), "rb") as g:
            if f.read() != g.read():
                sys.exit(f"bench: {name}: `bench` and `train` end with different weights")
        return float(said.split("loss")[1].split()[0])

    def trainers(self):
        return [t for t in TRAINERS if not self.a.quick or t[0] == "torch"]

    def train_row(self, name, threads, loss):
        w = TRAIN[name]
        us = Trainer("nnc", self.path(name), threads)
        peers = []
        for script, env, variant in self.trainers():
            label = script + ("-" + variant if variant else "")
            p = Peer(label, [self.python(env), f"train_{script}.py", name, str(threads), self.work_path(), variant],
                     threads)
            if abs(p.facts["loss"] - loss) > FAR_LOSS * abs(loss) or not p.facts["far"] < FAR_WEIGHTS:
                sys.exit(f"bench: {name}: nnc's loss is {loss}, {label} says {p.facts}")
            peers.append(p)
        self.alternate(f"{name.upper()} training, {threads} thread{'s'[:threads > 1]}", [us], peers, threads,
                       "rate", [w["goal"][threads]], train_flops(w))

    # ---- inference -----------------------------------------------------------------------------

    def build_engine(self, name, label, options, flags):
        """nnc's C with -O3 -march=native and nothing else that would change numbers."""
        c, out = self.path(f"{name}_{label}.c"), self.path(f"{name}_{label}")
        sh(self.nnc, "--infer", f"{HERE}/{name}.nn", "--weights", self.path(f"{name}.safetensors"),
           "--prefix", name, *options, "-o", c)
        sh(*self.cc, "-O3", "-march=native", "-I", self.work_path(), f"-DPREFIX={name}", f"-DUPPER={name.upper()}",
           f'-DHEADER="{name}_{label}.h"', *flags, f"{HERE}/infer_main.c", c, "-o", out, "-lm", "-pthread")
        return out

    def engines(self, name, threads, batch):
        peers = []
        for script, env in ENGINES:
            p = Peer(script, [self.python(env), f"infer_{script}.py", name, str(threads), self.work_path(), str(batch)],
                     threads)
            if not p.facts["far"] < FAR_OUTPUT:
                sys.exit(f"bench: {name}: {script} is {p.facts['far']} off the right outputs")
            peers.append(p)
        return peers

    def engine(self, label, program, name, threads, batch, far):
        end = "" if batch > 1 else "1"
        e = Engine(label, [program, self.path(f"{name}.x{end}"), self.path(f"{name}.y{end}")], threads)
        e.go(0)
        if not e.turns[0]["far"] < far:
            sys.exit(f"bench: {name}: {label} is {e.turns[0]['far']} off the right outputs")
        e.turns.clear()
        return e

    def run_inference(self, name):
        if not os.path.exists(self.path(f"{name}.onnx")):
            sh(self.python("torch"), f"{HERE}/make_files.py", "infer", self.work_path())
            sh(self.python("onnx"), f"{HERE}/make_files.py", "onnx", self.work_path())
        flops, title = infer_flops(INFER[name]), f"{name.upper()} inference"
        one = self.build_engine(name, "f32", [], [])
        half = self.build_engine(name, "bf16", ["--quantize", "bf16"], [])
        many = self.build_engine(name, "many", ["--api", "context", "--batch", "32"], ["-DSAMPLES=64", "-DTHREADS=2"])
        self.alternate(f"{title}, one sample", [self.engine("nnc", one, name, 1, 1, FAR_OUTPUT),
                                               self.engine("nnc bf16", half, name, 1, 1, FAR_BF16)],
                       self.engines(name, 1, 1), 1, "us", [ONE, ONE_BF16], flops)
        if 2 in self.a.threads and len(CPUS) > 1:
            self.alternate(f"{title}, 64 samples, 2 threads", [self.engine("nnc", many, name, 2, 64, FAR_OUTPUT)],
                           self.engines(name, 2, 64), 2, "rate", [MANY], flops)
        ours = [one, self.path(f"{name}.x1"), self.path(f"{name}.y1"), "0"]
        self.cold_row(title, ours, ours, [(s, [self.python(e), f"infer_{s}.py", name, "1", self.work_path(), "1", "--cold"])
                                          for s, e in ENGINES])

    def work_path(self):
        return os.path.abspath(self.work)

    # ---- a row ---------------------------------------------------------------------------------

    def alternate(self, title, ours, peers, threads, unit, goals, flops):
        for i in range(self.a.alternations):
            self.peak(threads)
            for c in ours + peers:
                c.go(self.a.seconds)
            print(f"  {title}  {i + 1}/{self.a.alternations}  " + "  ".join(
                f"{c.label} {c.turns[-1][unit]:.0f}" for c in ours + peers), file=sys.stderr, flush=True)
        for c, goal in zip(ours, goals):
            name = title if c.label == "nnc" else f"{title}, {c.label[4:]}"
            self.rows.append(table.row(name, c, peers, threads, unit, goal, flops, self.peaks))
        for c in ours + peers:
            c.close()

    # ---- cold start ----------------------------------------------------------------------------

    def cold_row(self, title, ours, memory, peers):
        """ours: a command that ends with the first step; memory: one that works for a while; peers:
        (label, command), which print FIRST and the memory taken so far."""
        def run(command, first):
            t = time.time()
            p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=HERE,
                                 preexec_fn=pinned(1))
            line = ""
            while first and not line.startswith("FIRST"):
                line = p.stdout.readline() or "FIRST 0"
            if not first:
                p.wait()
            t = time.time() - t
            p.communicate()
            return t, int(line.split()[1]) if first else 0
        took = [run(ours, False)[0] for _ in range(5)]
        p = subprocess.Popen(memory, stdout=subprocess.PIPE, cwd=HERE, preexec_fn=pinned(1))
        kib = watch_memory(p)
        said = p.communicate()[0]
        kib = json.loads(said)["kib"] if said.startswith(b"{") else kib
        self.cold.append(dict(row=title, who="nnc", seconds=statistics.median(took), kib=kib))
        for label, command in peers:
            turns = [run(command, True) for _ in range(3)]
            self.cold.append(dict(row=title, who=label, seconds=statistics.median(t for t, _ in turns),
                                  kib=max(k for _, k in turns)))

    def run_training(self, name):
        loss = self.prepare_training(name)
        for threads in self.a.threads:
            if threads <= len(CPUS):
                self.train_row(name, threads, loss)
        ours = [self.path(name), "bench", "--threads", "1"]
        self.cold_row(f"{name.upper()} training", ours + ["--steps", "1"], ours + ["--time-limit", "0.5"],
                      [(s, [self.python(e), f"train_{s}.py", name, "1", self.work_path(), "--cold"])
                       for s, e, v in self.trainers() if not v])

    def finish(self):
        facts = table.facts(self.peaks, self.cc, self.envs)
        text = table.text(facts, self.rows, self.cold)
        if self.shapes:
            text += shapes.text(self.shapes, self.peaks[1])
        print(text)
        with open(self.path("results.json"), "w") as f:
            json.dump(dict(facts=facts, rows=self.rows, cold=self.cold, shapes=self.shapes), f, indent=1)
        if self.a.doc:
            table.into(self.a.doc, text)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="PyTorch alone, training, three alternations")
    p.add_argument("--rows", default="t1,t2,i1,i6,shapes")
    p.add_argument("--threads", default="1,2")
    p.add_argument("--alternations", type=int)
    p.add_argument("--seconds", type=float, default=0.6)
    p.add_argument("--build", default=os.path.join(ROOT, "build"))
    p.add_argument("--peers", default=os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")),
                                                   "nnc", "bench"))
    p.add_argument("--doc")
    a = p.parse_args()
    a.peers = os.path.abspath(os.path.expanduser(a.peers))
    a.threads = [int(x) for x in a.threads.split(",")]
    a.alternations = a.alternations or (3 if a.quick else 5)
    b = Bench(a)
    failed = False
    for name in a.rows.split(","):
        try:
            if name in TRAIN:
                b.run_training(name)
            elif not a.quick and name in INFER:
                b.run_inference(name)
            elif not a.quick and name == "shapes":
                b.shapes = shapes.run(b, lambda line: print(line, file=sys.stderr, flush=True))
        except SystemExit as e:            # what is wrong with one workload is no reason to leave the others out
            print(e, file=sys.stderr, flush=True)
            failed = True
    b.finish()
    sys.exit(failed)


if __name__ == "__main__":
    main()
