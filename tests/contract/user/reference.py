"""reference.py - the twenty updates of user.nn by PyTorch, in double.

    python3 reference.py          rewrites user.expect.safetensors; run by hand, with PyTorch
    python3 reference.py DIR      writes the data and the first weights of a run there, without PyTorch
"""
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "probe"))
import steps_data  # noqa: E402
from inputs import safetensors  # noqa: E402

HIDDEN, SIDE, CLASSES, BATCH, STEPS = 6, steps_data.SIDE, 4, 16, 20
SHAPES = {"minimal1.w": (2 * HIDDEN, SIDE), "minimal1.u": (2 * HIDDEN, HIDDEN), "minimal1.b": (2 * HIDDEN,),
          "centre1.scale": (HIDDEN,), "out.weight": (CLASSES, HIDDEN), "out.bias": (CLASSES,)}
BUFFERS = {"centre1.middle": ((HIDDEN,), 0.0), "centre1.size": ((HIDDEN,), 1.0), "centre1.calls": ((), 0.0)}


def first_weights():
    rng = random.Random(21)
    made = {path: (list(shape), [rng.uniform(-0.6, 0.6) for _ in range(safetensors.count(shape))])
            for path, shape in SHAPES.items()}
    made.update({p: (list(shape), [v] * safetensors.count(shape)) for p, (shape, v) in BUFFERS.items()})
    return made


def trained():
    import torch
    torch.set_default_dtype(torch.float64)
    images = torch.tensor(steps_data.images()).reshape(-1, SIDE, SIDE) / 255
    labels = torch.tensor(steps_data.labels())
    state = {p: torch.tensor(v).reshape(shape) for p, (shape, v) in first_weights().items()}
    w = {p: state[p].requires_grad_() for p in SHAPES}
    moments = {p: [torch.zeros_like(w[p]), torch.full_like(w[p], 0.02), w[p].detach().clone()] for p in w}

    def loss_of(x, label):
        y, h = [], torch.zeros(len(x), HIDDEN)
        xw = x @ w["minimal1.w"].T + w["minimal1.b"]
        for t in range(SIDE):
            hz, hn = (h @ w["minimal1.u"].T).chunk(2, 1)
            xz, xn = xw[:, t].chunk(2, 1)
            z = torch.sigmoid(xz + hz)
            h = (1 - z) * h + z * torch.tanh(xn + hn)
            y.append(h)
        y = torch.stack(y, 1)
        smooth = 0.3 * ((y[:, 1:] - y[:, :-1]) ** 2).mean()
        x = y[:, -1]
        m = x.mean(0)
        s = (x - m).abs().mean(0)
        with torch.no_grad():
            state["centre1.middle"] = 0.8 * state["centre1.middle"] + 0.2 * m
            state["centre1.size"] = 0.8 * state["centre1.size"] + 0.2 * s
            state["centre1.calls"] = state["centre1.calls"] + 1
        logits = ((x - m) / (s + 0.1) * w["centre1.scale"]) @ w["out.weight"].T + w["out.bias"]
        p = logits.softmax(1).gather(1, label[:, None])[:, 0]
        return smooth + (-(1 - p) ** 1.5 * p.log()).mean()

    at = 0
    for step in range(1, STEPS + 1):
        loss = loss_of(images[at:at + BATCH], labels[at:at + BATCH])
        at = at + BATCH if at + BATCH < len(images) else 0
        for p in w:
            w[p].grad = None
        loss.backward()
        with torch.no_grad():
            for p in w:
                g, (m, v, slow) = w[p].grad, moments[p]
                if w[p].dim() > 1:
                    w[p].mul_(1 - 0.03 * 0.01)
                m.mul_(0.8).add_(0.2 * g)
                v.copy_(torch.maximum(0.95 * v, g.abs()))
                w[p].sub_(0.03 * (m / (1 - 0.8 ** step)) / (v + 1e-6))
                slow.copy_(0.9 * slow + 0.1 * w[p])
                w[p].add_(0.2 * (slow - w[p]))
    state.update(w)
    return {p: (list(t.shape), t.detach().reshape(-1).tolist()) for p, t in state.items()}


def main():
    if len(sys.argv) > 1:
        with open(f"{sys.argv[1]}/steps.images.idx", "wb") as f:
            f.write(b"\0\0\x08\3" + b"".join(n.to_bytes(4, "big") for n in (steps_data.ROWS, SIDE, SIDE))
                    + bytes(steps_data.images()))
        with open(f"{sys.argv[1]}/steps.labels.idx", "wb") as f:
            f.write(b"\0\0\x08\1" + steps_data.ROWS.to_bytes(4, "big") + bytes(steps_data.labels()))
        safetensors.save(f"{sys.argv[1]}/user.weights.safetensors", first_weights())
    else:
        safetensors.save(f"{HERE}/user.expect.safetensors", trained())


if __name__ == "__main__":
    main()
