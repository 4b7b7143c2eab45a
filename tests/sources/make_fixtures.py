"""make_fixtures.py - files of every source and their rows as NumPy, scikit-learn and Python's csv read them.

    python make_fixtures.py      writes fixtures/ beside it (needs numpy and scikit-learn)

NAME.rows.txt has a line a row, numbers with 17 digits: what load.c must print.
"""
import csv
import os

import numpy as np
from sklearn.datasets import load_svmlight_file

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
os.makedirs(here, exist_ok=True)
os.chdir(here)
rng = np.random.default_rng(7)


def rows(name, *columns):
    with open(name + ".rows.txt", "w") as f:
        for parts in zip(*columns):
            for part in parts:
                for v in np.atleast_1d(part).ravel():
                    f.write((v if isinstance(v, str) else "%.17g" % v) + " ")
            f.write("\n")


# numbers of every length and exponent: what is read must be the nearest double
texts = [repr(float(v)) for v in rng.normal(size=60) * 10.0 ** rng.integers(-300, 300, 60)]
texts += ["%.6f" % v for v in rng.normal(size=60)] + ["%.25e" % v for v in rng.normal(size=30)]
texts += ["0", "-0", "+1", "1.", ".5", "1e5", "1E-5", "9007199254740993", "123456789012345678901234567890",
          "4.9e-324", "2.2250738585072011e-308", "1.7976931348623157e308", "0.1", "1e22", "1e23", "1e-400",
          "0." + "0" * 400 + "1", "8.5", "100000000000000000000000000000000000000000000000000e-50", "00012"]
texts += ["7"] * (180 - len(texts))
with open("numbers.csv", "w", newline="") as f:
    w = csv.writer(f, quoting=csv.QUOTE_NONNUMERIC)
    w.writerow(["a", "say \"what\"\nelse", "y", "c d", "b"])
    for i in range(60):
        w.writerow([texts[3 * i], "a,\"b\"\r\n%d" % i, i % 3, texts[3 * i + 1], " %s " % texts[3 * i + 2]])
with open("numbers.csv", newline="") as f:
    t = list(csv.DictReader(f))
rows("numbers", [[float(r["a"]), float(r["b"]), float(r["c d"]), int(r["y"])] for r in t])

words = ["tall", "naïve", "a b", 'say "x"', "tall", "a,b"]
with open("words.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["p", "w", "q", "y"])
    for i in range(24):
        w.writerow(["" if i % 5 == 0 else i, words[i % 6], ["NA", "n/a", "?", i / 7][i % 4], i % 3])
with open("words.csv", newline="") as f:
    t = list(csv.DictReader(f))
number = lambda s: np.nan if s in ("", "NA", "n/a", "?") else float(s)
rows("words", [[number(r["p"]), number(r["q"])] for r in t], [int(r["y"]) for r in t], [r["w"] for r in t])

x, y = rng.normal(size=(17, 2, 3)), rng.integers(0, 3, 17)
for kind, labels in (("f8", "i8"), (">f4", ">i2"), ("f2", "u1"), ("i4", "b1")):
    name = "npy_" + kind.replace(">", "big_")
    os.makedirs(name, exist_ok=True)
    a, b = (100 * x).astype(kind), (y % 2 if labels == "b1" else y).astype(labels)
    np.save(name + "/x.npy", a)
    np.save(name + "/y.npy", b)
    rows(name, a.astype("f8"), b.astype("i8"))
np.savez("stored.npz", x=x, y=y)
np.savez_compressed("packed.npz", y=y.astype("u2"), x=x.astype("f4"))
rows("stored", x, y)
rows("packed", x.astype("f4").astype("f8"), y)
x.astype("<f4").tofile("x.bin")
rows("raw", x.astype("f4").astype("f8"))

with open("lines.svm", "w") as f:
    f.write("# a comment\n")
    for i in range(20):
        entries = [(j, rng.normal()) for j in range(1, 7) if rng.random() < 0.5]
        f.write("%d %s%s\n" % (i % 3, " ".join("%d:%r" % (j, float(v)) for j, v in entries), " # row" if i % 4 == 0 else ""))
a, b = load_svmlight_file("lines.svm", n_features=6)
rows("lines", a.toarray(), b.astype(int))

text = "hé wörld é"[:3] + "".join(rng.choice(list("hé w"), 50)) + "ö"
assert len(set(text)) == 5, len(set(text))
with open("text.txt", "w", encoding="utf-8", newline="") as f:
    f.write(text)
for name, codes in (("char", np.searchsorted(sorted(set(text)), list(text))), ("byte", np.frombuffer(text.encode(), "u1"))):
    n = (len(codes) - 1) // 4
    rows(name, codes[:4 * n].reshape(n, 4), codes[1:4 * n + 1].reshape(n, 4))
