"""init.py FOLDER - first weights N(0, 1) and biases 0 of the tutorial nets: iris.init.safetensors,
tutorial.init.safetensors, made with the standard library alone."""
import os
import random
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import safetensors

SIZES = {"iris": (4, 8, 3), "tutorial": (30, 16, 1)}


def first(name):
    draw, sizes = random.Random(name), SIZES[name]
    return {f"dense{k + 1}.{what}": (shape, [draw.gauss(0, 1) if what == "weight" else 0.0
                                             for _ in range(safetensors.count(shape))])
            for k in range(2)
            for what, shape in (("weight", [sizes[k + 1], sizes[k]]), ("bias", [sizes[k + 1]]))}


if __name__ == "__main__":
    for net in SIZES:
        safetensors.save(os.path.join(sys.argv[1], net + ".init.safetensors"), first(net))
