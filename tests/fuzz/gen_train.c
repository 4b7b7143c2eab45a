/* gen_train.c - everything around the model: data, train, search, export. */
#include "gen.h"

static void table(Gen *g)
{
	add(g, "data csv(\"nowhere.csv\"%s%s%s) { x = %s, y = %s }\n", ONE_OF(g, "", ", missing = \"mean\"", ", header = true"),
	    ONE_OF(g, "", ", sep = \";\"", ", val = 0.2"), ONE_OF(g, "", ", seed = 4", ", shuffle = false"),
	    ONE_OF(g, "standardize(others())", "columns(\"a\", \"b\")", "minmax(others()) - 0.5",
	           "fill(columns(\"a\", \"b\"), 0)", "one_hot(kind, 2)", "log1p(abs(columns(\"a\", \"b\")))",
	           "one_hot(categorical(kind), num_classes = 2)", "standardize(columns(\"a\", \"b\")) * k2",
	           "normalize(columns(\"a\", \"b\"), mean = [1, 2], std = [0.5, 2])"),
	    ONE_OF(g, "categorical(label)", "label", "column(\"the label\")"));
}

void data_section(Gen *g, int few)
{
	if (few == TABLE) {
		table(g);
		return;
	}
	if (few == IMAGES) {
		char crop[80], crop_padded[80];
		snprintf(crop, sizeof crop, "(images / 255) |> random_crop(%d) |> random_flip(p = 0.3)", g->side);
		snprintf(crop_padded, sizeof crop_padded, "random_crop(images / 255, size = %d, padding = 1)", g->side);
		add(g, "data idx(%s%s%s) { image = %s, y = labels }\n",
		    chance(g, 70) ? "\"nowhere\"" : "images = \"a.idx\", labels = \"b.idx\"", ONE_OF(g, "", ", val = 0.1", ", seed = 7",
		    ", split = time(0.8)"), ONE_OF(g, "", ", test = 0.2", ", shuffle = false"),
		    ONE_OF(g, "images / 255", "images / 255 - 0.5", "(images - 127.5) / 127.5", "images * 0.01 + k2", "standardize(images)", "minmax(images / 255)",
		    "normalize(images / 255, mean = [0.5], std = [0.25])", "normalize(images, 127, 64)", crop, crop_padded,
		    "(images / 255) |> random_shift(pixels = 1) |> random_flip", "cutout(random_shift(images / 255, 1), 2)",
		    "(images / 255) |> cutout(size = 1)", "fill(images / 255, 0)",
		    "(images / 255) |> fill(value = 0.5)"));
		return;
	}
	const char *kind = ONE_OF(g, "\"random\"", "\"linear\"", "\"sequence\"", "kind = \"random\"");
	add(g, "data synthetic(%s%s%d%s%s%s%s)\n", kind, *kind == 'k' || chance(g, 20) ? ", n = " : ", ", 16 + (int)below(g, 60),
	    ONE_OF(g, "", ", noise = 0.2", ", noise = 0"), ONE_OF(g, "", ", seed = 5"),
	    ONE_OF(g, "", ", shuffle = false", ", shuffle = true"),
	    ONE_OF(g, ", val = 0.25", ", val = 8, test = 4", ", split = holdout(val = 0.2, test = 0.2, stratify = y)",
	           ", split = time(0.8)", ", split = kfold(3)", ", split = kfold(4, shuffle = true, stratify = y)", ", val = 0.2, test = 0.1"));
}

/* ---- numbers that change ------------------------------------------------------------------------- */

static const char *schedule(Gen *g)
{
	return ONE_OF(g, "0.01", "rate * 0.1", "cosine(0.1, warmup = 1)", "cosine(0.1, warmup = steps(2), min = 0.01, restarts = 1)",
	              "step(0.1, every = 1, gamma = 0.5)", "multistep(0.1, milestones = [1, 2], gamma = 0.5)",
	              "exponential(0.1, gamma = 0.9)", "linear(0.1, 0.01)", "linear(0.1, 0.01, over = steps(5))",
	              "linear(0.1, 0.01, over = epochs(1))", "poly(0.1)", "poly(0.1, power = 2)", "one_cycle(0.1)",
	              "inverse_sqrt(0.1, warmup = steps(3))", "inverse_sqrt(0.1, 1)", "piecewise([1, 2], [0.1, 0.05, 0.01])",
	              "plateau(0.1)", "plateau(0.1, factor = 0.5, patience = 1)", "constant(0.1)", "1e-2 * min((step + 1) / 4, 1)",
	              "0.1 * (1 - progress)", "ramp(0.1, 2)", "0.1 / (1 + epoch)");
}

static void optimizer(Gen *g)
{
	static const struct { const char *name, *more[4]; } o[] = {
		{ "sgd", { "", ", momentum = 0.9", ", momentum = linear(0.5, 0.9), nesterov = true", ", weight_decay = 1e-3" } },
		{ "adam", { "", ", betas = [0.8, 0.99]", ", eps = 1e-6, weight_decay = 1e-2", "" } },
		{ "adamw", { "", ", weight_decay = 0.1", ", betas = [0.9, 0.95], eps = 1e-7", "" } },
		{ "nadam", { "", ", momentum_decay = 1e-3", ", weight_decay = 0.1, eps = 1e-6", ", betas = [0.8, 0.9]" } },
		{ "rmsprop", { "", ", alpha = 0.9", ", momentum = 0.5, eps = 1e-6", ", weight_decay = 0.01" } },
		{ "adagrad", { "", ", eps = 1e-8", ", weight_decay = 0.01", "" } },
		{ "adadelta", { "", ", rho = 0.8", ", eps = 1e-5, weight_decay = 0.01", "" } },
		{ "lion", { "", ", betas = [0.9, 0.9]", ", weight_decay = 0.01", "" } },
		{ "lamb", { "", ", betas = [0.8, 0.99], eps = 1e-5", ", weight_decay = 0.01", "" } },
		{ "own", { "", ", beta = 0.5", ", beta = linear(0.5, 0.9)", ", weight_decay = 0.01" } },
		{ "imported", { "", ", momentum = 0.5", "", "" } },
	};
	unsigned k = below(g, sizeof o / sizeof *o);
	if (k == 10 && !g->imported)
		k = 9;
	bool rate = k == 0 || chance(g, 60);
	const char *more = o[k].more[below(g, 4)];
	add(g, ", optimizer = %s(", o[k].name);
	if (rate)
		add(g, "%s%s", k == 0 && chance(g, 30) ? "" : "lr = ", schedule(g));
	add(g, "%s)", !rate && *more ? more + 2 : more);
}

void train_section(Gen *g)
{
	bool by_steps = chance(g, 25);
	if (chance(g, 5))
		return;
	add(g, "train { %s, batch = %s", by_steps ? "steps = 4" : "epochs = 2",
	    ONE_OF(g, "4", "8", "\"all\"", "linear(8, 16)", "linear(2, 6, over = steps(3), multiple = 1)", "linear(8, 24, over = 1)"));
	optimizer(g);
	static const char *const more[] = {
		", regularize = l2(1e-3)", ", regularize = l1(1e-3)", ", regularize = l1(1e-3, proximal = true)",
		", regularize = elastic(l1 = 1e-4, l2 = 1e-3)", ", regularize = none", ", regularize = smooth(1e-3, b = 0.3)",
	};
	if (chance(g, 40))
		add(g, "%s", more[below(g, 6)]);
	static const char *const rest[] = {
		", clip_norm = 1", ", clip_norm = linear(0.5, 1)", ", clip_value = 0.5", ", accumulate = 2", ", ema = 0.9",
		", seed = 3", ", shuffle = false", ", drop_last = true", ", decay_all = true", ", on_nonfinite = \"skip\"",
		", on_nonfinite = \"rollback\"", ", on_nonfinite = \"stop\"", ", quantize = \"none\"", ", validate = steps(2)",
		", validate = epochs(1)", ", monitor = loss", ", stop = elapsed > 60",
		", stop = early_stopping(loss, patience = 2, min_delta = 0.01) or step > 100",
		", stop = loss < 1e-9 or epoch >= 5 and progress > 2",
	};
	const char *first = chance(g, 60) ? rest[below(g, sizeof rest / sizeof *rest)] : "";
	const char *second = chance(g, 40) ? rest[below(g, sizeof rest / sizeof *rest)] : "";
	add(g, "%s", first);
	if (*second && *first && second[2] != first[2])        /* not the same setting twice */
		add(g, "%s", second);
	add(g, " }\n");
	if (chance(g, 15))
		add(g, "search %s(%sminimize = loss%s) { rate = %s }\n", ONE_OF(g, "random", "halving"), "trials = 4, ",
		    ONE_OF(g, "", ", seed = 2"), ONE_OF(g, "choice(0.1, 0.2)", "uniform(0.0, 0.5)", "log_uniform(1e-4, 1e-1)"));
	else if (chance(g, 10))
		add(g, "search grid(maximize = loss) { rate = choice(0.25, 0.5) }\n");
	if (chance(g, 15))
		add(g, "export c(%s)\n", ONE_OF(g, "prefix = \"pm\"", "batch = 4", "libm = true", "std = \"c99\"", "api = \"static\"",
		    "weights = \"embed\", quantize = \"none\"", "input_layout = \"nchw\"", "stream = false, preprocess = false"));
}
