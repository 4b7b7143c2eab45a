/* advice.c - arguments and settings that other systems have, and what to write instead.
 *
 * In:    an unknown argument or setting.   Out: the help of its message.
 * Holds: a row's advice is the name that nnc has, or behind `!` a sentence; a row may belong to
 *        callees whose names begin with `of` only.
 */
#include "elab.h"

#include <string.h>

typedef struct { const char *name, *advice, *of; } Row;

static const Row arguments[] = {
	{ "in_channels", "!leave it out: the number of input channels is inferred", "" },
	{ "input_channels", "!leave it out: the number of input channels is inferred", "" },
	{ "in_features", "!leave it out: the number of inputs is inferred", "" },
	{ "num_features", "!leave it out: the number of channels is inferred", "" },
	{ "num_channels", "!leave it out: the number of channels is inferred", "" },
	{ "normalized_shape", "!leave it out: the last dimension is normalised", "" },
	{ "input_size", "!leave it out: the number of inputs is inferred", "" },
	{ "input_shape", "!leave it out: shapes are inferred from the inputs", "" },
	{ "batch_input_shape", "!leave it out: shapes are inferred from the inputs", "" },
	{ "embed_dim", "!leave it out: the width is inferred", "multi_head" },
	{ "key_dim", "!leave it out: each head has the width divided by `heads`", "" },
	{ "kdim", "!leave it out: the width is inferred", "" },
	{ "vdim", "!leave it out: the width is inferred", "" },
	{ "batch_first", "!leave it out: the batch is always the first dimension", "" },
	{ "time_major", "!leave it out: the batch is always the first dimension", "" },
	{ "data_format", "!leave it out: images are [N, C, H, W]", "" },
	{ "channels_last", "!leave it out: images are [N, C, H, W]", "" },
	{ "device", "!leave it out: a trainer runs where it is started", "" },
	{ "dtype", "!leave it out: `nnc --precision f64` makes everything double", "" },
	{ "inplace", "!leave it out: nnc itself decides where values are stored", "" },
	{ "name", "!a label goes before the call: `x |> name: layer(...)`", "" },
	{ "activation", "!pipe into it: `|> relu` behind the layer", "" },
	{ "nonlinearity", "!pipe into it: `|> relu` behind the layer", "" },
	{ "recurrent_activation", "!leave it out: the gates are sigmoid", "" },
	{ "return_sequences", "!leave it out: all steps are returned; `|> last` takes the last", "" },
	{ "return_state", "!leave it out: `|> last` takes the last step", "" },
	{ "stateful", "!leave it out: every sample starts with a state of 0", "" },
	{ "recurrent_dropout", "dropout", "" },
	{ "proj_size", "!pipe into `dense(n)` instead", "" },
	{ "padding_mode", "!write `pad(x, [l, r, t, b], mode = \"reflect\")` before the layer", "" },
	{ "return_indices", "!leave it out: pools return values only", "" },
	{ "output_size", "!sizes are inferred: choose `kernel`, `stride` and `padding`", "" },
	{ "divisor_override", "!multiply the result instead", "" },
	{ "affine", "!leave it out: weight and bias are always there", "batch_norm" },
	{ "elementwise_affine", "!leave it out: weight and bias are always there", "" },
	{ "center", "!leave it out: the bias is always there", "" },
	{ "scale", "!leave it out: the weight is always there", "" },
	{ "track_running_stats", "!leave it out: running statistics are always kept", "" },
	{ "padding_idx", "!leave it out: every row is trained", "" },
	{ "mask_zero", "!give `lengths =` to the recurrent layer instead", "" },
	{ "input_length", "!leave it out: shapes are inferred from the inputs", "" },
	{ "max_norm", "!leave it out: `regularize = l2(a)` holds weights small", "" },
	{ "sparse", "!leave it out: rows that no sample names get no gradient anyway", "" },
	{ "from_logits", "!leave it out: `cross_entropy` and `bce_with_logits` take logits, `nll` "
	  "and `bce` do not", "" },
	{ "ignore_index", "!give the position a weight of 0: `reduction = \"none\"`, then "
	  "multiply", "" },
	{ "size_average", "reduction", "" },
	{ "reduce", "reduction", "" },
	{ "amsgrad", "!leave it out: there is no amsgrad", "" },
	{ "maximize", "!write the loss with a minus", "" },
	{ "foreach", "!leave it out: all parameters are updated together anyway", "" },
	{ "fused", "!leave it out: all parameters are updated together anyway", "" },
	{ "beta_1", "!write both in a list: `betas = [0.9, 0.999]`", "" },
	{ "beta_2", "!write both in a list: `betas = [0.9, 0.999]`", "" },
	{ "beta1", "!write both in a list: `betas = [0.9, 0.999]`", "" },
	{ "beta2", "!write both in a list: `betas = [0.9, 0.999]`", "" },
	{ "rho", "alpha", "rmsprop" },
	{ "decay", "!give `lr` a schedule: `lr = exponential(1e-3, gamma = 0.97)`", "" },
	{ "lr_decay", "!give `lr` a schedule: `lr = exponential(1e-3, gamma = 0.97)`", "" },
	{ "dampening", "!leave it out: the momentum is not dampened", "" },
	{ "centered", "!leave it out: the mean of gradients is not subtracted", "" },
	{ "clipnorm", "!it is a setting of `train`: `clip_norm = 1.0`", "" },
	{ "global_clipnorm", "!it is a setting of `train`: `clip_norm = 1.0`", "" },
	{ "clipvalue", "!it is a setting of `train`: `clip_value = 1.0`", "" },
	{ "use_ema", "!it is a setting of `train`: `ema = 0.999`", "" },
	{ "l2", "weight_decay", "" },
	{ "learning_rate", "lr", "" },
	{ "alpha", "slope", "leaky" },
	{ "negative_slope", "slope", "" },
	{ "kernel_size", "kernel", "" },
	{ "pool_size", "kernel", "" },
	{ "filter_size", "kernel", "" },
	{ "ksize", "kernel", "" },
	{ "strides", "stride", "" },
	{ "pad", "padding", "" },
	{ "pads", "padding", "" },
	{ "dilation_rate", "dilation", "" },
	{ "group", "groups", "" },
	{ "num_groups", "groups", "" },
	{ "depth_multiplier", "multiplier", "" },
	{ "channel_multiplier", "multiplier", "" },
	{ "num_filters", "filters", "" },
	{ "out_channels", "filters", "" },
	{ "output_channels", "filters", "" },
	{ "channels", "filters", "" },
	{ "num_output", "units", "dense" },
	{ "num_output", "filters", "conv" },
	{ "out_features", "units", "" },
	{ "num_units", "units", "" },
	{ "output_dim", "dim", "embedding" },
	{ "output_dim", "units", "" },
	{ "input_dim", "rows", "embedding" },
	{ "input_dim", "!leave it out: the number of inputs is inferred", "" },
	{ "num_embeddings", "rows", "" },
	{ "vocab_size", "rows", "" },
	{ "embedding_dim", "dim", "" },
	{ "hidden_size", "hidden", "" },
	{ "units", "hidden", "" },
	{ "num_layers", "layers", "" },
	{ "n_layers", "layers", "" },
	{ "bidir", "bidirectional", "" },
	{ "num_heads", "heads", "" },
	{ "n_heads", "heads", "" },
	{ "nhead", "heads", "" },
	{ "is_causal", "causal", "" },
	{ "use_causal_mask", "causal", "" },
	{ "attn_mask", "causal", "" },
	{ "dropout_p", "dropout", "" },
	{ "rate", "p", "" },
	{ "prob", "p", "" },
	{ "drop_prob", "p", "" },
	{ "keep_prob", "!`p` is the share that is dropped: `p = 1 - keep_prob`", "" },
	{ "stddev", "std", "" },
	{ "sigma", "std", "" },
	{ "use_bias", "bias", "" },
	{ "bias_term", "bias", "" },
	{ "epsilon", "eps", "" },
	{ "axis", "dim", "" },
	{ "axes", "dim", "" },
	{ "keepdims", "keepdim", "" },
	{ "keep_dims", "keepdim", "" },
	{ "correction", "unbiased", "" },
	{ "ddof", "unbiased", "" },
	{ "upscale_factor", "r", "" },
	{ "scale_factor", "k", "" },
	{ "size", "k", "upsample" },
	{ "interpolation", "mode", "" },
	{ "min_val", "min", "" },
	{ "max_val", "max", "" },
	{ "class_weight", "weight", "" },
	{ "p_norm", "!only the Euclidean norm is built in", "norm" },
	{ "kernel_initializer", "init", "" },
	{ "weight_init", "init", "" },
	{ "weight_filler", "init", "" },
	{ "embeddings_initializer", "init", "" },
	{ "bias_initializer", "bias_init", "" },
	{ "bias_filler", "bias_init", "" },
	{ "recurrent_initializer", "init", "" },
	{ "kernel_regularizer", "regularize", "" },
	{ "bias_regularizer", "regularize", "" },
	{ "embeddings_regularizer", "regularize", "" },
	{ "weight_decay", "regularize", "" },
	{ "activity_regularizer", "!add a `loss` of the value: `loss 1e-3 * mean(abs(h))`", "" },
	{ "kernel_constraint", "!there are no constraints; `regularize = l2(a)` holds weights "
	  "small", "" },
	{ "lr_mult", "lr_scale", "" },
	{ "requires_grad", "trainable", "" },
	/* of data sources and exports */
	{ "validation_split", "val", "" },
	{ "val_split", "val", "" },
	{ "valid", "val", "" },
	{ "validation", "val", "" },
	{ "val_size", "val", "" },
	{ "test_size", "test", "" },
	{ "test_split", "test", "" },
	{ "random_state", "seed", "" },
	{ "random_seed", "seed", "" },
	{ "delimiter", "sep", "" },
	{ "delim", "sep", "" },
	{ "columns", "names", "" },
	{ "seq_len", "context", "" },
	{ "block_size", "context", "" },
	{ "n_samples", "n", "" },
	{ "samples", "n", "" },
	{ "batch_size", "!it is a setting of `train`: `batch = 64`", "idx" },
	{ "batch_size", "batch", "" },
	{ "transform", "!write it in the body: `{ image = images / 255 }`", "" },
	{ "root", "!the folder is the first argument", "" },
	{ "path", "!the file or folder is the first argument", "" },
	{ "download", "!nnc fetches nothing; `--data DIR` of the trainer says where the data are",
	  "" },
	{ "num_workers", "!leave it out: the trainer has `--threads`", "" },
	{ "stratify", "!write `split = holdout(val = 0.1, stratify = field)`", "" },
};

static const Row settings[] = {
	{ "lr", "!it is an argument of the optimizer: `optimizer = adam(lr = 1e-3)`", "" },
	{ "learning_rate", "!it is an argument of the optimizer: `optimizer = adam(lr = 1e-3)`",
	  "" },
	{ "base_lr", "!it is an argument of the optimizer: `optimizer = sgd(lr = 0.1)`", "" },
	{ "weight_decay", "!it is an argument of the optimizer: `optimizer = adamw(weight_decay = "
	  "0.01)`; or write `regularize = l2(1e-4)`", "" },
	{ "momentum", "!it is an argument of the optimizer: `optimizer = sgd(lr = 0.1, momentum = "
	  "0.9)`", "" },
	{ "nesterov", "!it is an argument of the optimizer: `optimizer = sgd(lr = 0.1, momentum = "
	  "0.9, nesterov = true)`", "" },
	{ "betas", "!it is an argument of the optimizer: `optimizer = adam(betas = [0.9, 0.999])`",
	  "" },
	{ "eps", "!it is an argument of the optimizer: `optimizer = adam(eps = 1e-8)`", "" },
	{ "batch_size", "batch", "" }, { "batchsize", "batch", "" }, { "bs", "batch", "" },
	{ "mini_batch", "batch", "" }, { "minibatch", "batch", "" }, { "train_batch", "batch", "" },
	{ "n_epochs", "epochs", "" }, { "num_epochs", "epochs", "" },
	{ "max_epochs", "epochs", "" }, { "nb_epoch", "epochs", "" },
	{ "train_epochs", "epochs", "" },
	{ "max_steps", "steps", "" }, { "num_steps", "steps", "" }, { "max_iter", "steps", "" },
	{ "iterations", "steps", "" }, { "iters", "steps", "" }, { "train_steps", "steps", "" },
	{ "optim", "optimizer", "" }, { "opt", "optimizer", "" }, { "solver", "optimizer", "" },
	{ "type", "optimizer", "" },
	{ "early_stopping", "!write `stop = early_stopping(val_loss, patience = 10)`", "" },
	{ "early_stop", "!write `stop = early_stopping(val_loss, patience = 10)`", "" },
	{ "patience", "!write `stop = early_stopping(val_loss, patience = 10)`", "" },
	{ "min_delta", "!write `stop = early_stopping(val_loss, min_delta = 1e-3)`", "" },
	{ "time_limit", "!write `stop = elapsed > 3600`, or `--time-limit 1h` for the trainer",
	  "" },
	{ "callbacks", "!there are no callbacks; `stop`, `monitor` and `checkpoint` say what they "
	  "would do", "" },
	{ "scheduler", "!a schedule is a number: `optimizer = sgd(lr = cosine(0.1))`", "" },
	{ "lr_scheduler", "!a schedule is a number: `optimizer = sgd(lr = cosine(0.1))`", "" },
	{ "lr_schedule", "!a schedule is a number: `optimizer = sgd(lr = cosine(0.1))`", "" },
	{ "lr_policy", "!a schedule is a number: `optimizer = sgd(lr = step(0.1, every = 30))`",
	  "" },
	{ "schedule", "!a schedule is a number: `optimizer = sgd(lr = cosine(0.1))`", "" },
	{ "gamma", "!it is an argument of a schedule: `lr = step(0.1, every = 30, gamma = 0.1)`",
	  "" },
	{ "stepsize", "!it is an argument of a schedule: `lr = step(0.1, every = 30)`", "" },
	{ "step_size", "!it is an argument of a schedule: `lr = step(0.1, every = 30)`", "" },
	{ "warmup", "!it is an argument of a schedule: `lr = cosine(1e-3, warmup = 1)`", "" },
	{ "warmup_steps", "!it is an argument of a schedule: `lr = cosine(1e-3, warmup = "
	  "steps(200))`", "" },
	{ "loss", "!losses stand in the model: `loss cross_entropy(logits, label)`", "" },
	{ "loss_fn", "!losses stand in the model: `loss cross_entropy(logits, label)`", "" },
	{ "criterion", "!losses stand in the model: `loss cross_entropy(logits, label)`", "" },
	{ "metrics", "!metrics stand in the model: `metric accuracy(logits, label)`", "" },
	{ "metric", "!metrics stand in the model: `metric accuracy(logits, label)`", "" },
	{ "dropout", "!it is a layer: `x |> dropout(0.5)`", "" },
	{ "random_seed", "seed", "" }, { "random_state", "seed", "" },
	{ "manual_seed", "seed", "" }, { "rng", "seed", "" },
	{ "grad_clip", "clip_norm", "" }, { "clip", "clip_norm", "" },
	{ "max_grad_norm", "clip_norm", "" }, { "clip_grad_norm", "clip_norm", "" },
	{ "gradient_clip", "clip_norm", "" }, { "clip_gradients", "clip_norm", "" },
	{ "gradient_clip_val", "clip_norm", "" }, { "clipnorm", "clip_norm", "" },
	{ "clipvalue", "clip_value", "" }, { "clip_grad_value", "clip_value", "" },
	{ "gradient_accumulation_steps", "accumulate", "" }, { "grad_accum", "accumulate", "" },
	{ "accumulate_grad_batches", "accumulate", "" }, { "iter_size", "accumulate", "" },
	{ "ema_decay", "ema", "" }, { "ema_momentum", "ema", "" },
	{ "l1", "!write `regularize = l1(1e-4)`", "" },
	{ "l2", "!write `regularize = l2(1e-4)`", "" },
	{ "regularizer", "regularize", "" }, { "regularization", "regularize", "" },
	{ "regularization_type", "regularize", "" }, { "penalty", "regularize", "" },
	{ "validation_split", "!it is an argument of the data: `val = 0.1`", "" },
	{ "val_split", "!it is an argument of the data: `val = 0.1`", "" },
	{ "val", "!it is an argument of the data: `val = 0.1`", "" },
	{ "test", "!it is an argument of the data: `test = 0.1`", "" },
	{ "validation_data", "!it is an argument of the data: `val = \"val.csv\"`", "" },
	{ "class_weight", "!it is an argument of the loss: `cross_entropy(logits, label, weight = "
	  "\"balanced\")`", "" },
	{ "label_smoothing", "!it is an argument of the loss: `cross_entropy(logits, label, "
	  "label_smoothing = 0.1)`", "" },
	{ "validation_freq", "validate", "" }, { "eval_every", "validate", "" },
	{ "eval_interval", "validate", "" }, { "test_interval", "validate", "" },
	{ "val_every", "validate", "" }, { "check_val_every_n_epoch", "validate", "" },
	{ "save_every", "checkpoint", "" }, { "snapshot", "checkpoint", "" },
	{ "save_freq", "checkpoint", "" }, { "checkpoint_every", "checkpoint", "" },
	{ "save_total_limit", "keep", "" }, { "max_to_keep", "keep", "" },
	{ "save_best_only", "!the best weights are kept anyway; `monitor` says what is best", "" },
	{ "snapshot_prefix", "!the trainer has `--out DIR`", "" },
	{ "terminate_on_nan", "on_nonfinite", "" },
	{ "drop_remainder", "drop_last", "" },
	{ "verbose", "!the trainer has `-v` and `-q`", "" },
	{ "display", "!the trainer has `--progress`", "" },
	{ "log_every", "!the trainer has `--progress` and `--log`", "" },
	{ "log", "!the trainer has `--log csv,jsonl,tb`", "" },
	{ "device", "!a trainer runs where it is started; `--threads N` says on how many", "" },
	{ "gpus", "!a trainer runs where it is started; `--threads N` says on how many", "" },
	{ "solver_mode", "!a trainer runs where it is started", "" },
	{ "threads", "!the trainer has `--threads N`", "" },
	{ "num_workers", "!the trainer has `--threads N`", "" },
	{ "workers", "!the trainer has `--threads N`", "" },
	{ "precision", "!nnc has `--precision f64`", "" },
	{ "dtype", "!nnc has `--precision f64`", "" },
	{ "amp", "!nnc has `--precision`", "" },
	{ "resume", "!the trainer has `--resume`", "" },
	{ "out", "!the trainer has `--out DIR`", "" },
};

static bool has(const char *const *known, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(known[i], name))
			return true;
	return false;
}

static void suggest(Diag *d, const Row *row, size_t nrow, const char *callee, const char *name,
                    const char *const *known, int nknown)
{
	for (size_t i = 0; i < nrow; i++) {
		const Row *r = &row[i];
		if (strcmp(r->name, name) || strncmp(callee, r->of, strlen(r->of)))
			continue;
		if (r->advice[0] == '!') {
			diag_help(d, "%s", r->advice + 1);
			return;
		}
		if (has(known, nknown, r->advice)) {
			diag_help(d, "did you mean `%s`?", r->advice);
			return;
		}
	}
	const char *near = nearest(name, known, nknown);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
}

void suggest_argument(Diag *d, const char *callee, const char *name, const char *const *known,
                      int nknown)
{
	suggest(d, arguments, sizeof arguments / sizeof *arguments, callee, name, known, nknown);
}

void suggest_setting(Diag *d, const char *section, const char *name, const char *const *known,
                     int nknown)
{
	bool train = !strcmp(section, "train");
	suggest(d, settings, train ? sizeof settings / sizeof *settings : 0, section, name, known,
	        nknown);
}
