"""names.py - does every layer, function, loss and initialiser stand in a case or in README.md?

    names.py NNC
"""
import os
import re
import subprocess
import sys

import cases

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("layers", "functions", "activations", "losses", "initialisers")


def tested():
    every = {**cases.PROGRAMS, **cases.EVALUATED}.values()
    text = " ".join(c if isinstance(c, str) else c[0] + " " + c[1] for _, l in every for c in l)
    return set(re.findall(r"(\w+)\(|\|> (\w+)", text)), text


def excused():
    with open(f"{HERE}/README.md", encoding="utf-8") as f:
        part = f.read().partition("## Without a fixture")[2]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def main():
    called = {name for pair in tested()[0] for name in pair if name}
    listed = set()
    for kind in KINDS:
        out = subprocess.run([sys.argv[1], "--list", kind], capture_output=True, text=True, check=True)
        listed |= set(re.findall(r"^(\w+)\(", out.stdout, re.M))
    missing = sorted(listed - called - excused())
    idle = sorted((excused() - listed) | (excused() & called - {"zeros", "ones"}))
    for name in missing:
        print(f"{name} is in no case of cases.py and is not excused in README.md")
    for name in idle:
        print(f"{name} is excused in README.md, but need not be")
    print(f"{len(listed)} names, {len(listed & called)} with fixtures")
    return 1 if missing or idle or len(listed) < 80 else 0


if __name__ == "__main__":
    sys.exit(main())
