/* gen_train.c - what trains the model: train, search, export. */
#include "gen.h"

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
