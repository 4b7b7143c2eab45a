"""arguments.py - do init, bias_init, lr_scale and trainable reach every tensor of every layer?

    arguments.py source DIR              writes DIR/arguments.nn
    arguments.py check BEFORE AFTER      weights after an epoch of one step with lr = 0 and lr = 0.5

Each layer stands three times with equal first values: plain, with lr_scale = 0.25, and with trainable =
false.  Gradients are equal then, so the second moves a quarter as far and the third not at all.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402

GIVEN = "init = constant(0.3), bias_init = constant(0.2)"
LAYERS = {
    "dense": "x, 3", "conv1d": "x, 2, 3", "conv2d": "im, 2, 2", "conv3d": "unsqueeze(im, 1), 2, 2",
    "depthwise_conv2d": "im, 2", "conv_transpose2d": "im, 2, 2", "batch_norm": "im", "layer_norm": "x",
    "group_norm": "im, 2", "instance_norm": "im, affine = true", "rms_norm": "x", "embedding": "k, 4, 3",
    "rnn": "x, 2", "gru": "x, 2, layers = 2", "lstm": "x, 2, bidirectional = true",
    "multi_head_attention": "x, 2", "pair": "x",
}
KINDS = {"plain": "", "slow": ", lr_scale = 0.25", "held": ", trainable = false"}


def source():
    lines = [
        "const lr = 0.0", 'data synthetic("random", 8)',
        "# what a layer inside says for itself holds against what the block was given",
        "block pair(x: f32[N, T, C]) {", f"  h = x |> first: dense(3, {GIVEN})",
        f"  return h |> own: dense(2, {GIVEN}, lr_scale = 1, trainable = true)", "}",
        "model arguments {", "  input x: f32[N, 5, 4]", "  input im: f32[N, 4, 3, 3]", "  input k: class(4)[N, 2]"]
    cases = []
    for layer, args in LAYERS.items():
        for kind, more in KINDS.items():
            given = more[2:] if layer == "pair" else GIVEN + more
            first, _, rest = args.partition(", ") if layer != "conv3d" else ("unsqueeze(im, 1)", "", "2, 2")
            inner = ", ".join(filter(None, [rest, given]))
            lines.append(f"  {layer}_{kind} = {first} |> {layer}_{kind}: {layer}({inner})" if "(" not in first else
                         f"  v{kind} = {first}\n  {layer}_{kind} = v{kind} |> {layer}_{kind}: {layer}({inner})")
            # an odd function alone would leave normalised values without gradients
            cases.append(f"sum(sin(3 * {layer}_{kind} + 1) * {layer}_{kind} ** 2)")
    lines += ["  output x", "  loss all = " + " + ".join(cases), "}",
              "train { epochs = 1, batch = 8, optimizer = sgd(lr = lr) }", ""]
    return "\n".join(lines)


def faults(before, after):
    seen = 0
    for name, (_, w) in before.items():
        stem, _, rest = name.partition("_plain.")
        if not rest or "running" in rest:
            continue
        seen += 1
        want = 0.2 if "bias" in rest else 0.3
        moved = [b - a for a, b in zip(w, after[name][1])]
        if any(abs(v - want) > 1e-12 for v in w):
            yield f"{name} does not begin at {want}"
        # the gradient of a key's bias is 0
        if max(map(abs, moved)) < 1e-9:
            yield f"{name} does not move"
        for kind, scale in ("slow", 0.25), ("held", 0):
            if rest.startswith("own."):
                scale = 1
            other = f"{stem}_{kind}.{rest}"
            d = [b - a for a, b in zip(before[other][1], after[other][1])]
            if before[other][1] != w:
                yield f"{other} begins elsewhere than {name}"
            if any(abs(x - scale * y) > 1e-9 * max(1, abs(y)) for x, y in zip(d, moved)):
                yield f"{other} does not move {scale} times as far as {name}"
    if seen < 40:
        yield f"only {seen} tensors"


def main():
    if sys.argv[1] == "source":
        with open(f"{sys.argv[2]}/arguments.nn", "w", encoding="utf-8") as f:
            f.write(source())
        return 0
    found = list(faults(*map(safetensors.load, sys.argv[2:4])))
    print("\n".join(found) or "all arguments reach their tensors")
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())
