"""spills.py - no accumulator of a register tile or of a strip of rows goes through the stack.

    spills.py CODE.c OBJECT [LEAST]    generated C and what a compiler for x86-64 made of it; so many
                                       kernels and hot loops have to be found

Looks at the kernels of contractions whose dimensions are all 32 or more, and of strips over rows as
long.  A hot loop is a stretch of code that ends in a jump back to its beginning, has no other such jump
inside, and multiplies and adds at least 8 times; in a strip 4 times (an exponential).  In it no vector
may be written to the stack: a spilled accumulator costs a tile a third of its speed and more.
"""
import re
import subprocess
import sys

FMAS, FMAS_ROW, SIDE = 8, 4, 32
LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
SPILL = re.compile(r"^%[xyz]mm\d+,[^,]*\(%rsp\)")  # with an index it is an array of the kernel


def large_kernels(path):
    """Names of functions, from the comments above them, and how many multiply-adds make a loop hot."""
    text = open(path).read()
    for note, name in re.findall(r"/\* ((?:(?!\*/).)*) \*/\nNNC_APART void (\w+)\(", text,
                                 re.S):
        parts = note.split("; also")[0].split("; ")
        strip = len(parts) > 1
        dims = [d for t in re.findall(r"f32\[(.*?)\]", parts[0].split(" -> ")[0] if strip else parts[0])
                for d in t.split(", ")]
        dims = dims[-1:] if strip else dims
        if all(d == "N" or int(d) >= SIDE for d in dims):
            yield name, FMAS_ROW if strip else FMAS


def objdump(*args):
    return subprocess.run(["objdump", *args], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def functions(path):
    """Their code by name; equal functions may be one code with two names."""
    names = {}
    for line in objdump("-t", path):
        m = re.match(r"^([0-9a-f]+) .* F \.text\s+[0-9a-f]+ (\S+)$", line)
        if m:
            names.setdefault(int(m.group(1), 16), []).append(m.group(2).split(".")[0])
    found, body = {}, []
    for line in objdump("-d", "-j", ".text", "--no-show-raw-insn", path):
        head = re.match(r"^([0-9a-f]+) <.*>:$", line)
        m = LINE.match(line)
        if head:
            body = []
            found.update((name, body) for name in names.get(int(head.group(1), 16), []))
        elif m:
            body.append((int(m.group(1), 16), m.group(2), m.group(3)))
    return found


def loops(body):
    """The innermost ones, as slices of the body."""
    place = {at: i for i, (at, _, _) in enumerate(body)}
    found = []
    for i, (at, op, arg) in enumerate(body):
        target = re.match(r"^([0-9a-f]+)\b", arg)
        if op.startswith("j") and target and int(target.group(1), 16) in place:
            if int(target.group(1), 16) <= at:
                found.append((place[int(target.group(1), 16)], i))
    for lo, hi in found:
        if not any((a, b) != (lo, hi) and a >= lo and b <= hi for a, b in found):
            yield body[lo:hi + 1]


def main():
    names, code = list(large_kernels(sys.argv[1])), functions(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    hot = bad = 0
    for name, least in names:
        for loop in loops(code[name]):
            fmas = sum(op.startswith("vfmadd") for _, op, _ in loop)
            spills = [x for x in loop if x[1].startswith("vmov") and SPILL.match(x[2])]
            hot += fmas >= least
            if fmas >= least and spills:
                bad += 1
                print(f"{name}: {len(spills)} vectors to the stack in a loop of {fmas} "
                      f"multiply-adds, first {spills[0][0]:x}: {' '.join(spills[0][1:])}")
    print(f"{len(names)} kernels, {hot} hot loops, {bad} with spills")
    sys.exit(1 if bad or len(names) < count or hot < count else 0)


main()
