/* topics.c - tables for --explain and --list: settings, data sources. */
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
	{ "csv", "csv(file, header = true, sep = \",\", names = [...], missing = \"error\")",
	  "A table of text, also compressed (.gz): quoted cells with separators and line ends in "
	  "them, any line ends, a byte order mark. A column is called by its name; "
	  "`column(\"any text\")` by any name; `columns(\"a\", \"b\")` is f32[2]; `others()` is what "
	  "no field names, in file order. Without a header columns are c1, c2, ... or have the "
	  "names that `names` gives to all of them." },
	{ "npy", "npy(x = \"x.npy\", y = \"y.npy\")",
	  "NumPy arrays, each a column of that name: the first dimension counts the samples, the "
	  "rest is the shape of one. C order; f2 f4 f8 i1..i8 u1..u8 b1 of either byte order. "
	  "Integers bind to class(K), too." },
	{ "npz", "npz(file)",
	  "The arrays of numpy.savez or savez_compressed, each a column of its name." },
	{ "raw", "raw(x = \"x.bin\", type = \"f32[3, 4]\")",
	  "Rows of that type without a header, little-endian; each file is a column of that "
	  "name." },
	{ "libsvm", "libsvm(file)",
	  "Lines `LABEL INDEX:VALUE ...`. Columns: x (indices from 1, what is not given is 0) and y; "
	  "labels -1 and 1 are the classes 0 and 1 of class(2)." },
	{ "text", "text(file, level = \"byte\", context = T)",
	  "Windows of a text, one behind the other. Columns: tokens and next, the same one further. "
	  "`level = \"char\"` numbers the characters that occur by code point. val and test are the "
	  "last parts of the text." },
	{ "cifar10", "cifar10(dir)",
	  "The binary version. Columns: images u8[3, 32, 32], labels. test_batch.bin is the test "
	  "split." },
	{ "cifar100", "cifar100(dir)",
	  "The binary version. Columns: images u8[3, 32, 32], labels (the 100 fine ones). test.bin is "
	  "the test split." },
	{ "images", "images(dir, size = [H, W])",
	  "Pictures in a folder for each class, PNG, PGM or PPM, sorted by the names of folders and files. "
	  "Columns: images u8[3, H, W], or u8[1, H, W] (grey), and labels: the names of the folders as "
	  "classes. With `size` all are brought to that size (bilinear, as torchvision's Resize); without it "
	  "they must have it. JPEG is not built yet." },
	{ "synthetic", "synthetic(kind, n, noise = 0.1)",
	  "Samples made in memory, for a first run without downloads; inputs and targets of the "
	  "model are bound by name. Kinds: \"random\", every value independent; \"linear\", targets "
	  "are a fixed random linear map of the inputs plus noise, or the class whose map is the "
	  "largest; \"sequence\", class inputs follow a fixed successor table with probability 1 - "
	  "noise, class targets of the same shape are the next elements." },
	{ "early_stopping", "early_stopping(metric, patience = 10, min_delta = 0)",
	  "Built in: a condition of `stop` in `train`. It holds after `patience` validations in a "
	  "row that did not better the best value of the metric by more than `min_delta`; the "
	  "metric knows whether larger or smaller is better." },
	{ "search", "search METHOD(...) { const = range }",
	  "Hyper-parameters to try: grid(), random(trials = 30), halving(trials = 30, factor = 3), "
	  "each with minimize = or maximize =, seed =, parallel =. A range is choice(a, b, ...), "
	  "uniform(a, b), log_uniform(a, b) or int_uniform(a, b). The section is checked; nnc "
	  "--tune, which carries it out, is not built yet." },
	{ "export", "export c(prefix = NAME, batch = N, api = \"context\", quantize = \"bf16\", preprocess = true)",
	  "Defaults of nnc --infer: the prefix of C names, the largest number of samples a call, the "
	  "form of the interface (\"static\" or \"context\"), weights in 16 bits (\"bf16\", \"f16\") "
	  "and where they are, and what the C takes: raw columns, images with their channels last. "
	  "What this version cannot do (int8, stream) is refused when --infer is asked for." },
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
	{ "train", "checkpoint", "epochs(1)",
	  "how often the run is saved in NAME.ckpt: epochs(k) or steps(k)" },
	{ "train", "on_nonfinite", "\"stop\"",
	  "\"skip\" the update, or \"rollback\" to the state of the last report" },
	{ "train", "keep", "3", "checkpoints that are kept: NAME.ckpt and older ones" },
	{ "train", "quantize", "\"none\"", "train for 8-bit weights" },
	{ "data", "val", "0",
	  "validation part: a fraction of the rows, a number of rows, or a file of the same form" },
	{ "data", "test", "0", "test part: likewise" },
	{ "data", "split", "none",
	  "holdout(val =, test =, stratify = field), kfold(k), time(0.8)" },
	{ "data", "balance", "none",
	  "a field of classes: an epoch draws as many rows, every class equally likely" },
	{ "data", "seed", "0", "of the division into parts" },
	{ "data", "shuffle", "true", "divide at random, not in file order" },
	{ "data", "cache", "\"ram\"",
	  "\"mmap\": rows stay in files; text formats are turned into NAME.rows once" },
	{ "csv", "file", "-", "the table" },
	{ "csv", "header", "true", "the first line names the columns" },
	{ "csv", "sep", "\",\"", "one character; \"\\t\" is a tab" },
	{ "csv", "names", "-", "a name for every column of the file" },
	{ "csv", "missing", "\"error\"",
	  "\"drop\" leaves out rows with an empty cell, NA, nan, null or ?" },
	{ "npz", "file", "-", "the archive" },
	{ "raw", "type", "-", "of one sample: f32[3, 4], u8" },
	{ "libsvm", "file", "-", "the lines" },
	{ "text", "file", "-", "the text, UTF-8 or bytes" },
	{ "text", "level", "\"byte\"", "or \"char\"" },
	{ "text", "context", "-", "tokens of a sample" },
	{ "cifar10", "dir", "-", "the folder with data_batch_1.bin ... test_batch.bin" },
	{ "cifar100", "dir", "-", "the folder with train.bin and test.bin" },
	{ "images", "dir", "-", "the folder with a folder for each class" },
	{ "images", "size", "-", "height and width of all pictures: [32, 32]" },
	{ "idx", "dir", "-", "the folder with the four files" },
	{ "idx", "images", "-", "a file of images, instead of `dir`" },
	{ "idx", "labels", "-", "a file of labels" },
	{ "synthetic", "kind", "-", "\"random\", \"linear\" or \"sequence\"" },
	{ "synthetic", "n", "-", "number of samples" },
	{ "synthetic", "noise", "0.1", "on targets (linear), or how often the table is not followed" },
	{ "export", "prefix", "the model", "begins every public C name" },
	{ "export", "batch", "1", "samples a call" },
	{ "export", "api", "static", "\"context\": init and run, memory of the caller" },
	{ "export", "weights", "embed", "\"extern\": a file of their own; \"file\": read at run time" },
	{ "export", "quantize", "none", "\"bf16\", \"f16\": weights in 16 bits" },
	{ "export", "input_layout", "nchw", "\"nhwc\": images with their channels last" },
	{ "export", "libm", "false", "exp, tanh and the like from <math.h>" },
	{ "export", "preprocess", "false", "take raw columns, apply the expressions of `data`" },
	{ 0, 0, 0, 0 },
};
