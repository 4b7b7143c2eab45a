"""make_fixtures.py - values and gradients of the primitives, computed with PyTorch in double.

    python3 make_fixtures.py         rewrites tests/ops/torch_values.h; run by hand with PyTorch
                                     (2.13 was used), after a new case was added here

A case is an op of ops.def by name, its attributes as plain integers (what they mean is said at the
builders of tests/unit/test_ops.c, which reads the table), its operands, the result, a gradient dy of the
result and the gradients of the operands (of float operands of differentiable ops).
"""
import os
import random

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
rng = random.Random(5)
cases = []


def real(*shape, lo=-2.0, hi=2.0):
    n = 1
    for d in shape:
        n *= d
    # Multiples of 1/64: short to print, exact in float and double.
    v = [round((lo + (hi - lo) * rng.random()) * 64) / 64 for _ in range(n)]
    return torch.tensor(v).reshape(shape)


def ints(*shape, below):
    return torch.tensor([rng.randrange(below) for _ in range(int(torch.tensor(shape).prod()))]).reshape(shape)


def bools(*shape):
    return ints(*shape, below=2).bool()


def case(op, f, *inputs, attr=(), grad=True):
    leaves = [x.clone().requires_grad_() if grad and x.is_floating_point() else x for x in inputs]
    y = f(*leaves)
    dy, grads = None, []
    if grad:
        dy = real(*y.shape)
        y.backward(dy)
        grads = [x.grad if x.requires_grad else None for x in leaves]
    cases.append((op, list(attr), inputs, y.detach(), dy, grads))


def maps():
    for op in "neg exp abs sin cos tanh sigmoid relu expm1 softplus".split():
        f = {"relu": F.relu, "softplus": F.softplus}.get(op) or getattr(torch, op)
        case(op, f, real(3, 4))
    case("erf", torch.erf, real(3, 4))
    for op in "log sqrt rsqrt".split():
        case(op, getattr(torch, op), real(3, 4, lo=0.5, hi=3))
    case("log1p", torch.log1p, real(3, 4, lo=-0.5, hi=2))
    for op in "sign floor ceil round".split():
        case(op, getattr(torch, op), real(3, 4), grad=False)
    case("round", torch.round, torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]), grad=False)
    for op in "add sub mul".split():
        case(op, getattr(torch, op), real(3, 4), real(3, 4))
    case("div", torch.div, real(3, 4), real(3, 4, lo=0.5, hi=2))
    case("pow", torch.pow, real(3, 4, lo=0.5, hi=2), real(3, 4))
    for op, f in (("max", torch.maximum), ("min", torch.minimum)):
        a, b = real(3, 4), real(3, 4)
        b[0] = a[0]                                     # equal values: a half each
        case(op, f, a, b)
    a = real(3, 4)
    b = torch.where(bools(3, 4), a, real(3, 4))
    for op in "lt le eq ne".split():
        case(op, getattr(torch, op), a, b, grad=False)
    for op in "and or".split():
        case(op, getattr(torch, "logical_" + op), bools(3, 4), bools(3, 4), grad=False)
    case("not", torch.logical_not, bools(3, 4), grad=False)
    case("where", torch.where, bools(3, 4), real(3, 4), real(3, 4))
    case("real", lambda x: x.double(), ints(3, 4, below=9), grad=False)


def reductions():
    # attr: axes as a bit mask; the rank is kept
    for axes in ([1], [0], [0, 1]):
        mask = (sum(1 << a for a in axes),)
        case("sum", lambda x: x.sum(axes, keepdim=True), real(3, 4), attr=mask)
    case("sum", lambda x: x.sum(1, keepdim=True), real(2, 3, 4), attr=(2,))
    x = torch.tensor([[1.0, 3.0, 3.0, -1.0], [2.0, 0.5, -2.0, 2.0], [-1.0, -1.5, -1.25, -3.0]])
    case("rmax", lambda x: x.max(1, keepdim=True).values, x, attr=(2,))
    case("rmin", lambda x: x.min(1, keepdim=True).values, -x, attr=(2,))
    case("rmax", lambda x: x.max(0, keepdim=True).values, real(3, 4), attr=(1,))
    case("argmax", lambda x: x.argmax(1, keepdim=True), x, attr=(2,), grad=False)
    case("argmin", lambda x: x.argmin(1, keepdim=True), -x, attr=(2,), grad=False)
    for op in "softmax log_softmax".split():
        case(op, lambda x: getattr(F, op)(x, 1), real(3, 4, lo=-4, hi=4), attr=(2,))
        case(op, lambda x: getattr(F, op)(x, 0), real(3, 4, lo=-4, hi=4), attr=(1,))


def moves():
    case("reshape", lambda x: x.reshape(2, 6), real(3, 4), attr=(2, 6))
    case("permute", lambda x: x.permute(2, 0, 1), real(2, 3, 2), attr=(2, 0, 1))
    case("expand", lambda x: x.expand(3, 4), real(3, 1), attr=(3, 4))
    case("slice", lambda x: x[1:3, 0:2], real(3, 4), attr=(1, 0, 2, 2))           # lo, extents
    case("pad", lambda x: F.pad(x, (2, 1, 0, 1), value=3.0), real(2, 3), attr=(0, 2, 3, 6, 3))   # lo, extents, value
    case("concat", lambda a, b: torch.cat((a, b), 1), real(2, 3), real(2, 2), attr=(1,))
    case("flip", lambda x: x.flip(1), real(3, 4), attr=(1,))
    case("take", lambda t, i: t[i], real(5, 3), ints(4, 2, below=5))


def index_window(shape, k, stride, dil, pad):
    """For windows over the last len(k) dimensions: the extents O and, for each (o, k), s."""
    n = len(k)
    out = [(s + 2 * pad[i] - (k[i] - 1) * dil[i] - 1) // stride[i] + 1
           for i, s in enumerate(shape[-n:])]
    place = [[[o * stride[i] + j * dil[i] - pad[i] for j in range(k[i])] for o in range(out[i])]
             for i in range(n)]
    return out, place


def window1(x, k, s, d, p):
    """One dimension, by definition; outside stands 0."""
    out, place = index_window(x.shape, (k,), (s,), (d,), (p,))
    xp = F.pad(x, (p, p))
    return torch.stack([torch.stack([xp[..., q + p] for q in row], -1) for row in place[0]], -2)


def window2(x, k, s, d, p):
    """Two dimensions: [C, H, W] -> [C, OH, OW, KH, KW]."""
    y = window1(x.transpose(1, 2), k[0], s[0], d[0], p[0])       # [C, W, OH, KH]
    y = window1(y.permute(0, 2, 3, 1), k[1], s[1], d[1], p[1])   # [C, OH, KH, OW, KW]
    return y.permute(0, 1, 3, 2, 4)


def unwindow1(x, size, s, d, p):
    """[.., O, K] -> [.., size, K]: each element at the place it was taken from, else 0."""
    o, k = x.shape[-2:]
    cols = []
    for j in range(k):
        col = torch.zeros(*x.shape[:-2], size)
        for i in range(o):
            q = i * s + j * d - p
            if 0 <= q < size:
                one = torch.zeros(size)
                one[q] = 1
                col = col + x[..., i, j].unsqueeze(-1) * one
        cols.append(col)
    return torch.stack(cols, -1)


def windows():
    # attr: n, then k, stride, dilation, padding of each dimension; unwindow: the sizes S at the end
    case("window", lambda x: window1(x, 3, 2, 1, 1), real(2, 6), attr=(1, 3, 2, 1, 1))
    case("window", lambda x: window1(x, 2, 1, 2, 0), real(2, 6), attr=(1, 2, 1, 2, 0))
    case("window", lambda x: window2(x, (2, 3), (1, 2), (1, 1), (0, 1)), real(2, 3, 4),
         attr=(2, 2, 3, 1, 2, 1, 1, 0, 1))
    case("unwindow", lambda x: unwindow1(x, 6, 2, 1, 1), real(2, 3, 3), attr=(1, 3, 2, 1, 1, 6))
    case("unwindow", lambda x: unwindow1(x, 6, 1, 2, 0), real(2, 4, 2), attr=(1, 2, 1, 2, 0, 6))


def contractions():
    # attr: the letters of both operands and of the result as numbers, each list ended by -1
    for spec in ("ik,kj->ij", "ik,jk->ij", "ki,kj->ij", "bik,bkj->bij", "bhqd,bhkd->bhqk",
                 "i,j->ij", "ij,ij->i", "ncij,fcij->nf"):
        size = dict(zip("bchdfijknq", (2, 2, 2, 3, 2, 3, 2, 4, 2, 3)))
        a, b, out = spec.replace("->", ",").split(",")
        letters = sorted(set(a + b))
        attr = []
        for part in (a, b, out):
            attr += [letters.index(c) for c in part] + [-1]
        case("contract", lambda x, y: torch.einsum(spec, x, y), real(*[size[c] for c in a]),
             real(*[size[c] for c in b]), attr=attr)
    index = ints(4, 2, below=5)
    case("scatter_add", lambda i, x: torch.zeros(5, 3).index_add(0, i.flatten(), x.flatten(0, 1)),
         index, real(4, 2, 3), attr=(5,))
    case("gather", lambda t, i: torch.gather(t, -1, i), real(3, 5), ints(3, 4, below=5))
    case("gather", lambda t, i: torch.gather(t, -1, i), real(2, 3, 4), ints(2, 3, 6, below=4))


def number(v):
    return str(int(v)) if isinstance(v, (bool, int)) or float(v).is_integer() else repr(float(v))


def tensor(t):
    if t is None:
        return "{ T_NONE, 0, { 0 }, 0 }"
    kind = "T_BOOL" if t.dtype == torch.bool else "T_REAL" if t.is_floating_point() else "T_INT"
    dims = ", ".join(map(str, t.shape)) or "0"
    lines, line = [], ""
    for v in t.flatten().tolist():
        if len(line) > 76:
            lines.append(line)
            line = ""
        line += number(v) + ", "
    lines.append(line)
    text = "\n\t\t".join(part.rstrip() for part in lines).rstrip(",")
    return f"{{ {kind}, {t.dim()}, {{ {dims} }}, (const double[]){{\n\t\t{text} }} }}"


HEAD = """/* torch_values.h - values and gradients of primitives, computed with PyTorch in double.
 *
 * Made by make_fixtures.py; do not edit.
 */
#ifndef TORCH_VALUES_H
#define TORCH_VALUES_H

enum { T_NONE, T_REAL, T_INT, T_BOOL };

typedef struct {
	int kind, rank, dim[8];
	const double *v;
} TorchTensor;

typedef struct {
	const char *op;
	int nattr, attr[24];
	int nin;
	TorchTensor in[3], out, dy, grad[3];     /* kind T_NONE: no gradient */
} TorchCase;

static const TorchCase torch_case[] = {
"""


def main():
    torch.manual_seed(0)
    maps()
    reductions()
    moves()
    windows()
    contractions()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_values.h")
    with open(path, "w") as f:
        f.write(HEAD)
        for op, attr, inputs, y, dy, grads in cases:
            f.write(f'\t{{ "{op}", {len(attr)}, {{ {", ".join(map(str, attr)) or "0"} }}, {len(inputs)},\n')
            f.write("\t{ " + ",\n\t".join(tensor(x) for x in inputs) + " },\n")
            f.write("\t" + tensor(y) + ",\n\t" + tensor(dy) + ",\n")
            f.write("\t{ " + ",\n\t".join(tensor(g) for g in (grads or [None])) + " } },\n")
        f.write("};\n\n#endif\n")


if __name__ == "__main__":
    main()
