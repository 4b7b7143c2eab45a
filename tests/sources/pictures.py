"""pictures.py - pictures of every kind, whose pixels are known, and a check of how a trainer reads them.

    pictures.py make FOLDER           FOLDER/kinds and FOLDER/sizes: a folder for each class; FOLDER/bad: spoilt ones
    pictures.py check FILE WHICH      the output `x` of FILE: kinds (three channels), grey (one), sizes (resized)
    pictures.py pillow                writes fixtures/resized.json, what Pillow makes of FOLDER/sizes; needs Pillow

PNG is written here by its specification, with every filter in turn.
"""
import json
import os
import struct
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import safetensors

H, W = 5, 7
SIZES = [(3, 4), (5, 7), (10, 40), (64, 48)]       # height, width: Pillow 13, too, begins with the rows of these
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
VALUES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}


def pixel(seed, y, x, c):
    return (x * x * 37 + y * 91 + x * y * 13 + c * 53 + seed * 17) % 65536 * 40503 % 65536


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(values, depth):
    """Values of a row as the bytes of a PNG."""
    if depth == 16:
        return b"".join(struct.pack(">H", v) for v in values)
    bits = "".join(format(v, f"0{depth}b") for v in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def filtered(rows, back):
    out, before = b"", bytes(len(rows[0]))
    for y, row in enumerate(rows):
        line = []
        for i, v in enumerate(row):
            a, b = row[i - back] if i >= back else 0, before[i]
            c = before[i - back] if i >= back else 0
            pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            paeth = a if pa <= pb and pa <= pc else b if pb <= pc else c
            line.append((v - [0, a, b, (a + b) // 2, paeth][y % 5]) & 255)
        out += bytes([y % 5]) + bytes(line)
        before = row
    return out


def png(path, kind, depth, rows, palette=b""):
    """rows: the values of each row."""
    n = VALUES[kind]
    head = struct.pack(">IIBBBBB", len(rows[0]) // n, len(rows), depth, kind, 0, 0, 0)
    body = zlib.compress(filtered([packed(r, depth) for r in rows], max(1, n * depth // 8)))
    half = len(body) // 2
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + (chunk(b"PLTE", palette) if palette else b"") +
                chunk(b"tEXt", b"Title\0none") + chunk(b"IDAT", body[:half]) + chunk(b"IDAT", body[half:]) +
                chunk(b"IEND", b""))


def rows_of(seed, h, w, n, depth):
    return [[pixel(seed, y, x, c) % (1 << depth) for x in range(w) for c in range(n)] for y in range(h)]


def colours(seed, depth):
    return bytes(pixel(seed, k, 1, c) % 256 for k in range(1 << depth) for c in range(3))


def kinds():
    """(class, file, writer, pixels as lists of one or three numbers)"""
    seed = 0
    for kind, depths in (GREY, (1, 2, 4, 8, 16)), (GREY_ALPHA, (8, 16)), (PALETTE, (1, 2, 4, 8)), (RGB, (8, 16)), \
            (RGB_ALPHA, (8, 16)):
        for depth in depths:
            seed += 1
            n, rows = VALUES[kind], rows_of(seed, H, W, VALUES[kind], depth)
            table = colours(seed, depth) if kind == PALETTE else b""
            scale = 255 / ((1 << depth) - 1) if depth < 8 else 1
            flat = [v >> 8 if depth == 16 else round(v * scale) for r in rows for v in r]
            pixels = [list(table[3 * v:3 * v + 3]) for r in rows for v in r] if table else \
                [flat[i:i + n][:3 if n > 2 else 1] for i in range(0, len(flat), n)]
            yield f"kind{kind}", f"d{depth:02}.png", lambda p, k=kind, d=depth, r=rows, t=table: png(p, k, d, r, t), pixels
    for letter, n, most in ("2", 1, 255), ("3", 3, 100), ("5", 1, 255), ("5", 1, 65535), ("6", 3, 15), ("6", 3, 255):
        seed += 1
        v = [pixel(seed, y, x, c) % (most + 1) for y in range(H) for x in range(W) for c in range(n)]
        body = " ".join(map(str, v)).encode() if letter < "4" else b"".join(
            struct.pack(">H" if most > 255 else "B", k) for k in v)
        raw = f"P{letter}\n# by hand\n{W} {H}\n{most}\n".encode() + body
        bytes_ = [(k * 255 + most // 2) // most for k in v]
        yield "pnm", f"p{letter}_{most:05}.p{'g' if n == 1 else 'p'}m", lambda p, r=raw: open(p, "wb").write(r), \
            [bytes_[i:i + n] for i in range(0, len(bytes_), n)]


def make(root):
    for name, file, write, _ in kinds():
        os.makedirs(f"{root}/kinds/{name}", exist_ok=True)
        write(f"{root}/kinds/{name}/{file}")
    for k, (h, w) in enumerate(SIZES):
        os.makedirs(f"{root}/sizes/c{k % 2}", exist_ok=True)
        png(f"{root}/sizes/c{k % 2}/{k}.png", RGB, 8, rows_of(k, h, w, 3, 8))
    os.makedirs(f"{root}/bad/a", exist_ok=True)
    with open(f"{root}/sizes/c0/0.png", "rb") as f:
        good = f.read()
    spoilt = {"cut": good[:-20], "sum": good[:60] + bytes([good[60] ^ 1]) + good[61:], "jpeg": b"\xff\xd8\xff\xe0 jpeg"}
    for name, raw in spoilt.items():
        with open(f"{root}/bad_{name}.png", "wb") as f:
            f.write(raw)


def planes(pixels, channels):
    if channels == 3:
        pixels = [p * 3 if len(p) == 1 else p for p in pixels]
    else:
        pixels = [p if len(p) == 1 else [(p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16] for p in pixels]
    return [p[c] for c in range(channels) for p in pixels]


def check(path, which):
    if which == "sizes":
        with open(f"{HERE}/fixtures/resized.json") as f:
            want = json.load(f)
    else:
        want = [planes(p, 1 if which == "grey" else 3)
                for name, file, _, p in sorted(kinds(), key=lambda k: (k[0], k[1]))]
    shape, found = safetensors.load(path)["x"]
    each = len(found) // shape[0]
    assert shape[0] == len(want), (shape, len(want))
    for i, w in enumerate(want):
        assert found[i * each:(i + 1) * each] == w, (i, found[i * each:(i + 1) * each], w)


def pillow():
    from PIL import Image
    want = []
    for k in 0, 2, 1, 3: # the order of c0/0, c0/2, c1/1, c1/3
        h, w = SIZES[k]
        flat = bytes(v for r in rows_of(k, h, w, 3, 8) for v in r)
        p = Image.frombytes("RGB", (w, h), flat).resize((W, H), Image.BILINEAR).tobytes()
        want.append([p[3 * i + c] for c in range(3) for i in range(H * W)])
    with open(f"{HERE}/fixtures/resized.json", "w") as f:
        f.write("[" + ",\n".join(json.dumps(v) for v in want) + "]\n")


{"make": make, "check": check, "pillow": pillow}[sys.argv[1]](*sys.argv[2:])
