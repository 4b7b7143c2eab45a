/* main.c - nnc: the command, and what is written at the end.  The list of passes is compile.c.
 *
 * Errors of the program: exit 1.  Wrong usage: 2.  Files: 3.  Our own: 70.
 */
#include "ast.h"
#include "cli.h"
#include "compile.h"
#include "emit.h"
#include "nnrt.h"
#include "options.h"
#include "pass.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct {
	Job *job;
	Command *cmd;
	Module *m;
	struct timespec since;
} Compile;

/* ---- bookkeeping between passes --------------------------------------------------------------------- */

static void dump_graphs(const Compile *c, const char *what)
{
	const Module *m = c->m;
	const Graph *const g[] = { m->init, m->grad, m->eval,  m->update,
		                  m->bind, m->augment, m->fit, m->knobs, m->once, m->stop, m->metrics };
	Out *o = out_new(c->job->mem);
	for (size_t i = 0; i < sizeof g / sizeof *g; i++) {
		if (!g[i])
			continue;
		if (!strcmp(what, "dot"))
			graph_dump_dot(g[i], o);
		else
			graph_dump(g[i], o);
	}
	out_save(o, "-");
}

/* Ends a pass: its time, its graphs, the check of test builds.  True if the dump asked for has
 * been printed. */
static bool done(void *arg, const char *name)
{
	Compile *c = arg;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	double ms = (double)(now.tv_sec - c->since.tv_sec) * 1e3 +
	            (double)(now.tv_nsec - c->since.tv_nsec) * 1e-6;
	if (c->cmd->time_passes)
		fprintf(stderr, "%-10s %8.2f ms\n", name, ms);
	clock_gettime(CLOCK_MONOTONIC, &c->since);
	if (!c->m)
		return false;
	const Graph *const g[] = { c->m->init,   c->m->grad, c->m->eval,
		                   c->m->update, c->m->bind, c->m->augment,
		                   c->m->fit };
	for (size_t i = 0; c->job->check && i < sizeof g / sizeof *g; i++)
		if (g[i])
			graph_check(g[i]);
	c->job->pass = "";
	if (c->cmd->mode != MODE_DUMP_GRAPH || strcmp(c->cmd->dump_pass, name))
		return false;
	dump_graphs(c, name);
	return true;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static int file_error(Job *j, const char *path)
{
	error(j, NOWHERE, "R7", "%s: cannot be written: %s", path, strerror(errno));
	return 3;
}

/* Saves the text of a file; -v says so.  Returns the exit status. */
static int save(const Compile *c, const Out *o, const char *path)
{
	if (out_save(o, path))
		return file_error(c->job, path);
	if (c->cmd->verbose && strcmp(path, "-"))
		fprintf(stderr, "nnc: wrote %s\n", path);
	return 0;
}

/* "dir/x.nn" -> "x" */
static const char *stem(Job *j, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base);
	if (n > 3 && !strcmp(base + n - 3, ".nn"))
		n -= 3;
	else if (n > 2 && !strcmp(base + n - 2, ".c"))
		n -= 2;
	return arena_strndup(j->mem, base, n);
}

/* The output file: as given, in the folder given, or named after the program. */
static const char *output_path(Compile *c, const char *suffix)
{
	const char *o = c->cmd->output, *base = stem(c->job, c->cmd->file);
	size_t n = o ? strlen(o) : 0;
	if (n && o[n - 1] == '/')
		return arena_printf(c->job->mem, "%s%s%s", o, base, suffix);
	return o ? o : arena_printf(c->job->mem, "%s%s", base, suffix);
}

/* -MD: NAME.d beside NAME.c. */
static int dependencies(Compile *c, const char *target)
{
	const char *path = c->cmd->depend_file;
	size_t n = strlen(target);
	if (!c->cmd->depend)
		return 0;
	n -= n > 2 && !strcmp(target + n - 2, ".c") ? 2 : 0;
	if (!path)
		path = arena_printf(c->job->mem, "%.*s.d", (int)n, target);
	return write_dependencies(c->job, target, path);
}

/* Is path one of the sources, under whatever name?  Says so. */
static bool replaces_source(const Compile *c, const char *path)
{
	Job *j = c->job;
	struct stat to, from;
	if (!strcmp(path, "-") || stat(path, &to))
		return false;
	for (int i = 0; i < j->nsource; i++) {
		const Source *s = &j->source[i];
		if (s->builtin || stat(s->name, &from) || !S_ISREG(from.st_mode) ||
		    from.st_dev != to.st_dev || from.st_ino != to.st_ino)
			continue;
		Diag *d = error(j, NOWHERE, "E0502", "%s: the output would replace the program `%s`",
		                path, s->name);
		diag_help(d, "name another file: -o %s.c", stem(j, s->name));
		return true;
	}
	return false;
}

static int write_trainer(Compile *c)
{
	Out *o = out_new(c->job->mem);
	const char *path = output_path(c, ".c");
	if (replaces_source(c, path))
		return 2;
	emit_trainer(o, c->m, &c->cmd->opt);
	done(c, "emit");
	int status = save(c, o, path);
	return status ? status : dependencies(c, path);
}

/* --build: NAME.c and NAME;  --run: a program in the cache. */
static int build_trainer(Compile *c)
{
	Out *o = out_new(c->job->mem);
	const char *path = output_path(c, "");
	const char *source = arena_printf(c->job->mem, "%s.c", path);
	if (c->cmd->mode != MODE_RUN && (replaces_source(c, path) || replaces_source(c, source)))
		return 2;
	emit_trainer(o, c->m, &c->cmd->opt);
	done(c, "emit");
	if (c->cmd->mode == MODE_RUN)
		return run_program(c->job, c->cmd->opt.target, o, stem(c->job, c->cmd->file), c->cmd->args,
		                   c->cmd->nargs, c->cmd->quiet);
	int status = save(c, o, source);
	if (!status)
		status = build_program(c->job, c->cmd->opt.target, source, path, c->cmd->quiet);
	return status ? status : dependencies(c, path);
}

/* --check --with-data: the trainer itself looks at the files, and so sees what a run would see. */
static int check_data(Compile *c)
{
	Out *o = out_new(c->job->mem);
	emit_trainer(o, c->m, &c->cmd->opt);
	done(c, "emit");
	return data_program(c->job, o, stem(c->job, c->cmd->file));
}

/* Combinations of options that make no sense, or are not built.  Returns the exit status. */
static int check_forms(Compile *c)
{
	const Options *o = &c->cmd->opt;
	if (o->weights_as == WEIGHTS_FILE && !o->context) {
		diag_help(error(c->job, NOWHERE, "E0502", "weights that are read at run time need the context "
		                "form, which has a place for them"),
		          "add --api context");
		return 2;
	}
	if (o->weights_as == WEIGHTS_EXTERN && !strcmp(output_path(c, "_infer.c"), "-")) {
		diag_help(error(c->job, NOWHERE, "E0502", "`--weights-as extern` writes two C files, which "
		                "cannot both go to standard output"),
		          "name a file or a folder: -o %s_infer.c", c->m->name);
		return 2;
	}
	if (o->f64 && o->quantize) {
		diag_help(error(c->job, NOWHERE, "E0405", "weights in 16 bits with `--precision f64` are "
		                "not implemented yet"),
		          "leave one of the two away: 16 bits are computed with in single precision");
		return 2;
	}
	return 0;
}

/* mlp_infer.c: mlp_weights.c; net.c: net_weights.c. */
static const char *weights_path(Job *j, const char *path)
{
	int n = (int)strlen(path);
	n -= n > 2 && !strcmp(path + n - 2, ".c") ? 2 : 0;
	n -= n > 6 && !strncmp(path + n - 6, "_infer", 6) ? 6 : 0;
	return arena_printf(j->mem, "%.*s_weights.c", n, path);
}

static int write_inference(Compile *c)
{
	Job *j = c->job;
	if (check_forms(c))
		return 2;
	const char *path = output_path(c, "_infer.c"), *head = c->cmd->header;
	if (!head && strcmp(path, "-")) {
		size_t n = strlen(path);
		bool c_file = n > 2 && !strcmp(path + n - 2, ".c");
		head = arena_printf(j->mem, "%.*s.h", (int)(c_file ? n - 2 : n), path);
	}
	if (replaces_source(c, path) || (head && replaces_source(c, head)))
		return 2;
	const char *slash = strrchr(c->cmd->weights, '/');
	const char *name = strcmp(path, "-") ? stem(j, path)
	                 : arena_printf(j->mem, "%s_infer", stem(j, c->cmd->file));
	const char *dir = head ? strrchr(head, '/') : 0, *include = dir ? dir + 1 : head;
	if (!include || !strcmp(include, "-"))
		include = arena_printf(j->mem, "%s.h", name);
	Weights *w = weights_read(j, c->cmd->weights);
	Out *o = out_new(j->mem), *h = out_new(j->mem), *x = 0;
	const char *arrays = 0;
	if (c->cmd->opt.weights_as == WEIGHTS_EXTERN) {
		arrays = weights_path(j, path);
		x = out_new(j->mem);
	}
	if (arrays && replaces_source(c, arrays))
		return 2;
	if (!w)
		return 3;
	if (!c->m->nout) {
		Diag *d = error(j, NOWHERE, "E0404", "%s: model `%s` has no output, so there is nothing "
		                "to infer", c->cmd->file, c->m->name);
		diag_help(d, "add `output NAME = ...`");
		return 1;
	}
	const char *random = inference_draws(c->m);
	if (random) {
		Diag *d = error(j, NOWHERE, "E0405", "%s: not implemented yet: the output `%s` draws random "
		                "numbers, and inference C has none", c->cmd->file, random);
		diag_help(d, "draw only `if training`, or give the noise as an input");
		return 1;
	}
	Module *m = c->m;
	if (m->export_preprocess)
		m = raw_module(m, w, slash ? slash + 1 : c->cmd->weights);
	if (m && m->export_nhwc && nhwc_applies(m))
		m = pass_nhwc(m);
	int status = m ? emit_inference(o, h, x, m, &c->cmd->opt, w, slash ? slash + 1 : c->cmd->weights,
	                                name, include) : 3;
	if (status)
		return status;
	done(c, "emit");
	/* all or none */
	if (out_probe(path))
		return file_error(c->job, path);
	if (arrays && (status = save(c, x, arrays)))
		return status;
	if (head && (status = save(c, h, head)))
		return status;
	status = save(c, o, path);
	return status ? status : dependencies(c, path);
}

static int dump_kernels(Compile *c)
{
	const char *const phase[] = { "init", "grad", "eval", "update", "bind", "augment", "fit" };
	const Graph *const g[] = { c->m->init, c->m->nloss ? c->m->grad : 0, c->m->eval, c->m->update,
	                           c->m->bind, c->m->augment, c->m->fit };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++) {
		if (!g[i])
			continue;
		Fn *f = train_fn(c->m, &c->cmd->opt, phase[i]);
		if (c->cmd->mode == MODE_DUMP_PLAN)
			fn_dump_plan(f, stdout);
		else
			fn_dump_ir(f, stdout);
		fn_free(f);
	}
	return 0;
}

/* ---- the job ------------------------------------------------------------------------------------------ */

/* The runtime's tables have room for so much. */
static bool fits_runtime(const Compile *c, int file)
{
	const Module *m = c->m;
	const struct {
		int n, most;
		const char *what;
	} table[] = { { m->nin, NNRT_MAX_FIELDS, "inputs and targets" },
		      { m->nout, NNRT_MAX_FIELDS, "outputs" },
		      { m->nmoment, NNRT_MAX_MOMENTS, "buffers in the optimizer" },
		      { m->ntally, NNRT_MAX_TALLIES, "metrics of the whole set" } };
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].n <= table[i].most)
			continue;
		Diag *d = error(c->job, (Span){ file, 0, 0 }, "E0404",
		                "%d %s, but at most %d are possible", table[i].n, table[i].what,
		                table[i].most);
		diag_help(d, "join some of them with `concat` or `stack`");
		return false;
	}
	return true;
}

/* Options of `export` that inference C cannot have yet, unless the command line wins. */
static bool unbuilt_exports(const Compile *c)
{
	for (int i = 0; i < c->m->nunbuilt; i++) {
		const Unbuilt *u = &c->m->unbuilt[i];
		if ((c->cmd->api_given && !strcmp(u->name, "api")) ||
		    (c->cmd->quantize_given &&
		     (!strcmp(u->name, "quantize") || !strcmp(u->name, "calibrate"))))
			continue;
		Diag *d = error(c->job, u->at, "E0405",
		                "not implemented yet: the export option `%s`", u->name);
		if (!strcmp(u->name, "quantize") || !strcmp(u->name, "calibrate"))
			diag_help(d, "pass --quantize none for weights as they are");
		else
			diag_help(d, "take `%s` out of `export c(...)`", u->name);
	}
	return diag_flush(c->job, stderr) > 0;
}

/* --batch for a trainer: in place of the program's number or schedule. */
static void fix_batch(Module *m, int batch)
{
	m->train.given = true;
	m->train.batch = batch;
	m->train.batch_number = 0;
}

static int compile(Compile *c, int file)
{
	Job *j = c->job;
	const char *path = getenv("NNC_PATH");
	for (const char *s = path; s && *s; ) {
		size_t n = strcspn(s, ":");
		const char *dir = arena_strndup(j->mem, s, n);
		PUSH(j->mem, c->cmd->include, c->cmd->ninclude, c->cmd->capinclude, dir);
		s += n + (s[n] == ':');
	}
	j->pass = "elaborate";
	c->m = elaborate(j, file, c->cmd->define, c->cmd->ndefine, c->cmd->include, c->cmd->ninclude);
	if (diag_flush(j, stderr) || !c->m)
		return j->usage ? 2 : 1;
	if (!fits_runtime(c, file))
		return 1;
	if (!c->cmd->opt.prefix)
		c->cmd->opt.prefix = c->m->export_prefix ? c->m->export_prefix : c->m->name;
	if (c->cmd->opt.batch && c->cmd->mode != MODE_INFER)
		fix_batch(c->m, c->cmd->opt.batch);
	if (!c->cmd->opt.batch)
		c->cmd->opt.batch = (int)c->m->export_batch;
	c->cmd->opt.libm |= c->m->export_libm;
	if (!c->cmd->api_given)
		c->cmd->opt.context = c->m->export_context;
	if (!c->cmd->weights_as_given)
		c->cmd->opt.weights_as = c->m->export_weights;
	if (!c->cmd->quantize_given)
		c->cmd->opt.quantize = c->m->export_quantize;
	if (c->cmd->mode == MODE_INFER && unbuilt_exports(c))
		return 1;
	bool checks_data = c->cmd->with_data && c->m->data.source != DATA_NONE;
	if (checks_data)
		c->cmd->opt.level = 0; /* soon compiled, seldom run */
	if (done(c, "elaborate") || (c->cmd->mode == MODE_CHECK && !checks_data) ||
	    compile_passes(c->m, &c->cmd->opt, done, c))
		return 0;
	switch (c->cmd->mode) {
	case MODE_TRAINER: return write_trainer(c);
	case MODE_BUILD: case MODE_RUN: return build_trainer(c);
	case MODE_INFER: return write_inference(c);
	case MODE_DUMP_IR: case MODE_DUMP_PLAN: return dump_kernels(c);
	case MODE_SUMMARY: summary(c->m, &c->cmd->opt, file, c->cmd->json); return 0;
	case MODE_DUMP_GRAPH: dump_graphs(c, c->cmd->dump_pass); return 0;
	case MODE_CHECK: return check_data(c);
	case MODE_DUMP_TOKENS: case MODE_DUMP_AST: case MODE_FMT:
	case MODE_EXPLAIN: case MODE_LIST: case MODE_FLAGS: case MODE_DONE: return 0;
	}
	return 0;
}

static int dump_syntax(Job *j, const Command *cmd, int file)
{
	if (cmd->mode == MODE_DUMP_TOKENS)
		token_dump(j, file, stdout);
	else
		ast_dump(j, parse_program(j, file), stdout);
	return diag_flush(j, stderr) ? 1 : 0;
}

static int format(Job *j, const Command *cmd, int file)
{
	const Out *o = fmt_source(j, file);
	const Source *s = &j->source[file];
	if (diag_flush(j, stderr) || !o)
		return 1;
	bool same = o->n == (size_t)s->len && !memcmp(o->text, s->text, o->n);
	if (cmd->check && !same)
		fprintf(stderr, "nnc: %s is not in standard style\n"
		        "     = help: nnc --fmt -i %s\n", cmd->file, cmd->file);
	if (cmd->check || (cmd->in_place && same))
		return !same;
	const char *to = cmd->in_place ? cmd->file : cmd->output ? cmd->output : "-";
	if (*to && to[strlen(to) - 1] == '/')
		to = arena_printf(j->mem, "%s%s.nn", to, stem(j, cmd->file));
	return out_save(o, to) ? file_error(j, to) : 0;
}

int main(int argc, char **argv)
{
	Job *j = job_new();
	Command cmd = { 0 };
	Compile c = { .job = j, .cmd = &cmd };
	const char *force = getenv("CLICOLOR_FORCE"), *no = getenv("NO_COLOR");
	j->color = !(no && *no) && (isatty(2) || (force && *force && strcmp(force, "0")));
	j->check = getenv("NNC_CHECK") != 0;
	clock_gettime(CLOCK_MONOTONIC, &c.since);
#ifdef M_MMAP_THRESHOLD
	/* Large tables go back to the system at once, whatever was freed before. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
	int status = options_parse(j, &cmd, argc, argv);
	if (!status && cmd.limits)
		print_limits(NNRT_MAX_FIELDS, NNRT_MAX_MOMENTS);
	if (!status && cmd.mode == MODE_EXPLAIN) {
		status = explain(j, cmd.topic);
	} else if (!status && cmd.mode == MODE_LIST) {
		status = list_names(j, cmd.topic);
	} else if (!status && cmd.mode != MODE_DONE) {
		const char *path = strcmp(cmd.file, "-") ? cmd.file : "/dev/stdin";
		int file = source_read(j, path);
		if (file < 0) {
			Diag *d;
			if (errno == EFBIG)
				d = error(j, NOWHERE, "R7", "%s: more than %d bytes, the limit of a source file",
				          cmd.file, SOURCE_BYTES);
			else
				d = error(j, NOWHERE, "R7", "%s: cannot be read: %s", cmd.file, strerror(errno));
			diag_help(d, "give a program: nnc model.nn -o model.c");
			status = 3;
		} else if (cmd.mode == MODE_DUMP_TOKENS || cmd.mode == MODE_DUMP_AST) {
			status = dump_syntax(j, &cmd, file);
		} else if (cmd.mode == MODE_FMT) {
			status = format(j, &cmd, file);
		} else {
			status = compile(&c, file);
		}
	}
	if (fflush(stdout) || ferror(stdout))
		status = status ? status : file_error(j, "standard output");
	diag_flush(j, stderr);
	job_free(j);
	return status;
}
