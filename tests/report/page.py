"""page.py - is NAME.html whole, does it stand alone, and are its numbers those of the logs?

    python3 page.py FOLDER NAME [HTML]      HTML: the page as a browser has it, instead of the file
"""
import json
import math
import os
import re
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import logs

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks that tags are closed in order; collects tables as rows of (text, value)."""

    def __init__(self):
        super().__init__()
        self.open, self.tables, self.ids = [], {}, []
        self.table = self.row = self.cell = None
        self.text = []

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        assert tag not in ("script", "iframe", "object"), tag
        for k in ("src", "href"):
            assert k not in a, "%s refers to something else" % tag
        if "id" in a:
            assert a["id"] not in self.ids, "two ids " + a["id"]
            self.ids.append(a["id"])
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.table = self.tables.setdefault(a.get("id", "?"), [])
        if tag == "tr":
            self.row = []
            self.table.append(self.row)
        if tag in ("td", "th"):
            self.cell = ["", None]
            self.row.append(self.cell)
        if tag == "data":
            if self.cell is not None:
                self.cell[1] = a["value"]

    def handle_startendtag(self, tag, attrs):
        assert "svg" in self.open, tag

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, "</%s> after %s" % (tag, self.open[-3:])
        self.open.pop()
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        self.text.append(data)
        if self.cell is not None:
            self.cell[0] += data


def near(shown, value):
    """Is a rounded text the rounding of a value?"""
    shown = shown.replace(" ", "").replace("\u00a0", "")
    if shown in ("-", ""):
        return True
    try:
        v = float(shown)
    except ValueError:
        return True          # a duration, bytes
    digits = len(shown.split("e")[0].partition(".")[2])
    scale = 10.0 ** int(shown.split("e")[1]) if "e" in shown else 1
    return abs(v - value) <= 0.5000001 * 10.0 ** -digits * scale


def check_reports(page, rows):
    head, *body = page.tables["log"]
    names = [c[0] for c in head]
    folds = names[0] == "fold"
    assert names[folds:] == list(rows[0]), (names, list(rows[0]))
    lines = [tuple(r.values()) for r in rows]
    assert body and len(body) <= len(rows)
    at = 0
    for cells in body:
        values = tuple(value or "" for _, value in cells[folds:])
        at = lines.index(values, at) + 1
        for name, (text, value) in zip(names, cells):
            assert not value or near(text, float(value)), (name, text, value)
    return len(body)


def check_scores(page, end):
    head, *body = page.tables["scores"]
    names = [c[0] for c in head]
    parts = {"train": "train", "validation": "val", "test": "test"}
    assert [parts[r[0][0]] for r in body] == [p for p in ("train", "val", "test") if p in end]
    for cells in body:
        scores = end[parts[cells[0][0]]]
        for k, (text, value) in list(zip(names, cells))[2:]:
            want = scores[k]
            assert (want is None and value is None) or float(value) == want, (k, value, want)
            assert want is None or near(text, want)


def check_classes(page, end):
    part = end.get("test") or end["val"]
    table = page.tables["confusion"]
    found = [[int(c[1]) for c in row[1:]] for row in table[1:]]
    assert found == part["confusion"], (found, part["confusion"])
    k = len(found)
    rows = page.tables["classes"][1:]
    assert len(rows) == k
    areas = []
    for i, row in enumerate(rows):
        tp, true, named = found[i][i], sum(found[i]), sum(r[i] for r in found)
        want = [true, tp / named if named else 0, tp / true if true else 0,
                2 * tp / (named + true) if named + true else 0]
        for (text, value), w in zip(row[1:5], want):
            assert math.isclose(float(value), w, rel_tol=1e-8, abs_tol=1e-12), (value, w)
            assert near(text, w)
        if row[5][1]:
            areas.append(float(row[5][1]))
    assert abs(sum(areas) / len(areas) - part["auc"]) < 1e-8
    words = re.search(r"Calibration error ([\d.e-]+)", "".join(page.text)).group(1)
    assert near(words, part["calibration_error"]), (words, part["calibration_error"])


# ---- pictures -------------------------------------------------------------------------------------

def path_points(d):
    return [tuple(map(float, p.split())) for p in re.findall(r"[ML]([-\d.]+ [-\d.]+)", d)]


def affine(points, values):
    """Do pixels follow values, or their logarithms, to a tenth of a pixel?"""
    def miss(v):
        n = len(v)
        mv, mp = sum(v) / n, sum(points) / n
        var = sum((x - mv) ** 2 for x in v)
        slope = sum((x - mv) * (p - mp) for x, p in zip(v, points)) / var if var else 0
        return max(abs(p - mp - slope * (x - mv)) for x, p in zip(v, points))
    # a tenth of a pixel: half of the last digit written, and that of the fit
    return min([miss(values)] + ([miss([math.log(v) for v in values])] if min(values) > 0 else [])) < 0.11


def check_lines(root, rows, names):
    """The curves of a picture go through the numbers of the log."""
    ns = "{http://www.w3.org/2000/svg}" if root.tag.startswith("{") else ""
    lines = [(p.get("class"), path_points(p.get("d"))) for p in root.iter(ns + "path")
             if p.get("class") in ("a", "b") and "L" in p.get("d")]
    assert len(lines) >= len(names), (len(lines), names)
    for (_, points), name in zip(lines, names):
        values = [float(r[name]) for r in rows if r[name]]
        assert len(points) == len(values), (name, len(points), len(values))
        assert affine([y for _, y in points], values), name


def check_picture(path, rows, panels):
    root = ET.parse(path).getroot()
    ns = "{http://www.w3.org/2000/svg}"
    style = root.find(ns + "style").text
    assert "prefers-color-scheme:dark" in style
    assert root.find(ns + "title").text and root.find(ns + "desc").text
    heads = [t.text for t in root.iter(ns + "text") if t.get("class") == "head"]
    assert heads == panels, heads
    if panels[1] != "learning rate":
        marks = [t.text for t in root.iter(ns + "text") if "halo" in (t.get("class") or "")]
        assert len(marks) == 2 and all(m.startswith("best: ") for m in marks), marks
    names = [p + n for n in panels for p in ("", "val_") if p + n in rows[0]]
    if panels[1] == "learning rate":
        names = ["loss", "val_loss", "lr"]
    check_lines(root, rows, names)


def main(folder, name, html=None):
    at = os.path.join(folder, name)
    rows = logs.read_csv(at + ".csv")
    with open(at + ".jsonl") as f:
        lines = [json.loads(line) for line in f]
    ends = [e for e in lines if e["event"] == "end"]
    with open(html or at + ".html", encoding="utf-8") as f:
        text = f.read()
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, page.open
    assert not html or "</html>" in text
    assert "http:" not in text.replace("http://www.w3.org", "") and "https:" not in text
    n = check_reports(page, rows)
    if len(ends) == 1:
        check_scores(page, ends[0])
    if "confusion" in page.tables and "auc" in ends[0]["val"]:
        check_classes(page, ends[0])
    for svg in re.findall(r"<svg.*?</svg>", text, re.S):
        ET.fromstring(svg)
    for t in "layers", "memory", "settings":
        assert page.tables[t], t
    if not html and len(ends) == 1:
        panels = [next(n for n in ends[0]["val"] if n not in ("fit", "size", "loss"))] \
            if len(ends[0]["val"]) > 1 else ["learning rate"]
        check_picture(at + ".svg", rows, ["loss"] + panels)
    print("%d reports on the page" % n)


if __name__ == "__main__":
    if sys.argv[1] == "--curves":            # FOLDER NAME PANEL: only the picture
        at = os.path.join(*sys.argv[2:4])
        check_picture(at + ".svg", logs.read_csv(at + ".csv"), ["loss", sys.argv[4]])
    else:
        main(*sys.argv[1:])
