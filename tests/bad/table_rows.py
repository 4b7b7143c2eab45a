"""table_rows.py - group B: files of the sources csv, npy, npz, libsvm, text, CIFAR (exit 3), read by
tests/sources/load.c: csv has the columns a, b, `c d` (numbers) and y (three classes); x is [2, 3]."""
import gzip
import io
import os
import struct
import zipfile

from harness import Case

GOOD = "a,b,c d,y\n1,2,3,0\n4,5,6,2\n"


def csv(name, line, text, status=3, source="csv", more=(), **kw):
    return Case(f"B {name} (csv)", [source, "t.csv", *more], status, line, {"t.csv": text},
                tool="load", **kw)


def cell(name, line, value, **kw):
    return csv(name, line, f"a,b,c d,y\n1,2,3,0\n4,{value},6,2\n", **kw)


CSV = [
    csv("11 the good table works", "", GOOD, 0),
    csv("11 CR LF and a byte order mark", "", "\ufeff" + GOOD.replace("\n", "\r\n"), 0),
    csv("11 a blank last line", "", GOOD + "\n", 0),
    csv("11 gzip", "", gzip.compress(GOOD.encode()), 0),
    csv("11 gzip that is cut", r"t\.csv.*decompress.*R7", gzip.compress(GOOD.encode())[:-10]),
    csv("11 a short row", r"t\.csv:3: error: this row has 3 columns, but the file has 4 \[R5",
        "a,b,c d,y\n1,2,3,0\n4,5,6\n"),
    csv("11 a trailing separator", r"t\.csv:2: error: this row has 5 columns", "a,b,c d,y\n1,2,3,0,\n"),
    cell("11 an empty cell", r"t\.csv:3:3: error: column `b` is empty here \[R2.*(.|\n)*fill", ""),
    csv("11 an embedded line end", r"t\.csv:4:1: error: column `a` holds `x`",
        'a,b,c d,y,w\n1,2,3,0,"u\nv"\nx,2,3,0,q\n'),
    csv("11 an open quote", r"t\.csv:3:3: error: this quote is not closed \[R2", 'a,b,c d,y\n1,2,3,0\n4,"5,6,2\n'),
    csv("11 text behind a quote", r"text follows the closing quote", 'a,b,c d,y\n1,"2"x,3,0\n'),
    csv("11 no header where one is expected", r"no column `a`.*(.|\n)*header = false", "1,2,3,0\n4,5,6,1\n"),
    csv("11 a header where none is expected", r"t\.csv:1:1: error: column `a` holds `a`(.|\n)*header = false", GOOD,
        source="names"),
    csv("11 semicolons", r"no column `a`(.|\n)*sep = \";\"", GOOD.replace(",", ";")),
    csv("11 tabs", r"no column `a`(.|\n)*sep = \"\\t\"", GOOD.replace(",", "\t")),
    csv("11 names for other columns", r"5 columns, but `names` has 4.*R5", "1,2,3,0,5\n", source="names"),
    csv("11 UTF-16", r"UTF-16 text.*R2", GOOD.encode("utf-16")),
    csv("11 a record of 40 MiB", r"more than 16 MiB", 'a,b,c d,y\n1,"' + "2" * (40 << 20)),
    cell("12 a German number", r"t\.csv:3:3: error: column `b` holds `1,5`.*(.|\n)*point", '"1,5"'),
    cell("12 1e999", r"`1e999`, which is too large", "1e999"),
    cell("12 too large for single", r"single precision", "1e39", more=["single"]),
    cell("12 hexadecimal", r"`0x1p3`, which is not a number", "0x1p3"),
    cell("12 inf", r"`inf`, which is not a number", "inf"),
    cell("12 nan", r"`nan`, which is not a number(.|\n)*drop", "nan"),
    cell("12 two signs", r"`--1`", "--1"),
    cell("12 two points", r"`1\.2\.3`", "1.2.3"),
    cell("12 Arabic digits", r"not a number", "١٢"),
    cell("12 400 digits work for a small number", "", "0." + "3" * 400, status=0),
    cell("12 400 digits", r"too large", "3" * 400),
    cell("12 a date", r"`2024-01-31`, a date, which is not a number", "2024-01-31"),
    cell("12 a NUL", r"not a number", "1\0"),
    cell("12 control characters", r"not a number", "\x1b[31m"),
    csv("13 one column", r"no column `a`", "z\n1\n"),
    csv("13 one column of doubled quotes", r"no column `a`", '"z ""z"" z"\n"1""2"\n'),
    csv("13 one row works", "", "a,b,c d,y\n1,2,3,0\n", 0),
    csv("13 a class out of range", r"t\.csv:2:7: error: column `y` holds 3; class\(3\) is whole numbers, 0 to 2 \[R4",
        "a,b,c d,y\n1,2,3,3\n"),
    csv("13 a class below 0", r"holds -1", "a,b,c d,y\n1,2,3,-1\n"),
    csv("13 a class that is no whole number", r"holds 1\.5", "a,b,c d,y\n1,2,3,1.5\n"),
    csv("13 two columns of one name", r"columns 1 and 5 are both called `a`", "a,b,c d,y,a\n1,2,3,0,1\n"),
    csv("13 others() are too many", r"others\(\) are 3 columns.*compiled for 2.*R5", "p,q,r,w,y\n1,2,3,u,0\n",
        source="rest"),
    csv("2 no byte", r"no row in it.*R5", b""),
    csv("2 a header only", r"no row in it.*R5", "a,b,c d,y\n"),
    csv("2 a bad row of rows that stay in files: nothing is left", r"t\.csv:3:1", "a,b,c d,y\n1,2,3,0\nx,2,3,0\n",
        more=["mmap"]),
    Case("B1 csv is missing", ["csv", "gone.csv"], 3, r"gone\.csv: cannot open.*R7", tool="load"),
    Case("B1 csv is a folder", ["csv", "t.csv"], 3, r"t\.csv.*folder.*R7", {"t.csv": None}, tool="load"),
    Case("B1 csv is a FIFO", ["csv", "t.csv"], 3, r"t\.csv.*regular file", {"t.csv": os.mkfifo}, tool="load"),
]


# ---- arrays ---------------------------------------------------------------------------------------------

def head(text, version=1, length=None):
    text = text.encode() if isinstance(text, str) else text
    n = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", n & 0xffffffff) + text


def npy(descr="<f4", shape="(2, 2, 3)", order="False", data=bytes(48), **kw):
    return head("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n" % (descr, order, shape), **kw) + data


LABELS = npy("|u1", "(2,)", data=b"\0\2")


def array(name, line, x, status=3, y=LABELS):
    return Case(f"B {name} (npy)", ["npy", "."], status, line, {"x.npy": x, "y.npy": y}, tool="load")


def sparse(path):
    with open(path, "wb") as f:
        f.write(npy("<f4", "(1000000000, 2, 3)", data=b""))
        f.truncate(1 << 30)


NPY = [
    array("9 good arrays work", "", npy(), 0),
    array("9 big-endian works", "", npy(">f8", data=struct.pack(">12d", *range(12))), 0),
    array("9 version 2 works", "", npy(version=2), 0),
    array("9 bad magic", r"x\.npy: not a \.npy file.*R1", b"PK" + npy()[2:]),
    array("9 version 9", r"version 9", npy()[:6] + b"\x09" + npy()[7:]),
    array("9 header beyond the end", r"header of 60000 bytes.*R2", head("{'descr': '<f4'", length=60000)),
    array("9 header of 4 GB", r"header of 4294967295 bytes", head("{", 2, 0xffffffff)),
    array("9 no dictionary", r"no dictionary", head("[1]\n")),
    array("9 Python objects", r"Python objects, are never read.*R1", npy("|O")),
    array("9 records", r"named fields", head("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }\n")),
    array("9 complex numbers", r"`<c8` are not read", npy("<c8")),
    array("9 Fortran order", r"Fortran order.*R1(.|\n)*ascontiguousarray", npy(order="True")),
    array("9 a negative extent", r"needs a number", npy(shape="(-1, 2, 3)")),
    array("9 an extent of 30 digits", r"63 bits", npy(shape="(%s, 2, 3)" % ("9" * 30))),
    array("9 a product that wraps", r"R5|R1", npy(shape="(4611686018427387904, 2, 3)")),
    array("9 a shape without commas", r"comma", npy(shape="(2 2 3)")),
    array("9 no shape", r"lacks", head("{'descr': '<f4', 'fortran_order': False, }\n") + bytes(48)),
    array("9 a key twice", r"twice", head("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n")),
    array("9 another key", r"not descr", head("{'evil': '<f4'}\n")),
    array("9 code", r"\.npy header", head("{'descr': __import__('os').system('x')}\n")),
    array("9 a million blanks", r"64 KiB", head(" " * 60000, 2, 1000000) + b" " * 1000000),
    array("9 33 dimensions", r"32 dimensions", npy(shape="(" + "1, " * 33 + ")")),
    array("10 1e9 rows in 1 KiB", r"R5", npy(shape="(1000000000, 2, 3)", data=bytes(1000))),
    array("10 a sparse file of another size", r"R5", sparse),
    array("2 one byte short", r"R5", npy()[:-1]),
    array("2 one byte long", r"R5", npy() + b"x"),
    array("2 no byte", r"not a \.npy", b""),
    array("5 counts differ", r"`y` has 3 rows, but `x` has 2.*R5", npy(), y=npy("|u1", "(3,)", data=bytes(3))),
    array("6 another shape", r"R1", npy(shape="(2, 3, 2)")),
    array("6 a single number", r"single number", npy(shape="()", data=bytes(4))),
    array("7 a class out of range", r"y\.npy: row 1 of `y` holds 3.*R4", npy(), y=npy("|i1", "(2,)", data=b"\0\3")),
    array("7 a class of floats", r"holds f32.*R1(.|\n)*astype", npy(), y=npy("<f4", "(2,)", data=bytes(8))),
    array("14 not finite", r"row 1 of `x` holds nan, which is not finite.*R2",
          npy(data=bytes(24) + struct.pack("<6f", 1, float("nan"), 2, 3, 4, 5))),
]


def archive(kind=zipfile.ZIP_STORED, **arrays):
    f = io.BytesIO()
    with zipfile.ZipFile(f, "w", kind) as z:
        for n, x in (arrays or {"x": npy(), "y": LABELS}).items():
            z.writestr(n + ".npy", x)
    return f.getvalue()


def npz(name, line, data, status=3, more=()):
    return Case(f"B {name} (npz)", ["npz", "a.npz", *more], status, line, {"a.npz": data}, tool="load")


GOODZ, PACKED = archive(), archive(zipfile.ZIP_DEFLATED)


def changed(data, at, new):
    return data[:at] + new + data[at + len(new):]


ENTRY, LAST = GOODZ.find(b"PK\1\2"), GOODZ.rfind(b"PK\5\6")
NPZ = [
    npz("9 npz stored works", "", GOODZ, 0),
    npz("9 npz deflated works", "", PACKED, 0),
    npz("9 npz stored, mapped, works", "", GOODZ, 0, ["mmap"]),
    npz("9 npz deflated, mapped", r"compressed(.|\n)*savez", PACKED, 3, ["mmap"]),
    npz("9 npz is no zip", r"not a \.npz file.*R1", b"x" * 1000),
    npz("9 npz of no byte", r"not a \.npz file", b""),
    npz("9 npz without an array", r"no array `y`.*R5", archive(x=npy())),
    npz("9 npz with a damaged member", r"damaged.*R2", changed(GOODZ, GOODZ.find(b"descr") + 200, b"\xff\xff")),
    npz("9 npz with damaged packed bytes", r"damaged|R2", changed(PACKED, 60, b"\xff\xff\xff")),
    npz("9 npz directory out of the file", r"directory.*R2", changed(GOODZ, LAST + 16, b"\xff\xff\xff\x7f")),
    npz("9 npz of a million members", r"directory", changed(GOODZ, LAST + 8, b"\xfe\xff\xfe\xff")),
    npz("9 npz member beyond the end", r"R2", changed(GOODZ, ENTRY + 20, b"\xff\xff\xff\x7f\xff\xff\xff\x7f")),
    npz("9 npz member that asks for 2 GB", r"R2", changed(PACKED, PACKED.find(b"PK\1\2") + 24, b"\xff\xff\xff\x7f")),
    npz("9 npz by another method", r"method 99", changed(GOODZ, ENTRY + 10, b"\x63\0")),
    npz("9 npz encrypted", r"encrypted", changed(GOODZ, ENTRY + 8, b"\1\0")),
    npz("9 npz local header elsewhere", r"not where", changed(GOODZ, ENTRY + 42, b"\5\0\0\0")),
]


# ---- lines, texts, pictures -----------------------------------------------------------------------------

def svm(name, line, text, status=3):
    return Case(f"B {name} (libsvm)", ["libsvm", "t.svm"], status, line, {"t.svm": text}, tool="load")


LINES = [
    svm("11 libsvm works", "", "0 1:2 6:1e-3 # c\n\n2\r\n1 qid:3 2:5", 0),
    svm("11 libsvm index 0", r"t\.svm:1:3: error: index 0.*R5", "0 0:1\n"),
    svm("11 libsvm index 7 of 6", r"index 7.*compiled for 6", "0 7:1\n"),
    svm("11 libsvm indices fall", r"index 2 after 3", "0 3:1 2:1\n"),
    svm("11 libsvm no colon", r"`12` is not INDEX:VALUE", "0 12\n"),
    svm("11 libsvm no number", r"`x` is not a number", "0 1:x\n"),
    svm("11 libsvm an index of 30 digits", r"index", "0 " + "9" * 30 + ":1\n"),
    svm("11 libsvm no label", r"no label", "1:2\n"),
    svm("13 libsvm a class out of range", r"label 3.*R4", "3 1:1\n"),
    svm("2 libsvm of no byte", r"no row", ""),
    svm("12 libsvm nan", r"`nan` is not a number", "0 1:nan\n"),
]


def text(name, line, content, status=3, level="byte", more=()):
    return Case(f"B {name} (text)", [level, "t.txt", *more], status, line, {"t.txt": content}, tool="load")


TEXTS = [
    text("16 five bytes work", "", "abcde", 0),
    text("16 all one byte, NULs, no UTF-8 as bytes", "", b"\0" * 9 + b"\xff" * 9, 0),
    text("16 no byte", r"t\.txt: 0 bytes make no window of 4.*R5", b""),
    text("16 one byte", r"1 bytes make no window", "a"),
    text("16 shorter than a window and its next", r"4 bytes", "abcd"),
    text("16 characters", "", "ééabcd" * 2, 0, "char"),
    text("16 another number of characters", r"has 3 different characters.*class\(5\).*R4", "abcabc", 3, "char"),
    text("16 no UTF-8", r"byte 3 \(0xff\) is not UTF-8.*R2", b"abc\xffdefgh", 3, "char"),
    text("16 UTF-8 that is cut", r"is not UTF-8", "abcdefgé".encode()[:-1], 3, "char"),
    text("16 overlong UTF-8", r"is not UTF-8", b"abcd\xc0\x80abcd", 3, "char"),
    text("16 gzip cannot be mapped", r"compressed.*R7", gzip.compress(b"a" * 50), 3, "byte", ["mmap"]),
    Case("B2 CIFAR works", ["cifar10", "c"], 0, "", {f"c/{n}": bytes(3073) for n in
         ["data_batch_%d.bin" % i for i in range(1, 6)] + ["test_batch.bin"]}, tool="load"),
    Case("B2 CIFAR one byte short", ["cifar10", "c"], 3, r"data_batch_1\.bin: 3072 bytes.*R5",
         {"c/data_batch_1.bin": bytes(3072)}, tool="load"),
    Case("B1 CIFAR a file is missing", ["cifar10", "c"], 3, r"data_batch_2\.bin.*R7",
         {"c/data_batch_1.bin": bytes(3073)}, tool="load"),
    Case("B7 CIFAR label 10", ["cifar10", "c"], 3, r"row 0 of `labels` holds 10.*R4",
         {f"c/{n}": b"\x0a" + bytes(3072) for n in ["data_batch_%d.bin" % i for i in range(1, 6)] +
          ["test_batch.bin"]}, tool="load"),
    Case("B2 raw one byte long", ["raw", "x.bin"], 3, r"49 bytes are no whole number of rows.*R5",
         {"x.bin": bytes(49)}, tool="load"),
    Case("B14 raw not finite", ["raw", "x.bin"], 3, r"row 0 of `x` holds inf.*R2",
         {"x.bin": struct.pack("<6f", 0, 0, 0, 0, 0, float("inf"))}, tool="load"),
]
ROWS = [*CSV, *NPY, *NPZ, *LINES, *TEXTS]
