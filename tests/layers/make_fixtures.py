"""make_fixtures.py - what PyTorch computes for the programs of programs.py, in double.

    python3 make_fixtures.py [NAME...]   rewrites NAME.shapes.json and NAME.expect.safetensors; run
                                         by hand, with PyTorch, after a change of a program

Every case is evaluated as Python with the functions below, which have nnc's names and arguments and
are PyTorch's; each layer takes its tensors by the path that nnc gives it.  Written are the loss,
each output, the gradient of each parameter (inputs have one added) and each buffer after the step.
Tensors of more than 400 elements are kept in part: NAME@7 holds every 7th element.
"""
import json
import re
import sys

import torch
import torch.nn.functional as F

import programs
from programs import HERE, safetensors

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


class Maker:
    """The tensors of one program, made as they are first met."""

    def __init__(self, name):
        self.name, self.shapes, self.param, self.buffer, self.count = name, {}, {}, {}, {}

    def path(self, kind):
        self.count[kind] = self.count.get(kind, 0) + 1
        return f"{kind}{self.count[kind]}."

    def make(self, path, *shape):
        self.shapes[path] = list(shape)
        t = torch.tensor(programs.values(self.name + path, shape, 0.5)[1]).reshape(shape)
        self.param[path] = t.requires_grad_()
        return t

    def state(self, path, n):
        t = self.make(path, n).detach()
        del self.param[path]
        if path.endswith("running_var"):
            t = t.abs() + 0.5
        self.buffer[path] = t
        return t


def both(v, n):
    return list(v) if isinstance(v, (list, tuple)) else [v] * n


def layers(m):
    def conv(n, kind):
        def f(x, filters, kernel, stride=1, padding=0, dilation=1, groups=1, bias=True):
            p = m.path(kind)
            w = m.make(p + "weight", filters, x.shape[1] // groups, *both(kernel, n))
            b = m.make(p + "bias", filters) if bias else None
            fn = (F.conv1d, F.conv2d, F.conv3d)[n - 1]
            return fn(x, w, b, stride, padding, dilation, groups)
        return f

    def depthwise_conv2d(x, kernel, stride=1, padding=0, dilation=1, multiplier=1, bias=True):
        p, c = m.path("depthwise_conv2d"), x.shape[1]
        w = m.make(p + "weight", c * multiplier, 1, *both(kernel, 2))
        b = m.make(p + "bias", c * multiplier) if bias else None
        return F.conv2d(x, w, b, stride, padding, dilation, c)

    def conv_transpose2d(x, filters, kernel, stride=1, padding=0, output_padding=0, groups=1,
                         bias=True, dilation=1):
        p = m.path("conv_transpose2d")
        w = m.make(p + "weight", x.shape[1], filters // groups, *both(kernel, 2))
        b = m.make(p + "bias", filters) if bias else None
        return F.conv_transpose2d(x, w, b, stride, padding, output_padding, groups, dilation)

    def recurrent(kind, cls):
        def f(x, hidden, layers=1, bidirectional=False):
            p = m.path(kind)
            net = cls(x.shape[-1], hidden, layers, batch_first=True, bidirectional=bidirectional)
            named = {k: m.make(p + k, *t.shape) for k, t in net.named_parameters()}
            return torch.func.functional_call(net, named, x)[0]
        return f

    def multi_head_attention(x, heads, context=None, causal=False, bias=True):
        p, c = m.path("multi_head_attention"), x.shape[-1]
        context = x if context is None else context
        net = torch.nn.MultiheadAttention(c, heads, bias=bias, batch_first=True)
        named = {k: m.make(p + k, *t.shape) for k, t in net.named_parameters()}
        q, k = x.shape[1], context.shape[1]
        mask = torch.ones(q, k, dtype=torch.bool).triu(k - q + 1) if causal else None
        return torch.func.functional_call(net, named, (x, context, context),
                                          dict(attn_mask=mask, need_weights=False))[0]

    def norm(kind, fn, state=False):
        def f(x, *args, **kw):
            p, c = m.path(kind), x.shape[-1 if kind in ("layer_norm", "rms_norm") else 1]
            if kind == "instance_norm" and not kw.get("affine"):
                return fn(x, None, None)
            w = m.make(p + "weight", c)
            b = m.make(p + "bias", c) if kind != "rms_norm" else None
            if state:
                return fn(x, w, b, m.state(p + "running_mean", c), m.state(p + "running_var", c))
            return fn(x, w, b, *args)
        return f

    return dict(
        conv1d=conv(1, "conv1d"), conv2d=conv(2, "conv2d"), conv3d=conv(3, "conv3d"),
        depthwise_conv2d=depthwise_conv2d, conv_transpose2d=conv_transpose2d,
        rnn=recurrent("rnn", torch.nn.RNN), gru=recurrent("gru", torch.nn.GRU),
        lstm=recurrent("lstm", torch.nn.LSTM), multi_head_attention=multi_head_attention,
        instance_norm=norm("instance_norm", lambda x, w, b: F.instance_norm(x, weight=w, bias=b)),
        layer_norm=norm("layer_norm", lambda x, w, b: F.layer_norm(x, w.shape, w, b)),
        rms_norm=norm("rms_norm", lambda x, w, b: F.rms_norm(x, w.shape, w, eps=1e-5)),
        group_norm=norm("group_norm", lambda x, w, b, g: F.group_norm(x, g, w, b)),
        batch_norm=norm("batch_norm", lambda x, w, b, mu, v: F.batch_norm(x, mu, v, w, b, True), True))


def pad(x, amounts, value=0, mode="constant"):
    if mode == "constant":
        return F.pad(x, amounts, value=value)
    return F.pad(x, amounts, mode={"reflect": "reflect", "edge": "replicate"}[mode])


def prod(x, dim, keepdim=False):
    for d in sorted(both(dim, 1), reverse=True):
        x = x.prod(d, keepdim=keepdim)
    return x



def weighted(fn):
    def f(x, y, weight=None, **kw):
        x = x.movedim(-1, 1)
        if y.is_floating_point():
            y = y.movedim(-1, 1)
        return fn(x, y, weight=None if weight is None else torch.tensor(weight), **kw)
    return f


def hinge(x, y, reduction="mean"):
    r = (1 - y * x).clamp(min=0)
    return dict(mean=r.mean(), sum=r.sum(), none=r)[reduction]


def triplet(a, p, n, margin=1.0, reduction="mean"):
    return F.triplet_margin_loss(a, p, n, margin, reduction=reduction)


def cosine_embedding(a, b, y, margin=0.0, reduction="mean"):
    r = F.cosine_embedding_loss(a.flatten(0, 1), b.flatten(0, 1), y.flatten(), margin,
                                reduction=reduction)
    return r.reshape(y.shape) if reduction == "none" else r


def bce_with_logits(x, y, pos_weight=None, reduction="mean"):
    w = None if pos_weight is None else torch.tensor(pos_weight)
    return F.binary_cross_entropy_with_logits(x, y, pos_weight=w, reduction=reduction)


NAMES = dict(
    upsample=lambda x, k, mode="nearest": F.interpolate(
        x, scale_factor=tuple(float(v) for v in both(k, 2)), mode=mode),
    pixel_shuffle=F.pixel_shuffle, spatial_dropout=lambda x, p: x, gaussian_noise=lambda x, p: x,
    global_max_pool=lambda x: x.amax((2, 3)), global_avg_pool=lambda x: x.mean((2, 3)), pad=pad,
    crop=lambda x, a: F.pad(x, [-v for v in a]), unsqueeze=torch.unsqueeze,
    **{f"{k}_pool{n}d": getattr(F, f"{k}_pool{n}d") for k in ("max", "avg") for n in (1, 2, 3)},
    last=lambda x: x[:, -1], prod=prod, cumsum=lambda x, dim: x.cumsum(dim),
    norm=lambda x, dim=None, keepdim=False: torch.linalg.vector_norm(x, dim=dim, keepdim=keepdim),
    relu=F.relu, gelu=F.gelu, silu=F.silu, tanh=torch.tanh, sigmoid=torch.sigmoid,
    softplus=F.softplus, elu=F.elu, leaky_relu=F.leaky_relu,
    hardswish=lambda x: x * (x + 3).clamp(0, 6) / 6, softmax=lambda x, dim=-1: x.softmax(dim),
    log_softmax=lambda x, dim=-1: x.log_softmax(dim), clamp=torch.clamp,
    var=lambda x, dim, unbiased=True: x.var(dim, unbiased=unbiased),
    std=lambda x, dim, unbiased=True: x.std(dim, unbiased=unbiased),
    max=lambda x, y=None, dim=None: torch.maximum(x, y) if dim is None else x.max(dim)[0],
    min=lambda x, y=None, dim=None: torch.minimum(x, y) if dim is None else x.min(dim)[0],
    abs=torch.abs, erf=torch.erf, log1p=torch.log1p, expm1=torch.expm1, sin=torch.sin,
    cos=torch.cos, rsqrt=torch.rsqrt, mse=F.mse_loss, mae=F.l1_loss, huber=F.huber_loss,
    smooth_l1=F.smooth_l1_loss, hinge=hinge, kl_div=F.kl_div, bce=F.binary_cross_entropy,
    bce_with_logits=bce_with_logits, triplet=triplet, cosine_embedding=cosine_embedding,
    cross_entropy=weighted(F.cross_entropy), nll=weighted(F.nll_loss), true=True, false=False)


def python(case):
    while "|>" in case:
        left, _, right = case.partition(" |> ")
        nested = re.match(r"(\w+)(\((.*?)\)(?= \|> |$))?", right)
        args = nested.group(3)
        case = f"{nested.group(1)}({left}{', ' + args if args else ''})" + right[nested.end():]
    return case


def entry(expect, name, t):
    t = t.detach()
    if t.numel() > 400:
        name, t = name + "@7", t.flatten()[::7]
    expect[name] = list(t.shape), t.flatten().tolist()


def make(name):
    m = Maker(name)
    inputs, cases = programs.programs()[name]
    fields = {k: torch.tensor(v).reshape(s) for k, (s, v) in programs.batch(name)[0].items()}
    values = {k: fields[k] if k in fields else
              fields[k + "0"] + m.make("p" + k, *inputs[k]) for k in inputs}
    scope = {**NAMES, **layers(m)}
    outputs = [eval(python(c), dict(scope), values) for c in cases]  # our own texts, from programs.py
    loss = sum((3 * o + 1).sin().sum() for o in outputs)
    loss.backward()
    expect = {}
    entry(expect, "loss", loss)
    for i, o in enumerate(outputs):
        if programs.shown(i, cases):
            entry(expect, f"output.out{i}", o)
    for path, t in m.param.items():
        entry(expect, "grad." + path, t.grad)
    for path, t in m.buffer.items():
        entry(expect, "buffer." + path, t)
    with open(f"{HERE}/{name}.shapes.json", "w", encoding="utf-8") as f:
        json.dump(m.shapes, f)
        f.write("\n")
    safetensors.save(f"{HERE}/{name}.expect.safetensors", expect)


if __name__ == "__main__":
    for program in sys.argv[1:] or programs.programs():
        make(program)
