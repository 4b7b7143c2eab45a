"""train_torch.py - PyTorch, eager; VARIANT fused: its optimizers in one kernel."""
from peer import STEPS, THREADS, VARIANT, WORK, batches, begin, train
import torch
import torch.nn.functional as F

torch.set_num_threads(THREADS)
act = torch.nn.Sigmoid if WORK["act"] == "sigmoid" else torch.nn.ReLU
net = []
for k, (m, b) in enumerate(begin()):
    layer = torch.nn.Linear(m.shape[1], m.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(m))
        layer.bias.copy_(torch.from_numpy(b))
    net.append(layer)
    if k + 2 < len(WORK["sizes"]) or WORK["act"] == "sigmoid":
        net.append(act())
net = torch.nn.Sequential(*net)
kw = dict(fused=True) if VARIANT == "fused" else {}
opt = (torch.optim.SGD if WORK["opt"] == "sgd" else torch.optim.Adam)(net.parameters(), lr=WORK["lr"], **kw)
data = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches()]


def step(i):
    x, y = data[i]
    opt.zero_grad(set_to_none=True)
    o = net(x)
    loss = 0.5 * ((o - y) ** 2).sum() / len(x) if WORK["loss"] == "squares" else F.cross_entropy(o, y)
    loss.backward()
    opt.step()
    return loss.detach()


def now():
    p = [t.detach().numpy() for t in net.parameters()]
    return list(zip(p[::2], p[1::2]))


train(step, lambda: None, now)
