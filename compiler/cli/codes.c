/* codes.c - what --explain says of error codes and warnings.
 *
 * Holds: a program of an example has exactly the mistake that it shows, and the one below it has
 * none; tests compile both.
 */
#include "doc.h"

const CodeDoc code_docs[] = {
	{ "E0101", "something is missing between two words",
	  "The parser found a word where only a comma, a bracket or another sign can "
	  "stand. The caret is where the sign belongs, which may be the end of the "
	  "line before.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x |> dense(3 bias = false)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x |> dense(3, bias = false)\n"
	  "}\n" },
	{ "E0102", "unfinished pipeline",
	  "After `|>` a layer or function must follow: the value before it flows into "
	  "that.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  h = x |> dense(3) |>\n"
	  "  output h\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  h = x |> dense(3) |> relu\n"
	  "  output h\n"
	  "}\n" },
	{ "E0103", "a pipeline meets an operator",
	  "`|>` binds more loosely than any operator, and readers disagree about what "
	  "that means. So parentheses must say which goes first.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  y = x + x |> layer_norm\n"
	  "  output y\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  y = x + (x |> layer_norm)\n"
	  "  output y\n"
	  "}\n" },
	{ "E0104", "a statement must name its value",
	  "A value that has no name could not be used by anything.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  x |> dense(10)\n"
	  "  output x\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  y = x |> dense(10)\n"
	  "  output y\n"
	  "}\n" },
	{ "E0105", "other syntax",
	  "What stands here is no part of the language, or not at this place: an "
	  "operator of another language, a quote that is not closed, a number that is "
	  "written otherwise.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = not (x > 0 && x < 1)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = not (x > 0 and x < 1)\n"
	  "}\n" },
	{ "E0201", "unknown layer or function",
	  "Nothing that can be called has this name: no layer or function of nnc, no "
	  "block or fn of the program or of its imports. The same for optimizers and "
	  "data sources.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x |> danse(10)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x |> dense(10)        # nnc --list layers\n"
	  "}\n" },
	{ "E0202", "unknown argument",
	  "What is called has no argument of this name. The note shows all it has.",
	  "model net {\n"
	  "  input  x: f32[N, 3, 8, 8]\n"
	  "  output y = x |> conv2d(16, 3, strides = 2)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 3, 8, 8]\n"
	  "  output y = x |> conv2d(16, 3, stride = 2)\n"
	  "}\n" },
	{ "E0203", "unknown setting",
	  "The section has no such setting. Settings are never ignored.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  loss   mean(x |> dense(1))\n"
	  "}\n"
	  "train { epoch = 10 }\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  loss   mean(x |> dense(1))\n"
	  "}\n"
	  "train { epochs = 10 }        # nnc --explain train\n" },
	{ "E0204", "unknown value",
	  "No value of this name was defined above. Values are defined from top to "
	  "bottom.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  logits = x |> dense(3)\n"
	  "  output y = softmax(logit)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  logits = x |> dense(3)\n"
	  "  output y = softmax(logits)\n"
	  "}\n" },
	{ "E0205", "a name is given twice",
	  "Two parameters, inputs, constants, settings or definitions cannot have one "
	  "name. A plain value may be assigned again.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  input  x: f32[N, 5]\n"
	  "  output x\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  input  z: f32[N, 5]\n"
	  "  output y = x |> dense(5) |> tanh\n"
	  "  output z\n"
	  "}\n" },
	{ "E0206", "a built-in name is defined again",
	  "Layers and functions of nnc keep their meaning in every program.",
	  "fn relu(a) = max(a, 0.1)\n"
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = relu(x)\n"
	  "}\n",
	  "fn my_relu(a) = max(a, 0.1)\n"
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = my_relu(x)\n"
	  "}\n" },
	{ "E0207", "wrong number or kind of arguments",
	  "An argument is missing, is one too many, or is of another kind than is "
	  "needed: a string for a number, a tensor for a constant.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x |> dense()\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x |> dense(10)\n"
	  "}\n" },
	{ "E0301", "shapes do not fit",
	  "An operator got two shapes that cannot be combined. Dimensions fit if they "
	  "are equal or if one of them is 1; a missing dimension of the batch is never "
	  "invented. The notes say which call gave each operand its shape.",
	  "model net {\n"
	  "  input  x: f32[N, 16, 8, 8]\n"
	  "  h = x |> conv2d(32, 3, stride = 2, padding = 1)\n"
	  "  output y = relu(x + h)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 16, 8, 8]\n"
	  "  h = x |> conv2d(32, 3, stride = 2, padding = 1)\n"
	  "  output y = relu((x |> conv2d(32, 1, stride = 2)) + h)\n"
	  "}\n" },
	{ "E0302", "a size is out of range",
	  "A kernel does not fit into its image, or an extent is zero, negative or too "
	  "large.",
	  "model net {\n"
	  "  input  x: f32[N, 16, 5, 5]\n"
	  "  output y = x |> conv2d(32, 7)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 16, 5, 5]\n"
	  "  output y = x |> conv2d(32, 7, padding = \"same\")\n"
	  "}\n" },
	{ "E0303", "wrong number of dimensions",
	  "A layer wants a certain rank: conv2d wants images [N, C, H, W], for "
	  "instance.",
	  "model net {\n"
	  "  input  image: f32[N, 1, 28, 28]\n"
	  "  output y = image |> flatten |> conv2d(6, 5)\n"
	  "}\n",
	  "model net {\n"
	  "  input  image: f32[N, 1, 28, 28]\n"
	  "  output y = image |> conv2d(6, 5) |> flatten\n"
	  "}\n" },
	{ "E0304", "a loss would stretch one of its operands",
	  "Losses and metrics want equal shapes: [N, 1] against [N] would silently "
	  "become [N, N].",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target t: f32[N]\n"
	  "  loss   mse(x |> dense(1), t)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target t: f32[N]\n"
	  "  loss   mse(x |> dense(1) |> squeeze(-1), t)\n"
	  "}\n" },
	{ "E0305", "numbers of classes differ",
	  "The last dimension of the scores is the number of classes of the target.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target label: class(10)[N]\n"
	  "  loss   cross_entropy(x |> dense(9), label)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target label: class(10)[N]\n"
	  "  loss   cross_entropy(x |> dense(10), label)\n"
	  "}\n" },
	{ "E0306", "an embedding is too small",
	  "The table has fewer rows than the index has classes, so that some index "
	  "would find no row.",
	  "model net {\n"
	  "  input  tokens: class(256)[N, 16]\n"
	  "  output y = tokens |> embedding(128, 8)\n"
	  "}\n",
	  "model net {\n"
	  "  input  tokens: class(256)[N, 16]\n"
	  "  output y = tokens |> embedding(256, 8)\n"
	  "}\n" },
	{ "E0307", "probabilities where scores are wanted, or the reverse",
	  "cross_entropy and bce_with_logits apply softmax or sigmoid themselves, nll "
	  "and kl_div want log-probabilities.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target label: class(3)[N]\n"
	  "  probs = x |> dense(3) |> softmax\n"
	  "  loss   cross_entropy(probs, label)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target label: class(3)[N]\n"
	  "  logits = x |> dense(3)\n"
	  "  loss   cross_entropy(logits, label)\n"
	  "  output probs = softmax(logits)\n"
	  "}\n" },
	{ "E0308", "a division that leaves a remainder",
	  "Sizes are whole numbers. A dimension is split only into equal parts.",
	  "model net {\n"
	  "  input  x: f32[N, 8, 192]\n"
	  "  output y = rearrange(x, \"n t (h d) -> n h t d\", h = 5)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 8, 192]\n"
	  "  output y = rearrange(x, \"n t (h d) -> n h t d\", h = 6)\n"
	  "}\n" },
	{ "E0309", "a loss must be one number",
	  "The gradient is that of a scalar; take the mean or the sum of a tensor.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target t: f32[N, 4]\n"
	  "  loss   (dense(x, 4) - t) ** 2\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  target t: f32[N, 4]\n"
	  "  loss   mean((dense(x, 4) - t) ** 2)\n"
	  "}\n" },
	{ "E0310", "wrong element type",
	  "The operation is not made for classes, integers or bools.",
	  "model net {\n"
	  "  input  kind: class(10)[N]\n"
	  "  output y = kind + 1\n"
	  "}\n",
	  "model net {\n"
	  "  input  kind: class(10)[N]\n"
	  "  output y = one_hot(kind) + 1\n"
	  "}\n" },
	{ "E0311", "a subscript is out of range",
	  "Subscripts count from 0, negative ones from the end.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x[:, 4]\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = x[:, 3]\n"
	  "}\n" },
	{ "E0401", "data and model do not agree",
	  "Every input and target of the model needs one field of the data section, "
	  "and every field one input or target.",
	  "data idx(\"d\") { image = images }\n"
	  "model net {\n"
	  "  input  image: f32[N, 1, 28, 28]\n"
	  "  target label: class(10)[N]\n"
	  "  loss   cross_entropy(image |> flatten |> dense(10), label)\n"
	  "}\n",
	  "data idx(\"d\") { image = images, label = labels }\n"
	  "model net {\n"
	  "  input  image: f32[N, 1, 28, 28]\n"
	  "  target label: class(10)[N]\n"
	  "  loss   cross_entropy(image |> flatten |> dense(10), label)\n"
	  "}\n" },
	{ "E0402", "sections are missing or given twice",
	  "A program has one model and at most one data, train and export section.",
	  "model a { input x: f32[N, 4]  output x }\n"
	  "model b { input x: f32[N, 4]  output x }\n",
	  "model a { input x: f32[N, 4]  output x }\n" },
	{ "E0403", "something contains itself",
	  "Blocks, functions and imports are put in place before training; one that "
	  "contains itself would never end.",
	  "block f(a: f32[N, 4]) { return f(a) }\n"
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = f(x)\n"
	  "}\n",
	  "block f(a: f32[N, 4]) { return a |> dense(4) }\n"
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  repeat 3 { x = x |> f }\n"
	  "  output x\n"
	  "}\n" },
	{ "E0404", "a setting cannot hold",
	  "The value is outside of what is possible, or contradicts another setting.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  loss   mean(x |> dense(1))\n"
	  "}\n"
	  "train { epochs = 3, steps = 100 }\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  loss   mean(x |> dense(1))\n"
	  "}\n"
	  "train { epochs = 3 }\n" },
	{ "E0405", "not implemented yet",
	  "The language or the command line has this, but this version of nnc does "
	  "not. Nothing is ignored silently.",
	  "nnc --tune model.nn",
	  "nnc --help" },
	{ "E0406", "a statement may not stand here",
	  "Each place has its statements: `emit` in scan, `input` in model, `return` "
	  "in block.",
	  "block f(a: f32[N, 4]) { input b: f32[N]  return a }\n"
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  output y = f(x)\n"
	  "}\n",
	  "block f(a: f32[N, 4], b: f32[N]) { return a + unsqueeze(b, -1) }\n"
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  input  b: f32[N]\n"
	  "  output y = f(x, b)\n"
	  "}\n" },
	{ "E0501", "-D sets no const, or one of another kind",
	  "-D NAME=VALUE replaces the value of a const of the program.",
	  "nnc -D widht=32 model.nn",
	  "nnc -D width=32 model.nn" },
	{ "E0502", "wrong usage of the command line",
	  "An option is unknown, its value is not one of its values, or the file is "
	  "missing.",
	  "nnc --sumary model.nn",
	  "nnc --summary model.nn" },
	{ "R1", "shapes or types of data",
	  "A file holds tensors of another shape than the trainer was compiled for. "
	  "Exit status 3.",
	  "images are 1 x 32 x 32, but the program says f32[N, 1, 28, 28]",
	  "input image: f32[N, 1, 32, 32]" },
	{ "R2", "a value that cannot be read",
	  "A file is damaged or a field of it is no number. Exit status 3.",
	  "the file ends after 100 of 784 bytes",
	  "fetch the file again" },
	{ "R3", "not finite",
	  "The loss became infinite or not a number. Exit status 4.",
	  "optimizer = sgd(lr = 100)",
	  "optimizer = sgd(lr = 0.1)" },
	{ "R4", "vocabulary or classes",
	  "The data hold a class that the model does not have. Exit status 3.",
	  "label 10, but the target is class(10)",
	  "target label: class(11)[N]" },
	{ "R5", "numbers of rows or columns",
	  "Files that belong together differ in length, or a part has no rows. Exit "
	  "status 3.",
	  "60 000 images, but 10 000 labels",
	  "give files of one part" },
	{ "R6", "weights and checkpoint files",
	  "A tensor is missing, unknown or of another shape. Exit status 3.",
	  "tensor `dense2.bias` is missing",
	  "use the weights that this program's trainer wrote" },
	{ "R7", "other files",
	  "A file or folder cannot be read or written. Exit status 3.",
	  "-o /nowhere/x.c",
	  "-o x.c" },
	{ "unused-value", "a value is never used",
	  "No loss, metric or output depends on it, so neither it nor its parameters "
	  "are built. Switch off: -Wno-unused-value.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  h = x |> dense(64)\n"
	  "  output y = x |> dense(2)\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  h = x |> dense(64)\n"
	  "  output y = x |> dense(2)\n"
	  "  output h\n"
	  "}\n" },
	{ "suspicious-newline", "a bracket at the beginning of a line",
	  "Line breaks do not end statements, so the bracket belongs to the name on "
	  "the line before. Switch off: -Wno-suspicious-newline.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  layer  enc = dense(4)\n"
	  "  a = enc\n"
	  "  (x)\n"
	  "  output a\n"
	  "}\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  layer  enc = dense(4)\n"
	  "  a = enc(x)\n"
	  "  output a\n"
	  "}\n" },
	{ "schedule", "a schedule that cannot do what it says",
	  "A warm-up or a ramp that is longer than the run, milestones behind its end: the number "
	  "never reaches what was asked for. Switch off: -Wno-schedule.",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  loss   mean(x |> dense(1))\n"
	  "}\n"
	  "train { steps = 150, optimizer = adam(lr = cosine(6e-4, warmup = steps(200))) }\n",
	  "model net {\n"
	  "  input  x: f32[N, 4]\n"
	  "  loss   mean(x |> dense(1))\n"
	  "}\n"
	  "train { steps = 5000, optimizer = adam(lr = cosine(6e-4, warmup = steps(200))) }\n" },
	{ "validation", "a run without a validation part",
	  "Said once by the trainer: without rows that it does not learn from, nothing tells whether it "
	  "learns more than those rows. Switch off: -Wno-validation, of nnc or of the trainer.",
	  "data csv(\"points.csv\") { x = columns(\"a\", \"b\"), y = c }\n",
	  "data csv(\"points.csv\", val = 0.1) { x = columns(\"a\", \"b\"), y = c }\n" },
	{ "shadow-builtin", "a definition has the name of a new built-in",
	  "A version that adds a built-in name first lets the program's own definition win, and says so; "
	  "rename it before the next one. This version adds none. Switch off: -Wno-shadow-builtin.",
	  "fn swish(x) = x * sigmoid(x)\n",
	  "fn my_swish(x) = x * sigmoid(x)\n" },
	{ 0, 0, 0, 0, 0 },
};
