"""torch_nn.py - the language's layers, functions and losses, written with PyTorch in double.

Functions have the names, arguments and defaults of language.md.  Those of LAYERS get the interpreter
first, which gives them their tensors by name and shape (`p("weight", 3, 4)`).
"""
import math
import re

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


class Cls:
    """A tensor of classes 0..k-1."""

    def __init__(self, t, k):
        self.t, self.k = t, k


def real(x):
    if isinstance(x, Cls):
        raise TypeError("classes take part in no arithmetic")
    if torch.is_tensor(x) and x.dtype != torch.float64:
        return x.double()
    return x


def tensor(x):
    return real(x) if torch.is_tensor(x) else torch.tensor(x, dtype=torch.float64)


def dims_of(x, dim):
    if dim is None:
        return tuple(range(x.dim()))
    return tuple(d % x.dim() for d in (dim if isinstance(dim, list) else [dim]))


# ---- element by element ------------------------------------------------------------------------

def each(f):
    return lambda x: f(real(x))


def where(condition, a, b):
    return torch.where(condition.bool() if torch.is_tensor(condition) else torch.tensor(bool(condition)), tensor(a), tensor(b))


def maximum(x, y=None, dim=None, keepdim=False):
    if y is not None:
        return torch.maximum(tensor(x), tensor(y)) if torch.is_tensor(x) or torch.is_tensor(y) else max(x, y)
    return extreme(real(x), dim, keepdim, torch.max)


def minimum(x, y=None, dim=None, keepdim=False):
    if y is not None:
        return torch.minimum(tensor(x), tensor(y)) if torch.is_tensor(x) or torch.is_tensor(y) else min(x, y)
    return extreme(real(x), dim, keepdim, torch.min)


def as_rows(x, dims):
    """x with `dims` last, in one dimension."""
    rest = [d for d in range(x.dim()) if d not in dims]
    return x.permute(*rest, *dims).reshape([x.shape[d] for d in rest] + [-1])


def kept(y, x, dims, keepdim):
    return y.reshape([1 if d in dims else x.shape[d] for d in range(x.dim())]) if keepdim else y


def extreme(x, dim, keepdim, f):
    dims = dims_of(x, dim)
    return kept(f(as_rows(x, dims), -1).values, x, dims, keepdim)        # the first of equal ones


def clamp(x, min=None, max=None):
    return torch.clamp(real(x), min, max)


def pow_(x, y):
    return tensor(x) ** y if torch.is_tensor(x) or torch.is_tensor(y) else x ** y


# ---- reductions ----------------------------------------------------------------------------------

def sum_(x, dim=None, keepdim=False):
    return real(x).sum(dims_of(x, dim), keepdim)


def mean(x, dim=None, keepdim=False):
    return real(x).mean(dims_of(x, dim), keepdim)


def var(x, dim=None, unbiased=True, keepdim=False):
    return real(x).var(dims_of(x, dim), unbiased=unbiased, keepdim=keepdim)


def root(s):
    zero = s == 0
    return torch.where(zero, 0.0, torch.sqrt(torch.where(zero, 1.0, s)))


def std(x, dim=None, unbiased=True, keepdim=False):
    return root(var(x, dim, unbiased, keepdim))


def norm(x, dim=None, keepdim=False):
    return root(sum_(real(x) * real(x), dim, keepdim))


def prod(x, dim=None, keepdim=False):
    dims = dims_of(x, dim)
    return kept(as_rows(real(x), dims).prod(-1), x, dims, keepdim)


def arg(f):
    def found(x, dim=None, keepdim=False):
        dims = dims_of(x, dim)
        rows = as_rows(x, dims)
        return Cls(kept(f(rows, -1), x, dims, keepdim), rows.shape[-1])
    return found


# ---- shapes ------------------------------------------------------------------------------------------

def size(args):
    return [int(a) for a in args]


def squeeze(x, dim=None):
    if dim is not None:
        return x.squeeze(dim)
    return x.reshape([x.shape[0]] + [n for n in x.shape[1:] if n != 1])


def unsqueeze(x, dim):
    return x.unsqueeze(dim)


def split(x, parts, dim=-1):
    return list(x.split(parts, dim) if isinstance(parts, list) else x.chunk(parts, dim))


def pad(x, amounts, value=0, mode="constant"):
    if mode == "constant":
        return F.pad(x, amounts, value=value)
    shape, k = x.shape, len(amounts) // 2
    rows = x.reshape(1, -1, *shape[-k:])
    y = F.pad(rows, amounts, mode="replicate" if mode == "edge" else mode)
    return y.reshape(*shape[:-k], *y.shape[2:])


def crop(x, amounts):
    return F.pad(x, [-a for a in amounts])


def along(v, x, dim):
    return v.reshape([v.shape[0] if d == dim % x.dim() else 1 for d in range(x.dim())])


def names(side):
    """["n", ["h", "d"], "1"] of "n (h d) 1"."""
    return [part[1:-1].split() if part[0] == "(" else part for part in re.findall(r"\([^)]*\)|\S+", side)]


def open_groups(x, side, sizes):
    """x with one dimension for each name, and those names; "..." becomes names of its own."""
    more = x.dim() - sum(g != "..." for g in side)
    flat, shape, at = [], [], 0
    for g in side:
        if g == "...":
            flat += [f".{i}" for i in range(more)]
            shape += list(x.shape[at:at + more])
            at += more
        elif isinstance(g, list):
            known = [sizes.get(n) for n in g]
            rest = x.shape[at] // math.prod(k for k in known if k)
            flat += g
            shape += [k or rest for k in known]
            at += 1
        else:
            flat += [] if g == "1" else [g]
            shape += [] if g == "1" else [x.shape[at]]
            at += 1
    return x.reshape(shape), flat, dict(zip(flat, shape))


def spread(side, flat):
    out = []
    for g in side:
        out += [n for n in flat if n[0] == "."] if g == "..." else g if isinstance(g, list) else [] if g == "1" else [g]
    return out


def close_groups(x, side, length):
    shape = []
    for g in side:
        if g == "...":
            shape += [n for k, n in length.items() if k[0] == "."]
        elif isinstance(g, list):
            shape.append(math.prod(length[n] for n in g))
        else:
            shape.append(1 if g == "1" else length[g])
    return x.reshape(shape)


def rearrange(x, pattern, **sizes):
    a, b = (names(s) for s in pattern.split("->"))
    x, flat, length = open_groups(x, a, sizes)
    return close_groups(x.permute([flat.index(n) for n in spread(b, flat)]), b, length)


def reduce(x, pattern, how, **sizes):
    a, b = (names(s) for s in pattern.split("->"))
    x, flat, length = open_groups(real(x), a, sizes)
    keep = spread(b, flat)
    gone = [d for d, n in enumerate(flat) if n not in keep]
    f = {"mean": mean, "sum": sum_, "max": maximum, "min": minimum, "prod": prod,
         "var": lambda x, dim: var(x, dim, False), "unbiased_var": var}[how]
    x = f(x, dim=gone) if gone else x
    left = [n for n in flat if n in keep]
    return close_groups(x.permute([left.index(n) for n in keep]), b, length)


def one_hot(index, num_classes=None):
    return F.one_hot(index.t, num_classes or index.k).double()


def pick(x, index):
    return x.gather(-1, index.t.unsqueeze(-1)).squeeze(-1)


def causal_mask(x):
    q, k = x.shape[-2:]
    return x.masked_fill(torch.ones(q, k).triu(1 + k - q).bool(), -math.inf)


# ---- layers --------------------------------------------------------------------------------------------

def bias_of(p, bias, n):
    return p("bias", n) if bias else None


def dense(p, x, units, bias=True):
    return F.linear(real(x), p("weight", units, x.shape[-1]), bias_of(p, bias, units))


def many(v, n):
    return list(v) if isinstance(v, list) else [v] * n


def conv(n):
    f = (F.conv1d, F.conv2d, F.conv3d)[n - 1]

    def layer(p, x, filters, kernel, stride=1, padding=0, dilation=1, groups=1, bias=True):
        return f(real(x), p("weight", filters, x.shape[1] // groups, *many(kernel, n)), bias_of(p, bias, filters), many(stride, n),
                 padding if isinstance(padding, str) else many(padding, n), many(dilation, n), groups)
    return layer


def depthwise_conv2d(p, x, kernel, stride=1, padding=0, dilation=1, multiplier=1, bias=True):
    c = x.shape[1]
    return F.conv2d(real(x), p("weight", c * multiplier, 1, *many(kernel, 2)), bias_of(p, bias, c * multiplier), many(stride, 2),
                    padding if isinstance(padding, str) else many(padding, 2), many(dilation, 2), c)


def conv_transpose2d(p, x, filters, kernel, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1):
    weight = p("weight", x.shape[1], filters // groups, *many(kernel, 2))
    return F.conv_transpose2d(real(x), weight, bias_of(p, bias, filters), many(stride, 2), many(padding, 2),
                              many(output_padding, 2), groups, many(dilation, 2))


def max_pool(f):
    return lambda x, kernel, stride=None, padding=0, ceil_mode=False: f(x, kernel, stride, padding, ceil_mode=ceil_mode)


def avg_pool3d(x, kernel, stride, padding, ceil_mode, count_include_pad):
    """PyTorch's, which refuses images below the kernel before it pads them: here they are padded before, and the means
    divided by the part of a window that counts."""
    k, s, p = many(kernel, 3), many(stride or kernel, 3), many(padding, 3)
    more = []                               # behind the padding, for the last window of ceil_mode
    for n, kk, ss, pp in zip(x.shape[2:], k, s, p):
        o = (n + 2 * pp - kk + (ss - 1 if ceil_mode else 0)) // ss + 1
        o -= ceil_mode and (o - 1) * ss >= n + pp
        more.append(max(0, (o - 1) * ss + kk - n - 2 * pp))

    def around(t, before, after):
        return F.pad(t, [v for i in (2, 1, 0) for v in (before[i], after[i])])

    none, behind = (0, 0, 0), [a + b for a, b in zip(p, more)]
    ones = torch.ones_like(x)
    counts = around(F.pad(ones, [v for i in (2, 1, 0) for v in (p[i], p[i])], value=1.0), none, more) \
        if count_include_pad else around(ones, p, behind)
    return F.avg_pool3d(around(x, p, behind), k, s) / F.avg_pool3d(counts, k, s)


def avg_pool(f):
    return lambda x, kernel, stride=None, padding=0, ceil_mode=False, count_include_pad=True: f(
        x, kernel, stride, padding, ceil_mode, count_include_pad)


def batch_norm(p, x, momentum=0.1, eps=1e-5):
    c = x.shape[1]
    m, v, w, b = p.buffer("running_mean", c), p.buffer("running_var", c), p("weight", c), p("bias", c)
    if not p.training():
        return F.batch_norm(x, m, v, w, b, False, momentum, eps)
    m, v = m.clone(), v.clone()
    if x.numel() == c:                      # PyTorch refuses one value a channel; there is no spread
        p.update("running_mean", (1 - momentum) * m + momentum * x.flatten().detach())
        p.update("running_var", (1 - momentum) * v)
        return F.batch_norm(x, x.flatten(), torch.zeros_like(v), w, b, False, momentum, eps)
    y = F.batch_norm(x, m, v, w, b, True, momentum, eps)
    p.update("running_mean", m)
    p.update("running_var", v)
    return y


def layer_norm(p, x, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], p("weight", x.shape[-1]), p("bias", x.shape[-1]), eps)


def group_norm(p, x, groups, eps=1e-5):
    w, b = p("weight", x.shape[1]), p("bias", x.shape[1])
    if x.shape[1:].numel() == groups:       # PyTorch refuses one value a group; there is no spread
        return 0 * x + b.reshape(-1, *[1] * (x.dim() - 2)) + 0 * w.sum()
    return F.group_norm(x, groups, w, b, eps)


def instance_norm(p, x, eps=1e-5, affine=False):
    rows = x.reshape(*x.shape[:2], -1)
    y = (rows - rows.mean(-1, True)) / torch.sqrt(rows.var(-1, unbiased=False, keepdim=True) + eps)
    if affine:
        y = y * p("weight", x.shape[1])[:, None] + p("bias", x.shape[1])[:, None]
    return y.reshape(x.shape)


def rms_norm(p, x, eps=1e-5):
    return F.rms_norm(x, x.shape[-1:], p("weight", x.shape[-1]), eps)


def embedding(p, index, rows, dim):
    return F.embedding(index.t, p("weight", rows, dim))


def upsample(x, k, mode="nearest"):
    scale = [float(s) for s in many(k, 2)]
    return F.interpolate(x, scale_factor=scale, mode=mode, **({} if mode == "nearest" else {"align_corners": False}))


def recurrent(cell):
    def step(x, h, c, w):
        if cell == "lstm":
            return torch.lstm_cell(x, (h, c), *w)
        return (torch.gru_cell if cell == "gru" else torch.rnn_tanh_cell)(x, h, *w), c

    def layer(p, x, hidden, layers=1, bidirectional=False, dropout=0, lengths=None):
        n, t = x.shape[:2]
        end = None if lengths is None else lengths.t if isinstance(lengths, Cls) else lengths
        for level in range(layers):
            sides = []
            for name, order in (("", range(t)), ("_reverse", reversed(range(t))))[:1 + bidirectional]:
                n_gates = {"rnn": 1, "gru": 3, "lstm": 4}[cell] * hidden
                w = [p(f"{k}_l{level}{name}", n_gates, *more) for k, more in (
                    ("weight_ih", (x.shape[2],)), ("weight_hh", (hidden,)), ("bias_ih", ()), ("bias_hh", ()))]
                h = c = torch.zeros(n, hidden)
                y = [None] * t
                for i in order:
                    h2, c2 = step(x[:, i], h, c, w)
                    alive = torch.ones(n, 1).bool() if end is None else (i < end).unsqueeze(1)
                    h, c = torch.where(alive, h2, h), torch.where(alive, c2, c)
                    y[i] = torch.where(alive, h2, 0.0)
                sides.append(torch.stack(y, 1))
            x = torch.cat(sides, 2)
        return x
    return layer


def multi_head_attention(p, x, heads, context=None, causal=False, dropout=0, bias=True):
    context = x if context is None else context
    c = x.shape[-1]
    w, b = p("in_proj_weight", 3 * c, c).chunk(3), (p("in_proj_bias", 3 * c).chunk(3) if bias else (None,) * 3)
    q, k, v = (F.linear(s, w[i], b[i]).unflatten(-1, (heads, -1)).transpose(1, 2)
               for i, s in enumerate((x, context, context)))
    s = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    y = ((causal_mask(s) if causal else s).softmax(-1) @ v).transpose(1, 2).flatten(2)
    return F.linear(y, p("out_proj.weight", c, c), p("out_proj.bias", c) if bias else None)


# ---- losses ----------------------------------------------------------------------------------------------

def reduced(x, reduction):
    return x.mean() if reduction == "mean" else x.sum() if reduction == "sum" else x


def list_tensor(w):
    return None if w is None else tensor(w) if not torch.is_tensor(w) else w


def last_first(x):
    return x.movedim(-1, 1) if x.dim() > 2 else x


def cross_entropy(logits, y, label_smoothing=0, weight=None, reduction="mean"):
    target = y.t if isinstance(y, Cls) else last_first(y)
    return F.cross_entropy(last_first(logits), target, list_tensor(weight), reduction=reduction, label_smoothing=label_smoothing)


def nll(log_p, y, weight=None, reduction="mean"):
    return F.nll_loss(last_first(log_p), y.t, list_tensor(weight), reduction=reduction)


def plain(f):
    def loss(y, t, reduction="mean", **more):
        return f(*torch.broadcast_tensors(real(y), real(t)), reduction=reduction, **more)
    return loss


def huber(y, t, delta=1, reduction="mean"):
    return F.huber_loss(y, real(t), reduction, float(delta))


def bce_with_logits(z, t, weight=None, pos_weight=None, reduction="mean"):
    return F.binary_cross_entropy_with_logits(z, real(t), list_tensor(weight), reduction=reduction, pos_weight=list_tensor(pos_weight))


def kl_div(log_p, q, reduction="mean"):
    return F.kl_div(log_p, q, reduction=reduction)


def hinge(score, y, reduction="mean"):
    return reduced(torch.clamp_min(1 - y * score, 0), reduction)


def contrastive(d, same, margin=1, reduction="mean"):
    return reduced(same * d + (1 - same) * torch.clamp_min(margin - root(d), 0) ** 2, reduction)


def triplet(a, p, n, margin=1, reduction="mean"):
    return F.triplet_margin_loss(a, p, n, float(margin), reduction=reduction)


def cosine_embedding(a, b, y, margin=0, reduction="mean"):
    return F.cosine_embedding_loss(a, b, y, float(margin), reduction=reduction)


LAYERS = {
    "dense": dense, "conv1d": conv(1), "conv2d": conv(2), "conv3d": conv(3), "depthwise_conv2d": depthwise_conv2d,
    "conv_transpose2d": conv_transpose2d, "batch_norm": batch_norm, "layer_norm": layer_norm, "group_norm": group_norm,
    "instance_norm": instance_norm, "rms_norm": rms_norm, "embedding": embedding, "rnn": recurrent("rnn"),
    "gru": recurrent("gru"), "lstm": recurrent("lstm"), "multi_head_attention": multi_head_attention,
}
FUNCTIONS = {
    "exp": each(torch.exp), "log": each(torch.log), "sqrt": each(torch.sqrt), "rsqrt": each(torch.rsqrt), "abs": each(torch.abs),
    "sign": each(torch.sign), "floor": each(torch.floor), "ceil": each(torch.ceil), "round": each(torch.round),
    "log1p": each(torch.log1p), "expm1": each(torch.expm1), "sin": each(torch.sin), "cos": each(torch.cos), "erf": each(torch.erf),
    "square": each(torch.square), "pow": pow_, "where": where, "max": maximum, "min": minimum, "clamp": clamp,
    "stop_gradient": lambda x: x.detach(), "relu": each(torch.relu), "tanh": each(torch.tanh), "sigmoid": each(torch.sigmoid),
    "softplus": each(lambda x: F.softplus(x, threshold=700)), "silu": each(F.silu),
    "leaky_relu": lambda x, slope=0.01: F.leaky_relu(x, slope), "elu": lambda x, alpha=1: F.elu(x, float(alpha)),
    "hardswish": each(lambda x: x * torch.clamp(x + 3, 0, 6) / 6), "softmax": lambda x, dim=-1: x.softmax(dim),
    "log_softmax": lambda x, dim=-1: x.log_softmax(dim), "gelu": lambda x, approximate="none": F.gelu(x, approximate=approximate),
    "sum": sum_, "mean": mean, "var": var, "std": std, "norm": norm, "prod": prod, "cumsum": lambda x, dim: x.cumsum(dim),
    "argmax": arg(torch.argmax), "argmin": arg(torch.argmin), "matmul": torch.matmul,
    "dot": lambda a, b: (a * b).sum(-1), "einsum": lambda pattern, *x: torch.einsum(pattern, *[real(v) for v in x]),
    "reduce": reduce, "rearrange": rearrange, "flatten": lambda x: x.flatten(1), "reshape": lambda x, *s: x.reshape(size(s)),
    "squeeze": squeeze, "unsqueeze": unsqueeze, "transpose": lambda x, d0=-1, d1=-2: x.transpose(d0, d1),
    "permute": lambda x, *d: x.permute(*d), "expand": lambda x, *s: x.expand(size(s)), "along": along,
    "reverse": lambda x, dim: x.flip(dim), "last": lambda x: x[:, -1],
    "concat": lambda *x, dim: torch.cat([real(v) for v in x], dim), "stack": lambda *x, dim: torch.stack([real(v) for v in x], dim),
    "split": split, "pad": pad, "crop": crop, "zeros_like": torch.zeros_like, "ones_like": torch.ones_like, "pick": pick,
    "one_hot": one_hot, "causal_mask": causal_mask, "floordiv": lambda a, b: a // b, "len": len,
    "max_pool1d": max_pool(F.max_pool1d), "max_pool2d": max_pool(F.max_pool2d), "max_pool3d": max_pool(F.max_pool3d),
    "avg_pool1d": avg_pool(F.avg_pool1d), "avg_pool2d": avg_pool(F.avg_pool2d), "avg_pool3d": avg_pool(avg_pool3d),
    "global_avg_pool": lambda x: x.flatten(2).mean(-1), "global_max_pool": lambda x: x.flatten(2).max(-1).values,
    "upsample": upsample, "pixel_shuffle": lambda x, r: F.pixel_shuffle(x, r), "cross_entropy": cross_entropy, "nll": nll,
    "mse": plain(F.mse_loss), "mae": plain(F.l1_loss), "huber": huber, "bce_with_logits": bce_with_logits,
    "smooth_l1": plain(lambda y, t, reduction, beta=1: F.smooth_l1_loss(y, t, reduction=reduction, beta=float(beta))),
    "bce": plain(F.binary_cross_entropy), "kl_div": kl_div, "hinge": hinge, "contrastive": contrastive, "triplet": triplet,
    "cosine_embedding": cosine_embedding, "rmse": lambda y, t: torch.sqrt(F.mse_loss(y, t)),
    "perplexity": lambda s, y: torch.exp(cross_entropy(s, y)),
}
