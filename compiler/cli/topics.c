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
	{ "data", "balance", "none",
	  "a field of classes: an epoch draws as many rows, every class equally likely" },
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
	{ "export", "preprocess", "false", "take raw columns, apply the expressions of `data`" },
	{ 0, 0, 0, 0 },
};
