"""make_fixtures.py - what scikit-learn says: expect.json for metrics.nn, sklearn_values.h for
test_metrics.c.  Not run by the checks; needs NumPy and scikit-learn.

    python3 make_fixtures.py [CASES SEED]     more cases to standard output instead
"""
import json
import os
import sys
import warnings

import numpy as np
from sklearn import metrics as sk

import data

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
HOW = {"precision": 0, "recall": 0, "f1": 0, "iou": 0, "dice": 0, "confusion": 1, "auc": 2,
       "pr_auc": 2, "calibration_error": 3, "r2": 4}
WHAT = list(HOW)
AVERAGE = ["macro", "micro", "weighted", "binary"]
COUNTED = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score,
           "iou": sk.jaccard_score, "dice": sk.f1_score}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def counted(what, named, y, average="macro"):
    return COUNTED[what](y, named, average=average, zero_division=0)


def ranked(what, p, y, average="macro"):
    """Each class against the rest; classes without an auc are left out of its mean."""
    f = sk.roc_auc_score if what == "auc" else sk.average_precision_score
    if p.ndim == 1:
        return f(y, p)
    if average == "binary":
        return f(y == 1, p[:, 1])
    v, w = [], []
    for k in range(p.shape[1]):
        if what == "auc" and (np.all(y == k) or not np.any(y == k)):
            continue
        v.append(f(y == k, p[:, k]))
        w.append(np.sum(y == k) if average == "weighted" else 1)
    return np.average(v, weights=w) if sum(w) else float("nan")


def calibration(p, y, bins):
    """Bins as numpy.linspace has them, without their lower and with their upper end."""
    confidence = p if p.ndim == 1 else p.max(-1)
    right = (y == 1) if p.ndim == 1 else p.argmax(-1) == y
    i = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
    return sum(abs(right[i == k].sum() - confidence[i == k].sum()) for k in range(bins)) / len(y)


# ---- metrics.nn -----------------------------------------------------------------------------------

def table(x, label):
    """The columns of metrics.nn; x: bytes."""
    x, n = x.astype(float), len(x)
    z, p, t, far = x[:, 0:5] / 64, x[:, 5], x[:, 6] + 1000000, x[:, 5] + 1000000
    b, pos = (x[:, 7] - 128) / 32, (x[:, 8] > 127).astype(int)
    seq = x[:, 9:15].reshape(2 * n, 3) / 64
    word = x[:, 15:21].reshape(2 * n, 3).argmax(-1)
    pair, two = x[:, 0:2] / 64, x[:, 2:4].argmax(-1)
    named, soft, bn = z.argmax(-1), softmax(z), (b > 0).astype(int)
    pick = z[np.arange(n), label]
    e = {
        "watched1.f1": counted("f1", named, label, "micro"),
        "watched1.own": np.mean(named == label),
        "accuracy": sk.accuracy_score(label, named),
        "f1_weighted": counted("f1", named, label, "weighted"),
        "precision_weighted": counted("precision", named, label, "weighted"),
        "recall_micro": counted("recall", named, label, "micro"),
        "auc": ranked("auc", soft, label), "auc_soft": ranked("auc", soft, label),
        "auc_weighted": ranked("auc", soft, label, "weighted"),
        "pr_auc": ranked("pr_auc", soft, label),
        "calibration_error": calibration(soft, label, 15),
        "calibration_soft": calibration(soft, label, 7),
        "perplexity": np.exp(sk.log_loss(label, soft, labels=range(5))),
        "top2": np.mean((z > pick[:, None]).sum(-1) < 2),
        "b_accuracy": sk.accuracy_score(pos, bn),
        "b_f1": counted("f1", bn, pos), "b_f1_binary": counted("f1", bn, pos, "binary"),
        "b_precision": counted("precision", bn, pos, "binary"),
        "b_iou": counted("iou", bn, pos),
        "b_auc": ranked("auc", b, pos), "b_pr_auc": ranked("pr_auc", b, pos),
        "b_calibration": calibration(sigmoid(b), pos, 15),
        "pair_auc": ranked("auc", softmax(pair), two, "binary"),
        "pair_recall": counted("recall", pair.argmax(-1), two, "binary"),
        "seq_f1": counted("f1", seq.argmax(-1), word),
        "seq_auc": ranked("auc", softmax(seq), word),
        "seq_accuracy": sk.accuracy_score(word, seq.argmax(-1)),
        "r2": sk.r2_score(t, far), "r2_columns": sk.r2_score(x[:, 6:9], x[:, 5:8]),
        "mape": sk.mean_absolute_percentage_error(t, far),
        "mse": sk.mean_squared_error(t, far), "mae": sk.mean_absolute_error(t, far),
        "rmse": sk.root_mean_squared_error(t, far),
    }
    for what in COUNTED:
        e[what] = counted(what, named, label)
    e["mixed"] = 2 * e["f1"] - e["rmse"] / 100
    return {"numbers": {k: float(v) for k, v in e.items()},
            "confusion": sk.confusion_matrix(label, named, labels=range(5)).tolist()}


def program():
    pixels, labels = data.rows()
    x, y, cut = np.array(pixels), np.array(labels), data.ROWS - data.VAL
    return {"train": table(x[:cut], y[:cut]), "val": table(x[cut:], y[cut:])}


# ---- the functions of the runtime -----------------------------------------------------------------

def scores(r, n, width, ties):
    x = r.normal(size=(n, width)) * 2
    return np.round(x * 2) / 2 if ties else np.round(x, 4)


def case(r, what, average, n):
    """A random case: the row of the table, scores, targets, the value."""
    k = 2 if average == "binary" else int(r.integers(2, 6))
    absent, ties = r.random() < 0.4, r.random() < 0.5
    y = r.integers(0, k - 1 if absent and k > 2 else k, size=n)
    how, width, bins, raw = HOW[what], 1, 0, 0
    if what == "r2":
        width = int(r.integers(1, 4))
        y = np.round(r.normal(size=(n, width)) * 3, 3) + r.choice([0, 1e6])
        x = y + np.round(r.normal(size=(n, width)), 3)
        if r.random() < 0.2:
            y[:, 0] = np.round(y[0, 0])       # else scikit-learn's mean is not the number itself
        value = sk.r2_score(y, x)
        k = 0
    elif how < 2:
        x = np.where(r.random(n) < 0.6, y, r.integers(0, k, size=n))
        value = counted(what, x, y, average)
    else:
        width, raw = (1 if r.random() < 0.3 else k), int(r.random() < 0.6)
        if average == "binary" or width == 1:
            k = 2
        y = y % k
        x = scores(r, n, width, ties)
        if width > 1 and r.random() < 0.7:
            x[np.arange(n), y] += 1
        if what == "calibration_error" and not raw:
            x = np.round((softmax(x) if width > 1 else sigmoid(x)) * 20) / 20
        p = x
        if raw:
            p = softmax(x) if width > 1 else sigmoid(x)
        p = p[:, 0] if width == 1 else p
        bins = int(r.integers(1, 20)) if how == 3 else 0
        value = calibration(p, y, bins) if how == 3 else ranked(what, p, y, average)
    row = [how, WHAT.index(what), AVERAGE.index(average), width, k, bins, raw, n]
    return row, np.asarray(x, float).ravel(), np.asarray(y, float).ravel(), value


def cases(seed, rounds):
    r = np.random.default_rng(seed)
    kinds = [(w, a) for w in ("precision", "recall", "f1") for a in AVERAGE]
    kinds += [("iou", "macro"), ("dice", "macro"), ("calibration_error", "macro"), ("r2", "macro")]
    kinds += [(w, a) for w in ("auc", "pr_auc") for a in ("macro", "weighted", "binary")]
    for _ in range(rounds):
        for what, average in kinds:
            got = [0, 0, 0, np.nan]
            while not np.isfinite(got[3]):           # no auc without positives and negatives
                got = case(r, what, average, int(r.integers(2, 30)))
            yield got


def numbers(v):
    lines = [", ".join(repr(float(e)).removesuffix(".0") for e in v[i:i + 12])
             for i in range(0, len(v), 12)]
    return "(const double[]){\n\t\t" + ",\n\t\t".join(lines) + " }"


def header(out, seed, rounds):
    out.write("""/* sklearn_values.h - metrics of random scores, computed with scikit-learn.
 *
 * Made by make_fixtures.py; do not edit.
 */
#ifndef SKLEARN_VALUES_H
#define SKLEARN_VALUES_H

typedef struct {
	int how, what, average, width, classes, bins, raw, n;
	const double *x, *y;
	double value;
} MetricCase;

static const MetricCase metric_case[] = {
""")
    for row, x, y, value in cases(seed, rounds):
        out.write("\t{ %s,\n\t%s,\n\t%s, %r },\n" % (", ".join(map(str, row)), numbers(x), numbers(y),
                                                 float(value)))
    out.write("};\n\n#endif\n")


def main():
    if len(sys.argv) > 2:
        header(sys.stdout, int(sys.argv[2]), int(sys.argv[1]))
        return
    with open(os.path.join(HERE, "expect.json"), "w") as f:
        json.dump(program(), f, indent=1)
        f.write("\n")
    with open(os.path.join(HERE, "sklearn_values.h"), "w") as f:
        header(f, 1, 3)


if __name__ == "__main__":
    main()
