"""cases.py - the cases of the test programs: names, arguments, options of layers and functions.

A case is the text of an expression, which nnc and make_fixtures.py (as Python, with PyTorch's
functions under nnc's names) both evaluate; where the two spell it differently, a pair (nnc, Python).
PROGRAMS maps a program's name to its inputs and cases.  An input is a shape without the batch,
with its kind as last item if it is not real: "class4" (class(4)), "sign" (-1 or 1), "zero" (0 or 1),
"i32" (1 to 5), "length" (class(6), 1 to 5), "bool".
"""
import itertools
import zlib


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value)


def call(name, *args, **options):
    return f"{name}({', '.join([text(a) for a in args] + [f'{k} = {text(v)}' for k, v in options.items()])})"


def grid(**options):
    """Every combination of the options, as dictionaries, in an order without pattern."""
    made = [dict(zip(options, v)) for v in itertools.product(*options.values())]
    return sorted(made, key=lambda o: zlib.crc32(repr(o).encode()))


def each(v, n):
    return list(v) if isinstance(v, list) else [v] * n


def changed(options, **defaults):
    """Only what differs from the defaults: those are tested by being left out."""
    return {k: v for k, v in options.items() if v != defaults.get(k)}


# ---- windows -------------------------------------------------------------------------------------

def fits(size, o):
    """Is the convolution defined, and does its window touch the tensor?"""
    n = len(size)
    if o["padding"] in ("same", "valid"):
        if o["padding"] == "same":
            return all(s == 1 for s in each(o["stride"], n))
        o = {**o, "padding": 0}
    return all(s + 2 * p - d * (k - 1) - 1 >= 0 for s, p, d, k in zip(
        size, each(o["padding"], n), each(o["dilation"], n), each(o["kernel"], n)))


def convolutions(kind, inputs, want, **options):
    """want cases of a convolution, over the inputs {name: shape} in turn."""
    out, names = [], list(inputs)
    for o in grid(**options):
        name = names[len(out) % len(names)]
        c, *size = inputs[name]
        if len(out) == want:
            break
        if c % o.get("groups", 1) or o.get("filters", 0) % o.get("groups", 1) or not fits(size, o):
            continue
        args = [o[k] for k in ("filters", "kernel") if k in o]
        rest = {k: v for k, v in o.items() if k not in ("filters", "kernel")}
        rest = changed(rest, stride=1, padding=0, dilation=1, groups=1, multiplier=1, bias=True)
        out.append(f"{name} |> {call(kind, *args, **rest)}")
    assert len(out) == want, (kind, len(out))
    return out


LINE = {"x": (4, 11), "y": (8, 6)}
PLANE = {"x": (4, 7, 6), "y": (6, 9, 5), "z": (4, 8, 11)}
VOLUME = {"x": (4, 4, 5, 3), "y": (2, 3, 4, 6)}

CONV1D = convolutions("conv1d", LINE, 40, filters=(8, 12), kernel=(1, 2, 3, 5), stride=(1, 2, 3),
                      padding=(0, 1, 2, "same", "valid"), dilation=(1, 2), groups=(1, 2, 4),
                      bias=(True, False))
CONV2D = convolutions(
    "conv2d", PLANE, 112, filters=(4, 12), kernel=(1, 2, 3, [3, 2], [1, 4], [5, 3]),
    stride=(1, 2, 3, [2, 1], [1, 3]), padding=(0, 1, 2, [1, 0], [0, 2], "same", "valid"),
    dilation=(1, 2, [2, 1], [1, 3]), groups=(1, 1, 2, 4, 6), bias=(True, True, False))
CONV3D = convolutions(
    "conv3d", VOLUME, 24, filters=(4, 2), kernel=(1, 2, [2, 3, 1], [1, 2, 3]),
    stride=(1, 2, [1, 2, 1]), padding=(0, 1, [1, 0, 1], "same"), dilation=(1, [1, 2, 1]),
    groups=(1, 2, 4), bias=(True, False))
DEPTHWISE = convolutions(
    "depthwise_conv2d", PLANE, 28, kernel=(1, 2, 3, [3, 2], [1, 4]), stride=(1, 2, [2, 3]),
    padding=(0, 1, [1, 2], "same"), dilation=(1, 2, [1, 2]), multiplier=(1, 2, 3),
    bias=(True, False))


def transposed(want):
    out, shapes = [], {"x": (4, 4, 3), "y": (6, 5, 2)}
    for o in grid(filters=(4, 6), kernel=(1, 2, 3, [3, 2], [2, 4]), stride=(1, 2, 3, [3, 2]),
                  padding=(0, 1, [1, 0]), output_padding=(0, 1, [0, 1], [2, 0]),
                  dilation=(1, 2, [2, 1]), groups=(1, 2), bias=(True, False)):
        name = "xy"[len(out) % 2]
        k, s, p, q, d = (each(o[n], 2) for n in (
            "kernel", "stride", "padding", "output_padding", "dilation"))
        if len(out) == want:
            break
        if any(q[i] >= s[i] and q[i] >= d[i] or
               (shapes[name][i + 1] - 1) * s[i] - 2 * p[i] + d[i] * (k[i] - 1) + q[i] < 0
               for i in range(2)):
            continue
        rest = {n: v for n, v in o.items() if n not in ("filters", "kernel")}
        rest = changed(rest, stride=1, padding=0, dilation=1, groups=1, output_padding=0, bias=True)
        out.append(f"{name} |> {call('conv_transpose2d', o['filters'], o['kernel'], **rest)}")
    return out


def pools(n, inputs, want, **options):
    out, names = [], list(inputs)
    for o in grid(kind=("max", "avg"), ceil_mode=(False, True), count_include_pad=(True, False),
                  **options):
        name = names[len(out) % len(names)]
        k, p = each(o["kernel"], n), each(o["padding"], n)
        if len(out) == want:
            break
        if any(2 * p[i] > k[i] or inputs[name][i + 1] + 2 * p[i] < k[i] for i in range(n)):
            continue
        kind, kernel = o.pop("kind"), o.pop("kernel")
        if kind == "max":
            o.pop("count_include_pad")
        out.append(f"{name} |> " + call(f"{kind}_pool{n}d", kernel, **changed(
            o, padding=0, ceil_mode=False, count_include_pad=True, stride=kernel)))
    assert len(out) == want, n
    return out


POOL1D = pools(1, LINE, 28, kernel=(1, 2, 3, 5), stride=(1, 2, 3), padding=(0, 1, 2))
POOL2D = pools(2, {"x": (2, 7, 6), "y": (3, 9, 5)}, 84, kernel=(2, 3, [3, 2], [1, 4]),
               stride=(1, 2, [2, 3], 4), padding=(0, 1, [1, 0], [0, 1]))
POOL3D = pools(3, {"x": (2, 4, 5, 3), "y": (1, 3, 4, 6)}, 16, kernel=(2, 3, [1, 2, 3]),
               stride=(1, 2, [2, 1, 3]), padding=(0, 1, [0, 1, 1]))

GRIDS = {                              # inputs, cases, number of programs that they are dealt to
    "conv1d": (LINE, CONV1D, 2), "conv2d": (PLANE, CONV2D, 4), "conv3d": (VOLUME, CONV3D, 1),
    "depthwise": (PLANE, DEPTHWISE, 1),
    "transposed": ({"x": (4, 4, 3), "y": (6, 5, 2)}, transposed(56), 2),
    "pool1d": (LINE, POOL1D, 1), "pool2d": ({"x": (2, 7, 6), "y": (3, 9, 5)}, POOL2D, 3),
    "pool3d": ({"x": (2, 4, 5, 3), "y": (1, 3, 4, 6)}, POOL3D, 1),
}

# ---- sequences -----------------------------------------------------------------------------------

SEQUENCE = {"x": (5, 3), "n": ("length",), "k": ("i32",)}
RECURRENT = [f"x |> {call(kind, 3, **changed(dict(layers=n, bidirectional=b), layers=1, bidirectional=False))}"
             for kind in ("rnn", "gru", "lstm")
             for n, b in ((1, False), (1, True), (2, False), (2, True), (3, True))]
RECURRENT += ["x |> gru(3, layers = 3) |> last", "x |> lstm(4, layers = 3)",
              "x |> rnn(2, bidirectional = true) |> last"]
LENGTHS = [f"x |> {kind}(3{rest})" for kind in ("rnn", "gru", "lstm") for rest in (
    ", lengths = n", ", bidirectional = true, lengths = k", ", layers = 2, lengths = k",
    ", layers = 2, bidirectional = true, dropout = 0, lengths = n")]
LENGTHS += ["x |> lstm(2, layers = 3, bidirectional = true, lengths = n) |> last"]

ATTENTION = [
    "multi_head_attention(x, 2)", "multi_head_attention(x, 1, causal = true)",
    "multi_head_attention(x, 4, bias = false)", "multi_head_attention(x, 2, causal = true, bias = false)",
    "multi_head_attention(x, 2, c)", "multi_head_attention(x, 8, context = c, bias = false)",
    "multi_head_attention(x, 2, c, causal = true)", "x |> multi_head_attention(4, dropout = 0)",
    "softmax(causal_mask(x @ transpose(c)))", "softmax(causal_mask(x @ transpose(x)))",
    ("softmax(causal_mask(rearrange(x, \"n t (h d) -> n h t d\", h = 2) @ rearrange(x, \"n t (h d) -> n h d t\", h = 2)))",
     "softmax(causal_mask(x.unflatten(2, (2, 4)).transpose(1, 2) @ x.unflatten(2, (2, 4)).permute(0, 2, 3, 1)))"),
]

# ---- norms, images -------------------------------------------------------------------------------

NORM = {"a": (6,), "s": (6, 5), "x": (4, 3, 5), "v": (2, 3, 2, 4)}
NORMS = [
    "batch_norm(a)", "batch_norm(s)", "batch_norm(x)", "batch_norm(v)", "batch_norm(x, momentum = 0.3)",
    "batch_norm(s, eps = 0.01)", "group_norm(s, 1)", "group_norm(s, 3)", "group_norm(a, 2)",
    "group_norm(x, 2)", "group_norm(x, 4, eps = 0.1)", "group_norm(v, 2)", "instance_norm(s)",
    "instance_norm(x)", "instance_norm(v, affine = true)", "instance_norm(x, affine = true, eps = 0.01)",
    "layer_norm(a)", "layer_norm(s)", "layer_norm(x, eps = 0.1)", "rms_norm(a)", "rms_norm(s)",
    "rms_norm(x, eps = 0.1)",
]

IMAGES = [
    "upsample(x, 2)", "upsample(x, [1, 3])", 'upsample(x, 2, mode = "bilinear")',
    'upsample(x, [3, 2], mode = "bilinear")', 'upsample(x, 3, mode = "nearest")',
    'upsample(x, [1, 4], mode = "bilinear")', "pixel_shuffle(x, 2)",
    "spatial_dropout(x, 0)", "gaussian_noise(x, 0)", "dropout(x, 0)",
    "global_max_pool(x)", "global_avg_pool(x)", "global_avg_pool(x[:, :, 0])",
    "global_max_pool(unsqueeze(x, 1))", "flatten(x)", "flatten(x[:, 0, 0, :])",
    'pad(x, [2, 1, 1, 3], mode = "reflect")', 'pad(x, [2, 1, 1, 3], mode = "edge")',
    'pad(x[:, :, 0], [3, 1], mode = "reflect")', 'pad(x[:, :, 0], [0, 7], mode = "edge")',
    "pad(x, [2, 1, 0, 3], value = 0.5)", "pad(x, [1, 2])", "pad(x, [0, 0, 0, 1, 2, 1], value = -1)",
    "pad(x[:, 0, 0], [2, 0])", "pad(pad(x, [1, 1]), [0, 2, 1, 0], value = 3)",
    "crop(x, [1, 1, 0, 2])", "crop(x, [0, 3])", "crop(x, [1, 0, 1, 1, 2, 1])",
]

# ---- functions -----------------------------------------------------------------------------------

THREE = {"x": (5, 4), "y": (5, 4)}
ACTIVATIONS = [
    "relu(x)", "gelu(x)", 'gelu(x, approximate = "tanh")', 'gelu(x, approximate = "none")', "silu(x)",
    "tanh(x)", "sigmoid(x)", "softplus(x)", "softplus(40 * x)", "elu(x)", "elu(x, 0.5)",
    "elu(x, alpha = 2)", "leaky_relu(x)", "leaky_relu(x, 0.2)", "leaky_relu(x, slope = 0.1)",
    "hardswish(3 * x)", "softmax(x)", "softmax(x, dim = 1)", "softmax(30 * x)", "log_softmax(x)",
    "log_softmax(x, 1)", "log_softmax(x, dim = -2)", "clamp(x, -0.5, 0.7)", "clamp(x, max = 0.3)",
    "clamp(x, min = -0.2)", "sigmoid(60 * x)", "log_softmax(200 * x)", "x |> relu |> dense(3) |> tanh",
    "dense(x, 3, bias = false)", "dense(x[:, 0], 5)", "softmax(x, dim = 0)", "log_softmax(x, 0)",
]
ELEMENTS = [
    "exp(x)", "log(x * x + 0.1)", "sqrt(x * x + 0.1)", "rsqrt(x * x + 1)", "abs(x)", "sign(x) * y",
    "floor(3 * x) + y", "ceil(3 * x) * y", "round(3 * x) * y", "log1p(x * x)", "expm1(x)", "sin(x)",
    "cos(y)", "erf(x)", "square(x)", "pow(x, 3)", "pow(x * x + 0.1, y)", "x ** 2", "x ** -1",
    "2 ** x", "(x * x) ** 0.5", "-x ** 2", "x / (y * y + 1)", "1 - x", "x - 2", "3 / (x * x + 1)",
    "max(x, y)", "min(x, y)", "max(x, 0.2)", "min(0.1, x)", "max(x, x)", "where(x > y, x * y, y)",
]
CHOICES = [
    "where(x > 0, 1, y)", "where(x[:, :1] > 0, x, y)", "where(x > 0, x, y[:, :, :1])",
    ("where(x > 0, x[:, 0, 0] |> unsqueeze(1) |> unsqueeze(1), y)", "where(x > 0, x[:, :1, :1], y)"), "where(x > 0.5, 0.5, x)",
    ("(x > y) * x", "(x > y).double() * x"), ("(x >= 0) + (y < 0)", "(x >= 0).double() + (y < 0).double()"),
    ("where(x > 0 and y > 0, x, y)", "where((x > 0) & (y > 0), x, y)"),
    ("where(x > 0 or y > 0, x, y)", "where((x > 0) | (y > 0), x, y)"),
    ("where(not (x > 0), x, y)", "where(~(x > 0), x, y)"),
    ("where((x > 0) == (y > 0), x, y)", "where((x > 0) == (y > 0), x, y)"),
    ("where(b, x, y)", "where(b, x, y)"), ("b * x", "b.double() * x"),
    ("sum(b, dim = 1)", "b.double().sum(1)"), ("mean(x > 0, dim = -1)", "(x > 0).double().mean(-1)"),
    ("i + x", "i + x"), ("i * j", "(i * j).double()"), ("i - 2 * j", "(i - 2 * j).double()"),
    ("i / (j + 7)", "i / (j + 7)"), ("where(i > j, x, y)", "where(i > j, x, y)"),
    ("where(i == 2, x, y)", "where(i == 2, x, y)"), ("sum(i, dim = 2)", "i.double().sum(2)"),
    ("max(i, 1) * y", "i.clamp(min=1) * y"), ("where(i != j, i, j) * x", "where(i != j, i, j) * x"),
    "stop_gradient(x) * y", "x * stop_gradient(x * y)", ("abs(i - j) * x", "(i - j).abs() * x"),
    "zeros_like(x) + y", "ones_like(x) * y", ("zeros(N, 5, 4) + x", "0 + x"),
    ("ones(5, 4) * x + zeros(4)", "1 * x"), ("mean(x / N, dim = [1, 2])", "(x / 3).mean([1, 2])"),
]
CLASSES = [
    ("one_hot(k)", "one_hot(k, 4)"), ("one_hot(k[:, 0])", "one_hot(k[:, 0], 4)"), "pick(x, k)",
    "pick(x[:, 0], k[:, 0])", "pick(log_softmax(x), k)", ("where(k == k2, 1, 0) * x[:, :, 0]", "(k == k2) * x[:, :, 0]"),
    ("where(k == 2, x[:, :, 0], 0)", "where(k == 2, x[:, :, 0], 0)"),
    ("(k != 1) * x[:, :, 1]", "(k != 1).double() * x[:, :, 1]"),
    ("(argmax(x, dim = 2) == k) * y[:, :, 0]", "(x.argmax(2) == k).double() * y[:, :, 0]"),
    ("one_hot(argmax(x, dim = -1)) * y", "one_hot(x.argmax(-1), 4) * y"),
    ("one_hot(argmin(x, -1)) * y", "one_hot(x.argmin(-1), 4) * y"),
    ("one_hot(argmax(x, 1))", "one_hot(x.argmax(1), 5)"),
    ("pick(y, argmax(x, dim = -1))", "pick(y, x.argmax(-1))"),
    ("argmax(x, dim = [1, 2]) == 3", "(x.flatten(1).argmax(1) == 3).double()"),
    ("one_hot(argmax(round(x), dim = 2))", "one_hot(first(x.round(), 2, max), 4)"),
    ("one_hot(argmin(round(x), dim = 2))", "one_hot(first(x.round(), 2, min), 4)"),
    "embedding(k, 4, 3)", "embedding(k[:, 1], 6, 2)", "k |> embedding(4, 5) |> dense(2)",
    ("pick(x, k) * (k == k2)", "pick(x, k) * (k == k2).double()"),
]
REDUCTIONS = [
    "prod(x, 1)", "prod(x, dim = [1, 2])", "prod(x, 2, keepdim = true)", "prod(x, 0)", "prod(relu(x), 1)",
    "prod(x)", "cumsum(x, 1)", "cumsum(x, dim = -1)", "norm(x, 1)", "norm(x, dim = [1, 2], keepdim = true)",
    "norm(x)", "norm(x, 0)", "norm(0 * x, 1)", "sum(x)", "sum(x, 1)", "sum(x, dim = [0, 2])", "sum(x, [1, 2], keepdim = true)",
    "mean(x)", "mean(x, 0)", "mean(x, dim = -1, keepdim = true)", "mean(x, dim = [1, 2])",
    "var(x, 1)", "var(x)", "var(x, 0)", "var(x, [1, 2], unbiased = false)", "var(x, 1, keepdim = true)",
    "std(x, 2, unbiased = false)", "std(x, 0)", "std(x, dim = [0, 1])", "std(x, dim = 1, keepdim = true)",
]
EXTREMES = [
    "max(x, dim = 1)", "min(x, dim = 2)", "max(x, dim = 2, keepdim = true)", "min(x, dim = 0)",
    "max(x, dim = 0)", "max(x, dim = [1, 2])", "min(x, dim = [0, 2])", "max(x)", "min(x)",
    ("max(round(x) + 0 * y, dim = 1)", "extreme(x.round() + 0 * y, 1, max)"),
    ("max(relu(x), dim = 2)", "extreme(relu(x), 2, max)"), ("min(relu(x), dim = 1)", "extreme(relu(x), 1, min)"),
    ("max(relu(x - 9), dim = 0)", "extreme(relu(x - 9), 0, max)"), "max(relu(x), relu(y))", "min(relu(x), relu(y))",
    "dot(x, y)", ('reduce(x, "n a b -> n a", "mean")', "x.mean(2)"), ('transpose(reduce(x, "n a b -> b n", "sum"))', "x.sum(1)"),
    ('reduce(x, "n a b -> a", "max")', "x.amax((0, 2))"),
    ('reduce(x, "n a (b c) -> n c a", "min", c = 2)', "x.unflatten(2, (2, 2)).amin(2).transpose(1, 2)"),
    ('reduce(x, "n a b -> b", "var")', "x.var((0, 1), unbiased=False)"),
    ('reduce(x, "n ... -> n", "unbiased_var")', "x.var((1, 2))"),
    ('reduce(x, "n a b -> b a", "unbiased_var")', "x.var(0).t()"),
    ('reduce(x, "n a b -> n b", "prod")', "x.prod(1)"), ('reduce(x, "n a b -> a", "prod")', "x.prod(2).prod(0)"),
    ('reduce(x, "n a b -> n 1 b", "sum")', "x.sum(1, True)"), ('reduce(x, "n ... b -> b ...", "mean")', "x.mean(0).t()"),
    ('reduce(x, "n a b -> 1", "mean")', "x.mean().reshape(1)"),
]

# ---- shapes --------------------------------------------------------------------------------------

SHAPED = {"x": (6, 4), "y": (6, 4), "w": (2, 3, 4, 5)}
MOVES = [
    ("reshape(x, N, 3, 2, 4)", "x.reshape(-1, 3, 2, 4)"), ("reshape(x, N, -1)", "x.reshape(3, -1)"),
    ("reshape(x, 6 * N, 4)", "x.reshape(-1, 4)"), ("reshape(x, N, 4, -1)", "x.reshape(-1, 4, 6)"),
    ("squeeze(x[:, :1], 1)", "x[:, :1].squeeze(1)"), ("squeeze(x[:, :1, :1])", "x[:, 0, 0]"), "unsqueeze(x, 1)", "unsqueeze(x, -1)",
    "transpose(x)", "transpose(w, 1, 3)", "transpose(w, 2, -1)", "sum(transpose(x, 0, 1), 0)", "permute(x, 0, 2, 1)", "sum(permute(w, 2, 0, 4, 1, 3), dim = 0)",
    ("concat(x, y, dim = 1)", "torch.cat([x, y], 1)"), ("concat(x, y, x[:, :, :1], dim = -1)", "torch.cat([x, y, x[:, :, :1]], -1)"),
    ("concat(x, y, dim = 0)", "torch.cat([x, y], 0)"), ("stack(x, y, dim = 1)", "torch.stack([x, y], 1)"),
    ("stack(x, y, y, dim = -1)", "torch.stack([x, y, y], -1)"),
    ("expand(x[:, :1], N, 5, 4)", "x[:, :1].expand(3, 5, 4)"), ("expand(unsqueeze(x, 1), N, 2, 6, 4)", "x.unsqueeze(1).expand(-1, 2, -1, -1)"),
    ("expand(x[:, 0, :] |> unsqueeze(1), N, 3, 4)", "x[:, :1].expand(-1, 3, -1)"),
    "reverse(x, 1)", "reverse(w, -1)", "reverse(x, dim = 2)",     ("x * along(sum(x, dim = [0, 2]), x, 1)", "x * x.sum([0, 2]).reshape(1, 6, 1)"),
    ("w * along(sum(w, dim = [0, 1, 3, 4]), w, 2)", "w * w.sum([0, 1, 3, 4]).reshape(1, 1, 3, 1, 1)"),
    "last(x)", "x[:, 0]", "x[:, -1, 1:3]", "x[:, 1:-1]", "x[..., 2]",
]
SLICES = [
    "x[:, ..., 1:]", "w[:, :, 1]", "w[..., 0, 1:4]", "w[:, 1, ..., -2]", "w[:, :1, 1:, :-1, 2]", "x[:]",
    "x[...]", "x[:, 2:3]",
    ('rearrange(x, "n a b -> n b a")', "x.transpose(1, 2)"), ('rearrange(x, "n (a c) b -> n c (a b)", c = 2)', "x.unflatten(1, (3, 2)).permute(0, 2, 1, 3).flatten(2)"),
    ('rearrange(w, "n ... b -> n b ...")', "w.movedim(-1, 1)"), ('rearrange(x, "n a b -> n (b a)")', "x.transpose(1, 2).flatten(1)"),
    ('rearrange(x, "n a b -> n 1 a b")', "x.unsqueeze(1)"), ('sum(rearrange(x[:, :1], "n 1 b -> b n"), 0)', "x[:, 0].sum(1)"),
    ('rearrange(x, "n a b -> (n a) b")', "x.flatten(0, 1)"), ('rearrange(w, "n g c (h a) w -> n (g c a) h w", a = 2)',
     "w.unflatten(3, (2, 2)).permute(0, 1, 2, 4, 3, 5).flatten(1, 3)"),
    ('rearrange(x, "n (a c) (b d) -> n (d a) (c b)", a = 2, d = 4)', "x.unflatten(1, (2, 3)).unflatten(3, (1, 4)).permute(0, 4, 1, 2, 3).reshape(3, 8, 3)"),
    ('transpose(sum(rearrange(x, "n a b -> b a n"), 0))', "x.sum(2)"),
]
SPLITS = [  # several names on the left: the case is written out
    ("p, q = split(x, 2, dim = 1)", "p * 2 - q", "p, q = x.chunk(2, 1)"),
    ("p, q, r = split(x, [1, 3, 2], dim = 1)", "concat(r, p, q * q, dim = 1) * 1.5", "p, q, r = x.split([1, 3, 2], 1)"),
    ("p, q = x |> split([1, 3])", "p * q", "p, q = x.split([1, 3], -1)"),
    ("p, q, r, s = split(w, 4, dim = 3)", "p * q - r / 2 * s", "p, q, r, s = w.chunk(4, 3)"),
]
MATRIX = {"x": (6, 4), "y": (4, 5), "u": (4,), "w": (2, 6, 4), "t": (5, 6)}
PRODUCTS = [
    "x @ y", "matmul(x, y)", ("x @ M", "x @ M"), ("x @ V", "x @ V"), "(x @ y) @ t", ("u @ M", "u @ M"),
    ("u @ V", "u @ V"), ("V @ y", "V @ y"), ("w @ M", "w @ M"), ("w @ V", "w @ V"),
    ("w @ unsqueeze(y, 1)", "w @ y.unsqueeze(1)"), ("K @ y", "K @ y"), ("transpose(M) @ V", "M.t() @ V"),
    ("expand(unsqueeze(V @ V, 0), N)", "(V @ V).expand(3)"), "x @ y + transpose(t)", "reverse(x, 2) @ y + reverse(transpose(t), 2)",
    ("x @ transpose(x) @ x", "x @ x.transpose(1, 2) @ x"), ("w @ transpose(w)", "w @ w.transpose(-1, -2)"),
    ("transpose(w) @ w", "w.transpose(-1, -2) @ w"), ("(relu(x @ y) @ t) |> tanh", "torch.tanh(torch.relu(x @ y) @ t)"),
    'einsum("nab,nbc->nac", x, y)', 'einsum("nab->nba", x)', 'einsum("nab->n", x)', 'einsum("nab->a", x)',
    'einsum("nab,nbc,ncd->nad", x, y, t)', 'einsum("nab,nab->nb", x, x)', 'einsum("nb,nbc->c", u, y)',
    'einsum("nab,bc->nca", x, M)', 'einsum("nab,nbc,nca,b->n", x, y, t, V)', 'einsum("nhab,nhcb->nhac", w, w)',
    'einsum("na,nb->nab", u, u)', 'einsum("n a b , n b c -> n c a", x, y)', 'einsum("ab,cb->ac", M, M)', 'einsum("a,b->ab", V, V)', 'einsum("nab,a->nb", t, V2)',
    ('einsum("nabb->na", w[:, :, :4])', 'einsum("nabb->na", w[:, :, :4])'), 'einsum("naa,nac->nca", transpose(x[:, :4]), y)',
]

LOSSES = [f"{name}{rest}, reduction = \"{r}\")" for r in ("mean", "sum", "none") for name, rest in [
    ("mse", "(x, y"), ("mae", "(x, y"), ("huber", "(x, y"), ("huber", "(x, y, delta = 0.5"),
    ("smooth_l1", "(x, y"), ("smooth_l1", "(x, y, beta = 0.5"), ("hinge", "(x, s"),
    ("kl_div", "(log_softmax(x), softmax(y)"), ("kl_div", "(log_softmax(x), relu(y)"), ("bce", "(sigmoid(x), sigmoid(y)"),
    ("bce_with_logits", "(x, sigmoid(y)"), ("bce_with_logits", "(30 * x, z01"),
    ("bce_with_logits", "(x, sigmoid(y), pos_weight = [1.0, 2.0, 0.5, 3.0]"),
    ("bce_with_logits", "(x, sigmoid(y), pos_weight = 2.5"),
    ("bce_with_logits", "(x, sigmoid(y), weight = [1.0, 2.0, 0.5, 3.0]"),
    ("bce_with_logits", "(x, sigmoid(y), weight = stop_gradient(sigmoid(z)), pos_weight = [1.0, 2.0, 0.5, 3.0]"),
    ("triplet", "(x, y, z"), ("triplet", "(x, y, z, margin = 0.3"),
    ("cosine_embedding", "(x, y, s[:, :, 0]"), ("cosine_embedding", "(x, y, s[:, :, 0], margin = 0.2"),
    ("contrastive", "(x * x, z01"), ("contrastive", "(x * x, z01, margin = 2"),
]]
CLASS_LOSSES = [f"{name}{rest}, reduction = \"{r}\")" for r in ("mean", "sum", "none") for name, rest in [
    ("cross_entropy", "(x, k"), ("cross_entropy", "(x, k, label_smoothing = 0.1"),
    ("cross_entropy", "(x, k, weight = [1.0, 2.0, 0.5, 3.0]"),
    ("cross_entropy", "(x, k, weight = [1.0, 2.0, 0.5, 3.0], label_smoothing = 0.3"),
    ("cross_entropy", "(x, softmax(y), label_smoothing = 0.2"), ("cross_entropy", "(x, softmax(y)"),
    ("cross_entropy", "(x, softmax(y), weight = [1.0, 2.0, 0.5, 3.0]"),
    ("cross_entropy", "(x, softmax(y), weight = [1.0, 2.0, 0.5, 3.0], label_smoothing = 0.2"),
    ("cross_entropy", "(x[:, 0], k[:, 0]"), ("cross_entropy", "(50 * x, k"),
    ("nll", "(log_softmax(x), k"), ("nll", "(log_softmax(x), k, weight = [1.0, 2.0, 0.5, 3.0]"),
    ("nll", "(log_softmax(x[:, 1]), k[:, 1]"),
]]

# what is random in training stands still in evaluation
QUIET = [
    "dropout(x, 0.5)", "x |> dropout", "spatial_dropout(x, 0.5)", "gaussian_noise(x, 2)",
    "x |> lstm(3, layers = 2, dropout = 0.5)", "x |> gru(3, layers = 3, bidirectional = true, dropout = 0.9)",
    "multi_head_attention(c, 2, dropout = 0.5)", "batch_norm(x)", "batch_norm(c, momentum = 0.5)",
]

PROGRAMS = {
    "recurrent": (SEQUENCE, RECURRENT), "lengths": (SEQUENCE, LENGTHS),
    "attention": ({"x": (5, 8), "c": (7, 8)}, ATTENTION), "norms": (NORM, NORMS),
    "images": ({"x": (4, 5, 6)}, IMAGES), "activations": (THREE, ACTIVATIONS),
    "elements": (THREE, ELEMENTS),
    "choices": ({**THREE, "i": (5, 4, "i32"), "j": (5, 4, "i32"), "b": (5, 4, "bool")}, CHOICES),
    "classes": ({**THREE, "k": (5, "class4"), "k2": (5, "class4")}, CLASSES),
    "reductions": (THREE, REDUCTIONS), "extremes": (THREE, EXTREMES), "moves": (SHAPED, MOVES),
    "slices": (SHAPED, SLICES + SPLITS), "products": (MATRIX, PRODUCTS[::2]),
    "einsums": (MATRIX, PRODUCTS[1::2]),
}
for _i in range(3):
    PROGRAMS[f"losses_{_i}"] = {**THREE, "z": (5, 4), "s": (5, 4, "sign"),
                                "z01": (5, 4, "zero")}, LOSSES[_i::3]
    PROGRAMS[f"class_losses_{_i}"] = {**THREE, "k": (5, "class4")}, CLASS_LOSSES[_i::3]
for _name, (_inputs, _cases, _n) in GRIDS.items():
    for _i in range(_n):
        PROGRAMS[f"{_name}_{_i}" if _n > 1 else _name] = _inputs, _cases[_i::_n]
EVALUATED = {"norms": PROGRAMS["norms"], "quiet": ({"x": (5, 3), "c": (5, 4)}, QUIET)}
# raw parameters that cases of `products` use, besides the inputs
RAW = {"products": {"M": (4, 5), "V": (4,), "V2": (5,), "K": (6, 4)}}
RAW["einsums"] = RAW["products"]
assert sum(len(c) for _, c, _ in GRIDS.values()) >= 300
