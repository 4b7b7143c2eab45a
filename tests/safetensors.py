"""safetensors.py - read and write .safetensors files with the standard library alone.

A tensor is (shape, flat list of numbers).  Format: 8 bytes little-endian length of the header, a
JSON header {name: {dtype, shape, data_offsets}}, raw little-endian data.
"""
import json
import struct

CODES = {"F64": "d", "F32": "f", "F16": "e", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B",
         "BOOL": "B"}


def count(shape):
    n = 1
    for d in shape:
        n *= d
    return n


def save(path, tensors, types=None):
    """tensors: {name: (shape, values)}; types: {name: dtype}, F64 where not given."""
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        dtype = (types or {}).get(name, "F64")
        assert len(values) == count(shape), name
        raw = struct.pack("<%d%s" % (len(values), CODES[dtype]), *values)
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def load(path):
    """{name: (shape, values)}, without __metadata__."""
    with open(path, "rb") as f:
        raw = f.read()
    n = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, t in json.loads(raw[8:8 + n]).items():
        if name == "__metadata__":
            continue
        lo, hi = t["data_offsets"]
        values = struct.unpack("<%d%s" % (count(t["shape"]), CODES[t["dtype"]]),
                               raw[8 + n + lo:8 + n + hi])
        tensors[name] = (t["shape"], list(values))
    return tensors
