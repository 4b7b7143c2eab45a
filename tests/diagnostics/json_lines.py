"""json_lines - `--diagnostics=json` prints one object a line that says what the text says.

In:    NNC, folders with programs.   Out: a line `pass NAME` or `fail NAME: why` for each program.
"""
import glob
import json
import os
import re
import subprocess
import sys

nnc = sys.argv[1]
PLACE = ["file", "line", "column", "end_line", "end_column"]


def run(path, *args):
    flags = re.match(r"# flags: (.*)", open(path, errors="replace").readline())
    flags = flags.group(1).split() if flags else []
    p = subprocess.run([nnc, "--check", *args, *flags, os.path.basename(path)], capture_output=True,
                       cwd=os.path.dirname(path))
    return p.stderr.decode("utf-8")


def place_ok(o, folder):
    """The place lies in its file."""
    lines = open(os.path.join(folder, o["file"]), encoding="utf-8", errors="replace",
                 newline="").read().split("\n")
    begin, end = (o["line"], o["column"]), (o["end_line"], o["end_column"])
    return (1 <= begin[0] <= end[0] <= len(lines) and begin <= end and begin[1] >= 1 and
            all(c <= len(lines[l - 1]) + 1 for l, c in (begin, end)))


def check(path):
    text, folder = run(path), os.path.dirname(path)
    heads = re.findall(r"^(?:(\S+):(\d+):(\d+)|nnc): (error|warning): (.*) \[(?:-W)?(?:error=)?([\w-]+)\]$",
                       text, re.M)
    objects = [json.loads(line) for line in run(path, "--diagnostics=json").splitlines()]
    objects = [o for o in objects if o["severity"] != "note"]
    if len(heads) != len(objects):
        return f"{len(heads)} messages, but {len(objects)} objects"
    for (file, line, column, severity, message, code), o in zip(heads, objects):
        keys = set(o) - set(PLACE)
        if keys != {"severity", "code", "message", "spans", "notes", "helps"}:
            return f"keys {sorted(o)}"
        if (o["severity"], o["message"], o["code"].removeprefix("-W")) != (severity, message, code):
            return f"{o} is not {message}"
        if file and (o["file"], o["line"], o["column"]) != (file, int(line), int(column)):
            return f"place of {o}"
        if len([s for s in o["spans"] if s["primary"]]) != (1 if file else 0):
            return f"primary spans of {o}"
        for s in o["spans"] + [n for n in o["notes"] if "file" in n]:
            if not place_ok(s, folder):
                return f"{s} lies outside of its file"
        labels = [s["label"] for s in o["spans"] if s["label"]]
        for part in labels + [n["message"] for n in o["notes"]] + o["helps"]:
            if not all(p in text for p in part.split("\n")):
                return f"the text has no {part!r}"
    return None


for folder in sys.argv[2:]:
    for path in sorted(glob.glob(folder + "/*.nn")):
        if not any(os.path.exists(path[:-3] + e) for e in (".err", ".warn")):
            continue
        why = check(path)
        name = os.path.basename(folder) + "/" + os.path.basename(path)
        print(f"fail {name}: {why}" if why else f"pass {name}")
