"""programs.py - the test programs: many cases each, as sources.

    programs.py              names of the programs, one a line
    programs.py NAME DIR     writes DIR/NAME.nn, DIR/NAME.weights.safetensors and
                             DIR/NAME.batch.safetensors

Case i of cases.py is the output `out<i>` and adds the sum of sin(3 x + 1) over its elements to the
loss, so that every element has a gradient of its own.  The PyTorch side is in make_fixtures.py.
"""
import json
import os
import random
import re
import sys
import zlib

from cases import EVALUATED, PROGRAMS, RAW

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402

BATCH = 3
TYPES = {"class4": "class(4)", "length": "class(6)", "i32": "i32", "bool": "bool"}


def used(named, cases):
    """Those whose names stand in a case: others would only be warned of."""
    words = set(re.findall(r"\w+", " ".join(c if isinstance(c, str) else " ".join(c) for c in cases)))
    return {k: v for k, v in named.items() if k in words}


def raw(name):
    return used(RAW.get(name, {}), {**PROGRAMS, **EVALUATED}[name][1])


def program(name):
    """Inputs {name: (shape, kind)}, kind "" for reals, and cases."""
    inputs, cases = {**PROGRAMS, **EVALUATED}[name]
    inputs = used(inputs, cases)
    split = {k: (s[:-1], s[-1]) if isinstance(s[-1], str) else (s, "") for k, s in inputs.items()}
    return split, cases


def source(name):
    """The program as text.  Inputs are parameters too (`x = x0 + px`): their gradients are tested."""
    inputs, cases = program(name)
    lines = ["data synthetic(\"random\", 8)", "", f"model {name} {{"]
    for key, (shape, kind) in inputs.items():
        dims = "".join(f", {d}" for d in shape)
        if kind:
            lines.append(f"  input {key}: {TYPES.get(kind, 'f32')}[N{dims}]")
        else:
            lines += [f"  input {key}0: f32[N{dims}]", f"  param p{key}: f32[{dims[2:]}]",
                      f"  {key} = {key}0 + expand(unsqueeze(p{key}, 0), N{dims})"]
    for key, shape in raw(name).items():
        lines.append(f"  param {key}: f32[{', '.join(map(str, shape))}]")
    for i, case in enumerate(cases):
        if isinstance(case, tuple) and len(case) == 3:
            lines.append("  " + case[0])
            case = case[1:]
        lines += [f"  o{i} = {case if isinstance(case, str) else case[0]}", f"  output out{i} = o{i}"]
    lines.append("  loss all = " + " + ".join(f"sum(sin(3 * o{i} + 1))" for i in range(len(cases))))
    return "\n".join(lines + ["}", "", "train { epochs = 1, batch = 4, optimizer = sgd(lr = 0.1) }", ""])


def values(name, shape, scale):
    rng = random.Random(zlib.crc32(name.encode()))
    return list(shape), [scale * (2 * rng.random() - 1) for _ in range(safetensors.count(shape))]


def batch(name):
    """Tensors by name, and the types of those that are no reals."""
    fields, types = {}, {}
    made = {"class4": lambda v: int(abs(v) * 1000) % 4, "length": lambda v: int(abs(v) * 1000) % 5 + 1,
            "i32": lambda v: int(abs(v) * 1000) % 5 + 1, "bool": lambda v: int(v > 0),
            "sign": lambda v: 1.0 if v > 0 else -1.0, "zero": lambda v: float(v > 0), "": lambda v: v}
    for key, (shape, kind) in program(name)[0].items():
        dims, data = values(name + key, [BATCH, *shape], 1.5)
        key = key if kind else key + "0"
        fields[key] = dims, [made[kind](v) for v in data]
        types[key] = {"class4": "I64", "length": "I64", "i32": "I32", "bool": "BOOL"}.get(kind, "F64")
    return fields, types


def weights(name):
    """From shapes.json, which make_fixtures.py writes: {program: {path: shape}}."""
    with open(f"{HERE}/shapes.json", encoding="utf-8") as f:
        shapes = json.load(f)[name]
    made = {}
    for path, shape in shapes.items():
        made[path] = values(name + path, shape, 0.5)
        if path.endswith("running_var"):
            made[path] = shape, [abs(v) + 0.5 for v in made[path][1]]
    return made


def main():
    if len(sys.argv) == 1:
        print("\n".join({**PROGRAMS, **EVALUATED}))
        return
    name, out = sys.argv[1:]
    with open(f"{out}/{name}.nn", "w", encoding="utf-8") as f:
        f.write(source(name))
    safetensors.save(f"{out}/{name}.weights.safetensors", weights(name))
    safetensors.save(f"{out}/{name}.batch.safetensors", *batch(name))


if __name__ == "__main__":
    main()
