"""make_fixtures.py - what scikit-learn and NumPy reach on the tables of models/data.

Writes expect.json (scores of each fold, ranges) and, for the two tutorial nets, the weights after the last step of a
NumPy loop from the first weights of init.py: NET.expect.safetensors.  Run with a Python that has scikit-learn.
"""
import json
import os
import sys
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import ElasticNet
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
import init
import safetensors

warnings.filterwarnings("ignore")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def diabetes():
    """mse + 2 |w| + 0.1 w^2 is twice ElasticNet's (1 / 2n) |r|^2 + 1 |w| + 0.05 w^2."""
    d = load_diabetes(scaled=False)
    model = make_pipeline(StandardScaler(), ElasticNet(alpha=1.1, l1_ratio=1 / 1.1, tol=1e-12, max_iter=10**6))
    out = {"r2": [], "rmse": []}
    for a, b in KFold(5).split(d.data):
        y = model.fit(d.data[a], d.target[a]).predict(d.data[b])
        out["r2"].append(r2_score(d.target[b], y))
        out["rmse"].append(float(np.sqrt(np.mean((y - d.target[b]) ** 2))))
    return out


def cancer():
    """Means over 5 folds of MLPClassifier with the same net, for three seeds."""
    d = load_breast_cancer()
    runs = []
    for seed in range(3):
        net = MLPClassifier((16,), alpha=1e-2, batch_size=32, learning_rate_init=5e-3, max_iter=60, random_state=seed)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        s = cross_validate(make_pipeline(StandardScaler(), net), d.data, d.target, cv=folds,
                           scoring=["accuracy", "f1", "roc_auc"])
        runs.append([s["test_accuracy"].mean(), s["test_f1"].mean(), s["test_roc_auc"].mean()])
    return dict(zip(["accuracy", "f1", "auc"], np.mean(runs, axis=0).tolist()))


def descend(name, x, steps, lr, delta):
    """Full-batch gradient descent; delta(o): the gradient of the loss before the last sigmoid."""
    w = {k: np.array(v).reshape(s) for k, (s, v) in init.first(name).items()}
    for _ in range(steps):
        h = sigmoid(x @ w["dense1.weight"].T + w["dense1.bias"])
        o = sigmoid(h @ w["dense2.weight"].T + w["dense2.bias"])
        d2 = delta(o)
        d1 = (d2 @ w["dense2.weight"]) * h * (1 - h)
        grad = {"dense2.weight": d2.T @ h, "dense2.bias": d2.sum(0), "dense1.weight": d1.T @ x,
                "dense1.bias": d1.sum(0)}
        for k in w:
            w[k] = w[k] - lr * grad[k]
    safetensors.save(os.path.join(here, name + ".expect.safetensors"),
                     {k: (list(v.shape), v.ravel().tolist()) for k, v in w.items()})


def tutorials():
    d = load_iris()
    low, high = d.data.min(0), d.data.max(0)
    y = OneHotEncoder(sparse_output=False).fit_transform(d.target[:, None])
    descend("iris", (d.data - low) / (high - low), 500, 4.0,
            lambda o: 2 * (o - y) / y.size * o * (1 - o))
    d = load_breast_cancer()
    cut = len(d.data) - round(0.2 * len(d.data))
    x = StandardScaler().fit_transform(d.data[:cut])
    t = d.target[:cut, None].astype(float)                 # benign is 1, as in the program
    descend("tutorial", x, 500, 0.5, lambda o: (o - t) / len(t))


with open(os.path.join(here, "expect.json"), "w") as f:
    json.dump({"diabetes": diabetes(), "cancer": cancer()}, f, indent=1)
tutorials()
