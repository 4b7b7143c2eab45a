"""make_fixtures.py - what scikit-learn makes of the data of tests/fields: FIELD.expect.safetensors.

Run with a Python that has numpy and scikit-learn (1.9.1 made what is committed), in this folder.  The data
themselves are made by data.py, with the standard library alone.
"""
import os
import sys

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
import data
import safetensors


def save(name, tensors):
    safetensors.save(os.path.join(here, name + ".expect.safetensors"),
                     {k: (list(v.shape), v.ravel().tolist()) for k, v in tensors.items()})


def pictures():
    """Statistics of the first three quarters, applied to all rows."""
    pixels, labels = data.pictures()
    x = np.array(pixels, float).reshape(data.ROWS, -1)
    train = x[:data.ROWS * 3 // 4]
    scaled = StandardScaler().fit(train / 255).transform(x / 255)
    standard = StandardScaler().fit(train)
    ranged = MinMaxScaler().fit(standard.transform(train)).transform(standard.transform(x))
    save("pictures", {"scaled": scaled, "ranged": ranged})
    y = np.array(labels[:data.ROWS * 3 // 4])
    weight = compute_class_weight("balanced", classes=np.arange(4), y=y)
    save("weights", {"weight": weight})


def column(name):
    k = data.NAMES.index(name)
    return [row[k] for row in data.table()]


def numbers(*names):
    return np.array([[float(v or "nan") for v in column(n)] for n in names]).T


def padded(encoder, values, cut, width):
    """One-hot, and as the next class what is in no training row, where there is one."""
    known = encoder.fit(values[:cut]).transform(values)
    other = 1 - known.sum(axis=1, keepdims=True)
    return np.hstack([known, other])[:, :width]


def table():
    cut = data.TABLE * 3 // 4
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    filled = [[v or "none"] for v in column("color")]
    color = padded(encoder, filled, cut, 4)
    size = padded(encoder, numbers("size"), cut, 5)
    mean = SimpleImputer(strategy="mean")

    def scaled(scaler, x):
        x = mean.fit(x[:cut]).transform(x)
        return scaler.fit(x[:cut]).transform(x)

    x = np.hstack([color, scaled(StandardScaler(), numbers("width", "height")), size,
                   scaled(MinMaxScaler(), numbers("unit price"))])
    rest = scaled(StandardScaler(), numbers("constant", "late", "last"))
    gap = np.log1p(np.abs(np.nan_to_num(numbers("width")[:, 0], nan=-3)))
    seen = list(dict.fromkeys(column("shape")[:cut]))
    kind = np.array([seen.index(v) if v in seen else len(seen) for v in column("shape")], float)
    save("table", {"x": x, "rest": rest, "gap": gap, "kind": kind})


pictures()
table()
