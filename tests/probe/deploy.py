"""deploy.py - does inference C compute what the trainer predicts?

    deploy.py MODEL LIBRARY.so BATCH.safetensors PREDICTED.safetensors [BOUND]

LIBRARY is the inference C of MODEL as a shared library; its function takes one sample: the inputs
in source order, then the outputs.  PREDICTED is what `./x predict` wrote for BATCH.  Each output of
each sample is compared: |a - b| <= BOUND * max(1, |b|), BOUND 2e-5 (single precision, sums of up to
a thousand terms in another order).
"""
import ctypes
import sys

import inputs
from inputs import safetensors

NAMES = {"gru": "gru_tagger", "attention": "tiny_attention"}
TARGETS = {"label", "tag", "kind", "next", "same"}


def main():
    model, library, batch, predicted = sys.argv[1:5]
    bound = float(sys.argv[5]) if len(sys.argv) > 5 else 2e-5
    batch, predicted = safetensors.load(batch), safetensors.load(predicted)
    run = getattr(ctypes.CDLL(library), NAMES.get(model, model) + "_run")
    fields = {k: v for k, v in inputs.MODELS[model]["fields"].items() if k not in TARGETS}
    order = OUTPUTS.get(model, list(predicted))
    n = next(iter(batch.values()))[0][0]
    worst = 0.0
    for i in range(n):
        args = []
        for name, (shape, classes) in fields.items():
            size = safetensors.count(shape)
            kind = ctypes.c_int32 if classes else ctypes.c_float
            args.append((kind * size)(*batch[name][1][i * size:(i + 1) * size]))
        sizes = [safetensors.count(predicted[name][0][1:]) for name in order]
        out = [(ctypes.c_float * size)() for size in sizes]
        run(*args, *out)
        for name, size, found in zip(order, sizes, out):
            for a, b in zip(found, predicted[name][1][i * size:(i + 1) * size]):
                d = abs(a - b) / max(1.0, abs(b))
                worst = max(worst, d if d == d else float("inf"))
    print(f"worst {worst:.2e}, bound {bound:.0e}")
    return 0 if worst <= bound else 1


# Outputs in source order, where there are several.
OUTPUTS = {"gru": ["tag_probs", "kind_probs"], "siamese": ["d", "code"]}

if __name__ == "__main__":
    sys.exit(main())
