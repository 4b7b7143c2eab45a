"""spoil.py - inference C with its first weight changed, as if a bit of flash had flipped.

    spoil.py FROM.c TO.c
"""
import re
import sys


def main(path, to):
    with open(path) as f:
        text = f.read()
    spoilt, n = re.subn(r"(static const float \w+\[\d+\] (?:NNC_ALIGNED )?\w+_WEIGHTS = \{\n)[^,]*,", r"\g<1>9.5f,", text, count=1)
    assert n == 1
    with open(to, "w") as f:
        f.write(spoilt)


main(*sys.argv[1:])
