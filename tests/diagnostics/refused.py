"""refused - what the language's page says is refused, is; with which code, and at which words.

In:    NNC, an empty folder, REFUSED.txt (its head says its form).
Out:   a line `pass NAME` or `fail NAME: why` for each program.
"""
import json
import re
import subprocess
import sys

nnc, work, cases = sys.argv[1:4]
HEAD = ("model m { input x: f32[N, 4] input s: f32[N, 6, 4] input im: f32[N, 3, 8, 8] input k: class(3)[N] "
        "input b: bool[N] input i: i32[N] target t: f32[N] ")


def underlined(o, text):
    if "line" not in o:
        return ""
    line = text.split("\n")[o["line"] - 1]
    end = o["end_column"] - 1 if o["end_line"] == o["line"] else len(line)
    return line[o["column"] - 1:end]


def check(program, wanted):
    body = not re.search(r"^(model|const) ", program, re.M)
    text = HEAD + "\n" + program + "\n" + "output last_ = x\n}\n" if body else program
    open(work + "/case.nn", "w", encoding="utf-8").write(text)
    p = subprocess.run([nnc, "--check", "-w", "--diagnostics=json", "case.nn"], cwd=work, capture_output=True)
    got = [json.loads(l) for l in p.stderr.decode().splitlines() if l.startswith("{")]
    found = sorted((o["code"], underlined(o, text)) for o in got)
    if found != sorted(wanted):
        return f"gives {found or 'nothing'}, not {wanted or 'nothing'}" + "".join(
            f"\n    {o['message']}" for o in got)
    if p.returncode != (1 if wanted else 0):
        return f"status {p.returncode}"
    return None


for n, part in enumerate(re.split(r"^== ", open(cases, encoding="utf-8").read(), flags=re.M)[1:]):
    name, rest = part.split("\n", 1)
    program = "\n".join(l for l in rest.split("\n") if not l.startswith("-- ")).strip("\n") + "\n"
    wanted = [(code, words.replace('\\"', '"')) for code, words in re.findall(
        r'^-- (E\d+) "((?:[^"\\]|\\.)*)"$', rest, re.M)]
    wanted = [(c, w.replace("\\\\", "\\")) for c, w in wanted]
    if not wanted and "-- fine" not in rest:
        print(f"fail {n + 1} {name}: says nothing of what is wanted")
        continue
    why = check(program, wanted)
    print(f"fail {n + 1} {name}: {why}\n    {program.strip()}" if why else f"pass {n + 1} {name}")
