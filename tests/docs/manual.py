"""manual.py - the examples, messages and tables of a Markdown page are those of this nnc.

    manual.py check NNC PAGE DIR     prints what is wrong; status 1 if anything is
    manual.py write NNC PAGE DIR     brings messages and tables in PAGE up to date

A code block says what it is in its first line:

    ```nn           a program, or items (`fn`, `train` ...) that a small model is added to
    ```nn error     a program with a mistake; the ```text block after it holds the message
    ```nn later     a program that this version refuses, and only as not implemented (E0405)

A comment `<!-- in: ... -->` right before a block holds the program around it, the block in place
of the line `@`.  Between `<!-- table: KIND -->` and `<!-- end -->` stands what `nnc --list KIND` says.
Programs are written to DIR; a name is the page's line: 0123.nn.
"""
import os
import re
import subprocess
import sys

SMALL = """
model example {
  input  x: f32[N, 4]
  target y: f32[N]
  p = x |> dense(1) |> squeeze(-1)
  loss   mse(p, y)
  metric rmse(p, y)
  output p
}
"""


def run(nnc, *args):
    env = dict(os.environ, COLUMNS="", NO_COLOR="1")
    p = subprocess.run([nnc, *args], capture_output=True, text=True, env=env)
    return p.returncode, p.stdout, p.stderr


def program(around, body):
    """The whole program: `around` with the line `@` replaced by the block."""
    if around is None:
        return body if re.search(r"^model\b", body, re.M) else body + SMALL
    lines = []
    for line in around.strip("\n").split("\n"):
        indent = line[:len(line) - len(line.lstrip())]
        lines += [indent + b if b else b for b in body.rstrip("\n").split("\n")] \
            if line.strip() == "@" else [line]
    return "\n".join(lines) + "\n"


def table(nnc, kind):
    """`nnc --list KIND` as a Markdown table: signature, meaning."""
    status, text, err = run(nnc, "--list", kind)
    if status:
        return [], "--list %s: %s" % (kind, err.strip())
    rows = []
    for line in text.split("\n"):
        if line.startswith(" ") and rows:
            rows[-1][1] = line.strip()
        elif line:
            part = re.match(r"(.*?\)|\S+)\s*(.*)$", line)
            rows.append([part.group(1), part.group(2)])
    if kind == "settings":
        rows = settings(text)
    if kind == "metrics":                  # losses have a table of their own
        losses = {line.split("(")[0] for line in run(nnc, "--list", "losses")[1].split("\n")}
        rows = [r for r in rows if r[0].split("(")[0] not in losses]
    missing = [r[0] for r in rows if not r[-1]]
    out = ["| setting | default | meaning |", "| --- | --- | --- |"] if kind == "settings" else \
        ["| written | meaning |", "| --- | --- |"]
    for r in rows:
        cells = ["`%s`" % c for c in r[:-1]] + [r[-1]]
        out.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return out, "no description: " + ", ".join(missing) if missing else None


def settings(text):
    rows = []
    for line in text.split("\n"):
        part = line.split(None, 2)
        if len(part) == 3 and part[0] == "train":
            default, meaning = re.match(r"(\S+)\s+(.*)", part[2]).groups()
            rows.append([part[1], default, meaning])
    return rows


class Page:
    def __init__(self, nnc, path, folder, write):
        self.nnc, self.path, self.folder, self.write = nnc, path, folder, write
        self.lines = open(path, encoding="utf-8").read().split("\n")
        self.wrong, self.blocks, self.out = [], 0, []

    def fail(self, line, text):
        self.wrong.append("%s:%d: %s" % (self.path, line + 1, text))

    def fenced(self, i):
        """The text of the block that begins at line i, and the line after it."""
        end = i + 1
        while not self.lines[end].startswith("```"):
            end += 1
        return "\n".join(self.lines[i + 1:end]) + "\n", end + 1

    def around(self, i):
        """The comment that ends on the line before i."""
        k = i - 1
        if k < 0 or not self.lines[k].endswith("-->"):
            return None
        while k >= 0 and not self.lines[k].startswith("<!--"):
            k -= 1
        text = "\n".join(self.lines[k:i])
        m = re.match(r"<!-- in:(.*)-->$", text, re.S)
        return m.group(1) if m else None

    def check(self, i, source):
        path = os.path.join(self.folder, "%04d.nn" % (i + 1))
        open(path, "w", encoding="utf-8").write(source)
        return run(self.nnc, "--check", path)

    def code(self, i):
        """A block of the language; returns the line where the walk goes on."""
        how = self.lines[i][len("```nn"):].strip()
        body, after = self.fenced(i)
        source = program(self.around(i), body)
        status, _, err = self.check(i, source)
        self.blocks += 1
        self.out += self.lines[i:after]
        if how == "error":
            return self.message(i, after, status, err)
        codes = set(re.findall(r"error: .*\[(E\d+)\]", err))
        if how == "later" and (status != 1 or codes != {"E0405"}):
            self.fail(i, "expected E0405 only; if it is built now, take `later` away\n" + err)
        elif how == "" and (status or err):
            self.fail(i, "does not compile without a word\n" + err)
        elif how not in ("", "later"):
            self.fail(i, "unknown kind of block `%s`" % how)
        return after

    def message(self, i, after, status, err):
        """The ```text block after a program with a mistake."""
        k = after
        while not self.lines[k].strip():
            k += 1
        if self.lines[k] != "```text":
            self.fail(i, "no ```text block with the message behind it")
            return after
        said, end = self.fenced(k)
        err = re.sub(r"\S*/%04d\.nn" % (i + 1), "example.nn", err)
        if status != 1:
            self.fail(i, "no error, status %d" % status)
        if said != err and not self.write:
            self.fail(k, "nnc says something else (`make docs` brings it up to date):\n" + err)
        self.out += self.lines[after:k + 1] + err.rstrip("\n").split("\n") + ["```"]
        return end

    def listing(self, i, kind):
        rows, trouble = table(self.nnc, kind)
        end = i + 1
        while self.lines[end] != "<!-- end -->":
            end += 1
        if trouble:
            self.fail(i, trouble)
            rows = rows or self.lines[i + 1:end]
        if rows != self.lines[i + 1:end] and not self.write:
            self.fail(i, "the table of %s is not up to date: run `make docs`" % kind)
        self.out += [self.lines[i], *rows, "<!-- end -->"]
        return end + 1

    def walk(self):
        i = 0
        while i < len(self.lines):
            line = self.lines[i]
            m = re.match(r"<!-- table: (\w+) -->$", line)
            if re.match(r"```nn\b", line):
                i = self.code(i)
            elif line.startswith("```"):
                end = self.fenced(i)[1]
                self.out += self.lines[i:end]
                i = end
            elif m:
                i = self.listing(i, m.group(1))
            else:
                self.out.append(line)
                i += 1
        if self.write:
            open(self.path, "w", encoding="utf-8").write("\n".join(self.out))
        for w in self.wrong:
            print(w)
        print("%s: %d programs, %d wrong" % (self.path, self.blocks, len(self.wrong)))
        return 1 if self.wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in ("check", "write"):
        sys.exit(__doc__)
    os.makedirs(sys.argv[4], exist_ok=True)
    sys.exit(Page(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[1] == "write").walk())
