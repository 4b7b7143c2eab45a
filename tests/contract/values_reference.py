"""values_reference.py - what PyTorch computes for values.nn, in double.

    python3 values_reference.py    rewrites values.weights, values.batch and values.expect.safetensors; run by hand,
                                   with PyTorch, after a change of values.nn
"""
import os
import random
import sys

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402

torch.set_default_dtype(torch.float64)
N = 3
rng = random.Random(5)
param, batch, types = {}, {}, {}


def real(*shape):
    return torch.tensor([rng.uniform(-1.2, 1.2) for _ in range(safetensors.count(shape))]).reshape(shape)


def whole(lo, hi, *shape):
    return torch.tensor([rng.randrange(lo, hi) for _ in range(safetensors.count(shape))]).reshape(shape)


def weight(path, *shape):
    param[path] = real(*shape).requires_grad_()
    return param[path]


def dense(x, path, units, bias=True):
    w = weight(path + ".weight", units, x.shape[-1])
    return F.linear(x, w, weight(path + ".bias", units) if bias else None)


def poly(x, a, b=None):
    b = 2 * a if b is None else b
    return a * x ** 2 - b * x + 0.5


def residual(x, path, inner=None, act="tanh"):
    h = dense(x, path + ".up", inner or 2 * x.shape[-1])
    h = torch.tanh(h) if act == "tanh" else torch.relu(h)
    return x + dense(h, path + ".down", x.shape[-1], False)


def gated(x, gate=None, scale=1.0):
    return (x if gate is None else x * torch.sigmoid(gate)) * scale


def values():
    x0, y0 = real(N, 4), real(N, 3, 4)
    k, s, i, yes = whole(0, 4, N), whole(0, 5, N, 6), whole(-5, 6, N, 4), whole(0, 2, N, 4).bool()
    for name, t in dict(x0=x0, y0=y0, k=k, s=s, i=i, yes=yes).items():
        batch[name] = t
        if not t.is_floating_point():
            types[name] = "BOOL" if t.dtype == torch.bool else "I32"
    px, py = weight("px", 4), weight("py", 3, 4)
    x, y = x0 + px, y0 + py
    out = {}
    a = -(x ** 2) + 2 * x / 4 - x * 3 ** -1 + 2 ** (3 ** 2) / 512
    out["arithmetic"] = a
    out["mixed"] = poly(x, 0.5) + poly(x, x, 1) - 3.5 * x + x
    out["powers"] = x.abs() ** 1.5 + (x ** 2 + 1) ** -x[:, :1] + 2 ** x
    out["compared"] = torch.where(((x > 0) & ~(x >= 0.5)) | (x < -0.7), x, x * 3) + (x <= 0) * 2.0
    out["ints"] = (i * 2 - 3) + i / 2 * x + (i == 1) + (i < 0)
    out["whole"] = i * i - 2
    out["flags"] = (yes & (x > 0)) | ~yes
    out["shares"] = (x > 0).double().mean(1) + yes.double().sum(1)
    out["classes"] = (k == 2) * x[:, 0] + (k != x.argmax(1)) * x[:, 1]
    out["number"] = x * N / 2 + x.sum(0) / N + N ** 2
    out["centred"] = (x - x.mean(0)) / (x.std(0) + N)

    out["picked"] = y[:, 1] + y[:, -1, 2:3] * y[..., -2, :] - y[:, 0:1, 1:][:, 0, 0:1]
    out["edges"] = y[:, :2, -3:].sum((1, 2)) + y[..., 0, 0] + y[:, 2][:, 3]
    out["rows"] = py[0] * py[-1, 1] + py[1:, 0:4][1]

    out["moved"] = y.reshape(N, 3, 2, 2).permute(0, 2, 1, 3).permute(0, 3, 1, 2)
    out["grouped"] = (y * 2).permute(0, 2, 1).reshape(N, 12)
    out["batched"] = dense(y.reshape(-1, 4), "dense1", 2, False).reshape(N, -1)
    m = torch.cat([torch.stack([x, x * 2], 1), y], 1).transpose(-1, -2)
    out["stacked"] = m
    p, q, r = torch.split(torch.cat([y, x[:, 0:3].unsqueeze(-1)], 2), [1, 2, 2], -1)
    out["parts"] = torch.cat([r, p * q], 2)
    out["reduced"] = y.amax(1) .amax(1, keepdim=True) + y.var((1, 2)).unsqueeze(1)
    z = torch.einsum("nqd,nkd->nqk", y, y) @ y + torch.einsum("ntd,nd,td->nt", y, x, py).unsqueeze(-1)
    out["products"] = z
    out["vectors"] = x @ px + (y @ px) @ py[:, 0] + x.sum(1)
    e = F.embedding(s, weight("embedding1.weight", 5, 4))
    out["looked"] = e[:, 1] + F.one_hot(k, 4) + x.gather(1, k[:, None])

    w, b = weight("enc.weight", 3, 4), weight("enc.bias", 3)
    out["siamese"] = F.linear(x, w, b) - F.linear(2 * x, w, b) + (w ** 2).sum() * b
    u = x
    for j, n in enumerate((5, 6)):
        u = torch.tanh(dense(u, f"fc{j + 1}", n))
    for j in (1, 2):
        u = u * j + (5, 6)[j - 1] / 4
    out["repeated"] = u
    c = residual(residual(y, "residual1"), "residual2", 3, "relu")
    out["blocks"] = c
    v, w = dense(x, "two1.a", 4), dense(x ** 2, "two1.b", 4)
    o = v * w + gated(x, w) + gated(x, scale=1 / 3) + gated(x, x, 2)
    out["results"] = o
    out["mean_of_types"] = y.mean(-1) * x.mean(-1, keepdim=True)

    losses = [(a ** 2).mean() + px.mean(), torch.sin(c).sum() / N, (u * 2).mean() * 0.5,
              F.cross_entropy(x, k), (z ** 2).mean() + m.mean() - o.mean()]
    return out, dict(zip(["first", "second", "loss3", "cross_entropy", "loss5"], losses))


def flat(t):
    t = t.detach()
    return list(t.shape), [v.item() for v in t.double().reshape(-1)]


def main():
    out, losses = values()
    total = sum(losses.values())
    total.backward()
    expect = {"output." + n: flat(t) for n, t in out.items()}
    expect["loss"] = flat(total)
    expect.update({"loss." + n: flat(t) for n, t in losses.items()})
    expect.update({"grad." + n: flat(t.grad if t.grad is not None else torch.zeros_like(t)) for n, t in param.items()})
    safetensors.save(f"{HERE}/values.expect.safetensors", expect)
    safetensors.save(f"{HERE}/values.weights.safetensors", {n: flat(t) for n, t in param.items()})
    fields = {n: (list(t.shape), t.reshape(-1).int().tolist() if n in types else flat(t)[1]) for n, t in batch.items()}
    safetensors.save(f"{HERE}/values.batch.safetensors", fields, types)


if __name__ == "__main__":
    main()
