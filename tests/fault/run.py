"""run.py - faults: allocations, system calls and the process itself fail at every place.

    run.py WORK [--every K]    WORK holds `nnc`, the trainer `plain` and `oom.so` (see fault.sh); only every
                               K-th place of each sequence is tried

    memory   the n-th allocation fails
    calls    the n-th open, read, write, fsync, rename, close, unlink, mkdir ... fails with EIO, ENOSPC
             (EINTR is tried again by the program)
    kill     SIGKILL at the n-th state-changing system call
    disk     a full disk, a folder that is read-only

What must come out: the documented exit status and one `error:` line, or success where the call does not
matter; result files as before or complete; every complete weights file loads; the checkpoint is that of
before, or leads on to the one of a run without faults.  strace injects the system call faults; where it is not allowed to trace, those groups are skipped and say so.

Closing line: PASSED FAILED SKIPPED.
"""
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

STATE = ["openat", "link", "write", "pwrite64", "fsync", "rename", "renameat2", "unlink", "ftruncate", "mkdir", "close"]
ERRORS = {"openat": ["EMFILE", "EACCES"], "read": ["EIO", "EINTR"], "pread64": ["EIO"], "write": ["EIO", "ENOSPC", "EINTR"],
          "fsync": ["EIO"], "rename": ["EIO", "EACCES"], "close": ["EIO"], "unlink": ["EIO"], "link": ["EPERM"], "mkdir": ["ENOSPC"],
          "lseek": ["EIO"], "newfstatat": ["EIO"], "fstat": ["EIO"]}

TRAIN = ["./plain", "train", "--out", "r", "--progress", "none", "--threads", "1", "-q"]
COMMANDS = {
    "nnc": ["./nnc", "plain.nn", "-o", "out.c"],
    "nnc --infer": ["./nnc", "--infer", "plain.nn", "--weights", "w.safetensors", "-o", "out.c"],
    "train": TRAIN,
    "eval": ["./plain", "eval", "--weights", "w.safetensors", "--threads", "1"],
    "predict": ["./plain", "predict", "--weights", "w.safetensors", "--in", "b.safetensors", "--out", "p.safetensors",
                "--threads", "1"],
}
RESULTS = ("out.c", "out.h", "p.safetensors", "r/plain.safetensors", "r/plain.last.safetensors", "r/plain.csv")


class Place:
    """A folder for one trial: the tools as links, the inputs and the results of an earlier run as copies."""

    def __init__(self, work, name):
        self.dir = os.path.join(work, "trials", name)
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.copytree(os.path.join(work, "start"), self.dir)
        for tool in ("nnc", "plain"):
            os.symlink(os.path.join(work, tool), os.path.join(self.dir, tool))

    def run(self, command, prefix=(), env=None, **kw):
        return subprocess.run([*prefix, *command], cwd=self.dir, env={**os.environ, **(env or {})}, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **kw)

    def weights_load(self):
        """Every weights file with its own name loads."""
        folder = os.path.join(self.dir, "r")
        for name in sorted(os.listdir(folder)):
            if re.fullmatch(r"plain(\.\d+|\.last)*\.safetensors", name):
                done = self.run(["./plain", "eval", "--weights", f"r/{name}", "--threads", "1"])
                if done.returncode:
                    return f"r/{name} does not load: {done.stderr.strip()[:200]}"
        return None

    def leftovers(self):
        out = []
        for base, _, files in os.walk(self.dir):
            out += [f for f in files if f.endswith(".tmp") or re.search(r"\.[A-Za-z0-9]{6}$", f)]
        return out

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def complain(place, done, allowed, complete, leaves=False):
    """What is wrong after a fault that the program survives to report."""
    if done.returncode < 0:
        return f"died by signal {-done.returncode}"
    if done.returncode not in allowed:
        return f"status {done.returncode}: {done.stderr.strip()[:300]}"
    lines = [s for s in done.stderr.split("\n") if "error: " in s]
    if done.returncode and len(lines) != 1:
        return f"{len(lines)} error lines: {done.stderr.strip()[:300]}"
    if place.leftovers() and not leaves:
        return f"left behind {place.leftovers()}"
    return complete(place)


CHECKPOINT = "r/plain.ckpt"


def goes_on(place, reference):
    """A checkpoint of this run goes on to the end that the run would have had."""
    data = contents(place, CHECKPOINT)
    if not data or CHECKPOINT not in reference or data <= reference["old"]:
        return None
    done = place.run([*TRAIN, "--resume"])
    if done.returncode:
        return f"{CHECKPOINT} does not go on: {done.stderr.strip()[:300]}"
    if contents(place, CHECKPOINT) != reference[CHECKPOINT]:
        return f"{CHECKPOINT} leads to another end"
    return None


def results_whole(reference):
    """Each result file is that of the start or that of a complete run."""
    def check(place):
        wrong = goes_on(place, reference)
        if wrong:
            return wrong
        for name in RESULTS:
            path = os.path.join(place.dir, name)
            if not name.endswith(".csv") and os.path.exists(path):
                with open(path, "rb") as f:
                    if f.read() not in reference[name]:
                        return f"{name} is neither the old nor the new file"
        return place.weights_load()
    return check


def references(work, command):
    """Contents that each result may have: before and after a run without faults."""
    place = Place(work, "reference")
    old = {n: contents(place, n) for n in RESULTS}
    done = place.run(command)
    assert done.returncode == 0, done.stderr
    out = {n: old[n] | contents(place, n) for n in RESULTS}
    if command == TRAIN:
        out["old"], out[CHECKPOINT] = contents(place, "r/plain.1.ckpt"), contents(place, CHECKPOINT)
    place.close()
    return out


def contents(place, name):
    path = os.path.join(place.dir, name)
    if not os.path.exists(path):
        return set()
    with open(path, "rb") as f:
        return {f.read()}


# ---- the groups: each yields (name, function() -> complaint or None) -----------------------------------


def memory(work, name, command, every):
    place = Place(work, "count")
    shim = os.path.join(work, "oom.so")
    place.run(command, env={"LD_PRELOAD": shim, "OOM_COUNT": os.path.join(work, "count")})
    place.close()
    with open(os.path.join(work, "count"), encoding="ascii") as f:
        total = int(f.read())
    check = results_whole(references(work, command))
    for n in range(1, total + 1, every):
        def one(n=n):
            place = Place(work, f"oom-{name}-{n}".replace(" ", ""))
            done = place.run(command, env={"LD_PRELOAD": shim, "OOM_AT": str(n)})
            wrong = complain(place, done, (0, 3), check)
            place.close()
            return wrong
        yield f"{name}: allocation {n} of {total} fails", one


def traced(work, command, calls):
    """The calls of a run without faults after start-up: [(syscall, its number among its like, the line)]."""
    place = Place(work, "trace")
    log = os.path.join(work, "trace.log")
    place.run(command, prefix=["strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(calls)])
    place.close()
    seen, out, started = {}, [], False
    with open(log, encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.match(r"(?:\d+ +)?(\w+)\(", line)
            if not m or m.group(1) not in calls:
                continue
            seen[m.group(1)] = seen.get(m.group(1), 0) + 1
            # the loader's own calls come before the first look at a file of ours
            started = started or bool(re.search(r'"(\./)?(plain\.nn|w\.saf|b\.saf|r[/"])', line))
            if started:
                out.append((m.group(1), seen[m.group(1)], line.strip()))
    return out


def calls(work, name, command, every):
    check = results_whole(references(work, command))
    names = [c for c in ERRORS if c not in ("newfstatat", "fstat")]
    points = [(c, n, e) for c, n, _ in traced(work, command, names) for e in ERRORS[c]]
    for call, n, error in points[::every]:
        def one(call=call, n=n, error=error):
            place = Place(work, f"call-{name}-{call}-{n}-{error}".replace(" ", ""))
            done = place.run(command, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                              f"inject={call}:error={error}:when={n}"])
            wrong = complain(place, done, (0, 3), check, leaves=call == "unlink")
            place.close()
            return wrong
        yield f"{name}: {call} number {n} gives {error}", one


def kill(work, name, command, every):
    check = results_whole(references(work, command))
    points = [(c, n) for c, n, _ in traced(work, command, STATE)]
    for call, n in points[::every]:
        def one(call=call, n=n):
            place = Place(work, f"kill-{name}-{call}-{n}".replace(" ", ""))
            place.run(command, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                       f"inject={call}:signal=KILL:when={n}"])
            wrong = check(place)
            if not wrong:
                again = place.run(command)
                wrong = f"a second run: {again.stderr[:300]}" if again.returncode else place.weights_load()
            place.close()
            return wrong
        yield f"{name}: SIGKILL at {call} number {n}", one


def full_disk(work):
    """Results on a file system of 16 KiB."""
    def one():
        place = Place(work, "disk")
        disk = os.path.join(place.dir, "r")
        shutil.rmtree(disk)
        os.makedirs(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], check=False,
                          capture_output=True).returncode:
            return "SKIP: file systems cannot be mounted here"
        try:
            with open(os.path.join(disk, "filler"), "wb") as f:
                f.write(b"x" * 12288)
            done = place.run(TRAIN)
            wrong = complain(place, done, (3,), lambda p: None)
        finally:
            subprocess.run(["umount", disk], check=False)
        place.close()
        return wrong
    yield "train: the disk is full", one


def read_only(work):
    def one():
        place = Place(work, "readonly")
        os.chmod(os.path.join(place.dir, "r"), 0o555)
        prefix = ["setpriv", "--reuid=65534", "--clear-groups"] if os.getuid() == 0 else []
        done = place.run(TRAIN, prefix=prefix)
        wrong = complain(place, done, (3,), lambda p: None)
        os.chmod(os.path.join(place.dir, "r"), 0o755)
        place.close()
        return wrong
    yield "train: the folder of results is read-only", one


def flips_of_checkpoint(work, every):
    """The same of a checkpoint: refused, or it goes on to the very same end."""
    start = Place(work, "checkpoint")
    start.run([*TRAIN, "--set", "optimizer.lr=0.1"])
    path = os.path.join(start.dir, CHECKPOINT)
    with open(path, "rb") as f:
        data = f.read()

    def one():
        for bit in range(0, 8 * len(data), every):
            bad = bytearray(data)
            bad[bit // 8] ^= 1 << bit % 8
            with open(path, "wb") as f:
                f.write(bad)
            done = start.run([*TRAIN, "--resume"])
            if not (done.returncode == 3 and done.stderr.count("error: ") == 1 or
                    done.returncode == 0 and contents(start, CHECKPOINT) == {data}):
                return f"bit {bit}: status {done.returncode} {done.stderr[:200]}"
        start.close()
        return None
    yield f"checkpoint: {-(-8 * len(data) // every)} of {8 * len(data)} bits flipped, one at a time", one


def flips(work, every):
    """Every single-bit flip of a weights file is refused, or gives the very same scores."""
    start = os.path.join(work, "start", "w.safetensors")
    with open(start, "rb") as f:
        data = f.read()
    place = Place(work, "flips")
    want = place.run(["./plain", "eval", "--weights", "w.safetensors", "--threads", "1"]).stdout
    bits = list(range(0, 8 * len(data), every))

    def part(k):
        mine = Place(work, f"flips{k}")
        for bit in bits[k::2]:
            bad = bytearray(data)
            bad[bit // 8] ^= 1 << bit % 8
            with open(os.path.join(mine.dir, "f.safetensors"), "wb") as f:
                f.write(bad)
            done = mine.run(["./plain", "eval", "--weights", "f.safetensors", "--threads", "1"])
            if not (done.returncode == 3 and done.stderr.count("error: ") == 1 or
                    done.returncode == 0 and done.stdout == want):
                return f"bit {bit}: status {done.returncode} {done.stderr[:200]}"
        mine.close()
        return None
    place.close()
    yield f"weights: {len(bits) - len(bits) // 2} of {8 * len(data)} bits flipped, one at a time", lambda: part(0)
    yield f"weights: {len(bits) // 2} others", lambda: part(1)


def can_trace():
    try:
        return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False,
                              capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def main():
    work = os.path.abspath(sys.argv[1])
    every = int(sys.argv[3]) if sys.argv[2:3] == ["--every"] else 1
    trials, skipped = [], 0
    for name, command in COMMANDS.items():
        trials += memory(work, name, command, every)
    if can_trace():
        for name, command in COMMANDS.items():
            trials += calls(work, name, command, every)
        trials += kill(work, "train", TRAIN, every)
        trials += kill(work, "nnc", COMMANDS["nnc"], every)
    else:
        skipped += 1
        print("SKIP calls, kill: strace cannot trace here")
    trials += [*full_disk(work), *read_only(work), *flips(work, every * 5 if every > 1 else 1),
               *flips_of_checkpoint(work, every * 31 if every > 1 else 3)]
    passed = failed = 0
    with ThreadPoolExecutor(2) as pool:
        for (name, _), wrong in zip(trials, pool.map(lambda t: t[1](), trials)):
            if wrong and wrong.startswith("SKIP"):
                skipped += 1
                print(f"{wrong} ({name})")
            elif wrong:
                failed += 1
                print(f"FAIL {name}: {wrong}")
            else:
                passed += 1
    print(f"{passed} {failed} {skipped}")


if __name__ == "__main__":
    main()
