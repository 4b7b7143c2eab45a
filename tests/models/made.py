"""made.py FILE KIND N [OLD=NEW] - the program with its data section replaced by made samples.

Prints FILE with `data synthetic(KIND, N, val = 0.25)` in place of its `data` section, so that a
program whose data are files can be trained anywhere; the text OLD is replaced by NEW, for sizes
that are no constants.
"""
import re
import sys


def closing(text, at):
    """The index behind the bracket that closes the one at `at`; text in quotes is skipped."""
    pairs, depth = {"(": ")", "{": "}", "[": "]"}, []
    while at < len(text):
        c = text[at]
        if c == '"':
            at = text.index('"', at + 1)
        elif c == "#":
            at = text.index("\n", at)
        elif c in pairs:
            depth.append(pairs[c])
        elif depth and c == depth[-1]:
            depth.pop()
            if not depth:
                return at + 1
        at += 1
    raise SystemExit("made.py: a bracket is not closed")


def main(path, kind, n, change="="):
    text = open(path, encoding="utf-8").read()
    m = re.search(r"^data\b", text, re.M)
    end = closing(text, text.index("(", m.end()))
    body = re.match(r"\s*\{", text[end:])
    if body:
        end = closing(text, end + body.end() - 1)
    made = 'data synthetic("%s", %s, val = 0.25)' % (kind, n)
    text = text[:m.start()] + made + text[end:]
    old, new = change.split("=")
    if old not in text:
        raise SystemExit("made.py: `%s` is not in the program" % old)
    sys.stdout.write(text.replace(old, new) if old else text)


if __name__ == "__main__":
    main(*sys.argv[1:5])
