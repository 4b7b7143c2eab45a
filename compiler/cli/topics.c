/* topics.c - tables for --explain and --list: error codes, warnings, settings, data sources. */
#include "doc.h"

const TopicDoc topic_docs[] = {
	{ "train", "train { epochs = 10, batch = 64, optimizer = adam() }",
	  "How the model is trained. Every setting is one of these:" },
	{ "data", "data SOURCE(...) { field = expression }",
	  "Where samples come from. The body maps columns of the source to the inputs and "
	  "targets of "
	  "the model by name; without a body equal names are bound. Arguments of every "
	  "source:" },
	{ "idx", "idx(dir, val = 0, test = 0, seed = 0, shuffle = true)",
	  "Images and labels in the files of MNIST and Fashion-MNIST, also compressed (.gz). "
	  "Columns: "
	  "images u8[1, H, W], labels. The official test part is the test split." },
	{ "synthetic", "synthetic(kind, n, noise = 0.1)",
	  "Samples made in memory, for a first run without downloads; inputs and targets of the "
	  "model are bound by name. Kinds: \"random\", every value independent; \"linear\", targets "
	  "are a fixed random linear map of the inputs plus noise, or the class whose map is the "
	  "largest; \"sequence\", class inputs follow a fixed successor table with probability 1 - "
	  "noise, class targets of the same shape are the next elements." },
	{ "search", "search METHOD(...) { const = range }",
	  "Hyper-parameters to try: grid(), random(trials = 30), halving(trials = 30, factor = 3), "
	  "each with minimize = or maximize =, seed =, parallel =. A range is choice(a, b, ...), "
	  "uniform(a, b), log_uniform(a, b) or int_uniform(a, b). The section is checked; nnc "
	  "--tune, which carries it out, is not built yet." },
	{ "export", "export c(prefix = NAME, batch = N)",
	  "Defaults of nnc --infer: the prefix of C names and the number of samples a call. What "
	  "this version cannot do (api, weights, quantize ...) is refused when --infer is asked "
	  "for." },
	{ 0, 0, 0 },
};

const SettingDoc setting_docs[] = {
	{ "train", "epochs", "-", "passes over the training rows; or `steps`" },
	{ "train", "steps", "-", "batches in all; instead of `epochs`" },
	{ "train", "batch", "32", "samples a step; \"all\" takes every row at once" },
	{ "train", "optimizer", "adam()", "see nnc --list optimizers" },
	{ "train", "monitor", "val_METRIC",
	  "the metric or loss that says which weights are best" },
	{ "train", "seed", "0", "of first values, shuffling and dropout" },
	{ "train", "shuffle", "true", "draw the rows in a new order in every epoch" },
	{ "train", "drop_last", "false", "leave out the last batch if it is not full" },
	{ "train", "decay_all", "false", "weight decay also for vectors, such as biases" },
	{ "train", "regularize", "none", "a penalty on weights" },
	{ "train", "clip_norm", "none",
	  "largest norm of the whole gradient (clip_grad_norm_)" },
	{ "train", "clip_value", "none", "largest element of the gradient, before clip_norm" },
	{ "train", "accumulate", "1",
	  "batches whose gradients are averaged for one update" },
	{ "train", "ema", "none",
	  "decay of an average of the weights, which is validated and saved" },
	{ "train", "stop", "none",
	  "early_stopping(val_loss, patience = 10) or elapsed > 3600" },
	{ "train", "validate", "epochs(1)",
	  "how often the validation part is scored: epochs(k) or steps(k)" },
	{ "train", "checkpoint", "epochs(1)", "how often the state is saved" },
	{ "train", "on_nonfinite", "\"stop\"",
	  "\"skip\" the update, or \"rollback\" to the state of the last report" },
	{ "train", "keep", "3", "checkpoints that are kept" },
	{ "train", "quantize", "\"none\"", "train for 8-bit weights" },
	{ "data", "val", "0", "validation part: a fraction of the rows, or a number of rows" },
	{ "data", "test", "0", "test part: a fraction of the rows, or a number of rows" },
	{ "data", "split", "none",
	  "holdout(val =, test =, stratify = field), kfold(k), time(0.8)" },
	{ "data", "seed", "0", "of the division into parts" },
	{ "data", "shuffle", "true", "divide at random, not in file order" },
	{ "idx", "dir", "-", "the folder with the four files" },
	{ "idx", "images", "-", "a file of images, instead of `dir`" },
	{ "idx", "labels", "-", "a file of labels" },
	{ "synthetic", "kind", "-", "\"random\", \"linear\" or \"sequence\"" },
	{ "synthetic", "n", "-", "number of samples" },
	{ "synthetic", "noise", "0.1", "on targets (linear), or how often the table is not followed" },
	{ "export", "prefix", "the model", "begins every public C name" },
	{ "export", "batch", "1", "samples a call" },
	{ 0, 0, 0, 0 },
};

const CodeDoc code_docs[] = {
	{ "E0101", "something is missing between two words",
	  "The parser found a word where only a comma, a bracket or another sign can stand. "
	  "The caret "
	  "is where the sign belongs, which may be the end of the line before.",
	  "dense(256 bias = false)", "dense(256, bias = false)" },
	{ "E0102", "unfinished pipeline",
	  "After `|>` a layer or function must follow: the value before it flows into that.",
	  "h = x |> dense(256) |>", "h = x |> dense(256) |> relu" },
	{ "E0103", "a pipeline meets an operator",
	  "`|>` binds more loosely than any operator, and readers disagree about what that "
	  "means. So "
	  "parentheses must say which goes first.",
	  "x = x + x |> layer_norm", "x = x + (x |> layer_norm)" },
	{ "E0104", "a statement must name its value",
	  "A value that has no name could not be used by anything.", "x |> dense(10)",
	  "logits = x |> dense(10)" },
	{ "E0105", "other syntax",
	  "What stands here is no part of the language, or not at this place: an operator of "
	  "another "
	  "language, a quote that is not closed, a number that is written otherwise.",
	  "a = b && c", "a = b and c" },
	{ "E0201", "unknown layer or function",
	  "Nothing that can be called has this name: no layer or function of nnc, no block or "
	  "fn of the "
	  "program or of its imports. The same for optimizers and data sources.",
	  "x |> danse(10)", "x |> dense(10)        # nnc --list layers" },
	{ "E0202", "unknown argument",
	  "What is called has no argument of this name. The note shows all it has.",
	  "conv2d(16, 3, strides = 2)", "conv2d(16, 3, stride = 2)" },
	{ "E0203", "unknown setting",
	  "The section has no such setting. Settings are never ignored.",
	  "train { epoch = 10 }", "train { epochs = 10 }        # nnc --explain train" },
	{ "E0204", "unknown value",
	  "No value of this name was defined above. Values are defined from top to bottom.",
	  "loss cross_entropy(logit, label)", "loss cross_entropy(logits, label)" },
	{ "E0205", "a name is given twice",
	  "Two parameters, inputs, constants, settings or definitions cannot have one name. A "
	  "plain "
	  "value may be assigned again.",
	  "input x: f32[N, 4]  input x: f32[N, 5]", "input x: f32[N, 4]  input y: f32[N, 5]" },
	{ "E0206", "a built-in name is defined again",
	  "Layers and functions of nnc keep their meaning in every program.",
	  "fn relu(x) = max(x, 0.1)", "fn my_relu(x) = max(x, 0.1)" },
	{ "E0207", "wrong number or kind of arguments",
	  "An argument is missing, is one too many, or is of another kind than is needed: a "
	  "string for "
	  "a number, a tensor for a constant.",
	  "x |> dense()", "x |> dense(10)" },
	{ "E0301", "shapes do not fit",
	  "An operator got two shapes that cannot be combined. Dimensions fit if they are "
	  "equal or if "
	  "one of them is 1; a missing dimension of the batch is never invented. The notes say "
	  "which "
	  "call gave each operand its shape.",
	  "relu(x + h)        # f32[N, 16, 32, 32] + f32[N, 32, 16, 16]",
	  "relu((x |> conv2d(32, 1, 2)) + h)" },
	{ "E0302", "a size is out of range",
	  "A kernel does not fit into its image, or an extent is zero, negative or too large.",
	  "x |> conv2d(32, 7)        # on a 5 x 5 image",
	  "x |> conv2d(32, 7, padding = \"same\")" },
	{ "E0303", "wrong number of dimensions",
	  "A layer wants a certain rank: conv2d wants images [N, C, H, W], for instance.",
	  "image |> flatten |> conv2d(6, 5)", "image |> conv2d(6, 5) |> flatten" },
	{ "E0304", "a loss would stretch one of its operands",
	  "Losses and metrics want equal shapes: [N, 1] against [N] would silently become [N, "
	  "N].",
	  "loss mse(y, price)        # f32[N, 1] and f32[N]",
	  "loss mse(squeeze(y, -1), price)" },
	{ "E0305", "numbers of classes differ",
	  "The last dimension of the scores is the number of classes of the target.",
	  "x |> dense(9)        # target: class(10)[N]", "x |> dense(10)" },
	{ "E0306", "an embedding is too small",
	  "The table has fewer rows than the index has classes, so that some index would find "
	  "no row.",
	  "embedding(128, 64)        # tokens: class(256)", "embedding(256, 64)" },
	{ "E0307", "probabilities where scores are wanted, or the reverse",
	  "cross_entropy and bce_with_logits apply softmax or sigmoid themselves, nll and "
	  "kl_div want "
	  "log-probabilities.",
	  "loss cross_entropy(softmax(logits), label)", "loss cross_entropy(logits, label)" },
	{ "E0308", "a division that leaves a remainder",
	  "Sizes are whole numbers. A dimension is split only into equal parts.",
	  "rearrange(q, \"n t (h d) -> n h t d\", h = 5)        # 192 / 5",
	  "rearrange(q, \"n t (h d) -> n h t d\", h = 6)" },
	{ "E0309", "a loss must be one number",
	  "The gradient is that of a scalar; take the mean or the sum of a tensor.",
	  "loss (y - t) ** 2", "loss mean((y - t) ** 2)" },
	{ "E0310", "wrong element type",
	  "The operation is not made for classes, integers or bools.",
	  "y = label + 1        # class(10)", "y = one_hot(label) + 1" },
	{ "E0311", "a subscript is out of range",
	  "Subscripts count from 0, negative ones from the end.", "x[:, 4]        # f32[N, 4]",
	  "x[:, 3]" },
	{ "E0401", "data and model do not agree",
	  "Every input and target of the model needs one field of the data section, and every "
	  "field "
	  "one input or target.",
	  "data idx(\"d\") { image = images }",
	  "data idx(\"d\") { image = images, label = labels }" },
	{ "E0402", "sections are missing or given twice",
	  "A program has one model and at most one data, train and export section.",
	  "model a { ... }  model b { ... }", "model a { ... }" },
	{ "E0403", "something contains itself",
	  "Blocks, functions and imports are put in place before training; one that contains "
	  "itself "
	  "would never end.",
	  "block f(x: any) { return f(x) }", "repeat 3 { x = x |> g }" },
	{ "E0404", "a setting cannot hold",
	  "The value is outside of what is possible, or contradicts another setting.",
	  "train { epochs = 3, steps = 100 }", "train { epochs = 3 }" },
	{ "E0405", "not implemented yet",
	  "The language or the command line has this, but this version of nnc does not. "
	  "Nothing is "
	  "ignored silently.",
	  "nnc --tune model.nn", "nnc --help lists what this version can do" },
	{ "E0406", "a statement may not stand here",
	  "Each place has its statements: `emit` in scan, `input` in model, `return` in block.",
	  "block f(x: any) { input y: f32[N] }", "block f(x: any, y: any) { return x + y }" },
	{ "E0501", "-D sets no const, or one of another kind",
	  "-D NAME=VALUE replaces the value of a const of the program.",
	  "nnc -D widht=32 model.nn", "nnc -D width=32 model.nn" },
	{ "E0502", "wrong usage of the command line",
	  "An option is unknown, its value is not one of its values, or the file is missing.",
	  "nnc --sumary model.nn", "nnc --summary model.nn" },
	{ "R1", "shapes or types of data",
	  "A file holds tensors of another shape than the trainer was compiled for. Exit "
	  "status 3.",
	  "images are 1 x 32 x 32, but the program says f32[N, 1, 28, 28]",
	  "input image: f32[N, 1, 32, 32]" },
	{ "R2", "a value that cannot be read",
	  "A file is damaged or a field of it is no number. Exit status 3.",
	  "the file ends after 100 of 784 bytes", "fetch the file again" },
	{ "R3", "not finite", "The loss became infinite or not a number. Exit status 4.",
	  "optimizer = sgd(lr = 100)", "optimizer = sgd(lr = 0.1)" },
	{ "R4", "vocabulary or classes",
	  "The data hold a class that the model does not have. Exit status 3.",
	  "label 10, but the target is class(10)", "target label: class(11)[N]" },
	{ "R5", "numbers of rows or columns",
	  "Files that belong together differ in length, or a part has no rows. Exit status 3.",
	  "60 000 images, but 10 000 labels", "give files of one part" },
	{ "R6", "weights and checkpoint files",
	  "A tensor is missing, unknown or of another shape. Exit status 3.",
	  "tensor `dense2.bias` is missing",
	  "use the weights that this program's trainer wrote" },
	{ "R7", "other files", "A file or folder cannot be read or written. Exit status 3.",
	  "-o /nowhere/x.c", "-o x.c" },
	{ "unused-value", "a value is never used",
	  "No loss, metric or output depends on it, so neither it nor its parameters are "
	  "built. Switch "
	  "off: -Wno-unused-value.",
	  "h2 = x |> dense(64)", "output h2" },
	{ "suspicious-newline", "a bracket at the beginning of a line",
	  "Line breaks do not end statements, so the bracket belongs to the name on the line "
	  "before. "
	  "Switch off: -Wno-suspicious-newline.",
	  "a = b\n  (c)", "a = b(c)" },
	{ 0, 0, 0, 0, 0 },
};
