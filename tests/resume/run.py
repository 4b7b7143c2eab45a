"""run.py - a run that is stopped or killed anywhere, and resumed, ends as if nothing had happened.

    run.py WORK [--every K]    WORK holds the trainers of tests/resume and `moment.so`; of each sequence only every K-th
                               moment is tried

    steps    SIGTERM at every look at the clock until each step was stopped at once
    kill     SIGKILL at 25 moments spread over the run
    calls    SIGKILL at 25 system calls spread over those that write checkpoints
    twice    a second signal while the first is served
    files    from each checkpoint that was kept

What must come out: the signal's own death, a message with the command that goes on, and after that command the same
checkpoint, best and last weights to the bit, and the same log but for the clock; no temporary file.

Closing line: PASSED FAILED SKIPPED.
"""
import glob
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

PROGRAMS = ["epochs", "steps", "folds"]
CALLS = ["openat", "write", "fsync", "rename", "close", "link", "linkat", "unlink"]


class Run:
    """One folder of results."""

    def __init__(self, work, program, name):
        self.program, self.dir = program, os.path.join(work, name)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        os.symlink(os.path.join(work, program), os.path.join(self.dir, program))

    def go(self, *args, prefix=(), env=None):
        return subprocess.run([*prefix, f"./{self.program}", "train", "--out", "r", "--threads", "1",
                               "--log", "csv,jsonl,tb", *args], cwd=self.dir,
                              env={**os.environ, **(env or {})}, timeout=120, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)

    def path(self, ending):
        return os.path.join(self.dir, "r", self.program + ending)

    def result(self):
        """What must be equal: three files, and the log without the seconds."""
        out = {}
        for ending in (".ckpt", ".safetensors", ".last.safetensors"):
            with open(self.path(ending), "rb") as f:
                out[ending] = f.read()
        with open(self.path(".csv"), encoding="utf-8") as f:
            rows = [line.split(",") for line in f.read().splitlines()]
        out["log"] = [row[:2] + row[3:] for row in rows]
        with open(self.path(".jsonl"), encoding="utf-8") as f:
            events = [json.loads(line) for line in f]
        out["events"] = [{k: v for k, v in event.items() if k != "seconds"} for event in events]
        out["board"] = self.board()
        seconds = [float(row[2]) for row in rows[1:]]
        out["clock"] = self.program == "folds" or seconds == sorted(seconds)
        out["left"] = glob.glob(os.path.join(self.dir, "r", "*.tmp"))
        return out

    def board(self):
        """Events for TensorBoard in the newest file, without the time that each begins with."""
        out = []
        for path in sorted(glob.glob(os.path.join(self.dir, "r", "events.out.tfevents.*")))[-1:]:
            with open(path, "rb") as f:
                while head := f.read(12):
                    out.append(f.read(int.from_bytes(head[:8], "little"))[9:])
                    f.read(4)
        return out

    def resume(self, want, *args):
        """Goes on, or begins anew where there is no checkpoint yet; what is wrong then, or None."""
        there = os.path.exists(self.path(".ckpt"))
        done = self.go(*(["--resume", *args] if there or args else []))
        if done.returncode:
            return f"status {done.returncode}: {done.stderr.strip()[:300]}"
        got = self.result()
        # a new folder begins a new file of events
        bad = [k for k in want if got[k] != want[k] and not (k == "board" and args)]
        return f"differs: {' '.join(bad)}" if bad else None

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def stopped(run, moment, env, number=signal.SIGTERM):
    """Stops at a moment; the step it names, or None if the run came to its end."""
    done = run.go(env={**env, "MOMENT": str(moment), "SIGNAL": str(int(number))})
    if done.returncode == 0:
        return None
    if done.returncode == -number and not os.path.exists(os.path.join(run.dir, "r")):
        return None  # before the run had begun
    said = re.search(r"stopped by a signal \(.*\) after step (\d+)", done.stderr)
    go_on = re.search(r"go on with `(.*)`$", done.stderr, re.M)
    words = shlex.split(go_on.group(1)) if go_on else []
    if done.returncode != -number or not said or words[1:3] != ["train", "--resume"] or "r" not in words:
        raise AssertionError(f"status {done.returncode}: {done.stderr.strip()[:300]}")
    step = int(said.group(1))
    with open(run.path(".csv"), encoding="utf-8") as f:
        if len(f.readlines()) > 1 and not os.path.exists(run.path(".safetensors")):
            raise AssertionError(f"step {step}: the best weights are not there")
    return step


def signals(work, program, want, moments, env, every):
    """Stops at each step once; of every moment that names a new step, the first."""
    def part(lo, hi):
        steps, last, wrong = set(), None, []
        for moment in range(lo, hi, 1 if every == 1 else every):
            run = Run(work, program, f"{program}-stop-{moment}")
            try:
                step = stopped(run, moment, env)
                if step is not None and step != last:
                    steps.add(step)
                    bad = run.resume(want)
                    if bad:
                        wrong.append(f"moment {moment}, step {step}: {bad}")
                last = step
            except AssertionError as e:
                wrong.append(f"moment {moment}: {e}")
            run.close()
        return steps, wrong
    half = moments // 2
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda p: part(*p), [(1, half), (half, moments + 1)]))
    steps, wrong = parts[0][0] | parts[1][0], parts[0][1] + parts[1][1]
    if every == 1 and program == "steps" and not steps >= set(range(1, 61)):
        wrong.append(f"not stopped after {sorted(set(range(1, 61)) - steps)}")
    return len(steps), wrong


def kills(work, program, want, moments, env, every):
    """(name, what to do) for 25 moments of the run."""
    for i in range(0, 25, every):
        moment = 1 + i * (moments - 1) // 24
        def one(moment=moment):
            run = Run(work, program, f"{program}-kill-{moment}")
            run.go(env={**env, "MOMENT": str(moment), "SIGNAL": str(int(signal.SIGKILL))})
            wrong = run.resume(want)
            run.close()
            return wrong
        yield f"{program}: SIGKILL at moment {moment} of {moments}", one


def checkpoint_calls(work, program):
    """System calls that write checkpoints: [(call, its number among its like)]."""
    run, log = Run(work, program, f"{program}-trace"), os.path.join(work, "trace.log")
    run.go(prefix=["strace", "-f", "-qq", "-y", "-o", log, "-e", "trace=" + ",".join(CALLS)])
    run.close()
    seen, out = {}, []
    with open(log, encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.match(r"(?:\d+ +)?(\w+)\(", line)
            if not m or m.group(1) not in CALLS:
                continue
            call = m.group(1)
            seen[call] = seen.get(call, 0) + 1
            if ".ckpt" in line or (call in ("fsync", "close") and "/r>" in line):
                out.append((call, seen[call]))
    return out


def calls(work, program, want, every):
    points = checkpoint_calls(work, program)
    for i in range(0, 25, every):
        call, n = points[i * (len(points) - 1) // 24]
        def one(call=call, n=n):
            run = Run(work, program, f"{program}-{call}-{n}")
            run.go(prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                           f"inject={call}:signal=KILL:when={n}"])
            wrong = run.resume(want)
            run.close()
            return wrong
        yield f"{program}: SIGKILL at {call} number {n}", one


def twice(work, program, want, moments, env):
    """Two signals, the second in the middle of what the first began: old files stay whole."""
    def one():
        run = Run(work, program, f"{program}-twice")
        shim = {**env, "MOMENT": str(moments // 2), "SIGNAL": str(int(signal.SIGINT))}
        run.go(env=shim, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e",
                                 "inject=fsync:signal=INT:when=5+"])
        wrong = run.resume(want)
        run.close()
        return wrong
    yield f"{program}: a second signal", one


def kept(work, program, want):
    """Going on from each checkpoint that is still there, in the folder and elsewhere."""
    first = Run(work, program, f"{program}-kept")
    first.go()
    for path in sorted(glob.glob(os.path.join(first.dir, "r", "*.step*.ckpt"))):
        def elsewhere(path=path):
            run = Run(work, program, f"{program}-from-{os.path.basename(path)}")
            wrong = run.resume(want, path)
            run.close()
            return wrong
        yield f"{program}: from {os.path.basename(path)} into a new folder", elsewhere

    def missing():
        run = Run(work, program, f"{program}-missing")
        run.go()
        os.remove(run.path(".ckpt"))
        wrong = run.resume(want, "--progress", "none")
        run.close()
        return wrong
    yield f"{program}: NAME.ckpt is missing", missing


def can_trace():
    try:
        return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def main():
    work = os.path.abspath(sys.argv[1])
    every = int(sys.argv[3]) if sys.argv[2:3] == ["--every"] else 1
    env = {"LD_PRELOAD": os.path.join(work, "moment.so")}
    passed = failed = skipped = 0
    trials = []
    trace = can_trace()
    for program in PROGRAMS:
        run, count = Run(work, program, f"{program}-whole"), os.path.join(work, "count")
        done = run.go(env={**env, "MOMENTS": count})
        assert done.returncode == 0, done.stderr
        want = run.result()
        with open(count, encoding="ascii") as f:
            moments = int(f.read())
        n, wrong = signals(work, program, want, moments, env, every)
        passed += n
        failed += len(wrong)
        for text in wrong:
            print(f"FAIL {program}: SIGTERM, {text}")
        trials += kills(work, program, want, moments, env, min(every, 12))
        if trace:
            trials += calls(work, program, want, min(every, 12))
            trials += twice(work, program, want, moments, env)
        trials += list(kept(work, program, want))
    if not trace:
        skipped += 1
        print("SKIP calls: strace cannot trace here")
    with ThreadPoolExecutor(2) as pool:
        for (name, _), wrong in zip(trials, pool.map(lambda t: t[1](), trials)):
            passed += not wrong
            failed += bool(wrong)
            if wrong:
                print(f"FAIL {name}: {wrong}")
    print(f"{passed} {failed} {skipped}")


if __name__ == "__main__":
    main()
