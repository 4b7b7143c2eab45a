"""make_fixtures.py - what scikit-learn makes of the data of tests/fields: FIELD.expect.safetensors.

Run with a Python that has numpy and scikit-learn (1.9.1 made what is committed), in this folder.  The data
themselves are made by data.py, with the standard library alone.
"""
import os
import sys

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.preprocessing import MinMaxScaler, StandardScaler

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


pictures()
