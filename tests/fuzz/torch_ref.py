"""torch_ref.py - programs of the language, run by PyTorch: a second implementation to compare with.

    torch_ref.py DIR LIB [BOUND]

For each DIR/SEED.nn there is DIR/SEED.values (batch.c): inputs, parameters and buffers, and what the compiled
trainer made of them in double.  The program is parsed and run here, by torch and autograd alone, with training
on; losses, the penalty, outputs, gradients and buffers must agree within BOUND (1e-9) of the largest element.
LIB: the folder of imports.  Prints a line for each failure; status 1 if there is any.
"""
import glob
import math
import os
import re
import sys

import torch

from torch_nn import FUNCTIONS, LAYERS, Cls, real, tensor

TOKEN = re.compile(r'\s+|#[^\n]*|("(?:[^"\\]|\\.)*")|(\d[\d_]*\.\d+(?:[eE][+-]?\d+)?|\d[\d_]*[eE][+-]?\d+|\d[\d_]*)|'
                   r'([A-Za-z_]\w*)|(\|>|->|==|!=|<=|>=|\*\*|\.\.\.|\.\.|.)')


# ---- from text to trees ----------------------------------------------------------------------------

class Parser:
    LEVEL = {"or": 1, "and": 2, "==": 4, "!=": 4, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "@": 6}

    def __init__(self, text):
        self.t = [m for m in TOKEN.findall(text) if any(m)]
        self.i = 0

    def see(self, k=0):
        t = self.t[self.i + k] if self.i + k < len(self.t) else ("", "", "", "end")
        return t[0] or t[1] or t[2] or t[3]

    def next(self):
        self.i += 1
        return self.see(-1)

    def take(self, *texts):
        if self.see() in texts:
            return self.next()
        return None

    def need(self, text):
        if self.next() != text:
            raise SyntaxError(f"expected {text}, found {self.see(-1)}")

    def name(self):
        return self.next()

    # expressions

    def expr(self):
        x = self.arith(1)
        while self.take("|>"):
            label = None
            if self.see(1) == ":":
                label = self.name()
                self.next()
            name = self.name()
            args = self.args() if self.take("(") else []
            x = ("call", name, [(None, x)] + args, label)
        return x

    def args(self):
        out = []
        while not self.take(")"):
            name = None
            if self.see(1) == "=" and self.t[self.i][2]:
                name = self.name()
                self.next()
            out.append((name, self.expr()))
            self.take(",")
        return out

    def arith(self, level):
        if self.see() == "not":
            self.next()
            x = ("not", self.arith(3))
        else:
            x = self.unary()
        while self.LEVEL.get(self.see(), 0) >= level:
            op = self.next()
            x = ("op", op, x, self.arith(self.LEVEL[op] + 1))
        return x

    def unary(self):
        if self.take("-"):
            return ("neg", self.unary())
        x = self.postfix()
        return ("op", "**", x, self.unary()) if self.take("**") else x

    def postfix(self):
        x = self.primary()
        while self.see() in ("[", "."):
            if self.next() == ".":
                x = ("field", x, self.name())
                continue
            subs = []
            while not self.take("]"):
                if self.take("..."):
                    subs.append("...")
                else:
                    lo = None if self.see() == ":" else self.arith(1)
                    if self.take(":"):
                        subs.append((lo, None if self.see() in (",", "]") else self.arith(1)))
                    else:
                        subs.append(lo)
                self.take(",")
            x = ("index", x, subs)
        return x

    def primary(self):
        text, number, name, sign = self.t[self.i]
        self.i += 1
        if text:
            return ("value", text[1:-1])
        if number:
            number = number.replace("_", "")
            return ("value", float(number) if re.search(r"[.eE]", number) else int(number))
        if name in ("true", "false"):
            return ("value", name == "true")
        if name:
            return ("call", name, self.args(), None) if self.take("(") else ("name", name)
        if sign == "(":
            x = self.expr()
            self.need(")")
            return x
        if sign == "[":
            out = []
            while not self.take("]"):
                out.append(self.expr())
                self.take(",")
            return ("list", out)
        raise SyntaxError(f"unexpected {sign}")

    # statements

    def type(self):
        kind, arg, dims = self.name(), None, None
        if self.take("("):
            arg = self.expr()
            self.need(")")
        if self.take("["):
            dims = []
            while not self.take("]"):
                dims.append("..." if self.take("...") else self.arith(1))
                self.take(",")
        return kind, arg, dims

    def body(self):
        self.need("{")
        out = []
        while not self.take("}"):
            out.append(self.stmt())
            self.take(";")
        return out

    def stmt(self):
        word = self.see()
        if word in ("layer", "param", "input", "target", "buffer", "update", "emit"):
            self.next()
            name, ty = self.name(), self.type() if self.take(":") else None
            return (word, name, ty, self.expr() if self.take("=") else None)
        if word in ("loss", "metric", "output"):
            self.next()
            named = self.see(1) == "="
            name = self.name() if named else None
            self.i += named
            return (word, name, self.expr())
        if word == "return":
            self.next()
            out = [self.expr()]
            while self.take(","):
                out.append(self.expr())
            return ("return", out)
        if word == "repeat":
            self.next()
            var, lo = None, ("value", 0)
            if self.see(1) == "in":
                var = self.name()
                self.next()
                lo = self.arith(1)
                self.need("..")
            return ("repeat", var, lo, self.arith(1), self.body())
        if word == "scan":
            self.next()
            var = self.name()
            self.need("in")
            lo = self.arith(1)
            self.need("..")
            hi = self.arith(1)
            carry = []
            self.need("carry")
            while True:
                name = self.name()
                self.need("=")
                carry.append((name, self.expr()))
                if not self.take(","):
                    return ("scan", var, lo, hi, carry, self.body())
        if word == "if":
            self.next()
            cond, then = self.arith(1), self.body()
            return ("if", cond, then, self.body() if self.take("else") else [])
        left = [self.name()]
        while self.take(","):
            left.append(self.name())
        self.need("=")
        return ("=", left, self.expr())

    def params(self):
        self.need("(")
        out = []
        while not self.take(")"):
            name, ty = self.name(), self.type() if self.take(":") else None
            out.append((name, ty, self.expr() if self.take("=") else None))
            self.take(",")
        return out

    def settings(self):
        out = {}
        self.need("{")
        while not self.take("}"):
            name = self.name()
            self.need("=")
            out[name] = self.expr()
            self.take(",")
            self.take(";")
        return out

    def program(self, lib, p):
        while self.see() != "end":
            word = self.next()
            if word == "import":
                Parser(open(os.path.join(lib, self.next()[1:-1])).read()).program(lib, p)
            elif word == "const":
                while True:
                    name = self.name()
                    if self.take(":"):
                        self.type()
                    self.need("=")
                    p["const"][name] = self.expr()
                    if not self.take(","):
                        break
            elif word == "fn":
                name, params = self.name(), self.params()
                self.need("=")
                p["def"][name] = ("fn", params, self.expr())
            elif word in ("block", "optimizer"):
                name, params = self.name(), self.params()
                if self.take("->"):
                    self.type()
                p["def"][name] = (word, params, self.body())
            elif word == "model":
                self.name()
                p["model"] = self.body()
            elif word == "train":
                p["train"] = self.settings()
            elif word in ("data", "search", "export"):
                self.name()
                self.need("(")
                self.args()
                if self.see() == "{":
                    self.settings()
            self.take(";")


# ---- running it ----------------------------------------------------------------------------------------

class Return(Exception):
    pass


class Frame:
    def __init__(self, up, path, block):
        self.up, self.path, self.block = up, path, block
        self.v, self.layer, self.ordinal, self.number = {}, {}, {}, {}
        self.repeat = 0
        self.buffer = {}               # names of buffers in this scope: their paths

    def scope(self):
        f = self
        while not f.block:
            f = f.up
        return f


TIME = {"step": 3, "epoch": 0, "position": 0.3, "progress": 0.15}
NOW, END, ONE, PER_EPOCH = 0.3, 2.0, 0.1, 10
SCHEDULES = {
    "constant": lambda v: v,
    "linear": lambda a, b, over=None, multiple=None: a + (b - a) * min(0.15 if over is None else NOW / over, 1),
}
INITIALISERS = {"normal", "uniform", "trunc_normal", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal",
                "lecun_normal", "orthogonal", "he"}


class Run:
    """One program over the values of a file."""

    def __init__(self, program, values):
        self.p, self.values = program, values
        self.B = values["B"]
        self.loss, self.out, self.new, self.silent, self.reg, self.shape = [], [], {}, False, {}, {}
        self.frame = Frame(None, "", True)
        self.const = {}

    # names and calls

    def look(self, name):
        f = self.frame
        while f:
            if name in f.v:
                return f.v[name]
            if name in f.buffer:
                path = f.buffer[name]
                return self.new[path].detach() if path in self.new else self.values["buffer"].get(path, torch.ones(()))
            if f.block:
                break
            f = f.up
        if name in ("none", "training", "N"):
            return {"none": None, "training": True, "N": self.B}[name]
        if name in self.p["const"]:
            if name not in self.const:
                self.const[name] = self.eval(self.p["const"][name])
            return self.const[name]
        if name in TIME:
            return TIME[name]
        if name in self.frame.scope().layer:
            return ("layer", name)
        raise NameError(name)

    def path_of(self, name, label, owner):
        s = self.frame.scope()
        if label:
            if s.repeat:
                s.number[label] = s.number.get(label, 0) + 1
                label += str(s.number[label])
            return s.path + label
        s.ordinal[name] = s.ordinal.get(name, 0) + 1
        return f"{s.path}{name}{s.ordinal[name]}"

    def common(self, path, kw):
        """Arguments of every layer: taken out of kw; the regulariser is kept for the tensors below path."""
        for k in ("init", "bias_init", "lr_scale", "trainable"):
            kw.pop(k, None)
        if "regularize" in kw:
            self.reg[path] = kw.pop("regularize")

    def call(self, name, args, label, layer=None):
        pos, kw = [], {}
        for key, e in args:
            v = self.regulariser(e) if key == "regularize" else self.eval(e)
            if key:
                kw[key] = v
            else:
                pos.append(v)
        return self.apply(name, pos, kw, label)

    def apply(self, name, pos, kw, label, path=None):
        layers = self.frame.scope().layer
        if path is None and name in layers:
            kind, more, where = layers[name]
            more_pos = [v for k, v in more if k is None]
            more_kw = {k: v for k, v in more if k}
            return self.apply(kind, pos + more_pos, {**kw, **more_kw}, None, where)
        if name in INITIALISERS:
            return None
        if name in self.p["def"]:
            kind, params, body = self.p["def"][name]
            if kind == "block":
                path = path or self.path_of(name, label, True)
                for k in ("lr_scale", "trainable", "regularize"):
                    if k in kw and k not in [p[0] for p in params]:
                        self.common(path, kw)
                        break
            return self.expand(kind, params, body, pos, kw, path)
        if name in LAYERS:
            path = path or self.path_of(name, label, True)
            self.common(path, kw)
            return LAYERS[name](Owner(self, path), *pos, **kw)
        if name in ("zeros", "ones") and pos:
            return getattr(torch, name)([int(d) for d in pos])
        if name in ("zeros", "ones"):
            return None
        if name in FUNCTIONS:
            return FUNCTIONS[name](*pos, **kw)
        if name in SCHEDULES:
            return SCHEDULES[name](*pos, **kw)
        if name == "at":
            return NOW
        raise NameError(name + "()")

    def expand(self, kind, params, body, pos, kw, path):
        f = Frame(self.frame, path + "." if path else "", kind == "block")
        given = {p[0]: v for p, v in zip(params, pos)}
        given.update(kw)
        before, self.frame = self.frame, f
        try:
            for name, ty, default in params:
                v = given[name] if name in given else self.eval(default)
                f.v[name] = v
                if ty:
                    self.bind(f, ty, v)
            if kind == "fn":
                return self.eval(body)
            try:
                self.run(body)
            except Return as r:
                return r.args[0]
            return None
        finally:
            self.frame = before

    def bind(self, f, ty, v):
        kind, arg, dims = ty
        if isinstance(v, Cls) and arg and arg[0] == "name" and arg[1] not in self.p["const"]:
            f.v.setdefault(arg[1], v.k)
        shape = list(v.t.shape if isinstance(v, Cls) else v.shape) if dims and (torch.is_tensor(v) or isinstance(v, Cls)) else []
        if "..." in (dims or []):
            at = dims.index("...")
            dims = dims[:at] + [None] * (len(shape) - len(dims) + 1) + dims[at + 1:]
        for d, n in zip(dims or [], shape):
            if d and d[0] == "name" and d[1] != "N" and d[1] not in self.p["const"]:
                f.v.setdefault(d[1], n)

    # expressions

    def eval(self, e):
        kind = e[0]
        if kind == "value":
            return e[1]
        if kind == "name":
            return self.look(e[1])
        if kind == "list":
            return [self.eval(x) for x in e[1]]
        if kind == "call":
            return self.call(e[1], e[2], e[3])
        if kind == "neg":
            return -real(self.eval(e[1]))
        if kind == "not":
            v = self.eval(e[1])
            return ~v.bool() if torch.is_tensor(v) else not v
        if kind == "op":
            return self.binary(e[1], self.eval(e[2]), self.eval(e[3]))
        if kind == "field":
            path = []
            while e[0] == "field":
                path.insert(0, e[2])
                e = e[1]
            return self.field(".".join([self.frame.scope().layer[e[1]][2]] + path))
        if kind == "index":
            return self.index(self.eval(e[1]), e[2])
        raise TypeError(kind)

    def field(self, path):
        return self.values["param"][path] if path in self.values["param"] else torch.ones(self.shape[path])

    def binary(self, op, a, b):
        if op in ("and", "or"):
            if torch.is_tensor(a) or torch.is_tensor(b):
                a, b = (v.bool() if torch.is_tensor(v) else torch.tensor(bool(v)) for v in (a, b))
                return a & b if op == "and" else a | b
            return (a and b) if op == "and" else (a or b)
        if op in ("==", "!=", "<", ">", "<=", ">="):
            a, b = (v.t if isinstance(v, Cls) else v for v in (a, b))
            return {"==": lambda: a == b, "!=": lambda: a != b, "<": lambda: a < b, ">": lambda: a > b,
                    "<=": lambda: a <= b, ">=": lambda: a >= b}[op]()
        whole = all(isinstance(v, int) or (torch.is_tensor(v) and v.dtype == torch.int64) for v in (a, b))
        if not whole:
            a, b = real(a), real(b)
        if op == "/":
            return real(a) / real(b) if torch.is_tensor(a) or torch.is_tensor(b) else a // b if whole and a % b == 0 else a / b
        return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "**": lambda: a ** b, "@": lambda: a @ b}[op]()

    def index(self, x, subs):
        if isinstance(x, list):
            return x[self.eval(subs[0])]
        key = []
        for s in subs:
            if s == "...":
                key.append(...)
            elif isinstance(s, tuple) and len(s) == 2 and (s[0] is None or isinstance(s[0], tuple)):
                key.append(slice(*[None if v is None else self.eval(v) for v in s]))
            else:
                key.append(self.eval(s))
        return Cls(x.t[tuple(key)], x.k) if isinstance(x, Cls) else x[tuple(key)]

    # statements

    def assign(self, name, v):
        self.frame.v[name] = v

    def run(self, body):
        for s in body:
            getattr(self, "do_" + {"=": "assign", "if": "if_", "return": "return_"}.get(s[0], s[0]))(s)

    def do_assign(self, s):
        v = self.eval(s[2])
        if len(s[1]) == 1:
            self.assign(s[1][0], v)
        else:
            for name, part in zip(s[1], v):
                self.assign(name, part)

    def do_input(self, s):
        self.frame.v[s[1]] = self.values["in"][s[1]]

    do_target = do_input

    def own_path(self, name):
        s = self.frame.scope()
        if s.repeat:
            s.number[name] = s.number.get(name, 0) + 1
            name += str(s.number[name])
        return s.path + name

    def do_param(self, s):
        shape = [int(self.eval(d)) for d in s[2][2] or []]
        w = self.values["param"].get(self.own_path(s[1]))
        self.frame.v[s[1]] = torch.ones(shape) if w is None else w

    def do_buffer(self, s):
        self.frame.buffer[s[1]] = self.own_path(s[1])

    def do_update(self, s):
        v = self.eval(s[3])
        path = self.frame.buffer[s[1]]
        if not self.silent:
            old = self.values["buffer"].get(path)
            self.new[path] = tensor(v).detach() if old is None else torch.broadcast_to(tensor(v).detach(), old.shape)

    def do_layer(self, s):
        kind, args = s[3][1], s[3][2]
        path = self.own_path(s[1])
        self.frame.scope().layer[s[1]] = (kind, [(k, self.regulariser(e) if k == "regularize" else self.eval(e)) for k, e in args], path)

    def do_loss(self, s):
        v = self.eval(s[2])
        if not self.silent:
            self.loss.append(v)

    def do_output(self, s):
        v = self.eval(s[2])
        if not self.silent:
            self.out.append(v)

    def do_metric(self, s):
        pass

    def do_return_(self, s):
        v = [self.eval(e) for e in s[1]]
        raise Return(v[0] if len(v) == 1 else v)

    def inner(self, body):
        """Names first made in the body end with it; others keep their new values."""
        before = set(self.frame.v)
        self.run(body)
        for name in set(self.frame.v) - before:
            del self.frame.v[name]

    def do_repeat(self, s):
        scope = self.frame.scope()
        scope.repeat += 1
        for i in range(self.eval(s[2]), self.eval(s[3])):
            if s[1]:
                self.frame.v[s[1]] = i
            self.inner(s[4])
        scope.repeat -= 1
        self.frame.v.pop(s[1], None)

    def do_if_(self, s):
        yes, mode = self.eval(s[1]), "training" in repr(s[1])
        for body, taken in ((s[2], yes), (s[3], not yes)):
            if taken:
                self.inner(body)
            elif mode:                 # ordinals are counted over both branches
                f, silent = self.frame, self.silent
                keep, self.silent = dict(f.v), True
                try:
                    self.inner(body)
                finally:
                    f.v, self.silent = keep, silent

    def do_scan(self, s):
        f, scope = self.frame, self.frame.scope()
        lo, hi = self.eval(s[2]), self.eval(s[3])
        for name, e in s[4]:
            f.v[name] = self.eval(e)
        emitted, before, self.emit = {}, getattr(self, "emit", None), None
        names = set(f.v)
        start = (dict(scope.ordinal), dict(scope.number))
        for t in range(lo, hi):
            scope.ordinal, scope.number = dict(start[0]), dict(start[1])
            f.v[s[1]] = t
            self.emit = emitted
            self.run(s[5])
            for name in set(f.v) - names:
                del f.v[name]
        self.emit = before
        for name, rows in emitted.items():
            f.v[name] = torch.stack(rows, 1)

    def do_emit(self, s):
        self.emit.setdefault(s[1], []).append(real(self.eval(s[3])))

    # the penalty

    def regulariser(self, e):
        """A function of a tensor, or none."""
        if e == ("name", "none"):
            return None
        args = [(k, self.eval(v)) for k, v in e[2]]
        pos, kw = [v for k, v in args if not k], {k: v for k, v in args if k}
        if kw.pop("proximal", False):
            return None
        if e[1] in self.p["def"]:
            return lambda w: self.apply(e[1], [w] + pos, kw, None)
        return lambda w: REGULARISERS[e[1]](w, *pos, **kw)

    def penalty(self):
        train = self.p.get("train", {})
        section = self.regulariser(train["regularize"]) if "regularize" in train else None
        total = torch.zeros(())
        every = train.get("decay_all") == ("value", True)
        for path, w in self.values["param"].items():
            own = [k for k in self.reg if path == k or path.startswith(k + ".")]
            f = self.reg[max(own, key=len)] if own else section
            if f and (w.dim() > 1 or every) and w.requires_grad:
                total = total + f(w)
        return total


REGULARISERS = {
    "l1": lambda w, a: a * w.abs().sum(),
    "l2": lambda w, a: a / 2 * (w * w).sum(),
    "elastic": lambda w, l1=0, l2=0: l1 * w.abs().sum() + l2 / 2 * (w * w).sum(),
}


class Owner:
    """What a layer asks for its tensors."""

    def __init__(self, run, path):
        self.run, self.path = run, path

    def __call__(self, name, *shape):
        """What nothing depends on has no parameters; its shape may matter all the same."""
        w = self.run.values["param"].get(f"{self.path}.{name}")
        self.run.shape[f"{self.path}.{name}"] = shape
        if w is not None and list(w.shape) != list(shape):
            raise ValueError(f"{self.path}.{name} is {list(w.shape)}, not {list(shape)}")
        return torch.ones(shape) if w is None else w

    def training(self):
        return True

    def buffer(self, name, *shape):
        return self.run.values["buffer"].get(f"{self.path}.{name}", torch.ones(shape))

    def update(self, name, v):
        if not self.run.silent:
            self.run.new[f"{self.path}.{name}"] = v.detach()


# ---- files -----------------------------------------------------------------------------------------------

def read_values(path):
    """Lines `kind name type rank dims... : numbers`."""
    v = {"in": {}, "param": {}, "buffer": {}, "found": {}, "B": 0}
    for row in open(path):
        head, _, numbers = row.partition(":")
        head = head.split()
        kind, name, ty, shape = head[0], head[1], head[2], [int(d) for d in head[3:]]
        if kind == "B":
            v["B"] = int(name)
            continue
        t = torch.tensor([float(x) for x in numbers.split()]).reshape(shape)
        if ty == "bool":
            t = t.bool()
        elif ty[:5] == "class":
            t = Cls(t.long(), int(ty[5:]))
        elif ty == "i32":
            t = t.long()
        if kind in ("in", "buffer"):
            v[kind][name] = t
        elif kind == "param" or kind == "frozen":
            v["param"][name] = t.requires_grad_(kind == "param")
        else:
            v["found"][kind, name] = t
    return v


def compare(what, found, expected, bound, wrong):
    expected = expected.t if isinstance(expected, Cls) else expected
    found = found.t if isinstance(found, Cls) else found
    expected, found = tensor(expected).detach(), tensor(found).detach()
    if expected.numel() != found.numel():
        wrong.append(f"{what} has {found.numel()} elements, not {expected.numel()}")
        return 0
    if not expected.numel():
        return 0
    expected = expected.reshape(found.shape)
    off = ((found - expected).abs().max() / max(expected.abs().max().item(), 1e-3)).item()
    if not off <= bound:
        wrong.append(f"{what} is off by {off:.2e}")
    return off


def check(path, lib, bound):
    program = {"const": {}, "def": {}, "model": [], "train": {}}
    Parser(open(path).read()).program(lib, program)
    values = read_values(path[:-3] + ".values")
    run = Run(program, values)
    run.run(program["model"])
    wrong, worst, found = [], 0, values["found"]
    penalty = run.penalty()
    total = sum([tensor(x) for x in run.loss], penalty)
    if total.requires_grad:
        total.backward()
    for (kind, name), got in found.items():
        if kind == "loss":
            want = run.loss[int(name)]
        elif kind == "penalty":
            want = penalty
        elif kind == "output":
            want = run.out[int(name)]
        elif kind == "grad":
            w = values["param"][name]
            want = torch.zeros_like(w) if w.grad is None else w.grad
        else:
            want = run.new.get(name, values["buffer"][name])
        worst = max(worst, compare(f"{kind} {name}", got, want, bound, wrong))
    return wrong, worst


def main():
    folder, lib = sys.argv[1:3]
    bound = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-9
    torch.set_num_threads(1)
    n = failures = 0
    worst = 0.0
    for path in sorted(glob.glob(os.path.join(folder, "*.nn"))):
        n += 1
        try:
            wrong, off = check(path, lib, bound)
        except Exception as e:         # a program that this file cannot run is a failure, too
            wrong, off = [f"{type(e).__name__}: {e}"], 0
        worst = max(worst, off)
        if wrong:
            failures += 1
            print(f"{path}: {'; '.join(wrong[:4])}")
    print(f"{n} programs by PyTorch, {failures} failures; worst {worst:.1e}, bound {bound:.0e}")
    return 1 if failures or not n else 0


if __name__ == "__main__":
    sys.exit(main())
