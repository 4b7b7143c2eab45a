"""table.py - does a CSV of `predict` hold the numbers of its .safetensors?

    table.py FOUND.csv FOUND.safetensors

The header is NAME for one number a sample, else NAME.0 NAME.1 ...; %.9g reads back a float exactly.
"""
import array
import csv
import sys

from inputs import safetensors


def single(v):
    return array.array("f", [v])[0]


def main():
    tensors = safetensors.load(sys.argv[2])
    with open(sys.argv[1], newline="") as f:
        header, *rows = list(csv.reader(f))
    columns = {}
    for name, (shape, values) in tensors.items():
        size = safetensors.count(shape[1:])
        for k in range(size):
            columns[f"{name}.{k}" if size > 1 else name] = values[k::size]
    if sorted(header) != sorted(columns):
        sys.exit(f"columns {header} are not {list(columns)}")
    for at, name in enumerate(header):
        found = [single(float(row[at])) for row in rows]
        if found != [single(v) for v in columns[name]]:
            sys.exit(f"column {name} has other numbers")
    print(f"{len(header)} columns, {len(rows)} rows")


if __name__ == "__main__":
    main()
