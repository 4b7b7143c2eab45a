"""explain - the examples of `nnc --explain CODE` are right: the first has the mistake, the second none.

In:    NNC, an empty folder.   Out: a line `pass NAME` or `fail NAME: why` for each code.
"""
import re
import subprocess
import sys

nnc, work = sys.argv[1:3]
COMMAND_PROGRAM = "const width = 8\nmodel net {\n  input  x: f32[N, 4]\n  output y = x |> dense(width)\n}\n"


def run(args):
    p = subprocess.run([nnc] + args, capture_output=True, text=True, cwd=work)
    return p.returncode, p.stderr


def examples(code):
    text = subprocess.run([nnc, "--explain", code], capture_output=True, text=True).stdout
    parts = re.split(r"\n(?:For example|Instead)\n\n", text)
    if len(parts) != 3:
        return None
    return [re.sub(r"^    ", "", p, flags=re.M).strip("\n") + "\n" for p in parts[1:]]


def result(example):
    """The codes of the messages, and the exit status."""
    if example.startswith("nnc "):
        args = example.split()[1:]
        open(work + "/model.nn", "w").write(COMMAND_PROGRAM)
        if args[:1] != ["--help"] and "--summary" not in args:
            args.insert(0, "--check")
    else:
        open(work + "/example.nn", "w").write(example)
        args = ["--check", "example.nn"]
    status, err = run(args)
    return status, re.findall(r"(?:error|warning): .* \[(?:-W)?([\w-]+)\]$", err, re.M)


codes = subprocess.run([nnc, "--list", "codes"], capture_output=True, text=True).stdout
for code in re.findall(r"^([\w-]+)", codes, re.M):
    if code[0] == "R" or code in ("validation", "shadow-builtin"):  # of trainers, of later versions
        continue
    found = examples(code)
    if not found:
        print(f"fail {code}: --explain shows no two examples")
        continue
    (bad, wrong), (good, right) = result(found[0]), result(found[1])
    if wrong == ["E0405"] and code != "E0405":
        continue                # the example needs what is not built yet
    if set(wrong) != {code} or bad == (0 if code[0] == "E" else 1):
        print(f"fail {code}: the wrong example gives {wrong}, status {bad}")
    elif right or good:
        print(f"fail {code}: the right example gives {right}, status {good}")
    else:
        print(f"pass {code}")
