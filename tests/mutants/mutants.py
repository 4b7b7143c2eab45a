#!/usr/bin/env python3
"""mutants.py - does `make check` notice a broken compiler?  Twenty faults made by hand.

Each fault is put alone into a copy of the tree, the copy is built, and the groups of `make check`
run until one fails.  Groups that compare texts (golden, docs, messages) are left out on purpose:
they notice every change, not wrong results.

    mutants.py --fit         only whether all faults apply to the sources as they are
    mutants.py [--tree DIR] [NAME...]
                             all, or those whose name contains a NAME; the rest of a line says
                             which group noticed and which test (docs/reliability.md has the list).   Exit 1 if fewer than 18 of 20
                             are noticed, 2 if a fault does not apply to the sources as they are.
                             DIR keeps the copy and its build for the next time.
"""
import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NEEDED = 18
LIMIT = 900                     # seconds of one group
BUILD = ["make", "-s", "-j2", "all", "check-build"]

# (name, file, what stands there, what the fault makes of it, groups that are asked first)
FAULTS = [
    # gradient rules
    ("gradient of tanh: 1 + y * y", "compiler/ops/ops.def",
     'OP(tanh, nnc_tanh(a), .kind = MAP, .nin = 1, .cost = DEAR, .f = f_tanh,\n\t.grad = { "dy * (1 - y * y)" }',
     'OP(tanh, nnc_tanh(a), .kind = MAP, .nin = 1, .cost = DEAR, .f = f_tanh,\n\t.grad = { "dy * (1 + y * y)" }',
     "ops"),
    ("gradient of a / b: sign of b's", "compiler/ops/ops.def", '"-dy * y / b"', '"dy * y / b"', "ops"),
    ("gradient of sqrt: factor 0.5 lost", "compiler/ops/ops.def", '{ "0.5 * dy / y" }', '{ "dy / y" }', "ops"),
    ("gradient of permute: not the inverse", "compiler/ops/move.c",
     "inverse[y->a.perm.p[k]] = k;", "inverse[k] = y->a.perm.p[k];", "ops"),
    ("gradient of a window: padding lost", "compiler/ops/window.c",
     "Ex *s = ex_add(l, ix[lead + i], ex_int(l, pad));", "Ex *s = ex_add(l, ix[lead + i], ex_int(l, 0));",
     "ops"),
    ("gradient of scan: adjoint of a captured value not summed", "compiler/pass/scangrad.c",
     "add_next(r, n_op2(r->body, O_add, acc, d), zeros(r->g, &x->ty));",
     "add_next(r, n_op2(r->body, O_add, d, d), zeros(r->g, &x->ty));", "units"),
    # shape rules
    ("shape of a strided window: one position more", "compiler/front/spatial.c",
     "(room / w->stride[i] + 1)", "((room + w->stride[i] - 1) / w->stride[i] + 1)", "fuzz"),
    ("shape of reshape: what -1 stands for is rounded", "compiler/front/moves.c",
     "want.k && have.k % want.k == 0 &&", "want.k &&", "bad"),
    ("shape of permute: twice the same dimension allowed", "compiler/front/moves.c",
     "l->nitem != x->n->ty.rank || seen != (1u << x->n->ty.rank) - 1)", "l->nitem != x->n->ty.rank || !seen)", "bad"),
    # memory plan
    ("plan: lives that touch do not overlap", "compiler/kernel/plan.c",
     "return a->first <= b->last && b->first <= a->last;",
     "return a->first < b->last && b->first < a->last;", "units"),
    ("plan: in place though read again later", "compiler/kernel/plan.c",
     "if ((r->access[i].over != to && !r->access[i].at_own) || !only_here(u, from, r))",
     "if (r->access[i].over != to && !r->access[i].at_own)", "units"),
    ("plan: in place at other indices", "compiler/kernel/plan.c",
     "(r->access[i].over != to && !r->access[i].at_own) || !only_here(u, from, r)", "!only_here(u, from, r)", "fuzz"),
    ("plan: what a scan touches dies with its first region", "compiler/kernel/plan.c",
     "lifetimes(r->body, a, from >= 0 ? to : end > a ? end : a);", "lifetimes(r->body, -1, -1);", "fuzz"),
    # barriers
    ("barriers: a read before a write is no conflict", "compiler/kernel/owners.c",
     "!(t->a.write || a->write))", "!t->a.write)", "fuzz"),
    ("barriers: unequal splits do not cross", "compiler/kernel/owners.c",
     "if (!same_split(t->split, s))\n\t\treturn true;", "if (!same_split(t->split, s))\n\t\treturn false;",
     "units"),
    ("barriers: none between the steps of a scan", "compiler/kernel/owners.c",
     "barriers_of(p, r->body);\n\t\tbarriers_of(p, r->body);", "barriers_of(p, r->body);", "fuzz"),
    # loaders
    ("idx: rows of the test part read over those of training", "runtime/data/idx.c",
     "read_column(m, &part[k][i], &d->column[i], at);", "read_column(m, &part[k][i], &d->column[i], 0);",
     "units"),
    ("deal: the first validation row trains, too", "runtime/data/deal.c",
     "part[order[i]] = i < n - test ? VAL : TEST;",
     "part[order[i]] = i == n - test - val ? TRAIN : i < n - test ? VAL : TEST;", "units"),
    ("safetensors: tensors of the same size swapped", "runtime/safetensors.c",
     "const unsigned char *p = f->data + t->at + (size_t)i * (size_t)bytes;",
     "const unsigned char *p = f->data + t->at + (size_t)(t->len - 1 - i) * (size_t)bytes;", "units"),
    ("safetensors: the checksum is not compared", "runtime/safetensors.c",
     "if (strcmp(sum, given))", "if (0 && strcmp(sum, given))", "units"),
]

GROUPS = ("ops units probes layers trainer loop sources fields threads fault resume contract optim infer bits models fuzz "
          "bad sanitize").split()


def fits(tree, file, old):
    """The text of the file if the fault applies to it, else None."""
    text = open(os.path.join(tree, file), encoding="utf-8").read()
    return text if text.count(old) == 1 else None


def apply(tree, file, old, new):
    path = os.path.join(tree, file)
    text = fits(tree, file, old)
    if text is None:
        return False
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    return True


def run(tree, command):
    try:
        p = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
                           env=dict(os.environ, BUILD="build", T=""))
        return p.returncode, p.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return 124, "takes more than %d s" % LIMIT


def judge(tree, first):
    """The group that notices and its first failure, or None."""
    status, out = run(tree, BUILD)
    if status:
        return "build", out.strip().splitlines()[-1]
    for group in first.split() + [g for g in GROUPS if g not in first.split()]:
        if group in ("sanitize", "bad"):
            run(tree, ["make", "-s", "-j2", "asan"])
        status, out = run(tree, ["sh", "tests/group/%s.sh" % group])
        if status:
            found = re.search(r"FAIL (\S.*)", out)
            return group, found.group(1) if found else out.strip().splitlines()[-1]
    return None


def fresh(to):
    """The files of the tree; those that did not change keep their time, so that make knows."""
    files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT).decode().split("\0")
    for f in filter(None, files):
        a, b = os.path.join(ROOT, f), os.path.join(to, f)
        if not os.path.exists(a) or os.path.exists(b) and filecmp.cmp(a, b, shallow=False):
            continue
        os.makedirs(os.path.dirname(b), exist_ok=True)
        shutil.copy(a, b)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--fit", action="store_true")
    p.add_argument("--tree")
    p.add_argument("name", nargs="*")
    asked = p.parse_args()
    chosen = [f for f in FAULTS if not asked.name or any(a in f[0] for a in asked.name)]
    if asked.fit:
        lost = [f"{name}: {file}" for name, file, old, _, _ in FAULTS if fits(ROOT, file, old) is None]
        print("\n".join(lost) or "all %d faults apply" % len(FAULTS))
        return 2 if lost else 0
    tree = asked.tree or tempfile.mkdtemp(prefix="mutant")
    noticed = unusable = 0
    fresh(tree)
    status, out = run(tree, BUILD)
    if status:
        print("without a fault the tree does not build: %s" % out.strip().splitlines()[-1])
        return 2
    for name, file, old, new, first in chosen:
        began = time.time()
        fresh(tree)
        if not apply(tree, file, old, new):
            print("%-56s does not apply to %s" % (name, file), flush=True)
            unusable += 1
            continue
        by = judge(tree, first)
        noticed += by is not None
        print("%-56s %s  (%.0f s)" % (name, "%s: %s" % by if by else "NOT NOTICED", time.time() - began), flush=True)
    fresh(tree)
    if not asked.tree:
        shutil.rmtree(tree)
    print("%d of %d faults noticed" % (noticed, len(chosen)))
    if unusable:
        return 2
    return 0 if noticed >= NEEDED * len(chosen) / len(FAULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
