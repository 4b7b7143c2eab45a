#!/usr/bin/env python3
"""sentences.py NNC REFERENCE GRAMMAR COUNT SEED - random sentences of the grammar, and near misses.

In:    NNC; REFERENCE, the parser built from GRAMMAR (grammar.y); how many sentences; the seed.
Holds: what the reference takes, nnc parses without an E01 error (but E0103 and E0105, which are no matter of the
       rules); what it refuses, nnc refuses with one; `--fmt` keeps the tree and is a fixed point.
"""
import os
import random
import re
import subprocess
import sys
import tempfile

nnc, reference, grammar, count, seed = sys.argv[1:6]
rng = random.Random(int(seed))

SPELL = {
    "NAME": ["a", "b1", "x_y", "N", "softmax", "Q", "_z", "dim"],
    "INT": ["0", "3", "60_000", "12"], "FLOAT": ["0.5", "1e-3", "2.5e2", "1_0.2_5"],
    "STRING": ['"s"', '"a \\"q\\" \\\\ \\n\\t"', '"#no"', '""', '"|>"'],
    "PIPE": ["|>"], "ARROW": ["->"], "RANGE": [".."], "ELLIPSIS": ["..."],
    "EQ": ["=="], "NE": ["!="], "LE": ["<="], "GE": [">="], "POW": ["**"],
}


def read_rules():
    text = open(grammar).read().split("%%")[1]
    rules = {}
    for rule in re.split(r"\s;\s*\n", text):
        if ":" not in rule:
            continue
        name, body = rule.split(":", 1)
        body = body.replace("':'", "COLON").replace("'|'", "BAR")
        forms = []
        for form in body.split("|"):
            words = re.sub(r"%prec \w+", "", form).replace("COLON", "':'").split()
            forms.append([w for w in words if w != "%empty"])
        rules[name.strip()] = forms
    return rules


rules = read_rules()
COST = {}


def cost(symbol):
    return COST.get(symbol, 1 if symbol not in rules else 10**6)


for _ in range(40):
    for name, forms in rules.items():
        COST[name] = min(1 + sum(map(cost, form)) for form in forms)


def expand(symbol, budget, out):
    """Appends a random expansion; short of budget, the shortest one."""
    if symbol not in rules:
        out.append(symbol.strip("'"))
        return
    forms = rules[symbol]
    fit = [f for f in forms if sum(map(cost, f)) < budget] or [min(forms, key=lambda f: sum(map(cost, f)))]
    form = rng.choice(fit)
    if symbol == "primary" and form == ["LOSS"] and rng.random() < 0.9:
        form = ["NAME"]
    if form[:2] == ["expr", "PIPE"] and rng.random() < 0.98:
        # A sum in front of a pipe needs its parentheses (E0103).
        form = [rng.choice(["piped", "postfix", "postfix"])] + form[1:]
    for i, s in enumerate(form):
        share = budget - 1 - sum(map(cost, form[:i] + form[i + 1:]))
        expand(s, max(cost(s), int(share * rng.uniform(0.3, 1))), out)


rules["piped"] = [["postfix", "PIPE", "stage"], ["piped", "PIPE", "stage"]]
COST["piped"] = COST["postfix"] + 1 + COST["stage"]


def sentence():
    out = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        expand("item", rng.choice([10, 30, 60, 120, 250]), out)
    return out


def near_miss(words):
    words = list(words)
    for _ in range(rng.choice([1, 1, 2])):
        i = rng.randrange(len(words))
        kind = rng.random()
        other = rng.choice(words)
        if kind < 0.35:
            del words[i]
        elif kind < 0.6:
            words.insert(i, other)
        elif kind < 0.8:
            words[i] = other
        else:
            j = rng.randrange(len(words))
            words[i], words[j] = words[j], words[i]
        if not words:
            return ["INT"]
    return words


def spell(words):
    text = []
    for w in words:
        text.append(rng.choice(SPELL[w]) if w in SPELL else w.lower())
        gap = rng.random()
        text.append(" " if gap < 0.8 else "\n" if gap < 0.92 else "  # a comment, x |> f(\n" if gap < 0.96 else "\t\r\n")
    return "".join(text) + "\n"


def run(*args):
    r = subprocess.run([nnc, *args], capture_output=True, text=True)
    return r.returncode, r.stdout, r.stderr


def tree(path):
    code, out, err = run("--dump-ast", path)
    return code, re.sub(r" \d+:\d+-\d+:\d+", "", out), err


def check(path, text, good):
    """What is wrong, or nothing."""
    with open(path, "w") as f:
        f.write(text)
    code, before, err = tree(path)
    if code not in (0, 1):
        return f"status {code}: {err}"
    codes = set(re.findall(r"error:.*\[(E\d+)\]", err))
    syntax = {c for c in codes if c.startswith("E01")} - {"E0103", "E0105"}
    if good and syntax:
        return f"a sentence of the grammar is refused: {err}"
    if not good and not {c for c in codes if c.startswith("E01")}:
        return f"no sentence of the grammar, but taken (status {code}) {err}"
    if not good or codes:
        return None
    once = path + ".fmt.nn"
    code, out, err = run("--fmt", path)
    if code:
        return f"--fmt: status {code}: {err}"
    with open(once, "w") as f:
        f.write(out)
    code, after, err = tree(once)
    if before != after:
        return f"--fmt changes the tree:\n{out}\n{before}\n{after}"
    if re.findall(r"#.*", re.sub(r'"[^"\n]*"', "", text)) and out.count("# a comment") != text.count("# a comment"):
        return f"--fmt loses a comment:\n{out}"
    code, again, err = run("--fmt", once)
    if again != out:
        return f"--fmt is no fixed point:\n{out}\n{again}"
    return None


def main():
    sentences = []
    for _ in range(int(count)):
        words = sentence()
        sentences.append(words if rng.random() < 0.6 else near_miss(words))
    lines = "".join(" ".join(w) + "\n" for w in sentences)
    verdict = subprocess.run([reference], input=lines, capture_output=True, text=True, check=True).stdout.split()
    assert len(verdict) == len(sentences)
    failed = taken = 0
    with tempfile.TemporaryDirectory() as folder:
        for words, v in zip(sentences, verdict):
            good = v == "1"
            taken += good
            text = spell(words)
            wrong = check(os.path.join(folder, "s.nn"), text, good)
            if wrong:
                failed += 1
                if failed <= 5:
                    print("----", wrong, "\n---- of:\n" + text, sep="\n")
    print(f"{len(sentences)} sentences, {taken} of the grammar, {failed} wrong")
    return failed > 0


sys.exit(main())
