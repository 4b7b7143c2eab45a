"""envs.py - the peers' Python environments, made when first needed, in a folder outside the sources."""
import os
import subprocess
import sys

PACKAGES = {
    "torch": ["torch==2.13.0", "numpy"],
    "jax": ["jax"],
    "tf": ["tensorflow-cpu"],
    "onnx": ["onnxruntime", "onnx"],
    "openvino": ["openvino"],
}
SHOWN = ["torch", "numpy", "jax", "tensorflow-cpu", "onnxruntime", "openvino"]


class Envs:
    def __init__(self, folder):
        self.folder = folder
        self.ready = {}

    def python(self, name):
        if name in self.ready:
            return self.ready[name]
        python = os.path.join(self.folder, name, "bin", "python")
        done = os.path.join(self.folder, name, "done")
        if not os.path.exists(done):
            print(f"bench: installing {' '.join(PACKAGES[name])} into {self.folder}/{name}", file=sys.stderr, flush=True)
            os.makedirs(self.folder, exist_ok=True)
            for command in ([sys.executable, "-m", "venv", os.path.join(self.folder, name)],
                            [python, "-m", "pip", "install", "-q", *PACKAGES[name]]):
                r = subprocess.run(command, capture_output=True, text=True)
                if r.returncode:
                    sys.exit(f"bench: {' '.join(command)}\n{r.stderr[-2000:]}")
            open(done, "w").close()
        self.ready[name] = python
        return python

    def versions(self):
        """Of the peers that took part."""
        code = ("import importlib.metadata as m, sys\n"
                "for n in sys.argv[1:]:\n"
                "    try: print(n, m.version(n))\n"
                "    except m.PackageNotFoundError: pass\n")
        found = {}
        for python in self.ready.values():
            for line in subprocess.run([python, "-c", code, *SHOWN], capture_output=True, text=True).stdout.splitlines():
                found.setdefault(*line.split())
        return found
