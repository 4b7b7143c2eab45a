"""agree.py - the last line of the demonstration: accuracy of the trainer and of the deployed C.

    agree.py SEED LABELS.gz PREDICT.csv DEPLOYED.txt

PREDICT.csv has one row of class probabilities an image (./mlp predict), DEPLOYED.txt one class a
line (classify.c).  Status 1 if more than 2 of 10,000 classes differ.
"""
import csv
import gzip
import sys


def main():
    seed, labels, predict, deployed = sys.argv[1:]
    with gzip.open(labels) as f:
        y = f.read()[8:]
    with open(predict, newline="") as f:
        rows = list(csv.reader(f))[1:]
    trainer = []
    for row in rows:
        p = [float(v) for v in row]
        trainer.append(p.index(max(p)))
    with open(deployed) as f:
        c = [int(line) for line in f]
    n = len(y)
    if not n or len(trainer) != n or len(c) != n:
        sys.exit(f"demo: {n} labels, but {len(trainer)} predictions and {len(c)} deployed ones")
    agree = sum(a == b for a, b in zip(trainer, c))
    enough = agree * 10000 >= 9998 * n
    if not enough:
        print("demo: error: the deployed C and the trainer disagree", file=sys.stderr, flush=True)
    print(f"demo: seed {seed}, test accuracy {sum(a == b for a, b in zip(trainer, y)) / n:.4f} (trainer) "
          f"{sum(a == b for a, b in zip(c, y)) / n:.4f} (deployed C), {agree} of {n} agree")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
