"""bar.py - what trainers show on a terminal, and where there is none.

    python3 bar.py EPOCHS STEPS        two trainers: one counted in epochs, one in steps
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time


def environment(locale, **more):
    e = {k: v for k, v in os.environ.items()
         if not k.startswith("LC_") and k not in ("LANG", "NO_COLOR", "COLUMNS")}
    e.update({"LC_ALL": locale}, **more)
    return e


def on_terminal(argv, columns=80, stdout=None, **env):
    """Runs argv with standard error, and unless there is a file, output on a terminal."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    p = subprocess.Popen(argv, stdin=side, stdout=stdout or side, stderr=side,
                         env=environment(**env), close_fds=True)
    os.close(side)
    chunks = []
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        chunks.append((time.monotonic(), data))
    os.close(main)
    assert p.wait() == 0, p.returncode
    return chunks


def screen(text, columns):
    """What a terminal shows of it: the lines; \r goes back, ESC [K clears to the end."""
    lines, line, at = [], [], 0
    for piece in re.findall(r"\r|\n|\x1b\[[0-9;]*[A-Za-z]|.", text, re.S):
        if piece == "\r":
            at = 0
        elif piece == "\n":
            lines.append("".join(line).rstrip())
            line, at = [], 0
        elif piece.endswith("K") and piece.startswith("\x1b"):
            del line[at:]
        elif not piece.startswith("\x1b"):
            assert at < columns, "a line wraps: %r" % "".join(line)
            line[at:at + 1] = [piece]
            at += 1
    assert not line, "left behind: %r" % "".join(line)
    return lines


def check_bar(steps):
    wide = on_terminal([steps, "--epochs", "2", "--no-save"], locale="C.UTF-8", columns=120)
    text = b"".join(d for _, d in wide).decode()
    bars = re.findall(r"\r( +\d+)  ([^\r]*)\x1b\[K", text)
    assert len(bars) >= 3, text
    for _, bar in bars:
        bar = re.sub(r"\x1b\[[0-9;]*m", "", bar)
        assert re.fullmatch("\u2501*\u2578\u2501*  \\d+/\\d+   loss [\\d.e-]+   [\\d ]+/s   "
                            "eta \\d+:\\d\\d", bar), bar
        assert len(bar.split("  ")[0]) == 24, bar
    seconds = wide[-1][0] - wide[0][0] + 0.2
    assert len(bars) <= 10 * seconds + 2, "%d bars in %.1f s" % (len(bars), seconds)
    shown = screen(text, 120)
    assert not any("\u2501" in line or "eta" in line for line in shown), "the bar stays"
    rows = [line for line in shown if re.match(r" +[12] ", line)]
    assert len(rows) >= 2, shown
    return rows


def check_narrow(steps):
    text = b"".join(d for _, d in on_terminal([steps, "--steps", "60", "--no-save"], columns=44,
                                              stdout=subprocess.DEVNULL, locale="C")).decode()
    bars = re.findall(r"\r([^\r]+?)\x1b\[K", text)
    assert bars and all(len(b) < 44 and re.match(" +[12]  #*-*  ", b) for b in bars), bars
    assert screen(text, 44) == [] or not any("#" in s for s in screen(text, 44))


def plain(argv, **env):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
                       env=environment(locale="C.UTF-8", **env))
    for out in p.stdout, p.stderr:
        assert b"\x1b" not in out and b"\r" not in out, out
    return p.stdout.decode().splitlines(), p.stderr.decode()


STEP = re.compile(r"step \d+/\d+  loss [\d.e-]+  norm [\d.]+  lr [\d.]+e-?\d+  [\d.]+ ms  "
                  r"[\d ]+ tok/s(  val_loss [\d.e-]+)?(  best)?$")


def check_plain(epochs, steps):
    lines, said = plain([epochs, "--no-save"])
    assert not said, said
    assert re.match(r"classes  \d+ parameters  \|  [\d ]+ train, \d+ val, \d+ test  \|  "
                    r"\d+ threads?  \|  seed 3$", lines[0]), lines[0]
    assert lines[2].split() == ("epoch lr loss accuracy auc calibration_error val_loss val_accuracy "
                                "val_auc val_calibration_error samples/s time").split(), lines[2]
    rows = [line for line in lines if re.match(r" +\d+ +\d\.\de-\d", line)]
    assert len(rows) == 12 and any(r.endswith("   best") for r in rows), rows
    lines, said = plain([steps, "--no-save", "--progress", "lines"])
    assert not said
    assert len([line for line in lines if STEP.match(line)]) == 4, lines
    quiet, said = plain([epochs, "--no-save", "-q"])
    assert not said and quiet[0].split()[:2] == ["split", "loss"], quiet
    assert not any("parameters" in line or "epoch" in line for line in quiet), quiet
    much, _ = plain([epochs, "--no-save", "-v", "--progress", "none"])
    assert any(line.startswith("memory ") for line in much) and \
        any("optimizer.lr = " in line for line in much) and \
        sum("   norm " in line for line in much) == 12, much


def main(epochs, steps):
    check_plain(epochs, steps)
    rows = check_bar(steps)
    check_narrow(steps)
    for form in "lines", "none":
        out = b"".join(d for _, d in on_terminal([steps, "--steps", "20", "--no-save", "--progress",
                                                  form], locale="C.UTF-8"))
        assert "\u2578" not in out.decode(), form
    print("\n".join(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
