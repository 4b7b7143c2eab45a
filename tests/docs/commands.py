"""commands.py README - the commands in a page's code blocks that a reader can type, one a line.

Taken are lines that begin with `nnc`, `cc` or `./`; what follows two blanks and `#` is a remark.
"""
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
for block in re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.S | re.M):
    for line in block.split("\n"):
        line = re.sub(r"\s{2,}#.*$", "", line).strip()
        if re.match(r"(nnc|cc) |\./", line):
            print(line)
