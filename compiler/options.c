/* options.c - the command line: one table, from which parsing and --help come.
 *
 * In:    argv.   Out: a Command.   Holds: an option that is not built is refused, never ignored.
 */
#include "options.h"
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef enum {
	F_INFER, F_CHECK, F_DUMP_TOKENS, F_DUMP_AST, F_DUMP_GRAPH, F_DUMP_IR, F_DUMP_PLAN, F_OUTPUT,
	F_HEADER, F_PREFIX, F_DEFINE, F_INCLUDE, F_BATCH, F_LEVEL, F_TARGET, F_BLAS, F_THREADS,
	F_PRECISION, F_WEIGHTS, F_WEIGHTS_AS, F_API, F_LIBM, F_SELF_CHECK, F_NO_COMMENTS, F_CFLAGS, F_LIBS,
	F_WARN, F_NOWARN, F_COLOR, F_DIAGNOSTICS, F_MAX_ERRORS, F_VERBOSE, F_QUIET, F_TIME, F_HELP,
	F_VERSION, F_FMT, F_IN_PLACE, F_EXPLAIN, F_LIST, F_SUMMARY, F_BUILD, F_RUN,
	F_DEPEND, F_DEPEND_FILE, F_LIMITS, F_QUANTIZE, F_WITH_DATA, F_LATER
} Flag;

typedef struct {
	const char *name;
	Flag flag;
	int arg;                       /* 0 none; 1 "NAME VALUE" or "NAME=VALUE"; 2 only "=VALUE" or
	                                * glued, may be missing                                */
	const char *show, *help;       /* for --help; help 0: not listed                       */
} Option;

static const Option table[] = {
	{ "--infer", F_INFER, 0, "", "write inference C and header (needs --weights)" },
	{ "--check", F_CHECK, 0, "", "only check; write nothing" },
	{ "-fsyntax-only", F_CHECK, 0, "", 0 },
	{ "--with-data", F_WITH_DATA, 0, "", "with --check: look at the data files, too, as `./NAME data` does" },
	{ "--summary", F_SUMMARY, 2, "[=json]", "layers, shapes, parameters, FLOPs, memory" },
	{ "--fmt", F_FMT, 0, "", "print the file in standard style (--check: status 1 if it differs)" },
	{ "-i", F_IN_PLACE, 0, "", "with --fmt: rewrite the file" },
	{ "--build", F_BUILD, 0, "", "also run the C compiler: -o NAME is the finished trainer" },
	{ "--run", F_RUN, 0, " [-- ARGS]", "build in a cache and run the trainer with ARGS" },
	{ "--explain", F_EXPLAIN, 1, "NAME", "an error code (E0301), a layer (conv2d), a section (train)" },
	{ "--list", F_LIST, 1, "KIND", "layers functions losses metrics optimizers sources ...; `kinds`" },
	{ "--dump-tokens", F_DUMP_TOKENS, 0, "", "tokens" },
	{ "--dump-ast", F_DUMP_AST, 0, "", "the syntax tree" },
	{ "--dump-graph", F_DUMP_GRAPH, 2, "[=PASS|dot]", "the tensor graphs, after PASS: elaborate grad "
	                                   "simplify expand metrics knobs" },
	{ "--dump-ir", F_DUMP_IR, 0, "", "the loops of every kernel" },
	{ "--dump-plan", F_DUMP_PLAN, 0, "", "regions, owners, barriers, memory" },
	{ "-o", F_OUTPUT, 1, "FILE", "output; `-` is standard output, `DIR/` writes there" },
	{ "--header", F_HEADER, 1, "FILE", "header for --infer (default: as -o, with .h)" },
	{ "--prefix", F_PREFIX, 1, "NAME", "prefix of public C names (default: the model's name)" },
	{ "-MD", F_DEPEND, 0, "", "write a dependency file for make (-o NAME.c: NAME.d)" },
	{ "-MF", F_DEPEND_FILE, 1, "FILE", "its name" },
	{ "-D", F_DEFINE, 1, "NAME=VALUE", "set a const" },
	{ "-I", F_INCLUDE, 1, "DIR", "look for imports in DIR" },
	{ "--batch", F_BATCH, 1, "N", "fix the batch size; for --infer the number of samples a call" },
	{ "-O", F_LEVEL, 2, "0 -O1 -O2 -O3", "0: plain loops in the interpreter's order; 1: fused; "
	                                     "2: blocked kernels (default); 3: deeper unrolling" },
	{ "--target", F_TARGET, 1, "native|x86-64-v3|armv8|generic",
	  "what --cflags, --build, --run compile for (default native)" },
	{ "--blas", F_BLAS, 1, "openblas|none", "(neither calls it: no product gains by it)" },
	{ "--threads", F_THREADS, 1, "omp|none", "trainers run on one thread, or on several (default omp)" },
	{ "--precision", F_PRECISION, 1, "f32|f64", "f64: everything in double" },
	{ "--weights", F_WEIGHTS, 1, "FILE", "weights for --infer, .safetensors" },
	{ "--weights-as", F_WEIGHTS_AS, 1, "embed|extern|file", "const arrays in the .c (default), or in "
	                                                        "NAME_weights.c; or read at run time" },
	{ "--api", F_API, 1, "static|context", "one function, one scratch array (default); or init and run, "
	                                       "memory of the caller" },
	{ "--quantize", F_QUANTIZE, 1, "none|bf16|f16", "weights in 16 bits, computed with in single precision" },
	{ "--libm", F_LIBM, 0, "", "use <math.h> in inference C (default: no library)" },
	{ "--self-check", F_SELF_CHECK, 0, "", "store inputs and outputs in the C, and NAME_selfcheck() (--infer)" },
	{ "--no-comments", F_NO_COMMENTS, 0, "", "no comments in the generated kernels" },
	{ "--cflags", F_CFLAGS, 0, "", "print what the C compiler needs for a trainer" },
	{ "--libs", F_LIBS, 0, "", "print what the linker needs for a trainer" },
	{ "-Wno-", F_NOWARN, 2, "NAME", "switch warning NAME off" },
	{ "-W", F_WARN, 1, "NAME", "-Wall, -Werror, -Werror=NAME, one warning" },
	{ "-w", F_NOWARN, 0, "", "no warnings" },
	{ "--color", F_COLOR, 1, "auto|always|never", "(also NO_COLOR, CLICOLOR_FORCE)" },
	{ "--diagnostics", F_DIAGNOSTICS, 1, "text|json", "json: one object a line" },
	{ "--max-errors", F_MAX_ERRORS, 1, "N", "(20; 0: all)" },
	{ "--limits", F_LIMITS, 0, "", "print every limit" },
	{ "-v", F_VERBOSE, 0, "", "name every file that is written" },
	{ "-q", F_QUIET, 0, "", "fewer messages" },
	{ "--time-passes", F_TIME, 0, "", "print the time of every pass" },
	{ "-h", F_HELP, 0, ", --help", "this help" },
	{ "--help", F_HELP, 2, "", 0 },
	{ "--version", F_VERSION, 0, "", "print the version" },
	/* known, not built */
	{ "--tune", F_LATER, 0, 0, 0 },
	{ "--calibrate", F_LATER, 1, 0, 0 },
	{ "--max-drop", F_LATER, 1, 0, 0 }, { "--max-ram", F_LATER, 1, 0, 0 },
	{ "--max-rom", F_LATER, 1, 0, 0 }, { "--max-stack", F_LATER, 1, 0, 0 },
	{ "--train-lib", F_LATER, 0, 0, 0 },
	{ "--memory-limit", F_LATER, 1, 0, 0 }, { "--stream", F_LATER, 0, 0, 0 },
	{ "--completion", F_LATER, 1, 0, 0 },
	{ "--man", F_LATER, 0, 0, 0 }, { "--dump-layers", F_LATER, 0, 0, 0 },
};

enum { NOPTION = sizeof table / sizeof *table };

/* Headings of --help, and the option that each stands before. */
static const struct { const char *before, *text; } headings[] = {
	{ "--infer", "Modes (default: write a trainer)" },
	{ "-o", "Output" },
	{ "-D", "Language" },
	{ "-O", "Generation" },
	{ "-Wno-", "Diagnostics" },
};

/* What -Wno-NAME may name. */
static const char *const warnings[] = { "unused-value", "suspicious-newline", "schedule",
                                        "validation", "shadow-builtin" };
enum { NWARNING = sizeof warnings / sizeof *warnings };

static const char *const passes[] = { "elaborate", "grad", "expand", "simplify", "metrics",
                                      "knobs", "dot" };
enum { NPASS = sizeof passes / sizeof *passes };

static int usage(Job *j, const char *what, const char *help)
{
	diag_help(error(j, NOWHERE, "E0502", "%s", what), "%s", help);
	return 2;
}

static int unknown(Job *j, const char *arg)
{
	const char *name[NOPTION], *near;
	for (int i = 0; i < NOPTION; i++)
		name[i] = table[i].name;
	size_t n = strcspn(arg, "=");
	near = nearest(arena_strndup(j->mem, arg, n), name, NOPTION);
	return usage(j, arena_printf(j->mem, "unknown option `%s`", arg),
	             near ? arena_printf(j->mem, "did you mean `%s`?", near)
	                  : "`nnc --help` lists all options");
}

static void print_help(void)
{
	printf("Usage: nnc [mode] [options] FILE.nn\n\n"
	       "nnc, the neural network compiler in C: FILE.nn becomes a trainer in C, or with --infer\n"
	       "C without dependencies.  cc $(nnc --cflags) FILE.c $(nnc --libs) -o FILE\n\n");
	for (int i = 0; i < NOPTION; i++) {
		const Option *o = &table[i];
		if (!o->help)
			continue;
		for (size_t k = 0; k < sizeof headings / sizeof *headings; k++)
			if (!strcmp(o->name, headings[k].before))
				printf("%s%s\n", i ? "\n" : "", headings[k].text);
		char left[64];
		snprintf(left, sizeof left, "%s%s%s", o->name, o->arg == 1 && *o->show ? " " : "", o->show);
		printf("  %-28s %s\n", left, o->help);
	}
	printf("\nExit status: 0 fine, 1 the program has errors, 2 wrong usage, 3 a file cannot be read or\n"
	       "written, 5 the C compiler failed, 70 internal error.\n"
	       "Environment: NNC_PATH (imports), NNC_CC, NNC_CFLAGS, NNC_CACHE (--build, --run), NNC_DATA (root\n"
	       "of relative data paths, trainers too), COLUMNS, NO_COLOR, CLICOLOR_FORCE.\n");
}

/* --cflags, --libs, or both, as pkg-config does. */
static void print_flags(Job *j, const Command *c)
{
	const char *const *const lists[] = { c->cflags ? trainer_cflags(j->mem, c->opt.target) : 0,
		                             c->libs ? trainer_libs() : 0 };
	const char *blank = "";
	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
		const char *const *w = lists[k];
		for (int i = 0; w && w[i]; i++) {
			printf("%s%s", blank, w[i]);
			blank = " ";
		}
	}
	printf("\n");
}

static bool one_of(const char *v, const char *list)
{
	size_t n = strlen(v);
	for (const char *s = list; s; s = strchr(s, '|'), s = s ? s + 1 : 0)
		if (!strncmp(s, v, n) && (s[n] == '|' || !s[n]) && n)
			return true;
	return false;
}

/* The value must be one of the words the table shows; `later`: known words that are not built. */
static int choice(Job *j, const Option *o, const char *v, const char *later)
{
	if (one_of(v, o->show))
		return 0;
	if (later && one_of(v, later))
		diag_help(error(j, NOWHERE, "E0405", "`%s %s` is not implemented yet", o->name, v),
		          "use one of: %s", o->show);
	if (later && one_of(v, later))
		return 2;
	return usage(j, arena_printf(j->mem, "`%s` takes %s, not `%s`", o->name, o->show, v),
	             "`nnc --help` lists all options");
}

static int natural(Job *j, const Option *o, const char *v, int lo, int *n)
{
	char *end;
	long k = strtol(v, &end, 10);
	if (*end || *v < '0' || *v > '9' || k < lo || k > 1 << 30)
		return usage(j, arena_printf(j->mem, "`%s` takes a whole number from %d on, not `%s`", o->name,
		                          lo, v), "for example 32");
	*n = (int)k;
	return 0;
}

static bool c_identifier(const char *s)
{
	for (int i = 0; s[i]; i++)
		if (!(s[i] == '_' || (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
		      (i && s[i] >= '0' && s[i] <= '9')))
			return false;
	return *s;
}

static int take_define(Job *j, Command *c, const char *v)
{
	size_t n = strcspn(v, "=");
	if (!v[n] || !n) {
		diag_help(error(j, NOWHERE, "E0501", "`-D %s` gives no value", v),
		          "write -D NAME=VALUE, for example -D width=64");
		return 2;
	}
	Define d = { arena_strndup(j->mem, v, n), v + n + 1 };
	PUSH(j->mem, c->define, c->ndefine, c->capdefine, d);
	return 0;
}

static int unknown_warning(Job *j, const char *name)
{
	const char *near = nearest(name, warnings, NWARNING), *list = warnings[0];
	for (int i = 1; i < NWARNING; i++)
		list = arena_printf(j->mem, "%s, %s", list, warnings[i]);
	return usage(j, arena_printf(j->mem, "unknown warning `%s`", name),
	             near ? arena_printf(j->mem, "did you mean `%s`?", near)
	                  : arena_printf(j->mem, "warnings: %s", list));
}

static bool is_warning(const char *name)
{
	for (int i = 0; i < NWARNING; i++)
		if (!strcmp(name, warnings[i]))
			return true;
	return false;
}

/* A longer copy of a list of names, with v at its end. */
static const char **with_name(Job *j, const char *const *old, int *n, const char *v)
{
	const char **w = NEWN(j->mem, const char *, *n + 1);
	if (*n)
		memcpy(w, old, sizeof *w * (size_t)*n);
	w[(*n)++] = v;
	return w;
}

/* Takes v out of a list of names: the last word on the command line counts. */
static void without_name(const char **v, int *n, const char *name)
{
	int kept = 0;
	for (int i = 0; i < *n; i++)
		if (strcmp(v[i], name))
			v[kept++] = v[i];
	*n = kept;
}

static int take_warning(Job *j, const char *v, bool off)
{
	const char *name = off || strncmp(v, "error=", 6) ? v : v + 6;
	bool all = !off && (!strcmp(v, "all") || !strcmp(v, "error"));
	if (!all && (*v || !off) && !is_warning(name))
		return unknown_warning(j, name);
	if (!off && !all)
		without_name(j->no_warning, &j->nno_warning, name);
	if (off && !*v)
		j->warnings_off = true;
	else if (off)
		j->no_warning = with_name(j, j->no_warning, &j->nno_warning, v);
	else if (!strcmp(v, "error"))
		j->werror = true;
	else if (name != v)
		j->error_warning = with_name(j, j->error_warning, &j->nerror_warning, name);
	return 0;
}

/* --dump-graph=PASS; without a pass, after the last. */
static int pass_known(Job *j, const Option *o, const char *v)
{
	const char *list = passes[0];
	for (int i = 0; i < NPASS; i++)
		if (!*v || !strcmp(v, passes[i]))
			return 0;
	for (int i = 1; i < NPASS; i++)
		list = arena_printf(j->mem, "%s, %s", list, passes[i]);
	return usage(j, arena_printf(j->mem, "`%s` knows no pass `%s`", o->name, v),
	             arena_printf(j->mem, "passes: %s", list));
}

/* The options of the modes in cli/. */
static int apply_cli(Job *j, Command *c, Flag f, const char *v)
{
	switch (f) {
	case F_FMT: c->mode = MODE_FMT; return 0;
	case F_IN_PLACE: c->in_place = true; return 0;
	case F_EXPLAIN: c->mode = MODE_EXPLAIN; c->topic = v; return 0;
	case F_LIST: c->mode = MODE_LIST; c->topic = v; return 0;
	case F_BUILD: c->mode = MODE_BUILD; return 0;
	case F_RUN: c->mode = MODE_RUN; return 0;
	case F_DEPEND: c->depend = true; return 0;
	case F_DEPEND_FILE:
		c->depend_file = v;
		return *v ? 0 : usage(j, "`-MF` needs the name of a file", "-MD -MF model.d");
	case F_LIMITS: c->limits = true; c->mode = MODE_DONE; return 0;
	case F_WITH_DATA: c->with_data = true; return 0;
	case F_SUMMARY:
		c->mode = MODE_SUMMARY;
		c->json = !strcmp(v, "json");
		return !*v || c->json ? 0 : usage(j, arena_printf(j->mem, "unknown form `--summary=%s`", v),
		                                  "use --summary or --summary=json");
	default: return 0;
	}
}

/* What can only be said of all options together. */
static int consistent(Job *j, const Command *c)
{
	if (!c->file)
		return usage(j, "no program given", "nnc model.nn -o model.c");
	bool writes = c->mode == MODE_TRAINER || c->mode == MODE_INFER || c->mode == MODE_BUILD ||
	              c->in_place;
	if (!strcmp(c->file, "-") && writes && !c->output)
		return usage(j, "a program from standard input needs `-o FILE`", "nnc - -o model.c");
	if (c->in_place && c->mode != MODE_FMT)
		return usage(j, "`-i` needs `--fmt`", "nnc --fmt -i model.nn");
	if (c->in_place && c->check)
		return usage(j, "`-i` rewrites the file, `--check` leaves it as it is", "give one of the two");
	if (c->in_place && c->output)
		return usage(j, "`-i` rewrites the file, `-o` names another", "give one of the two");
	if (c->output && c->mode == MODE_RUN)
		return usage(j, "`--run` keeps the program in its cache, so `-o` has nothing to name",
		             "nnc --build model.nn -o NAME keeps it here");
	if (c->output && !writes && c->mode != MODE_FMT && c->mode != MODE_CHECK)
		return usage(j, "this mode prints to standard output, so `-o` has nothing to name",
		             "leave `-o` out: nnc --summary model.nn > FILE");
	if (c->with_data && c->mode != MODE_CHECK)
		return usage(j, "`--with-data` needs `--check`", "nnc --check --with-data model.nn");
	if (c->args && c->mode != MODE_RUN)
		return usage(j, "`--` needs `--run`", "nnc --run model.nn -- --epochs 3");
	if (c->depend_file && !c->depend)
		return usage(j, "`-MF` needs `-MD`", "nnc -MD -MF model.d model.nn");
	if (c->depend && c->mode != MODE_TRAINER && c->mode != MODE_INFER && c->mode != MODE_BUILD)
		return usage(j, "`-MD` needs an output file", "nnc -MD model.nn -o model.c");
	if (c->depend && !c->depend_file && c->output && !strcmp(c->output, "-"))
		return usage(j, "`-MD` needs `-MF FILE` where the C goes to standard output",
		             "nnc -MD -MF model.d model.nn -o -");
	if (c->mode == MODE_BUILD && c->output && !strcmp(c->output, "-"))
		return usage(j, "a finished trainer cannot go to standard output", "-o NAME");
	if (c->header && c->mode != MODE_INFER)
		return usage(j, "`--header` needs `--infer`", "a trainer is one file and has no header");
	if (c->opt.self_check && c->mode != MODE_INFER)
		return usage(j, "`--self-check` needs `--infer`",
		             "a trainer checks its gradients: ./NAME selftest");
	if (c->weights && c->mode != MODE_INFER)
		return usage(j, "`--weights` needs `--infer`",
		             "a trainer takes weights when it runs: ./NAME train --weights FILE");
	if (c->header && c->output && !strcmp(c->header, c->output) && strcmp(c->output, "-"))
		return usage(j, "`-o` and `--header` name the same file", "leave `--header` out");
	if (c->mode == MODE_INFER && !c->weights)
		return usage(j, "`--infer` needs `--weights FILE.safetensors`",
		             "train first: the trainer writes NAME.safetensors");
	return 0;
}

/* Carries out one option. */
static int apply(Job *j, Command *c, const Option *o, const char *v)
{
	switch (o->flag) {
	case F_INFER: c->mode = MODE_INFER; c->opt.infer = true; return 0;
	case F_CHECK:
		c->mode = c->mode == MODE_FMT ? MODE_FMT : MODE_CHECK;
		c->check = true;
		return 0;
	case F_FMT: case F_IN_PLACE: case F_EXPLAIN: case F_LIST: case F_SUMMARY: case F_BUILD:
	case F_RUN: case F_DEPEND: case F_DEPEND_FILE: case F_LIMITS: case F_WITH_DATA:
		return apply_cli(j, c, o->flag, v);
	case F_DUMP_TOKENS: c->mode = MODE_DUMP_TOKENS; return 0;
	case F_DUMP_AST: c->mode = MODE_DUMP_AST; return 0;
	case F_DUMP_GRAPH: c->mode = MODE_DUMP_GRAPH; c->dump_pass = v; return pass_known(j, o, v);
	case F_DUMP_IR: c->mode = MODE_DUMP_IR; return 0;
	case F_DUMP_PLAN: c->mode = MODE_DUMP_PLAN; return 0;
	case F_OUTPUT:
		c->output = v;
		return *v ? 0 : usage(j, "`-o` needs the name of a file", "`-` is standard output");
	case F_HEADER: c->header = v; return 0;
	case F_PREFIX:
		c->opt.prefix = v;
		return c_identifier(v) ? 0 : usage(j, arena_printf(j->mem, "`--prefix %s` is no C name", v),
		                                   "use letters, digits and `_`");
	case F_DEFINE: return take_define(j, c, v);
	case F_INCLUDE: PUSH(j->mem, c->include, c->ninclude, c->capinclude, v); return 0;
	case F_BATCH: return natural(j, o, v, 1, &c->opt.batch);
	case F_LEVEL:
		if (strlen(v) != 1 || *v < '0' || *v > '3')
			return usage(j, arena_printf(j->mem, "unknown level `-O%s`", v), "use -O0, -O1, -O2 or -O3");
		c->opt.level = *v - '0';
		return 0;
	case F_TARGET:
		c->opt.target = v;
		return choice(j, o, v, 0);
	case F_BLAS: return choice(j, o, v, 0);
	case F_THREADS: c->opt.one_thread = !strcmp(v, "none"); return choice(j, o, v, 0);
	case F_PRECISION: c->opt.f64 = !strcmp(v, "f64"); return choice(j, o, v, "bf16");
	case F_WEIGHTS: c->weights = v; return 0;
	case F_WEIGHTS_AS:
		c->weights_as_given = true;
		c->opt.weights_as = !strcmp(v, "extern") ? WEIGHTS_EXTERN
		                  : !strcmp(v, "file")   ? WEIGHTS_FILE : WEIGHTS_EMBED;
		return choice(j, o, v, 0);
	case F_API:
		c->api_given = true;
		c->opt.context = !strcmp(v, "context");
		return choice(j, o, v, 0);
	case F_QUANTIZE:
		c->quantize_given = true;
		c->opt.quantize = !strcmp(v, "bf16") ? HALF_BF16 : !strcmp(v, "f16") ? HALF_F16 : HALF_NONE;
		return choice(j, o, v, "int8");
	case F_LIBM: c->opt.libm = true; return 0;
	case F_SELF_CHECK: c->opt.self_check = true; return 0;
	case F_NO_COMMENTS: c->opt.no_comments = true; return 0;
	case F_CFLAGS: case F_LIBS:
		c->cflags |= o->flag == F_CFLAGS;
		c->libs |= o->flag == F_LIBS;
		c->mode = MODE_FLAGS;
		return 0;
	case F_WARN: case F_NOWARN: return take_warning(j, v, o->flag == F_NOWARN);
	case F_COLOR: return choice(j, o, v, 0);
	case F_DIAGNOSTICS: return choice(j, o, v, "sarif");
	case F_MAX_ERRORS: return natural(j, o, v, 0, &j->max_errors);
	case F_VERBOSE: c->verbose = true; return 0;
	case F_QUIET: c->quiet = true; return 0;
	case F_TIME: c->time_passes = true; return 0;
	case F_HELP:
		if (*v && strcmp(v, "all"))
			return usage(j, arena_printf(j->mem, "unknown form `--help=%s`", v),
			             "use --help or --help=all");
		print_help();
		c->mode = MODE_DONE;
		return 0;
	case F_VERSION: printf("nnc %s\n", NNC_VERSION); c->mode = MODE_DONE; return 0;
	case F_LATER: break;
	}
	diag_help(error(j, NOWHERE, "E0405", "`%s` is not implemented yet", o->name),
	          "`nnc --help` lists what this version can do");
	return 2;
}

/* The option that arg begins, and its value if glued to it; 0 if there is none. */
static const Option *find(const char *arg, const char **value)
{
	*value = 0;
	for (int i = 0; i < NOPTION; i++) {
		const Option *o = &table[i];
		size_t n = strlen(o->name);
		if (strncmp(arg, o->name, n))
			continue;
		bool glued = o->name[1] != '-' && o->arg;      /* -O2, -Dn=3, -Wall */
		if (!arg[n])
			return o;
		if (o->arg && arg[n] == '=' && o->name[1] == '-') {
			*value = arg + n + 1;
			return o;
		}
		if (glued) {
			*value = arg + n;
			return o;
		}
	}
	return 0;
}

static int take_file(Job *j, Command *c, const char *arg)
{
	if (c->file)
		return usage(j, arena_printf(j->mem, "two programs, `%s` and `%s`", c->file, arg),
		             "compile one file at a time");
	c->file = arg;
	return 0;
}

/* How messages look is known before the first one, wherever it stands. */
static void looks(Job *j, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		const char *value, *color;
		const Option *o = find(argv[i], &value);
		if (!o || (o->flag != F_COLOR && o->flag != F_DIAGNOSTICS))
			continue;
		color = value ? value : i + 1 < argc ? argv[i + 1] : "";
		if (o->flag == F_DIAGNOSTICS)
			j->json = !strcmp(color, "json");
		else if (strcmp(color, "auto"))
			j->color = !strcmp(color, "always");
	}
}

int options_parse(Job *j, Command *c, int argc, char **argv)
{
	looks(j, argc, argv);
	c->opt.level = 2;
	for (int i = 1; i < argc && c->mode != MODE_DONE; i++) {
		const char *arg = argv[i], *value;
		int status;
		/* behind `--` stands the program if it has not been named yet, else its arguments */
		if (!strcmp(arg, "--") && !c->file && i + 2 == argc && c->mode != MODE_RUN)
			return (status = take_file(j, c, argv[i + 1])) ? status : consistent(j, c);
		if (!strcmp(arg, "--")) {
			c->args = argv + i + 1;
			c->nargs = argc - i - 1;
			break;
		}
		if (arg[0] != '-' || !arg[1]) {
			if ((status = take_file(j, c, arg)))
				return status;
			continue;
		}
		const Option *o = find(arg, &value);
		if (!o)
			return unknown(j, arg);
		if (o->arg == 1 && !value) {
			if (i + 1 == argc)
				return usage(j, arena_printf(j->mem, "`%s` needs a value", o->name),
				             arena_printf(j->mem, "write `%s %s`", o->name,
				                          o->show ? o->show : "VALUE"));
			value = argv[++i];
		}
		if ((status = apply(j, c, o, value ? value : "")))
			return status;
	}
	if (c->mode == MODE_FLAGS) {
		print_flags(j, c);
		c->mode = MODE_DONE;
	}
	if (c->mode == MODE_DONE || c->mode == MODE_EXPLAIN || c->mode == MODE_LIST)
		return 0;
	return consistent(j, c);
}
