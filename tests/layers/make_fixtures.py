"""make_fixtures.py - what PyTorch computes for the programs of programs.py, in double.

    python3 make_fixtures.py [NAME...]   rewrites shapes.json, NAME.expect.safetensors (training) and
                                         NAME.eval.safetensors (evaluation); run by hand, with
                                         PyTorch (2.13 was used), after a change of a case

Every case is evaluated as Python with the functions of torch_names.py, which have nnc's names and
arguments and are PyTorch's; each layer takes its tensors by the path that nnc gives it.  Written are the loss,
each output, the gradient of each parameter (inputs have one added) and each buffer after the step.
Tensors of more than 400 elements are kept in part: NAME@7 holds every 7th element.
"""
import json
import re
import sys

import torch

import programs
from cases import EVALUATED, PROGRAMS
from programs import HERE, safetensors
from torch_names import NAMES, Maker, layers


def python(case):
    """nnc's pipes as calls."""
    while "|>" in case:
        left, _, right = case.partition(" |> ")
        nested = re.match(r"(\w+)(\((.*?)\)(?= \|> |$))?", right)
        args = nested.group(3)
        case = f"{nested.group(1)}({left}{', ' + args if args else ''})" + right[nested.end():]
    return case


def entry(expect, name, t):
    t = t.detach().to(torch.float64)
    if t.numel() > 400:
        name, t = name + "@7", t.flatten()[::7]
    expect[name] = list(t.shape), t.flatten().tolist()


def values_of(name, m):
    """The inputs, each with its parameter added."""
    inputs, _ = programs.program(name)
    fields, types = programs.batch(name)
    values = {}
    for key, (shape, kind) in inputs.items():
        dims, data = fields[key if kind else key + "0"]
        t = torch.tensor(data).reshape(dims)
        if types.get(key) == "BOOL":
            t = t.bool()
        values[key] = t if kind else t + m.make("p" + key, *shape)
    for key, shape in programs.raw(name).items():
        values[key] = m.make(key, *shape)
    return values


def make(name, training):
    m = Maker(name, training)
    values = values_of(name, m)
    scope = {**NAMES, **layers(m)}
    outputs = []
    for case in programs.program(name)[1]:                # our own texts, from cases.py
        if isinstance(case, tuple) and len(case) == 3:
            exec(case[2], dict(scope), values)
        text = case if isinstance(case, str) else case[1]
        outputs.append(eval(python(text), dict(scope), values).to(torch.float64))
    expect = {}
    for i, o in enumerate(outputs):
        entry(expect, f"output.out{i}" if training else f"out{i}", o)
    if training:
        loss = sum((3 * o + 1).sin().sum() for o in outputs)
        loss.backward()
        entry(expect, "loss", loss)
        for path, t in m.param.items():
            entry(expect, "grad." + path, t.grad if t.grad is not None else torch.zeros_like(t))
        for path, t in m.buffer.items():
            entry(expect, "buffer." + path, t)
    safetensors.save(f"{HERE}/{name}.{'expect' if training else 'eval'}.safetensors", expect)
    return m.shapes


def main():
    names = sys.argv[1:] or [*PROGRAMS, *EVALUATED]
    try:
        with open(f"{HERE}/shapes.json", encoding="utf-8") as f:
            shapes = json.load(f)
    except FileNotFoundError:
        shapes = {}
    for name in dict.fromkeys(names):
        for training, among in (True, PROGRAMS), (False, EVALUATED):
            if name in among:
                shapes[name] = make(name, training)
    with open(f"{HERE}/shapes.json", "w", encoding="utf-8") as f:
        f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}"
                                   for k, v in sorted(shapes.items())) + "\n}\n")


if __name__ == "__main__":
    main()
