"""make_data.py - the public tables of models/data, from the copies that scikit-learn ships.

Run with a Python that has scikit-learn (1.9.1 made what is committed).  The values are those of scikit-learn,
each printed with as many digits as it needs; nothing is left out, scaled or put in another order.
"""
import os

from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

here = os.path.dirname(os.path.abspath(__file__))
to = os.path.join(here, "..", "..", "models", "data")


def number(v):
    return repr(int(v)) if v == int(v) else repr(float(v))


def write(name, columns, rows):
    with open(os.path.join(to, name + ".csv"), "w") as f:
        for row in [columns] + rows:
            f.write(",".join(v if isinstance(v, str) else number(v) for v in row) + "\n")


d = load_diabetes(scaled=False)
write("diabetes", d.feature_names + ["progression"], [list(x) + [y] for x, y in zip(d.data, d.target)])

d = load_breast_cancer()
write("cancer", [n.replace(" ", "_") for n in d.feature_names] + ["diagnosis"],
      [list(x) + [str(d.target_names[y])] for x, y in zip(d.data, d.target)])

d = load_iris()
write("iris", ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"],
      [list(x) + [str(d.target_names[y])] for x, y in zip(d.data, d.target)])
