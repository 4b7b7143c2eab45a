"""session - commands and what they print, in one text: lines `$ COMMAND`, then the expected output.

In:    NNC, an empty folder, SESSION.txt.   Out: a line `pass` or `fail` for each command.
Holds: a status other than 0 is a last line `[status N]`; the escape character is written as \\e.
       With ACCEPT=1 in the environment the text is written anew.
"""
import os
import subprocess
import sys

nnc, work, session = sys.argv[1:4]
env = dict(os.environ, PATH=os.path.dirname(nnc) + ":" + os.environ["PATH"])
for name in ("NO_COLOR", "CLICOLOR_FORCE", "NNC_PATH"):
    env.pop(name, None)


def answer(command):
    p = subprocess.run(["sh", "-c", command], cwd=work, env=env, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    out = p.stdout.decode("utf-8", "replace").replace("\x1b", "\\e")
    return out + ("" if out.endswith("\n") or not out else "\n") + (
        f"[status {p.returncode}]\n" if p.returncode else "")


cases, new = [], []
for line in open(session, encoding="utf-8"):
    if line.startswith(("$ ", "#")):
        cases.append([line, ""])
    else:
        cases[-1][1] += line
for line, expected in cases:
    if line[0] == "#":
        new.append(line + expected)
        continue
    got, blank = answer(line[2:]), expected[len(expected.rstrip("\n")) + 1:] if expected.strip() else expected
    new.append(line + got + (blank or "\n"))
    name = line[2:].strip()
    if got.strip() == expected.strip():
        print(f"pass {name}")
    else:
        print(f"fail {name}:")
        print("\n".join("    " + l for l in got.splitlines()))
if os.environ.get("ACCEPT"):
    open(session, "w", encoding="utf-8").write("".join(new))
