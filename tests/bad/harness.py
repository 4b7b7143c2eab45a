"""harness.py - runs one row of the catalogue of bad inputs and judges what it does.

A row is a Case: files in an empty folder, one command there, and what must come out:

    status    the documented exit status; 0 for inputs that must work
    line      a regular expression that the message matches (place, what was found, repair)
    errors    how many lines hold `error:` (1: one line for one root cause; None: from 1 to 20)

Besides, always: no death by a signal, no report of a sanitizer, standard output empty where the
status is not 0, no file new or changed where the status is not 0, no control characters in
messages, and less than LIMIT seconds (the time is printed; see README.md).
"""
import ctypes
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

LIMIT = 20
EMPTY = object()
LIBC = ctypes.CDLL(None)


@dataclass
class Case:
    name: str                                  # "A5 nested parentheses"
    args: list                                 # after the tool
    status: int
    line: str = ""
    files: dict = field(default_factory=dict)  # name -> text, bytes, None (a folder) or a function(path)
    errors: object = 1
    tool: str = "nnc"                          # or the name of a trainer
    stdin: bytes = b""
    env: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)  # resource.RLIMIT_... -> value
    stdout: object = ""                        # exact, or a pattern if status is 0
    then: object = None                        # function(folder): further judgement, None or a complaint
    close: tuple = ()                          # descriptors closed at the start
    new_files: bool = False                    # files may appear although the status is not 0
    argv0: object = None                       # instead of the tool's path; EMPTY: no argument at all
    user: object = None                        # number of another user; needs root, passes elsewhere
    gone: bool = False                         # the folder it runs in is deleted at the start


def fill(folder, files):
    for name, content in files.items():
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if content is None:
            os.makedirs(path, exist_ok=True)
        elif callable(content):
            content(path)
        else:
            with open(path, "wb") as f:
                f.write(content.encode() if isinstance(content, str) else content)


def snapshot(folder):
    out = {}
    for base, dirs, files in os.walk(os.fsencode(folder)):
        for n in dirs:
            out[os.path.join(base, n)] = "folder"
        for n in files:
            path = os.path.join(base, n)
            st = os.lstat(path)
            if os.path.islink(path) or not os.path.isfile(path):
                out[path] = ("special", st.st_ino)
            elif st.st_size > 1 << 24:
                out[path] = (st.st_size, st.st_mtime_ns)
            else:
                with open(path, "rb") as f:
                    out[path] = hashlib.sha1(f.read()).hexdigest() if os.access(path, os.R_OK) else "?"
    return out


def judge(c, folder, done, before):
    """What is wrong with the outcome, as a list of sentences."""
    wrong = []
    err = done.stderr.decode("utf-8", "replace")
    out = done.stdout.decode("utf-8", "replace")
    if done.returncode < 0:
        wrong.append(f"died by {signal.Signals(-done.returncode).name}")
    elif done.returncode != c.status:
        wrong.append(f"status {done.returncode}, expected {c.status}")
    for sign in ("AddressSanitizer", "LeakSanitizer", "runtime error:", "internal error"):
        if sign in err:
            wrong.append(f"says `{sign}`")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", err):
        wrong.append("control characters in the message")
    lines = [s for s in err.split("\n") if re.search(r"\berror: ", s)]
    if c.status == 0:
        if isinstance(c.stdout, str) and c.stdout and not re.search(c.stdout, out):
            wrong.append(f"standard output does not match {c.stdout!r}")
        if lines:
            wrong.append("says `error:`")
    else:
        if 2 not in c.close:
            if c.errors is None and not 1 <= len(lines) <= 20 or \
                    c.errors is not None and len(lines) != c.errors:
                wrong.append(f"{len(lines)} lines with `error:`, expected {c.errors or '1 to 20'}")
            if c.line and not re.search(c.line, err, re.MULTILINE):
                wrong.append(f"the message does not match {c.line!r}")
        if out and c.stdout == "":
            wrong.append("standard output is not empty")
        if not c.new_files and snapshot(folder) != before:
            wrong.append("files are new, changed or gone")
    if not wrong and c.then:
        complaint = c.then(folder)
        if complaint:
            wrong.append(complaint)
    return wrong


def without_arguments(path, env):
    """execve() with an argv of nothing, which Python does not offer."""
    nothing = (ctypes.c_char_p * 1)(None)
    pairs = [os.fsencode(f"{k}={v}") for k, v in env.items()]
    LIBC.execve(os.fsencode(path), nothing, (ctypes.c_char_p * (len(pairs) + 1))(*pairs, None))
    os._exit(99)


def run(c, tools, folder):
    """-> (what is wrong, seconds, standard error)."""
    if c.user is not None and os.getuid():
        return [], 0, ""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    fill(folder, c.files)
    before = snapshot(folder)
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
           **c.env}

    def child():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for what, value in c.limits.items():
            resource.setrlimit(what, (value, value))
        for fd in c.close:
            os.close(fd)
        if c.gone:
            os.mkdir("gone")
            os.chdir("gone")
            os.rmdir("../gone")
        if c.user is not None:
            os.setgroups([])
            os.setgid(c.user)
            os.setuid(c.user)
        if c.argv0 is EMPTY:
            without_arguments(tools[c.tool], env)

    begin = time.monotonic()
    name = tools[c.tool] if c.argv0 is None or c.argv0 is EMPTY else c.argv0
    process = subprocess.Popen([name, *c.args], executable=tools[c.tool], cwd=folder, env=env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=child)
    try:
        out, err = process.communicate(c.stdin, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return [f"still running after {LIMIT} s"], LIMIT, err.decode("utf-8", "replace")
    seconds = time.monotonic() - begin
    done = subprocess.CompletedProcess(c.args, process.returncode, out, err)
    return judge(c, folder, done, before), seconds, err.decode("utf-8", "replace")
