"""torch_names.py - PyTorch's layers, functions and losses under nnc's names and arguments."""
import torch
import torch.nn.functional as F
from torch.nn.utils import rnn

import programs

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


class Maker:
    """The tensors of one program, made as they are first met."""

    def __init__(self, name, training):
        self.name, self.training = name, training
        self.shapes, self.param, self.buffer, self.count = {}, {}, {}, {}

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
        def f(x, hidden, layers=1, bidirectional=False, dropout=0, lengths=None):
            p = m.path(kind)
            net = cls(x.shape[-1], hidden, layers, batch_first=True, bidirectional=bidirectional)
            named = {k: m.make(p + k, *t.shape) for k, t in net.named_parameters()}
            if lengths is None:
                return torch.func.functional_call(net, named, x)[0]
            packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            y = torch.func.functional_call(net, named, (packed,))[0]
            return rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0]
        return f

    def dense(x, units, bias=True):
        p = m.path("dense")
        w = m.make(p + "weight", units, x.shape[-1])
        return F.linear(x, w, m.make(p + "bias", units) if bias else None)

    def embedding(index, rows, dim):
        return F.embedding(index, m.make(m.path("embedding") + "weight", rows, dim))

    def multi_head_attention(x, heads, context=None, causal=False, dropout=0, bias=True):
        p, c = m.path("multi_head_attention"), x.shape[-1]
        context = x if context is None else context
        net = torch.nn.MultiheadAttention(c, heads, bias=bias, batch_first=True)
        named = {k: m.make(p + k, *t.shape) for k, t in net.named_parameters()}
        q, k = x.shape[1], context.shape[1]
        mask = torch.ones(q, k, dtype=torch.bool).triu(k - q + 1) if causal else None
        return torch.func.functional_call(net, named, (x, context, context),
                                          dict(attn_mask=mask, need_weights=False))[0]

    def norm(kind, fn):
        def f(x, *args, affine=True, eps=1e-5, **kw):
            p, c = m.path(kind), x.shape[-1 if kind in ("layer_norm", "rms_norm") else 1]
            w = m.make(p + "weight", c) if affine else None
            b = m.make(p + "bias", c) if affine and kind != "rms_norm" else None
            if kind == "batch_norm":
                kw = dict(kw, mean=m.state(p + "running_mean", c), var=m.state(p + "running_var", c))
            return fn(x, w, b, eps, *args, **kw)
        return f

    return dict(
        conv1d=conv(1, "conv1d"), conv2d=conv(2, "conv2d"), conv3d=conv(3, "conv3d"),
        depthwise_conv2d=depthwise_conv2d, conv_transpose2d=conv_transpose2d,
        rnn=recurrent("rnn", torch.nn.RNN), gru=recurrent("gru", torch.nn.GRU),
        lstm=recurrent("lstm", torch.nn.LSTM), multi_head_attention=multi_head_attention,
        dense=dense, embedding=embedding,
        instance_norm=lambda x, affine=False, eps=1e-5: norm(
            "instance_norm", lambda x, w, b, eps: F.instance_norm(x, weight=w, bias=b, eps=eps))(
                x, affine=affine, eps=eps),
        layer_norm=norm("layer_norm", lambda x, w, b, eps: F.layer_norm(x, w.shape, w, b, eps)),
        rms_norm=norm("rms_norm", lambda x, w, b, eps: F.rms_norm(x, w.shape, w, eps)),
        group_norm=norm("group_norm", lambda x, w, b, eps, g: F.group_norm(x, g, w, b, eps)),
        batch_norm=norm("batch_norm", lambda x, w, b, eps, mean, var, momentum=0.1: F.batch_norm(
            x, mean, var, w, b, m.training, momentum, eps)))


def pad(x, amounts, value=0, mode="constant"):
    if mode == "constant":
        return F.pad(x, amounts, value=value)
    return F.pad(x, amounts, mode={"reflect": "reflect", "edge": "replicate"}[mode])


def axes(x, dim):
    return tuple(range(x.ndim)) if dim is None else tuple(dim) if isinstance(dim, list) else (dim,)


def prod(x, dim=None, keepdim=False):
    for d in sorted((d % x.ndim for d in axes(x, dim)), reverse=True):
        x = x.prod(d, keepdim=keepdim)
    return x


def reduced(fn):
    return lambda x, dim=None, keepdim=False, **kw: fn(x, axes(x, dim), keepdim=keepdim, **kw)


def extremes(two, over):
    def f(x, y=None, dim=None, keepdim=False):
        if y is not None:
            x = torch.as_tensor(x, dtype=torch.float64)
            return two(x, torch.as_tensor(y, dtype=torch.float64))
        return over(x, axes(x, dim), keepdim)
    return f


def first(x, dim, over):
    """The place of the first largest (over: max) or smallest."""
    best = x.detach() == over(x.detach(), dim=dim, keepdim=True)
    return (best.cumsum(dim) == 0).sum(dim)


def extreme(x, dim, over):
    """The first of equal extremes: it alone has a gradient."""
    return x.gather(dim, first(x, dim, over).unsqueeze(dim)).squeeze(dim)


def clamp(x, min=None, max=None):
    return torch.clamp(x, min, max)


def causal_mask(x):
    q, k = x.shape[-2:]
    return x.masked_fill(torch.ones(q, k, dtype=torch.bool).triu(k - q + 1), -torch.inf)


def crop(x, amounts):
    return F.pad(x, [-v for v in amounts])


def weighted(fn):
    def f(x, y, weight=None, **kw):
        x = x.movedim(-1, 1)
        if y.is_floating_point():
            y = y.movedim(-1, 1)
        return fn(x, y, weight=None if weight is None else torch.tensor(weight), **kw)
    return f


def done(r, reduction):
    return dict(mean=r.mean(), sum=r.sum(), none=r)[reduction]


def hinge(x, y, reduction="mean"):
    return done((1 - y * x).clamp(min=0), reduction)


def contrastive(d, same, margin=1, reduction="mean"):
    return done(same * d + (1 - same) * (margin - d.sqrt()).clamp(min=0) ** 2, reduction)


def kl_div(log_p, q, reduction="mean"):
    r = F.kl_div(log_p, q, reduction="none")              # "mean" would warn about what it means
    return done(r, reduction)


def triplet(a, p, n, margin=1.0, reduction="mean"):
    return F.triplet_margin_loss(a, p, n, margin, reduction=reduction)


def cosine_embedding(a, b, y, margin=0.0, reduction="mean"):
    r = F.cosine_embedding_loss(a.flatten(0, 1), b.flatten(0, 1), y.flatten(), margin,
                                reduction=reduction)
    return r.reshape(y.shape) if reduction == "none" else r


def bce_with_logits(x, y, weight=None, pos_weight=None, reduction="mean"):
    def t(w):
        return w if w is None or isinstance(w, torch.Tensor) else torch.tensor(w)
    return F.binary_cross_entropy_with_logits(x, y, weight=t(weight), pos_weight=t(pos_weight),
                                              reduction=reduction)


NAMES = dict(
    torch=torch, true=True, false=False, max=None, min=None,
    upsample=lambda x, k, mode="nearest": F.interpolate(
        x, scale_factor=tuple(float(v) for v in both(k, 2)), mode=mode),
    pixel_shuffle=F.pixel_shuffle, spatial_dropout=lambda x, p=0.5: x,
    gaussian_noise=lambda x, std: x, dropout=lambda x, p=0.5: x,
    global_max_pool=lambda x: x.flatten(2).amax(2), global_avg_pool=lambda x: x.flatten(2).mean(2),
    pad=pad, crop=crop, flatten=lambda x: x.flatten(1), unsqueeze=torch.unsqueeze,
    squeeze=torch.squeeze, permute=lambda x, *d: x.permute(d), reverse=lambda x, dim: x.flip(dim),
    transpose=lambda x, d0=-1, d1=-2: x.transpose(d0, d1), last=lambda x: x[:, -1],
    concat=lambda *x, dim: torch.cat(x, dim), matmul=torch.matmul, einsum=torch.einsum,
    dot=lambda a, b: (a * b).sum(-1), causal_mask=causal_mask, where=torch.where,
    **{f"{k}_pool{n}d": getattr(F, f"{k}_pool{n}d") for k in ("max", "avg") for n in (1, 2, 3)},
    sum=reduced(torch.sum), mean=reduced(torch.mean), var=reduced(torch.var), std=reduced(torch.std),
    prod=prod, cumsum=lambda x, dim: x.cumsum(dim),
    norm=lambda x, dim=None, keepdim=False: torch.linalg.vector_norm(x, dim=dim, keepdim=keepdim),
    first=first, extreme=extreme, one_hot=F.one_hot,
    pick=lambda x, i: x.gather(-1, i.unsqueeze(-1)).squeeze(-1),
    relu=F.relu, gelu=F.gelu, silu=F.silu, tanh=torch.tanh, sigmoid=torch.sigmoid,
    softplus=lambda x: F.softplus(x, threshold=1000), elu=F.elu, leaky_relu=lambda x, slope=0.01: F.leaky_relu(x, slope),
    hardswish=lambda x: x * (x + 3).clamp(0, 6) / 6, softmax=lambda x, dim=-1: x.softmax(dim),
    log_softmax=lambda x, dim=-1: x.log_softmax(dim), clamp=clamp,
    exp=torch.exp, log=torch.log, sqrt=torch.sqrt, abs=torch.abs, erf=torch.erf,
    log1p=torch.log1p, expm1=torch.expm1, sin=torch.sin, cos=torch.cos, rsqrt=torch.rsqrt,
    sign=torch.sign, floor=torch.floor, ceil=torch.ceil, round=torch.round, square=torch.square,
    pow=torch.pow, stop_gradient=lambda x: x.detach(), zeros_like=torch.zeros_like,
    ones_like=torch.ones_like, mse=F.mse_loss, mae=F.l1_loss,
    huber=lambda x, y, delta=1.0, **kw: F.huber_loss(x, y, delta=delta, **kw),
    smooth_l1=F.smooth_l1_loss, hinge=hinge, kl_div=kl_div, bce=F.binary_cross_entropy,
    bce_with_logits=bce_with_logits, triplet=triplet, cosine_embedding=cosine_embedding,
    contrastive=contrastive, cross_entropy=weighted(F.cross_entropy), nll=weighted(F.nll_loss))
NAMES["max"] = extremes(torch.maximum, torch.amax)
NAMES["min"] = extremes(torch.minimum, torch.amin)
