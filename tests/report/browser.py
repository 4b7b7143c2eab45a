"""browser.py - does a page read well in Chromium, and does it show the numbers of the logs?

    python3 browser.py WORK FOLDER NAME [SHOTS]    SHOTS: a folder for NAME-360.png and NAME-1280.png

At 360 and 1280 pixels, light and dark, with all details open: nothing is wider than the window, no
text leaves its cell, tile or picture, no two texts of a picture lie on each other, and the contrast of
every text is at least 4.5.  Measured by a script that is put into a copy of the page.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BROWSER = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)

MEASURE = r"""
<script>
addEventListener("load", () => {
  for (const d of document.querySelectorAll("details")) d.open = true;
  const bad = [], wide = document.documentElement.clientWidth;
  let texts = 0, least = 99;
  const color = s => { const v = s.match(/[\d.]+/g).map(Number); return v.length < 4 ? [...v, 1] : v; };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const light = c => { const f = c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const back = e => { const all = []; for (; e; e = e.parentElement) all.push(color(getComputedStyle(e).backgroundColor));
    return all.reverse().reduce((b, c) => over(c, b), [255, 255, 255, 1]); };
  const hidden = e => { for (; e; e = e.parentElement) { const s = getComputedStyle(e);
    if (s.display === "none" || s.clipPath !== "none") return true; } return false; };
  const boxes = new Map();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement, text = n.data.trim();
    if (!text || ["SCRIPT", "STYLE", "TITLE", "title", "desc"].includes(e.tagName) || hidden(e)) continue;
    texts++;
    const r = document.createRange(); r.selectNodeContents(n);
    const svg = e.closest("svg"), home = svg || e.closest("td,th,dd,dt,summary,caption,p,h1,h2,h3,figcaption");
    const h = home ? home.getBoundingClientRect() : null;
    for (const b of r.getClientRects()) {
      if (!b.width) continue;
      if (b.left < -.5 || b.right > wide + .5) bad.push("wider than the window: " + text);
      if (h && (b.left < h.left - 1 || b.right > h.right + 1 || b.top < h.top - 3 || b.bottom > h.bottom + 3))
        bad.push("leaves its place: " + text);
      if (svg) {
        for (const [t, o] of boxes.get(svg) || [])
          if (b.left < o.right - 1 && o.left < b.right - 1 && b.top < o.bottom - 3 && o.top < b.bottom - 3)
            bad.push("on each other: " + t + " / " + text);
        boxes.set(svg, [...(boxes.get(svg) || []), [text, b]]);
      }
    }
    const s = getComputedStyle(e), ink = color(svg ? s.fill : s.color), paper = back(e);
    const l = [light(over(ink, paper)), light(paper)].sort((a, b) => b - a), ratio = (l[0] + .05) / (l[1] + .05);
    least = Math.min(least, ratio * (Number(s.opacity) < 1 ? .5 : 1));
    if (ratio < 4.5) bad.push("contrast " + ratio.toFixed(2) + ": " + text);
  }
  if (document.documentElement.scrollWidth > wide) bad.push("the page scrolls sideways: " + document.documentElement.scrollWidth);
  parent.postMessage(JSON.stringify({ wide, texts, least, dark: matchMedia("(prefers-color-scheme:dark)").matches,
    tall: document.documentElement.scrollHeight, bad: [...new Set(bad)].slice(0, 12) }), "*");
});
</script></body>"""

FRAME = """<!doctype html><body style="margin:0"><pre id="said"></pre>
<script>addEventListener("message", e => { document.getElementById("said").textContent = e.data; });</script>
<iframe src="copy.html" style="border:0;width:%dpx;height:%dpx"></iframe></body>"""


def chromium(work, *args):
    with tempfile.TemporaryDirectory(dir=work) as profile:
        p = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                            "--user-data-dir=" + profile, "--virtual-time-budget=4000", *args], check=True,
                           timeout=120, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return p.stdout


def measure(work, page, width, dark):
    with open(os.path.join(work, "copy.html"), "w", encoding="utf-8") as f:
        f.write(page.replace("</body>", MEASURE))
    frame = os.path.join(work, "frame.html")
    with open(frame, "w", encoding="utf-8") as f:
        f.write(FRAME % (width, 900))
    out = chromium(work, "--window-size=1400,1000", *(["--blink-settings=preferredColorScheme=0"] if dark else []),
                   "--dump-dom", "file://" + os.path.abspath(frame))
    said = re.search(r'<pre id="said">(.*?)</pre>', out, re.S).group(1)
    said = json.loads(said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    print(width, "dark" if dark else "light", "%(texts)d texts, least contrast %(least).2f" % said)
    assert said["wide"] == width and said["dark"] == dark and said["texts"] > 50, said
    assert not said["bad"], "\n".join(said["bad"])
    return said["tall"]


def main(work, folder, name, shots=None):
    path = os.path.join(folder, name + ".html")
    with open(path, encoding="utf-8") as f:
        page = f.read()
    os.makedirs(work, exist_ok=True)
    for width in 360, 1280:
        for dark in False, True:
            measure(work, page, width, dark)
        if shots:
            frame = os.path.join(work, "frame.html")
            with open(frame, "w", encoding="utf-8") as f:
                f.write('<!doctype html><body style="margin:0"><iframe src="%s" style="border:0;width:%dpx;height:%dpx">'
                        % (os.path.abspath(path), width, 4000))
            chromium(work, "--window-size=%d,%d" % (max(width, 500), 1500 if width > 500 else 1800),
                     "--screenshot=" + os.path.join(shots, "%s-%d.png" % (name, width)), "file://" + os.path.abspath(frame))
    with open(os.path.join(work, "dom.html"), "w", encoding="utf-8") as f:
        f.write(chromium(work, "--dump-dom", "file://" + os.path.abspath(path)))


if __name__ == "__main__":
    main(*sys.argv[1:])
