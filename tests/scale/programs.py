#!/usr/bin/env python3
"""programs.py - large programs, to see how the compiler's time and memory grow.

    programs.py NAME COUNT       prints the program of this name with COUNT of its elements
    programs.py NAME BYTES b     prints it with as many elements as fit in BYTES
    programs.py list             prints the names

A program is a chain (each value reads the one before), a fan (one value read by all, or all read
by one) or a nest (each stands inside the one before).
"""
import sys

BODY = """model m {{
  input x: f32[N, 4]
  target t: f32[N, 4]
{}
  loss mse(y, t)
  output y
}}
train {{ epochs = 1, optimizer = adam() }}
"""


def body(lines):
    return BODY.format("\n".join(lines))


def chain(first, line):
    """x0 is `first`; value i + 1 is `line` over value i (its last name: y)."""
    def make(n):
        out = ["  v0 = " + first]
        out += ["  v%d = %s" % (i + 1, line(i).replace("@", "v%d" % i)) for i in range(n)]
        return body(out + ["  y = v%d" % n])
    return make


def hidden(line):
    """The same name over and over: `h = f(h)`."""
    def make(n):
        return body(["  h = x"] + ["  h = " + line(i) for i in range(n)] + ["  y = h"])
    return make


def cycle(*forms):
    return lambda i: forms[i % len(forms)]


def fan_sum(n):
    lines = ["  v%d = x * %d.5" % (i, i) for i in range(n)]
    return body(lines + ["  y = " + "\n    + ".join("(%s)" % " + ".join(
        "v%d" % i for i in range(k, min(k + 200, n))) for k in range(0, n, 200))])


def fan_tree(n):
    """Sums of two, then sums of sums: as many values as leaves, not deep."""
    lines, names = ["  v%d = x * %d.5" % (i, i) for i in range(n // 2)], []
    names, count = ["v%d" % i for i in range(n // 2)], n // 2
    while len(names) > 1:
        level = []
        for a, b in zip(names[::2], names[1::2]):
            lines.append("  v%d = %s + %s" % (count, a, b))
            level.append("v%d" % count)
            count += 1
        names = level + (names[-1:] if len(names) % 2 else [])
    return body(lines + ["  y = " + names[0]])


def fan_concat(n):
    lines = ["  v%d = x * %d.5" % (i, i) for i in range(n)]
    return body(lines + ["  y = dense(concat(%s, dim = 1), 4)" %
                         ",\n    ".join("v%d" % i for i in range(n))])


def fan_losses(n):
    return body(["  loss l%d = mean(x * %d.5)" % (i, i) for i in range(n)] + ["  y = x"])


def fan_metrics(n):
    return body(["  metric k%d = mean(x * %d.5)" % (i, i) for i in range(n)] + ["  y = dense(x, 4)"])


def fan_outputs(n):
    return body(["  output o%d = x * %d.5" % (i, i) for i in range(n)] + ["  y = dense(x, 4)"])


def fan_params(n):
    return body(["  h = x"] + ["  param p%d: f32[4] = normal(0, 1)\n  h = h + p%d" % (i, i)
                               for i in range(n)] + ["  y = h"])


def fan_inputs(n):
    lines = ["  input i%d: f32[N, 4]\n  h = h + i%d" % (i, i) for i in range(n)]
    return body(["  h = x"] + lines + ["  y = h"])


def fan_read(n):
    """One value, read by all."""
    lines = ["  a = tanh(x)", "  h = x"] + ["  h = h + a * %d.5" % i for i in range(n)]
    return body(lines + ["  y = h"])


def scalars(n):
    return body(["  s0 = 0.5"] + ["  s%d = s%d * 1.0001 + 0.1" % (i + 1, i) for i in range(n)] +
                ["  y = x * s%d" % n])


def knobs(n):
    """A formula of one run-time number, as deep as the program is long."""
    return "const e = 0.5\n" + scalars(n).replace("s0 = 0.5", "s0 = e")


def repeat(line):
    return lambda n: body(["  h = x", "  repeat %d { h = %s }" % (n, line), "  y = h"])


def long_sum(n):
    return body(["  y = x" + " + x" * n])


def nest_calls(n):
    return body(["  y = " + "relu(" * n + "x" + ")" * n])


def nest_brackets(n):
    return body(["  y = " + "(" * n + "x" + ")" * n])


def nest_lists(n):
    return "const a = " + "[" * n + "1" + "]" * n + "\n" + body(["  y = x"])


def nest_repeat(n):
    return body(["  h = x", "  repeat 1 { " * n + "h = h * 1.5" + " }" * n, "  y = h"])


def nest_if(n):
    return body(["  h = x", "  if true { " * n + "h = h * 1.5" + " }" * n, "  y = h"])


def nest_minus(n):
    return body(["  y = " + "- " * n + "x"])


def nest_power(n):
    return body(["  y = x" + " ** 1.0" * n])


def nest_pipe(n):
    return body(["  y = x" + " |> tanh" * n])


def nest_blocks(n):
    blocks = ["block b0(x: f32[..., C]) { return x * 1.5 }"]
    blocks += ["block b%d(x: f32[..., C]) { return b%d(x) * 0.5 }" % (i + 1, i) for i in range(n)]
    return "\n".join(blocks) + "\n" + body(["  y = b%d(x)" % n])


def nest_fns(n):
    fns = ["fn g0(x) = x * 1.5"]
    fns += ["fn g%d(x) = g%d(x) * 0.5" % (i + 1, i) for i in range(n)]
    return "\n".join(fns) + "\n" + body(["  y = g%d(x)" % n])


def blocks_called(n):
    blocks = ["block b%d(x: f32[..., C]) { return x * %d.5 }" % (i, i) for i in range(n)]
    return "\n".join(blocks) + "\n" + body(
        ["  h = x"] + ["  h = b%d(h)" % i for i in range(n)] + ["  y = h"])


def blocks_idle(n):
    return "\n".join("block b%d(x: f32[..., C]) { return x * %d.5 }" % (i, i)
                     for i in range(n)) + "\n" + body(["  y = x"])


def consts(n):
    return "\n".join("const c%d = %s" % (i, "c%d + 1" % (i - 1) if i % 100 else "1")
                     for i in range(n)) + "\n" + body(["  y = x * c%d" % (n - 1)])


def const_chain(n):
    return "const c0 = 1\n" + "\n".join("const c%d = c%d" % (i + 1, i) for i in range(n)) + \
        "\n" + body(["  y = x * c%d" % n])


def fns(n):
    return "\n".join("fn g%d(x) = x * %d.5" % (i, i) for i in range(n)) + "\n" + body(
        ["  h = x"] + ["  h = g%d(h)" % i for i in range(n)] + ["  y = h"])


def comments(n):
    return "# a line of words that nobody reads\n" * n + body(["  y = x"])


def one_line(n):
    return body(["  h = x " + "; h = h * 1.5 " * n, "  y = h"])


def one_string(n):
    return 'const s = "%s"\n' % ("x" * n) + body(["  y = x"])


def one_name(n):
    return body(["  %s = x" % ("x" * n), "  y = x"])


def one_comment(n):
    return "# " + "x" * n + "\n" + body(["  y = x"])


def one_number(n):
    return body(["  y = x * 1." + "1" * n])


def errors_syntax(n):
    return body(["  v%d = = x" % i for i in range(n)] + ["  y = x"])


def errors_names(n):
    return body(["  v%d = x + unknown%d" % (i, i) for i in range(n)] + ["  y = x"])


def errors_calls(n):
    return body(["  v%d = denze%d(x, 4)" % (i, i) for i in range(n)] + ["  y = x"])


def errors_shapes(n):
    return body(["  v%d = x @ x" % i for i in range(n)] + ["  y = x"])


def errors_bytes(n):
    return "$" * n + "\n" + body(["  y = x"])


def unused(n):
    return body(["  v%d = x * %d.5" % (i, i) for i in range(n)] + ["  y = x"])


def settings(n):
    return body(["  y = x"]) + "search grid() {\n" + "".join(
        "  a%d = choice(1, 2)\n" % i for i in range(n)) + "}\n"


def settings_twice(n):
    return body(["  y = x"]).replace("epochs = 1,", "epochs = 1,\n" + "  seed = 1,\n" * n)


def list_long(n):
    return "const a = [" + ", ".join(["1"] * n) + "]\n" + body(["  y = x * len(a)"])


def arguments(n):
    return body(["  y = dense(%s)" % ", ".join(["x"] * n)])


def scan_body(n):
    lines = ["  h = h * 1.5 + x[:, t]" if False else "    h = tanh(h) * %d.5" % i for i in range(n)]
    return """model m {
  input x: f32[N, 5, 4]
  target t: f32[N, 4]
  param w: f32[4] = normal(0, 1)
  scan i in 0..5 carry h = zeros(N, 4) {
    h = h + x[:, i] * w
%s
    emit e = h
  }
  y = e[:, 4]
  loss mse(y, t)
  output y
}
train { epochs = 1 }
""" % "\n".join(lines)


# name: (form, what is made); the group's table says how many
PROGRAMS = {
    "chain_affine": chain("x", lambda i: "@ * 2 + 1"),
    "chain_mixed": chain("dense(x, 4)", cycle("relu(@)", "tanh(@)", "@ * 0.5 + @", "sigmoid(@)")),
    "chain_dense": chain("x", lambda i: "@ |> dense(4)"),
    "chain_dense_relu": hidden(lambda i: "h |> dense(4) |> relu"),
    "chain_residual": hidden(lambda i: "h + (h |> dense(4) |> tanh)"),
    "chain_softmax": hidden(lambda i: "softmax(h) + h"),
    "chain_norm": hidden(lambda i: "layer_norm(h)"),
    "chain_reshape": hidden(lambda i: "h |> reshape(N, %s)" % ("2, 2" if i % 2 else "4")),
    "chain_transpose": hidden(lambda i: "reverse(h, dim = 1) * 1.5"),
    "chain_dropout": hidden(lambda i: "dropout(h, 0.1)"),
    "chain_slice": hidden(lambda i: "concat(h[:, 1:], h[:, :1], dim = 1)"),
    "scalars": scalars, "knobs": knobs,
    "repeat": repeat("h * 1.5 + x"), "repeat_dense": repeat("h |> dense(4) |> relu"),
    "long_sum": long_sum, "fan_sum": fan_sum, "fan_tree": fan_tree, "fan_concat": fan_concat,
    "fan_losses": fan_losses, "fan_metrics": fan_metrics, "fan_outputs": fan_outputs,
    "fan_params": fan_params, "fan_inputs": fan_inputs, "fan_read": fan_read,
    "nest_calls": nest_calls, "nest_brackets": nest_brackets, "nest_lists": nest_lists,
    "nest_repeat": nest_repeat, "nest_if": nest_if, "nest_minus": nest_minus,
    "nest_power": nest_power, "nest_pipe": nest_pipe, "nest_blocks": nest_blocks,
    "nest_fns": nest_fns, "blocks_called": blocks_called, "blocks_idle": blocks_idle,
    "consts": consts, "const_chain": const_chain, "fns": fns, "comments": comments,
    "one_line": one_line, "one_string": one_string, "one_name": one_name,
    "one_comment": one_comment, "one_number": one_number, "errors_syntax": errors_syntax,
    "errors_names": errors_names, "errors_calls": errors_calls, "errors_shapes": errors_shapes,
    "errors_bytes": errors_bytes, "unused": unused, "settings": settings,
    "settings_twice": settings_twice, "list_long": list_long, "arguments": arguments,
    "scan_body": scan_body,
}


def sized(make, most):
    """The program with as many elements as fit in `most` bytes."""
    n = 64
    while len(make(2 * n)) <= most:
        n *= 2
    step = n // 2
    while step:
        if len(make(n + step)) <= most:
            n += step
        step //= 2
    return make(n)


def main():
    if sys.argv[1] == "list":
        print("\n".join(PROGRAMS))
        return
    make, n = PROGRAMS[sys.argv[1]], int(sys.argv[2])
    sys.stdout.write(sized(make, n) if len(sys.argv) > 3 else make(n))


if __name__ == "__main__":
    main()
