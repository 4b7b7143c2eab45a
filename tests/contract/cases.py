#!/usr/bin/env python3
"""cases.py NNC FILE.cases... - many small programs with what the language says of each.

A case is `=== name`, directives, and the program:
    ! flags WORDS           flags for nnc (--check is the default mode)
    ! file NAME             the lines up to `! end` are another file in the folder of the program
    ! refuse CODE .. [TEXT] exactly these codes are reported, in this order (E03: any of that group); the messages hold
                            TEXT (a regular expression)
    ! warn NAME [TEXT]      this warning is given; without such a line none may be (in wrapped programs: all but unused)
    ! status N              the exit status, where it is not 0 or 1
    ! params P[D, D] ...    all parameters, with their shapes, in the order of the program; `b:` before a buffer's
    ! outputs NAME TYPE; .. all outputs with their types
    ! losses NAME ...       all losses;   ! metrics NAME ...
    ! prints TEXT           standard output holds this text
    ! same                  the graphs equal those of the case before
A program without `model` is the inside of one (see WRAP).
"""
import json
import os
import re
import subprocess
import sys
import tempfile

WRAP = """model m {
  input x: f32[N, 4]
  input y: f32[N, 3, 4]
  input img: f32[N, 3, 8, 8]
  input cls: class(5)[N]
  input seq: class(5)[N, 6]
  input yes: bool[N, 4]
  input ints: i32[N, 4]
  target num: f32[N]
  target lab: class(4)[N]
%s
  output last_output = x
}
"""


class Case:
    def __init__(self, where, name):
        self.where, self.name = where, name
        self.flags, self.files, self.body, self.warn = [], {}, [], []
        self.refuse = self.text = self.status = self.params = self.outputs = None
        self.losses = self.metrics = self.prints = None
        self.same = False


def read(path):
    cases, case, extra = [], None, None
    for number, line in enumerate(open(path), 1):
        line = line.rstrip("\n")
        if line.startswith("=== "):
            case, extra = Case(f"{os.path.basename(path)}:{number}", line[4:]), None
            cases.append(case)
        elif line.startswith("! "):
            word, _, rest = line[2:].partition(" ")
            if word == "flags":
                case.flags += rest.split()
            elif word == "file":
                extra = case.files[rest] = []
            elif word == "end":
                extra = None
            elif word == "refuse":
                codes = re.match(r"(?:E\d* ?)+", rest)
                case.refuse, case.text = codes[0].split(), rest[codes.end():]
            elif word == "warn":
                case.warn.append(rest.split(" ", 1))
            elif word == "status":
                case.status = int(rest)
            elif word == "same":
                case.same = True
            elif word in ("params", "outputs", "losses", "metrics", "prints"):
                setattr(case, word, rest)
            else:
                sys.exit(f"{path}:{number}: no directive `{word}`")
        elif case and not (line.startswith("#") and not case.body and extra is None):
            (case.body if extra is None else extra).append(line)
    return cases


def tensors(graph, words):
    """Paths and shapes of the init graph's results."""
    types = dict(re.findall(r"^\t(%\d+) = .* : (\S.*)$", graph, re.M))
    found = []
    for kind, path, node in re.findall(r"^\t(param|buffer) \d+ (\S+) = (%\d+)$", graph, re.M):
        shape = re.search(r"\[.*\]", types[node])
        found.append(("b:" if kind == "buffer" else "") + path + (shape[0].replace(" ", "") if shape else ""))
    return found


def check(nnc, case, folder, before):
    for name, lines in case.files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write("\n".join(lines) + "\n")
    text = "\n".join(case.body) + "\n"
    wrapped = not re.search(r"^\s*model\b", text, re.M)
    if wrapped and case.body:
        text = WRAP % text
    path = os.path.join(folder, "case.nn")
    open(path, "w").write(text)
    mode = ["--check"]
    if case.params is not None or case.same:
        mode = ["--dump-graph"]
    elif case.outputs is not None:
        mode = ["--summary=json"]
    flags = [f.replace("@", folder + "/") for f in case.flags]
    r = subprocess.run([nnc, *mode, *flags, path], capture_output=True, text=True, cwd=folder, timeout=60)
    said = r.stderr.replace(folder + "/", "")
    codes = re.findall(r"error: .*\[(E\d+)\]$", said, re.M)
    wrong = []
    want = case.refuse or []
    if len(codes) != len(want) or not all(map(str.startswith, codes, want)):
        wrong.append(f"codes {codes}, expected {case.refuse or []}")
    status = case.status if case.status is not None else 1 if case.refuse else 0
    if r.returncode != status:
        wrong.append(f"status {r.returncode}, expected {status}")
    if case.text and not re.search(case.text, said):
        wrong.append(f"no message like /{case.text}/")
    given = re.findall(r"warning: .*\[-W([a-z-]+)\]$", said, re.M)
    if wrapped:
        given = [w for w in given if w != "unused-value" or any(v[0] == w for v in case.warn)]
    for w, *text in case.warn:
        if w not in given:
            wrong.append(f"no warning {w}")
        if text and not re.search(text[0], said):
            wrong.append(f"no warning like /{text[0]}/")
    if not case.refuse and set(given) - {w[0] for w in case.warn}:
        wrong.append(f"warnings {given}")
    if case.params is not None:
        # `name[3, 4]` and `name[3,4]` are the same.
        want = re.sub(r",\s+", ",", case.params).split()
        have = tensors(r.stdout.split("\n}")[0], None)
        if sorted(want) != sorted(have):
            wrong.append("params " + " ".join(have))
    if case.outputs is not None and r.returncode == 0:
        have = "; ".join(f"{o['name']} {o['type']}" for o in json.loads(r.stdout)["outputs"])
        if have != case.outputs:
            wrong.append("outputs " + have)
    if case.losses is not None or case.metrics is not None:
        graph = subprocess.run([nnc, "--dump-graph", *flags, path], capture_output=True, text=True, cwd=folder).stdout
        graph = graph[graph.find("graph grad"):]
        for word in ("losses", "metrics"):
            if getattr(case, word) is not None:
                key = {"losses": "loss", "metrics": "metric"}[word]
                have = list(dict.fromkeys(re.findall(rf"^\t{key} \d+ (\S+) = ", graph, re.M)))
                if have != getattr(case, word).split():
                    wrong.append(f"{word} " + " ".join(have))
    if case.same and r.stdout != before:
        wrong.append("the graphs differ")
    if case.prints is not None and case.prints not in r.stdout:
        wrong.append("standard output lacks: " + case.prints)
    return wrong, said, r.stdout


def main():
    nnc = os.path.abspath(sys.argv[1])
    only = os.environ.get("T", "")
    n = failed = 0
    for path in sys.argv[2:]:
        before = ""
        for case in read(path):
            if only and only not in case.name:
                continue
            with tempfile.TemporaryDirectory() as folder:
                if case.same and not before:
                    continue
                wrong, said, before = check(nnc, case, folder, before)
            n += 1
            if wrong:
                failed += 1
                print(f"{case.where}: {case.name}: " + "; ".join(wrong) + "\n" + "".join("    " + s + "\n" for s in said.split("\n")[:8]))
    print(f"{n} cases, {failed} wrong")
    return failed > 0


sys.exit(main())
