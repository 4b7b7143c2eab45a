"""make_fixtures.py - what PyTorch computes for the probe programs, in double.

    python3 make_fixtures.py         rewrites tests/probe/*.expect*.safetensors; run by hand, with
                                     PyTorch (2.13 was used), after a change of a probe program

For each program and each batch of inputs.py: the loss, each named loss, each output, the gradient
of each parameter and each buffer after the step, with training on, laid out as `./x gradients`
writes them (all F64).  Gradients of more than 20,000 elements are kept in part: NAME@37 holds
every 37th element.  Also 50 steps of several optimizers on a small network (steps_*.nn), and of sgd with
clipping, accumulation and an average of the weights.
"""
import os

import torch
import torch.nn.functional as F

import inputs
import steps_data
from inputs import safetensors

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def mlp(p, b, f):
    h = F.relu(F.linear(f["image"].flatten(1), p["dense1.weight"], p["dense1.bias"]))
    logits = F.linear(h, p["dense2.weight"], p["dense2.bias"])
    return {"cross_entropy": F.cross_entropy(logits, f["label"])}, {"probs": logits.softmax(-1)}


def conv_bn(p, b, f):
    def unit(x, path, stride):
        x = F.conv2d(x, p[path + ".conv2d1.weight"], stride=stride, padding=1)
        q = path + ".batch_norm1"
        return F.relu(F.batch_norm(x, b[q + ".running_mean"], b[q + ".running_var"],
                                   p[q + ".weight"], p[q + ".bias"], training=True))
    x = F.max_pool2d(unit(f["image"], "first", 1), 2)
    x = F.avg_pool2d(unit(x, "second", 2), 2, stride=1)
    logits = F.linear(x.flatten(1), p["dense1.weight"], p["dense1.bias"])
    return {"cross_entropy": F.cross_entropy(logits, f["label"])}, {"probs": logits.softmax(-1)}


def gru(p, b, f):
    cell = torch.nn.GRU(6, 12, batch_first=True)
    names = {"weight_ih_l0": "w_ih", "weight_hh_l0": "w_hh", "bias_ih_l0": "b_ih", "bias_hh_l0": "b_hh"}
    y, h = torch.func.functional_call(cell, {k: p["cell1." + v] for k, v in names.items()}, f["x"])
    tags = F.linear(y, p["dense1.weight"], p["dense1.bias"])
    kinds = F.linear(h[0], p["dense2.weight"], p["dense2.bias"])
    losses = {"steps": F.cross_entropy(tags.flatten(0, 1), f["tag"].flatten()),
              "whole": 0.5 * F.cross_entropy(kinds, f["kind"])}
    return losses, {"tag_probs": tags.softmax(-1), "kind_probs": kinds.softmax(-1)}


def attention(p, b, f):
    def dense(x, path):
        return F.linear(x, p[path + ".weight"], p[path + ".bias"])

    def norm(x, path):
        return F.layer_norm(x, (16,), p[path + ".weight"], p[path + ".bias"])

    def heads(x):
        return x.unflatten(2, (2, 8)).transpose(1, 2)
    x = F.embedding(f["tokens"], p["wte.weight"]) + p["wpe"]
    q, k, v = dense(norm(x, "layer_norm1"), "attention1.qkv").chunk(3, -1)
    a = F.scaled_dot_product_attention(heads(q), heads(k), heads(v), is_causal=True)
    x = x + dense(a.transpose(1, 2).flatten(2), "attention1.proj")
    x = x + dense(F.gelu(dense(norm(x, "layer_norm2"), "dense1")), "dense2")
    logits = norm(x, "layer_norm3") @ p["wte.weight"].T
    loss = F.cross_entropy(logits.flatten(0, 1), f["next"].flatten())
    return {"cross_entropy": loss}, {"probs": logits.softmax(-1)}


def siamese(p, b, f):
    def enc(x):
        return torch.tanh(x @ p["enc.U"] @ p["enc.V"] + p["enc.b"])
    d = ((enc(f["a"]) - enc(f["b"])) ** 2).sum(-1)
    alike = (f["same"] == 1).double()
    pair = (alike * d + (1 - alike) * torch.clamp(3 - d.sqrt(), min=0) ** 2).mean()
    return {"pair": pair, "sparse": 0.1 * enc(f["a"]).abs().mean()}, {"d": d, "code": enc(f["a"])}


def as_torch(tensors):
    return {k: torch.tensor(v).reshape(s) for k, (s, v) in tensors.items()}


def entry(expect, name, t):
    t = t.detach()
    if t.numel() > 20000:
        name, t = name + "@37", t.flatten()[::37]
    expect[name] = list(t.shape), t.flatten().tolist()


def gradients(model, n):
    spec = inputs.MODELS[model]
    w = as_torch(inputs.weights(model))
    p = {k: w[k].requires_grad_() for k in spec["params"]}
    b = {k: w[k] for k in spec["buffers"]}
    losses, outputs = globals()[model](p, b, as_torch(inputs.batch(model, n)[0]))
    loss = sum(losses.values())
    loss.backward()
    expect = {}
    entry(expect, "loss", loss)
    for name, t in losses.items():
        if name != "cross_entropy":        # loss.NAME stands for the losses that the program names
            entry(expect, "loss." + name, t)
    for name, t in outputs.items():
        entry(expect, "output." + name, t)
    for name, t in p.items():
        entry(expect, "grad." + name, t.grad)
    for name, t in b.items():
        entry(expect, "buffer." + name, t)
    safetensors.save(f"{HERE}/{model}.expect{n}.safetensors", expect)


def batches(size=16):
    """The rows of steps_*.nn in file order, again and again: a slice, and whether an epoch ends."""
    at = 0
    while True:
        part = slice(at, min(at + size, 60))
        at = 0 if part.stop == 60 else part.stop
        yield part, at == 0


def steps(name, optimizer, clip_value=None, clip_norm=None, accumulate=1, ema=None, norm=False,
          frozen=()):
    """The network of steps_*.nn: 60 images of 5 x 5 in file order, batches of 16, 50 updates."""
    x = torch.tensor(steps_data.images()).double().reshape(60, 25) / 255
    y = torch.tensor(steps_data.labels())
    w = as_torch({**steps_data.weights(), **(steps_data.norm() if norm else {})})
    net = torch.nn.Module()
    for k, t in w.items():
        layer, _, leaf = k.partition(".")
        if not hasattr(net, layer):
            net.add_module(layer, torch.nn.Module())
        if leaf.startswith("running"):
            getattr(net, layer).register_buffer(leaf, t)
        else:
            getattr(net, layer).register_parameter(leaf, torch.nn.Parameter(t))
    for layer in frozen:
        getattr(net, layer).requires_grad_(False)
    average = None
    if ema is not None:
        average = torch.optim.swa_utils.AveragedModel(
            net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(ema))
    o = optimizer([p for p in net.parameters() if p.requires_grad])
    feed = batches()
    for step in range(50):
        group = []
        while len(group) < accumulate:
            part, end = next(feed)
            group.append(part)
            if end:
                break
        rows = sum(len(y[part]) for part in group)
        o.zero_grad()
        for part in group:
            h = F.linear(x[part], net.dense1.weight, net.dense1.bias)
            if norm:
                bn = net.batch_norm1
                h = F.batch_norm(h, bn.running_mean, bn.running_var, bn.weight, bn.bias, training=True)
            z = F.linear(torch.tanh(h), net.dense2.weight, net.dense2.bias)
            (F.cross_entropy(z, y[part], reduction="sum") / rows).backward()
        if clip_value is not None:
            torch.nn.utils.clip_grad_value_(net.parameters(), clip_value)
        if clip_norm is not None:
            c = clip_norm(step) if callable(clip_norm) else clip_norm
            torch.nn.utils.clip_grad_norm_(net.parameters(), c)
        o.step()
        if average is not None:
            average.update_parameters(net)
    shown = net if average is None else average.module
    expect = {}
    for k, t in shown.state_dict().items():
        entry(expect, k, t)
    safetensors.save(f"{HERE}/steps_{name}.expect.safetensors", expect)


def main():
    for model in inputs.MODELS:
        for n in inputs.SIZES:
            gradients(model, n)
    steps("sgd", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
    steps("adam", lambda p: torch.optim.Adam(p, lr=0.01))
    steps("nadam", lambda p: torch.optim.NAdam(p, lr=0.01))

    def sgd(p):
        return torch.optim.SGD(p, lr=0.1, momentum=0.9)
    steps("clip_norm", sgd, clip_norm=0.1)
    steps("clip_value", sgd, clip_value=0.02)
    steps("frozen", sgd, clip_norm=0.1, frozen=["dense1"])
    steps("accumulate", sgd, accumulate=3)
    steps("ema", sgd, ema=0.9)
    steps("loop", sgd, clip_value=0.02, clip_norm=lambda s: 0.2 - 0.15 * min(s / 30, 1),
          accumulate=3, ema=0.8, norm=True)


if __name__ == "__main__":
    main()
