"""logs.py - are the logs of a run what they should be, and do they say the same?

    python3 logs.py FOLDER NAME SOURCE

CSV, JSON lines and TensorBoard's events are read by code that shares nothing with the trainer: the
records and the protobuf messages are taken apart here, byte by byte.
"""
import csv
import glob
import hashlib
import json
import math
import os
import struct
import sys


def table():
    """CRC-32C by the definition: division by Castagnoli's polynomial, not reflected, bit by bit."""
    out = []
    for i in range(256):
        c = int(format(i, "08b")[::-1], 2) << 24
        for _ in range(8):
            c = (c << 1 ^ 0x1EDC6F41 if c & 1 << 31 else c << 1) & 0xFFFFFFFF
        out.append(int(format(c, "032b")[::-1], 2))
    return out


TABLE = table()


def crc32c(data):
    c = 0xFFFFFFFF
    for b in data:
        c = TABLE[(c ^ b) & 255] ^ c >> 8
    return c ^ 0xFFFFFFFF


def masked(data):
    c = crc32c(data)
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        n, = struct.unpack_from("<Q", data, at)
        head, = struct.unpack_from("<I", data, at + 8)
        body = data[at + 12:at + 12 + n]
        tail, = struct.unpack_from("<I", data, at + 12 + n)
        assert head == masked(data[at:at + 8]), "checksum of a length"
        assert len(body) == n and tail == masked(body), "checksum of a record"
        yield body
        at += 16 + n


def varint(data, at):
    value = shift = 0
    while True:
        b = data[at]
        value |= (b & 127) << shift
        shift += 7
        at += 1
        if b < 128:
            return value, at


def message(data):
    """Fields of a protobuf message: (number, value)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, = struct.unpack_from("<d", data, at)
            at += 8
        elif kind == 2:
            n, at = varint(data, at)
            value, at = data[at:at + n], at + n
            assert len(value) == n
        elif kind == 5:
            value, = struct.unpack_from("<f", data, at)
            at += 4
        else:
            raise AssertionError("wire type %d" % kind)
        yield key >> 3, value


def events(path):
    """(step, {tag: value}) of each event; the first is the version."""
    for i, body in enumerate(records(path)):
        fields = dict(message(body))
        assert fields[1] > 1.6e9, "wall time"
        if i == 0:
            assert fields[3] == b"brain.Event:2"
            continue
        values = {}
        for number, value in message(fields[5]):
            assert number == 1
            parts = dict(message(value))
            values[parts[1].decode()] = parts[2]
        yield fields.get(2, 0), values


def single(v):
    return struct.unpack("<f", struct.pack("<f", v))[0]


def read_csv(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def number(cell):
    return float(cell) if cell else None


def check_board(path, rows):
    found = list(events(path))
    assert len(found) == len(rows), "%d events, %d rows" % (len(found), len(rows))
    for (step, values), row in zip(found, rows):
        assert step == int(row["step"])
        want = {k: number(v) for k, v in row.items()
                if v and k not in ("epoch", "step", "seconds", "batch")}
        bare = {k.split("/", 1)[-1]: v for k, v in values.items()}
        assert set(bare) == set(want), (set(bare), set(want))
        for k, v in want.items():
            assert math.isclose(bare[k], single(v), rel_tol=2e-7, abs_tol=1e-30), (k, bare[k], v)


def check_scores(scores, row, prefix):
    for k, v in scores.items():
        if isinstance(v, list) or prefix + k not in row:
            continue
        assert number(row[prefix + k]) == v, (prefix + k, row[prefix + k], v)


def check_json(path, rows, source):
    with open(path) as f:
        lines = [json.loads(line) for line in f]
    start = lines[0]
    assert start["event"] == "start" and start["nnc"] and start["params"] > 0
    with open(source, "rb") as f:
        assert start["source_sha256"] == hashlib.sha256(f.read()).hexdigest()
    epochs = [e for e in lines if e["event"] == "epoch"]
    assert len(epochs) == len(rows)
    for e, row in zip(epochs, rows):
        assert (e["epoch"], e["step"], e["batch"]) == tuple(
            int(row[k]) for k in ("epoch", "step", "batch"))
        check_scores({k: v for k, v in e.items() if k not in ("event", "val", "best", "fold")
                      and not isinstance(v, str)}, row, "")
        assert ("val" in e) == bool(row["val_loss"])
        check_scores(e.get("val", {}), row, "val_")
        for part, n in ("val", start["rows"]["val"]),:
            for name, cells in e.get(part, {}).items():
                if isinstance(cells, list):
                    assert sum(map(sum, cells)) == n and len(cells) == len(cells[0])
                    assert sum(cells[i][i] for i in range(len(cells))) == round(
                        n * e[part]["accuracy"])
    ends = [e for e in lines if e["event"] == "end"]
    assert lines[-1] is ends[-1] and len(ends) == max(1, start.get("folds", 0))
    for e in ends:
        mine = [r for r, l in zip(rows, epochs) if l.get("fold") == e.get("fold")]
        best = [r for r in mine if int(r["step"]) == e["best_step"]][0]
        assert number(best[e["monitor"]]) == e["best"] and int(best["epoch"]) == e["best_epoch"]
        check_scores(e["val"], best, "val_")
    return start, ends


def main(folder, name, source):
    rows = read_csv(os.path.join(folder, name + ".csv"))
    assert rows
    check_board(glob.glob(os.path.join(folder, "events.out.tfevents.*.nnc"))[0], rows)
    check_json(os.path.join(folder, name + ".jsonl"), rows, source)
    print("%d reports agree" % len(rows))


if __name__ == "__main__":
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720's check value
    main(*sys.argv[1:])
