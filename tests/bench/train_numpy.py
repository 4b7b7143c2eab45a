"""train_numpy.py - NumPy in single precision, in the way of a careful tutorial."""
from peer import WORK, batches, begin, train
import numpy as np

f = np.float32
W, B = [m.T.copy() for m, _ in begin()], [b.copy() for _, b in begin()]
M, V = [np.zeros_like(p) for p in W + B], [np.zeros_like(p) for p in W + B]
data, lr, last = batches(), WORK["lr"], len(W) - 1
count = 0


def gradients(x, y):
    a = [x]
    for i in range(len(W)):
        z = a[-1] @ W[i] + B[i]
        a.append(1 / (1 + np.exp(-z)) if WORK["act"] == "sigmoid" else np.maximum(z, 0) if i < last else z)
    if WORK["loss"] == "squares":
        o = a[-1]
        loss = 0.5 * ((o - y) ** 2).sum() / len(x)
        d = (o - y) * o * (1 - o) / f(len(x))
    else:
        p = np.exp(a[-1] - a[-1].max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        rows = np.arange(len(y))
        loss = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        d = p / f(len(x))
    gw, gb = [None] * len(W), [None] * len(W)
    for i in range(last, -1, -1):
        gw[i], gb[i] = a[i].T @ d, d.sum(0)
        if i:
            d = d @ W[i].T
            d *= a[i] * (1 - a[i]) if WORK["act"] == "sigmoid" else a[i] > 0
    return loss, gw + gb


def step(i):
    global count
    loss, g = gradients(*data[i])
    count += 1
    c1, c2 = 1 - 0.9 ** count, 1 - 0.999 ** count
    for p, d, m, v in zip(W + B, g, M, V):
        if WORK["opt"] == "sgd":
            p -= f(lr) * d
            continue
        m *= f(0.9)
        m += f(0.1) * d
        v *= f(0.999)
        v += f(0.001) * d * d
        p -= f(lr / c1) * m / (np.sqrt(v) * f(c2 ** -0.5) + f(1e-8))
    return loss


train(step, lambda: None, lambda: [(w.T, b) for w, b in zip(W, B)])
