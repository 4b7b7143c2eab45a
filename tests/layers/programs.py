"""programs.py - the test programs: many layers of one kind each, as sources.

    programs.py NAME DIR     writes DIR/NAME.nn, DIR/NAME.weights.safetensors and
                             DIR/NAME.batch.safetensors

A program is a list of cases (expressions); case i is the output
`out<i>` and adds the sum of sin(3 x + 1) over its elements to the loss, so that every element has a
gradient of its own.  The PyTorch side is in make_fixtures.py.
"""
import itertools
import json
import os
import random
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402

BATCH = 3


def conv_grid():
    """72 configurations of conv2d on 4 channels of 7 x 6: (filters, kernel, options)."""
    out = []
    for kernel, stride, padding, dilation, groups in itertools.product(
            (1, 3, [3, 2]), (1, 2, [2, 1]), (0, 1), (1, 2), (1, 2, 4)):
        if kernel == 1 and (dilation == 2 or padding == 1 and groups > 1):
            continue
        out.append((4, kernel, dict(stride=stride, padding=padding, dilation=dilation,
                                    groups=groups)))
    return out


def pool_grid():
    """(kind, kernel, options) on 2 channels of 7 x 6."""
    out = []
    for kind in ("max", "avg"):
        for kernel, stride, padding, ceil in itertools.product(
                (2, 3, [3, 2]), (1, 2, [2, 3]), (0, 1), (False, True)):
            options = dict(stride=stride, padding=padding, ceil_mode=ceil)
            if kind == "avg" and padding and ceil:
                options["count_include_pad"] = False
            out.append((kind, kernel, options))
    return out


def transposed_grid():
    out = []
    for kernel, stride, padding, dilation, groups in itertools.product(
            (2, [3, 2]), (1, 2, [3, 2]), (0, 1), (1, 2), (1, 2)):
        if kernel == 2 and padding and dilation == 1 and groups == 2:
            continue
        out.append((4, kernel, dict(
            stride=stride, padding=padding, dilation=dilation, groups=groups,
            output_padding=1 if stride == 2 else 0)))
    return out


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value)


def call(name, *args, **options):
    return f"{name}({', '.join([text(a) for a in args] + [f'{k} = {text(v)}' for k, v in options.items()])})"


X4 = {"x": (4, 7, 6)}


def conv(part, of=4):
    grid = conv_grid()
    return X4, [f"x |> {call('conv2d', *c[:2], **c[2])}" for c in grid[part::of]]


def pool():
    return {"x": (2, 7, 6)}, [f"x |> {call(k + '_pool2d', n, **o)}" for k, n, o in pool_grid()]


def transposed():
    return {"x": (4, 4, 3)}, [f"x |> {call('conv_transpose2d', *c[:2], **c[2])}"
                              for c in transposed_grid()]


RECURRENT = [dict(), dict(layers=2), dict(bidirectional=True), dict(layers=2, bidirectional=True)]


def recurrent():
    return {"x": (5, 3)}, [f"x |> {call(kind, 4, **o)}" for kind in ("rnn", "gru", "lstm")
                           for o in RECURRENT] + ["x |> gru(3) |> last"]


ATTENTION = [(2, dict()), (1, dict(causal=True)), (4, dict(bias=False)),
             (2, dict(causal=True, bias=False))]


def attention():
    return {"x": (5, 8), "c": (7, 8)}, [
        *[f"multi_head_attention(x, {h}, {'x' if o else 'c'}"
          + "".join(f", {k} = {text(v)}" for k, v in o.items()) + ")" for h, o in ATTENTION],
        "multi_head_attention(x, 2, c, causal = true)"]


# expressions whose PyTorch form is in make_fixtures.py under the same text
SPATIAL = [
    "upsample(x, 2)", "upsample(x, [1, 3])", 'upsample(x, 2, mode = "bilinear")',
    'upsample(x, [3, 2], mode = "bilinear")', "pixel_shuffle(x, 2)", "instance_norm(x)",
    "instance_norm(x, affine = true)", "spatial_dropout(x, 0)", "gaussian_noise(x, 0)",
    "global_max_pool(x)", "global_avg_pool(x)", "depthwise_conv2d(x, 3, multiplier = 2)",
    "depthwise_conv2d(x, [2, 3], stride = 2, padding = 1, bias = false)",
    'pad(x, [2, 1, 1, 3], mode = "reflect")', 'pad(x, [2, 1, 1, 3], mode = "edge")',
    "pad(x, [2, 1, 0, 3], value = 0.5)", "crop(x, [1, 1, 0, 2])",
    "max_pool1d(x[:, :, 0], 3, padding = 1)", "avg_pool1d(x[:, 1], 2, ceil_mode = true)",
    "max_pool3d(unsqueeze(x, 1), 2, ceil_mode = true)", "avg_pool3d(unsqueeze(x, 1), 2, stride = 1)",
    "x |> conv1 : conv1d(3, 3, padding = 1)", "x |> conv3d(2, 2, stride = [1, 2, 1])",
    'x |> conv2d(3, 3, padding = "same", dilation = 2)', "batch_norm(x)", "group_norm(x, 2)",
    "layer_norm(x)", "rms_norm(x)",
]
SPATIAL[21] = "conv1d(x[:, :, 0], 3, 3, padding = 1)"
SPATIAL[22] = "conv3d(unsqueeze(x, 1), 2, 2, stride = [1, 2, 1])"

FUNCTIONS = [
    "prod(x, 1)", "prod(x, dim = [1, 2])", "prod(x, 2, keepdim = true)", "cumsum(x, 1)",
    "cumsum(x, dim = -1)", "norm(x, 1)", "norm(x, dim = [1, 2], keepdim = true)", "norm(x)",
    "relu(x)", "gelu(x)", 'gelu(x, approximate = "tanh")', "silu(x)", "tanh(x)", "sigmoid(x)",
    "softplus(x)", "elu(x)", "elu(x, 0.5)", "leaky_relu(x)", "leaky_relu(x, 0.2)", "hardswish(3 * x)",
    "softmax(x)", "softmax(x, dim = 1)", "log_softmax(x)", "log_softmax(x, 1)",
    "clamp(x, -0.5, 0.7)", "var(x, 1)", "std(x, 2, unbiased = false)", "max(x, dim = 1)",
    "min(x, dim = 2)", "max(x, y)", "min(x, y)", "abs(x)", "erf(x)", "x ** 3", "log1p(x * x)",
    "expm1(x)", "sin(x) * cos(y)", "rsqrt(x * x + 1)",
]
LOSSES = [f"{name}{rest}, reduction = \"{r}\")" for r in ("mean", "sum", "none") for name, rest in [
    ("mse", "(x, y"), ("mae", "(x, y"), ("huber", "(x, y, delta = 0.5"),
    ("smooth_l1", "(x, y, beta = 0.5"), ("hinge", "(x, s"),
    ("kl_div", "(log_softmax(x), softmax(y)"), ("bce", "(sigmoid(x), sigmoid(y)"),
    ("bce_with_logits", "(x, sigmoid(y)"),
    ("bce_with_logits", "(x, sigmoid(y), pos_weight = [1.0, 2.0, 0.5, 3.0]"),
    ("triplet", "(x, y, z"), ("triplet", "(x, y, z, margin = 0.3"),
    ("cosine_embedding", "(x, y, s[:, :, 0]"), ("cosine_embedding", "(x, y, s[:, :, 0], margin = 0.2"),
    ("cross_entropy", "(x, k"), ("cross_entropy", "(x, k, label_smoothing = 0.1"),
    ("cross_entropy", "(x, k, weight = [1.0, 2.0, 0.5, 3.0]"),
    ("cross_entropy", "(x, softmax(y), label_smoothing = 0.2"), ("nll", "(log_softmax(x), k"),
    ("nll", "(log_softmax(x), k, weight = [1.0, 2.0, 0.5, 3.0]"),
]]


def programs():
    """{name: (inputs, expressions)}; an input of kind "class" or "sign" has its kind as last item."""
    three = {"x": (5, 4), "y": (5, 4)}
    return {
        **{f"conv{i}": conv(i) for i in range(4)}, "pool": pool(), "transposed": transposed(),
        "recurrent": recurrent(), "attention": attention(), "spatial": ({"x": (4, 5, 6)}, SPATIAL),
        "functions": (three, FUNCTIONS),
        "losses": ({**three, "z": (5, 4), "s": (5, 4, "sign"), "k": (5, "class")}, LOSSES),
    }


def shown(i, cases):
    """A program has at most 32 outputs; the other cases show in the loss and its gradients."""
    return i % (len(cases) // 30 + 1) == 0


def source(name):
    """The program as text.  Inputs are parameters too (`x = x0 + px`): their gradients are tested."""
    inputs, cases = programs()[name]
    lines = ["data synthetic(\"random\", 8)", "", f"model {name} {{"]
    free = []
    for key, shape in inputs.items():
        dims = "".join(f", {d}" for d in shape if not isinstance(d, str))
        if shape[-1] == "class":
            lines.append(f"  input {key}: class(4)[N{dims}]")
        elif shape[-1] == "sign":
            lines.append(f"  input {key}: f32[N{dims}]")
        else:
            lines += [f"  input {key}0: f32[N{dims}]", f"  param p{key}: f32[{dims[2:]}]",
                      f"  {key} = {key}0 + expand(unsqueeze(p{key}, 0), N{dims})"]
            free.append(key)
    for i, case in enumerate(cases):
        lines.append(f"  o{i} = {case}")
        if shown(i, cases):
            lines.append(f"  output out{i} = o{i}")
    lines.append("  loss all = " + " + ".join(f"sum(sin(3 * o{i} + 1))" for i in range(len(cases))))
    return "\n".join(lines + ["}", "", "train { epochs = 1, batch = 4, optimizer = sgd(lr = 0.1) }", ""])


def values(name, shape, scale):
    rng = random.Random(zlib.crc32(name.encode()))
    return list(shape), [scale * (2 * rng.random() - 1) for _ in range(safetensors.count(shape))]


def batch(name):
    fields, types = {}, {}
    for key, shape in programs()[name][0].items():
        kind = shape[-1] if isinstance(shape[-1], str) else ""
        dims = [BATCH, *(d for d in shape if not isinstance(d, str))]
        data = values(name + key, dims, 1.5)
        if kind == "class":
            data = dims, [int(abs(v) * 1000) % 4 for v in data[1]]
            types[key] = "I64"
        elif kind == "sign":
            data = dims, [1.0 if v > 0 else -1.0 for v in data[1]]
        fields[key if kind else key + "0"] = data
    return fields, types


def weights(name):
    """From NAME.shapes.json, which make_fixtures.py writes: {path: shape}."""
    with open(f"{HERE}/{name}.shapes.json", encoding="utf-8") as f:
        shapes = json.load(f)
    made = {}
    for path, shape in shapes.items():
        made[path] = values(name + path, shape, 0.5)
        if path.endswith("running_var"):
            made[path] = shape, [abs(v) + 0.5 for v in made[path][1]]
    return made


def main():
    name, out = sys.argv[1:]
    with open(f"{out}/{name}.nn", "w", encoding="utf-8") as f:
        f.write(source(name))
    safetensors.save(f"{out}/{name}.weights.safetensors", weights(name))
    safetensors.save(f"{out}/{name}.batch.safetensors", *batch(name))


if __name__ == "__main__":
    main()
