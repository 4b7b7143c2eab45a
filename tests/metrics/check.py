"""check.py - does a log hold what scikit-learn said, to the nine digits that are written?

    python3 check.py expect.json RUN.csv OUTPUT      OUTPUT: what `train` printed
"""
import csv
import json
import sys


def main(expect, log, output):
    with open(expect) as f:
        want = json.load(f)
    with open(log, newline="") as f:
        row = list(csv.DictReader(f))[-1]
    wrong = 0
    for part, prefix in ("train", ""), ("val", "val_"):
        for name, v in want[part]["numbers"].items():
            got = float(row[prefix + name] or "nan")
            if not abs(got - v) <= 2e-9 * max(1, abs(v)):
                print("%s%s is %.10g, expected %.10g" % (prefix, name, got, v))
                wrong += 1
    if any("confusion" in name for name in row):
        print("the table is in the log")
        wrong += 1
    with open(output) as f:
        lines = [line.split() for line in f]
    for i, cells in enumerate(want["val"]["confusion"]):
        if [str(i)] + [str(v) for v in cells] not in lines:
            print("no line for class %d of the table" % i)
            wrong += 1
    return wrong != 0


sys.exit(main(*sys.argv[1:]))
