"""hashes.py - are two files of results equal to the bit?

    hashes.py INTERPRETER.safetensors TRAINER.safetensors

Prints one hash of each file over its tensors in order of name (raw bytes, so 0.0 and -0.0 differ),
and the first tensors that differ; status 1 if any does.
"""
import array
import hashlib
import sys

from inputs import safetensors


def raw(t):
    return array.array("d", t[1]).tobytes()


def main():
    a, b = safetensors.load(sys.argv[1]), safetensors.load(sys.argv[2])
    for tensors in (a, b):
        h = hashlib.sha256()
        for name in sorted(tensors):
            h.update(name.encode() + repr(list(tensors[name][0])).encode() + raw(tensors[name]))
        print(h.hexdigest()[:24])
    differ = [n for n in sorted(set(a) | set(b))
              if n not in a or n not in b or list(a[n][0]) != list(b[n][0]) or raw(a[n]) != raw(b[n])]
    for name in differ[:8]:
        if name not in a or name not in b:
            print(f"{name}: only in one file")
            continue
        pairs = [(k, x, y) for k, (x, y) in enumerate(zip(a[name][1], b[name][1])) if x != y]
        k, x, y = pairs[0] if pairs else (0, "0.0", "-0.0")
        print(f"{name}: {len(pairs)} of {len(a[name][1])} elements, first {k}: {x!r} and {y!r}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
