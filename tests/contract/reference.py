"""reference.py - what PyTorch computes for values.nn and recurrence.nn, in double.

    python3 reference.py    rewrites NAME.weights, NAME.batch and NAME.expect.safetensors of both; run by hand, with
                            PyTorch, after a change of one of the programs
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
param, batch, types, buffer = {}, {}, {}, {}


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
    st = 2 * (x + 1).detach() * x - (i + 1) * 0.5 * (x - 1).detach()
    out["stopped"] = st

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

    losses = [(a ** 2).mean() + st.mean() + px.mean(), torch.sin(c).sum() / N, (u * 2).mean() * 0.5,
              F.cross_entropy(x, k), (z ** 2).mean() + m.mean() - o.mean()]
    return out, dict(zip(["first", "second", "loss3", "cross_entropy", "loss5"], losses))


def buffers(path, **tensors):
    for name, t in tensors.items():
        buffer[path + "." + name] = t.clone()
    return tensors


def counted(x, path, calls, rate=0.25):
    """calls: how often it is used."""
    seen, n = real(4), real()
    buffers(path, seen=seen, calls=n)
    out = []
    for v in x:
        before = v - seen
        seen = (1 - rate) * seen + rate * v.detach().mean(0)
        n = n + 3
        out.append(before * (v - seen) + n)
    after[path + ".seen"], after[path + ".calls"] = seen, n
    return sum(out)


after = {}


def recurrence():
    x0, y0, s, g = real(N, 4), real(N, 5, 4), whole(0, 6, N, 5), whole(0, 4, N)
    batch.update(x0=x0, y0=y0, s=s, g=g)
    types.update(s="I32", g="I32")
    px, py = weight("px", 4), weight("py", 5, 4)
    x, y = x0 + px, y0 + py
    out = {}

    h, ranged = x, []
    for t in range(1, 4):
        h = torch.tanh(h) * t + y[:, t] * y[:, t - 1] - y[:, t + 1, 0:1]
        ranged.append(h * h)
    out["ranged"], out["last_of_range"] = torch.stack(ranged, 1), h
    ranged = out["ranged"]

    look = weight("look.weight", 6, 4)
    w = weight("cell1.w", 4, 4)
    mix = weight("cell1.mix.weight", 4, 4), weight("cell1.mix.bias", 4)
    fc = [(weight(f"fc{i}.weight", 4, 4), weight(f"fc{i}.bias", 4)) for i in (1, 2)]
    h, celled = x, []
    for t in range(5):
        h = torch.tanh(look[s[:, t]] @ w.T + F.linear(h, *mix)) + x * 0.1
        for layer in fc:
            h = torch.tanh(F.linear(h, *layer))
        celled.append(h)
    out["celled"] = celled = torch.stack(celled, 1)
    out["again"] = look[s[:, 0]] * look[1]

    u = weight("pairs1.u", 4, 4)
    h, c, a, b = torch.zeros(N, 4), torch.ones(N, 4), [], []
    for t in range(5):
        c = 0.5 * c + torch.sigmoid(y[:, t] + h)
        h = torch.tanh(c @ u) * (t + 1) / 5
        a.append(h)
        b.append(c.sum(1))
    out["pair_a"], out["pair_b"], out["pair_h"] = torch.stack(a, 1), torch.stack(b, 1), h - c
    losses = [(ranged ** 2).mean() + (celled ** 3).mean() + out["pair_a"].sum() / N + (out["pair_b"] ** 2).mean()
              + ((h - c) ** 2).mean()]

    h, nested = x, []
    for t in range(3):
        k, inner = h, []
        for r in range(2):
            k = torch.sin(k + y[:, t]) * (r + t + 1)
            inner.append(k)
        h = k + inner[0]
        nested.append(h)
    out["nested"] = torch.stack(nested, 1)

    z = torch.cat([y, y], 1).reshape(N, 2, 5, 4)
    h, both = torch.zeros(N, 4), []
    for t in range(2):
        for r in range(5):
            h = torch.tanh(h + z[:, t, r])
        both.append(h)
    out["both"] = torch.stack(both, 1)

    total, w, m = torch.zeros(()), py, torch.zeros(N, 4, 4)
    for t in range(3):
        total = total + y[:, t].mean() * t
        w = w * 0.5 + total
        m = m + x[:, None, :] * y[:, t][:, :, None]
    out["numbers"], out["outer"] = x * total + w.sum(0), m

    h, m, strided = x, torch.zeros(N, 2, 4), []
    for t in range(2):
        q = y * torch.tanh(h)[:, None]
        m = m + h[:, None].expand(N, 2, 4) * (t + 1)
        h = h + y[:, 4 - t] * y[:, 2 * t + 1] - q[:, t + 1] * q[:, 3 - t, 1:2] + m[:, 1 - t]
        strided.append(h)
    out["strided"] = torch.stack(strided, 1)
    last = (m ** 2).mean() + (total * w).mean()

    h, back = torch.zeros(N, 4), []
    for t in range(5):
        h = 0.5 * h + y[:, 4 - t]
        back.append(h)
    back = torch.stack(back, 1)
    out["backwards"] = back.flip(1)
    losses.append((out["strided"] ** 2).mean() + (out["nested"] ** 3).mean() + out["both"].mean() + last
                  + (back ** 2).mean())

    norm = weight("norm.weight", 4), weight("norm.bias", 4)
    mean, var = real(4), real(4).abs() + 0.5
    buffers("norm", running_mean=mean, running_var=var)
    n2 = x
    for scale, shift in ((2, 1), (1, 0)):
        n2 = F.batch_norm(n2, mean, var, *norm, training=True, momentum=0.3) * scale + shift
    after["norm.running_mean"], after["norm.running_var"] = mean, var
    out["twice"] = n2
    counts = counted((x, 2 * x), "count", 2)
    out["counts"] = counts
    out["fresh"] = counted((x,), "counted1", 1, 0.5)
    losses.append(F.cross_entropy(n2, g) + (counts ** 2).mean())
    return out, dict(zip(["loss1", "loss2", "loss3"], losses))


def flat(t):
    t = t.detach()
    return list(t.shape), [v.item() for v in t.double().reshape(-1)]


def write(name, program):
    for table in (param, batch, types, buffer, after):
        table.clear()
    out, losses = program()
    total = sum(losses.values())
    total.backward()
    expect = {"output." + n: flat(t) for n, t in out.items()}
    expect["loss"] = flat(total)
    expect.update({"loss." + n: flat(t) for n, t in losses.items()})
    expect.update({"grad." + n: flat(t.grad if t.grad is not None else torch.zeros_like(t)) for n, t in param.items()})
    expect.update({"buffer." + n: flat(t) for n, t in after.items()})
    safetensors.save(f"{HERE}/{name}.expect.safetensors", expect)
    safetensors.save(f"{HERE}/{name}.weights.safetensors", {n: flat(t) for n, t in (param | buffer).items()})
    fields = {n: (list(t.shape), t.reshape(-1).int().tolist() if n in types else flat(t)[1]) for n, t in batch.items()}
    safetensors.save(f"{HERE}/{name}.batch.safetensors", fields, types)


if __name__ == "__main__":
    write("values", values)
    write("recurrence", recurrence)
