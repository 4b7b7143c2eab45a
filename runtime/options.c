/* options.c - the command line of a trainer.
 *
 * In:    argv.   Out: Options, completely checked; nothing else reads argv.
 * Holds: an option that is not known or not built yet is refused with exit 2, never ignored.
 *
 * One table lists every option with how its value is read; the switch over its entries is
 * set().
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_help.h"
#include "rt_mem.h"
#include "rt_options.h"
#include "rt_team.h"

typedef enum {
	X_TEXT,    /* any text, into the field at `to` */
	X_FLAG,    /* true, into the field at `to` */
	X_NOT_BUILT,
	X_SPLIT,
	X_FORMAT,
	X_EPOCHS,
	X_STEPS,
	X_BATCH,
	X_SEED,
	X_THREADS,
	X_OVERFIT,
	X_FOLD,
	X_TIME_LIMIT,
	X_SET,
	X_LOG,
	X_PROGRESS,
	X_HELP,
	X_RESUME,
	X_VERSION
} What;

typedef struct {
	const char *name;
	What what;
	bool value; /* a value follows */
	size_t to;
} Option;

static const Option option[] = {
	{ "--data", X_TEXT, true, offsetof(Options, data) },
	{ "--out", X_TEXT, true, offsetof(Options, out) },
	{ "--weights", X_TEXT, true, offsetof(Options, weights) },
	{ "--in", X_TEXT, true, offsetof(Options, in) },
	{ "--freeze", X_TEXT, true, offsetof(Options, freeze) },
	{ "--split", X_SPLIT, true, 0 },
	{ "--format", X_FORMAT, true, 0 },
	{ "--epochs", X_EPOCHS, true, 0 },
	{ "--steps", X_STEPS, true, 0 },
	{ "--batch", X_BATCH, true, 0 },
	{ "--seed", X_SEED, true, 0 },
	{ "--threads", X_THREADS, true, 0 },
	{ "--overfit", X_OVERFIT, true, 0 },
	{ "--time-limit", X_TIME_LIMIT, true, 0 },
	{ "--set", X_SET, true, 0 },
	{ "--log", X_LOG, true, 0 },
	{ "--progress", X_PROGRESS, true, 0 },
	{ "--partial", X_FLAG, false, offsetof(Options, partial) },
	{ "--no-save", X_FLAG, false, offsetof(Options, no_save) },
	{ "--no-plot", X_FLAG, false, offsetof(Options, no_plot) },
	{ "-q", X_FLAG, false, offsetof(Options, quiet) },
	{ "-v", X_FLAG, false, offsetof(Options, verbose) },
	{ "-Wno-validation", X_FLAG, false, offsetof(Options, no_validation_warning) },
	{ "--help", X_HELP, false, 0 },
	{ "-h", X_HELP, false, 0 },
	{ "--version", X_VERSION, false, 0 },
	{ "--resume", X_RESUME, true, 0 },
	{ "--fold", X_FOLD, true, 0 },
};
enum { OPTIONS = sizeof option / sizeof *option };

static const char *const command[] = {
	"train",     "eval",  "predict", "info",     "selftest",
	"gradients", "bench", "data",    "generate", "calibrate"
};
enum { COMMANDS = sizeof command / sizeof *command, BUILT = C_DATA + 1 };

/* ---- numbers
 * --------------------------------------------------------------------------------- */

static _Noreturn void bad_value(const char *name, const char *value, const char *allowed)
{
	rt_fail(RT_USAGE, "E0502", "%s: `%s` is not %s", name, value, allowed);
}

/* A finite number and nothing else; no locale is ever set, so the decimal sign is a dot. */
static bool parse_number(const char *s, double *v)
{
	char *end;
	if (!*s || strspn(s, "0123456789+-.eE") != strlen(s))
		return false;
	*v = strtod(s, &end);
	return !*end && isfinite(*v);
}

static bool parse_count(const char *s, uint64_t most, uint64_t *v)
{
	if (!*s || strspn(s, "0123456789") != strlen(s))
		return false;
	errno = 0;
	*v = strtoull(s, 0, 10);
	return errno == 0 && *v <= most;
}

static int64_t count_value(const char *name, const char *s, int64_t most)
{
	uint64_t v;
	char allowed[64];
	snprintf(allowed, sizeof allowed, "an integer from 1 to %lld", (long long)most);
	if (!parse_count(s, (uint64_t)most, &v) || v == 0)
		bad_value(name, s, allowed);
	return (int64_t)v;
}

/* 90, 90s, 30m, 2h as seconds. */
static double duration(const char *name, const char *s)
{
	size_t n = strlen(s);
	double unit = 1, v = 0;
	char last = n ? s[n - 1] : 0;
	char *digits = rt_text("%s", s);
	if (last == 's' || last == 'm' || last == 'h') {
		unit = last == 's' ? 1 : last == 'm' ? 60 : 3600;
		digits[n - 1] = 0;
	}
	if (!parse_number(digits, &v) || v <= 0)
		bad_value(name, s, "a time like 90s, 30m or 2h");
	rt_free(digits);
	return v * unit;
}

/* ---- near misses
 * ----------------------------------------------------------------------------- */

static int least(int a, int b, int c)
{
	int m = a < b ? a : b;
	return m < c ? m : c;
}

/* Levenshtein's distance, for names of up to 63 bytes; more: far away. */
static int distance(const char *a, const char *b)
{
	enum { MOST = 64 };
	int row[MOST], na = (int)strnlen(a, MOST), nb = (int)strnlen(b, MOST);
	if (na >= MOST || nb >= MOST)
		return MOST;
	for (int j = 0; j <= nb; j++)
		row[j] = j;
	for (int i = 1; i <= na; i++) {
		int diagonal = row[0];
		row[0] = i;
		for (int j = 1; j <= nb; j++) {
			int up = row[j];
			row[j] = least(up + 1, row[j - 1] + 1,
			               diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[nb];
}

const char *rt_nearest(const char *name, const char *const *names, int n)
{
	const char *best = 0;
	int near = 3;
	for (int i = 0; i < n; i++) {
		int d = distance(name, names[i]);
		/* A name of two letters is two edits away from any other. */
		if (d < near && d < (int)strlen(name))
			near = d, best = names[i];
	}
	return best;
}

/* ---- one option
 * ------------------------------------------------------------------------------ */

static _Noreturn void not_built(const char *what)
{
	rt_fail(RT_USAGE, "E0405", "`%s` is not implemented yet", what);
}

static void set_batch(Options *o, const char *name, const char *v)
{
	o->batch = !strcmp(v, "all") ? -1 : count_value(name, v, INT32_MAX);
}

static void set_seed(Options *o, const char *name, const char *v)
{
	if (!parse_count(v, UINT64_MAX, &o->seed))
		bad_value(name, v, "an integer of at least 0");
	o->seed_given = true;
}

static void set_length(Options *o, const char *name, const char *v, bool epochs)
{
	double n = (double)count_value(name, v, INT64_C(1000000000000000));
	o->epochs = epochs ? n : 0;
	o->steps = epochs ? 0 : n;
}

/* Numbers of the training loop, in the order of nnrt.h, and what they may be. */
static const struct {
	const char *name, *allowed;
} number[NNRT_NUMBERS] = {
	{ "clip_value", "a number above 0" },
	{ "clip_norm", "a number above 0" },
	{ "accumulate", "an integer from 1 to 1000000" },
	{ "ema", "a number from 0 to below 1" },
};

static bool set_number(Options *o, const char *name, const char *text)
{
	double v = 0;
	int i = 0;
	while (i < NNRT_NUMBERS && strcmp(number[i].name, name))
		i++;
	if (i == NNRT_NUMBERS)
		return false;
	bool fine = parse_number(text, &v);
	if (i == NNRT_EMA)
		fine = fine && v >= 0 && v < 1;
	else if (i == NNRT_ACCUMULATE)
		fine = fine && v >= 1 && v <= 1e6 && v == floor(v);
	else
		fine = fine && v > 0;
	if (!fine)
		bad_value(name, text, number[i].allowed);
	o->number[i] = v;
	return true;
}

static _Noreturn void unknown_setting(const nnrt_model *m, const char *name)
{
	static const char *const train[] = { "epochs", "steps", "batch", "seed" };
	enum { OWN = 4 + NNRT_NUMBERS };
	const char **all = rt_alloc((size_t)m->nsetting + OWN, sizeof *all, "names");
	for (int i = 0; i < 4; i++)
		all[i] = train[i];
	for (int i = 0; i < NNRT_NUMBERS; i++)
		all[4 + i] = number[i].name;
	for (int i = 0; i < m->nsetting; i++)
		all[OWN + i] = m->setting[i].name;
	rt_error(RT_USAGE, "E0501", "--set: nothing that can be set at run time is called `%s`",
	         name);
	const char *near = rt_nearest(name, all, m->nsetting + OWN);
	/* `lr` for `optimizer.lr` */
	for (int i = 0; i < m->nsetting && !near; i++) {
		const char *dot = strrchr(m->setting[i].name, '.');
		if (dot && !strcmp(dot + 1, name))
			near = m->setting[i].name;
	}
	if (near)
		rt_help("did you mean `%s`?", near);
	char *list = rt_text("%s", all[0]);
	for (int i = 1; i < m->nsetting + OWN; i++)
		list = rt_text("%s, %s", list, all[i]);
	rt_note("can be set: %s", list);
	rt_exit(RT_USAGE);
}

static void check_range(const nnrt_setting *s, double v, const char *text)
{
	if (!s->ranged || (v >= s->least && v <= s->most))
		return;
	char allowed[64];
	if (s->most > 1e299)
		snprintf(allowed, sizeof allowed, "a number of at least %g", s->least);
	else if (s->most < 1)
		snprintf(allowed, sizeof allowed, "a number from %g to below 1", s->least);
	else
		snprintf(allowed, sizeof allowed, "a number from %g to %g", s->least, s->most);
	bad_value(s->name, text, allowed);
}

/* --set NAME=VALUE */
static void set_setting(Options *o, const nnrt_model *m, const char *text)
{
	const char *eq = strchr(text, '=');
	if (!eq || eq == text || !eq[1])
		bad_value("--set", text, "NAME=VALUE");
	char *name = rt_text("%.*s", (int)(eq - text), text);
	const char *v = eq + 1;
	int i = 0;
	while (i < m->nsetting && strcmp(m->setting[i].name, name))
		i++;
	if (i < m->nsetting) {
		if (!parse_number(v, &o->setting[i]))
			bad_value(name, v, "a number");
		o->given[i] = 1;
		check_range(&m->setting[i], o->setting[i], v);
		if (m->setting[i].integer && o->setting[i] != floor(o->setting[i]))
			bad_value(name, v, "an integer");
	} else if (!strcmp(name, "epochs") || !strcmp(name, "steps")) {
		set_length(o, name, v, *name == 'e');
	} else if (!strcmp(name, "batch")) {
		set_batch(o, name, v);
	} else if (!strcmp(name, "seed")) {
		set_seed(o, name, v);
	} else if (!set_number(o, name, v)) {
		unknown_setting(m, name);
	}
	rt_free(name);
}

/* A list of formats, or none of them. */
static void set_log(Options *o, const char *v)
{
	static const char *const format[] = { "csv", "jsonl", "tb" };
	bool *const on[] = { &o->csv, &o->jsonl, &o->tb };
	o->csv = o->jsonl = o->tb = false;
	if (!strcmp(v, "none"))
		return;
	for (const char *s = v;; s++) {
		size_t n = strcspn(s, ",");
		int i = 0;
		while (i < 3 && (strlen(format[i]) != n || strncmp(s, format[i], n)))
			i++;
		if (i == 3)
			bad_value("--log", v, "csv, jsonl, tb, several of them joined by commas, or none");
		*on[i] = true;
		s += n;
		if (!*s)
			break;
	}
}

static void set_progress(Options *o, const char *v)
{
	static const char *const mode[] = { "auto", "bar", "lines", "none" };
	for (int i = 0; i < 4; i++)
		if (!strcmp(v, mode[i])) {
			o->progress = (ProgressMode)i;
			return;
		}
	bad_value("--progress", v, "auto, bar, lines or none");
}

static void set_word(const char **to, const char *name, const char *v, const char *const *words,
                     int n, const char *allowed)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(v, words[i])) {
			*to = v;
			return;
		}
	bad_value(name, v, allowed);
}

static void set(Options *o, const nnrt_model *m, const Option *x, const char *v)
{
	static const char *const split[] = { "train", "val", "test" };
	static const char *const format[] = { "csv", "jsonl", "npy", "safetensors" };
	char *to = (char *)o + x->to;
	switch (x->what) {
	case X_TEXT:
		memcpy(to, &v, sizeof v);
		break;
	case X_FLAG:
		*(bool *)to = true;
		break;
	case X_SPLIT:
		set_word(&o->split, x->name, v, split, 3, "train, val or test");
		break;
	case X_FORMAT:
		set_word(&o->format, x->name, v, format, 4, "csv, jsonl, npy or safetensors");
		break;
	case X_EPOCHS:
	case X_STEPS:
		set_length(o, x->name, v, x->what == X_EPOCHS);
		break;
	case X_BATCH:
		set_batch(o, x->name, v);
		break;
	case X_SEED:
		set_seed(o, x->name, v);
		break;
	case X_THREADS:
		o->threads = (int)count_value(x->name, v, TEAM_MOST);
		break;
	case X_OVERFIT:
		o->overfit = count_value(x->name, v, INT32_MAX);
		break;
	case X_FOLD:
		if (!m->data || !m->data->folds)
			rt_fail(RT_USAGE, "E0502", "--fold: %s has no `split = kfold(...)`",
			        m->source);
		o->fold = (int)count_value(x->name, v, m->data->folds);
		break;
	case X_TIME_LIMIT:
		o->time_limit = duration(x->name, v);
		break;
	case X_SET:
		set_setting(o, m, v);
		break;
	case X_LOG:
		set_log(o, v);
		break;
	case X_PROGRESS:
		set_progress(o, v);
		break;
	case X_RESUME:
		o->resume = true;
		o->checkpoint = v;
		break;
	case X_HELP:
		rt_print_help(m);
		rt_exit(RT_DONE);
	case X_VERSION:
		rt_print_version(m);
		rt_exit(RT_DONE);
	case X_NOT_BUILT:
		not_built(x->name);
	}
}

static _Noreturn void unknown_option(const char *arg)
{
	const char *names[OPTIONS];
	for (int i = 0; i < OPTIONS; i++)
		names[i] = option[i].name;
	rt_error(RT_USAGE, "E0502", "unknown option `%s`", arg);
	const char *near = rt_nearest(arg, names, OPTIONS);
	if (near)
		rt_help("did you mean `%s`?", near);
	else
		rt_help("`%s --help` lists the options", program_invocation_name);
	rt_exit(RT_USAGE);
}

static int command_of(const char *word)
{
	for (int i = 0; i < COMMANDS; i++)
		if (!strcmp(word, command[i]))
			return i;
	return -1;
}

/* Reads argv[i], and its value from the same word after `=` or from the next. Returns the last
 * index.  named: the command was read already. */
static int read_option(Options *o, const nnrt_model *m, int i, int argc, char **argv, bool named)
{
	const char *arg = argv[i], *eq = strncmp(arg, "--", 2) ? 0 : strchr(arg, '=');
	char *name = rt_text("%.*s", eq ? (int)(eq - arg) : (int)strlen(arg), arg);
	int k = 0;
	while (k < OPTIONS && strcmp(option[k].name, name))
		k++;
	if (k == OPTIONS)
		unknown_option(name);
	rt_free(name);
	const char *value = eq ? eq + 1 : 0;
	if (option[k].what == X_NOT_BUILT)
		not_built(option[k].name);
	if (!option[k].value && value)
		rt_fail(RT_USAGE, "E0502", "%s takes no value", option[k].name);
	bool may = option[k].what == X_RESUME; /* it may have a value, but no command */
	if (may && !value && i + 1 < argc && argv[i + 1][0] != '-' &&
	    (named || command_of(argv[i + 1]) < 0))
		value = argv[++i];
	if (option[k].value && !may && !value)
		value = i + 1 < argc ? argv[++i] : 0;
	if (option[k].value && (value ? !*value : !may))
		rt_fail(RT_USAGE, "E0502", "%s needs a value", option[k].name);
	set(o, m, &option[k], value);
	return i;
}

static Command read_command(const char *word)
{
	int i = command_of(word);
	if (i >= BUILT)
		not_built(word);
	if (i >= 0)
		return (Command)i;
	rt_error(RT_USAGE, "E0502", "unknown command `%s`", word);
	const char *near = rt_nearest(word, command, BUILT);
	if (near)
		rt_help("did you mean `%s`?", near);
	rt_note("commands: train eval predict info selftest gradients bench data");
	rt_exit(RT_USAGE);
}

/* Refuses what the command would not look at. */
static void all_meant(const Options *o)
{
	bool train = o->command == C_TRAIN, predict = o->command == C_PREDICT,
	     eval = o->command == C_EVAL, bench = o->command == C_BENCH;
	const struct {
		const char *name, *of;
		bool given, meant;
	} row[] = {
		{ "--in", "predict and gradients", o->in, predict || o->command == C_GRADIENTS },
		{ "--format", "predict", o->format, predict },
		{ "--split", "eval and predict", o->split, eval || predict },
		{ "--overfit", "train", o->overfit > 0, train },
		{ "--epochs", "train", o->epochs > 0, !bench },
		{ "--time-limit", "train and bench", o->time_limit > 0, train || bench },
		{ "--resume", "train", o->resume, train },
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (row[i].given && !row[i].meant)
			rt_fail(RT_USAGE, "E0502", "`%s` takes no %s: it belongs to %s",
			        command[o->command], row[i].name, row[i].of);
	/* eval and predict have a file without being told */
	if (o->partial && !o->weights && !eval && !predict)
		rt_fail(RT_USAGE, "E0502", "--partial needs --weights FILE");
	if (predict && o->in && o->split)
		rt_fail(RT_USAGE, "E0502",
		        "--split chooses rows of the data, --in names others: leave one of them out");
	if (o->resume && o->weights)
		rt_fail(RT_USAGE, "E0502",
		        "--resume goes on from the weights of the checkpoint: leave --weights out");
}

Options *rt_options(const nnrt_model *m, int argc, char **argv)
{
	Options *o = rt_alloc(1, sizeof *o, "options");
	bool named = false;
	o->csv = true;
	for (int i = 0; i < NNRT_NUMBERS; i++)
		o->number[i] = NAN;
	o->setting = rt_alloc((size_t)m->nsetting, sizeof *o->setting, "settings");
	o->given = rt_alloc((size_t)m->nsetting, 1, "settings");
	o->argc = argc;
	o->argv = argv;
	for (int i = 0; i < m->nsetting; i++)
		o->setting[i] = m->setting[i].value;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			i = read_option(o, m, i, argc, argv, named);
		} else if (!named) {
			o->command = read_command(argv[i]);
			named = true;
			o->command_at = i;
		} else {
			rt_fail(RT_USAGE, "E0502",
			        "`%s` is neither an option nor the value of one", argv[i]);
		}
	}
	all_meant(o);
	return o;
}

uint64_t rt_options_seed(const Options *o, const nnrt_model *m)
{
	return o->seed_given ? o->seed : m->train ? m->train->seed : 0;
}

int rt_options_threads(const Options *o, const nnrt_model *m)
{
	const char *v = getenv("OMP_NUM_THREADS");
	if (!m->grad_work && !m->eval_work)
		return 1;
	long n = o->threads ? o->threads : v ? strtol(v, 0, 10) : 0;
	return n < 1 ? rt_team_usable() : n > TEAM_MOST ? TEAM_MOST : (int)n;
}
