/* batch.c - see batch.h. */
#include "batch.h"

#include <ctype.h>
#include <dlfcn.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bound.h"
#include "compile.h"
#include "emit.h"
#include "op.h"
#include "infer_model.h"
#include "rows.h"
#include "run_model.h"

enum { MOST_NAMES = 64 };

typedef struct {
	Job *j;
	Module *m;
	int B;
	double **param, **buffer, **in;
	RunOutput run;
	RunRows rows;
	double **column;               /* what its files hold                                  */
} Program;

typedef struct { Report *r; BatchOptions *o; Program *p; } Batch;

static void say(Batch *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(Batch *b, const char *fmt, ...)
{
	va_list ap;
	if (b->r->failed)
		return;
	b->r->failed = true;
	va_start(ap, fmt);
	vsnprintf(b->r->what, sizeof b->r->what, fmt, ap);
	va_end(ap);
}

static int level_of(const BatchOptions *o, uint64_t seed) { return o->mode == BITS ? 0 : 1 + (int)(seed % 3); }
static int batch_of(uint64_t seed) { static const int B[] = { 2, 7, 1, 33 }; return B[seed / 3 % 4]; }

/* ---- values: multiples of 1/4096, exact in float ------------------------------------------------- */

static double *draw(Program *p, const Type *t, double lo, double hi, uint64_t *s)
{
	int64_t n = type_len(t, p->B);
	double *v = NEWN(p->j->mem, double, n + 1);
	double top = t->dt == DT_BOOL ? 2 : t->classes ? t->classes : 5;
	for (int64_t i = 0; i < n; i++) {
		*s = *s * 6364136223846793005u + 1442695040888963407u;
		double u = (double)(*s >> 40) / 16777216.0;
		v[i] = t->dt == DT_REAL ? floor((lo + (hi - lo) * u) * 4096) / 4096 : floor(top * u);
	}
	return v;
}

static void make_values(Program *p, uint64_t seed)
{
	Module *m = p->m;
	Arena *a = p->j->mem;
	uint64_t s = seed ^ 2026;
	p->param = NEWN(a, double *, m->nparam + 1);
	p->buffer = NEWN(a, double *, m->nbuffer + 1);
	p->in = NEWN(a, double *, m->nin + 1);
	for (int i = 0; i < m->nparam; i++) {
		const Type *t = &m->param[i].ty;
		/* sums over fan-in elements stay near 1, so that nothing saturates */
		double w = t->rank > 1 ? fmin(0.9, 1.5 / sqrt((double)type_len(t, 1) / t->dim[0].k)) : 0.9;
		p->param[i] = draw(p, t, t->rank > 1 ? -w : -0.6, w, &s);
	}
	for (int i = 0; i < m->nbuffer; i++)
		p->buffer[i] = draw(p, &m->buffer[i].ty, 0.5, 1.5, &s);
	for (int i = 0; i < m->nin; i++)
		p->in[i] = draw(p, &m->in[i].ty, -1.5, 1.5, &s);
}

/* ---- from programs to one file of C ------------------------------------------------------------------ */

static bool named(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Names of tables, which are the same in every trainer. */
static int table_names(const char *text, char (*name)[40])
{
	int n = 1;
	strcpy(name[0], "main");
	for (const char *p = text; (p = strstr(p, "\nstatic const ")); p++) {
		const char *end = p + 1 + strcspn(p + 1, "=;\n("), *q = end;
		if (*end != '=' && *end != ';')
			continue;
		while (q > p && q[-1] == ' ')
			q--;
		while (q > p && q[-1] == ']')          /* [], [3] */
			while (*--q != '[')
				;
		const char *from = q;
		while (named(from[-1]))
			from--;
		if (n < MOST_NAMES)
			snprintf(name[n++], sizeof *name, "%.*s", (int)(q - from), from);
	}
	return n;
}

/* The text with these names after a prefix. */
static void print_unit(FILE *f, const char *text, const char *prefix)
{
	static char name[MOST_NAMES][40];
	int n = table_names(text, name);
	for (const char *p = text; *p;) {
		size_t len = 0;
		while (named(p[len]))
			len++;
		if (!len) {
			fputc(*p++, f);
			continue;
		}
		bool member = p > text && (p[-1] == '.' || (p > text + 1 && p[-1] == '>' && p[-2] == '-'));
		for (int i = 0; i < n && !member; i++)
			if (strlen(name[i]) == len && !memcmp(name[i], p, len)) {
				fprintf(f, "%s_table_", prefix);
				break;
			}
		fwrite(p, 1, len, f);
		p += len;
	}
}

static bool add_program(Batch *b, FILE *f, const char *text, uint64_t seed)
{
	Program *p = b->p;
	char why[300], prefix[32];
	Options opt = { .level = level_of(b->o, seed), .f64 = b->o->mode == DOUBLE, .prefix = prefix };
	snprintf(prefix, sizeof prefix, "p%llu", (unsigned long long)seed);
	p->j = job_new();
	p->j->check = true;
	p->j->pass = "generate";
	p->m = module_of(p->j, text, why, sizeof why);
	if (!p->m) {
		say(b, "refused: %s", why);
		return false;
	}
	p->B = batch_of(seed);
	if (p->m->stat_rows && p->B == 1)
		p->B = 2;
	compile_passes(p->m, &opt, 0, 0);
	Out *o = out_new(p->j->mem);
	emit_trainer(o, p->m, &opt);
	fprintf(f, "#line 1 \"seed_%llu.c\"\n", (unsigned long long)seed);
	print_unit(f, arena_printf(p->j->mem, "%.*s", (int)o->n, o->text), prefix);
	make_values(p, seed);
	return true;
}

/* Every warning is an error: the first line of what the compiler says goes into the report. */
static bool compile(Batch *b, const char *source, const char *object)
{
	char command[2000], line[380] = "";
	snprintf(command, sizeof command, "%s %s -std=gnu11 -Wall -Wextra -Wshadow -Werror -fPIC -shared %s -o %s 2>&1", b->o->cc,
	         b->o->cflags, source, object);
	FILE *f = popen(command, "r");
	if (!f) {
		say(b, "the C compiler cannot be started");
		return false;
	}
	char first[380] = "";
	while (fgets(line, sizeof line, f))
		if (!*first && (strstr(line, "error") || strstr(line, "warning")))
			strcpy(first, line);
	int status = pclose(f);
	first[strcspn(first, "\n")] = 0;
	const char *seed = strstr(first, "seed_");
	if (seed)
		b->r->seed = strtoull(seed + 5, 0, 10);
	if (status || *first)
		say(b, "%s: %s", b->o->cc, *first ? first : "fails");
	return !status && !*first;
}

/* ---- what the interpreter says ------------------------------------------------------------------------- */

static const double one_number = 1;
static const RunInput at_update = { .step = 3, .epoch = 0, .position = 0.3, .progress = 0.15, .now = 0.3, .end = 2,
	                        .one = 0.1, .in_steps = 0, .per_epoch = 10, .steps = 20, .seed = 5 };

static const double *leaf(void *arg, const Node *n)
{
	const Program *p = arg;
	int i = n->a.leaf.index;
	switch (opinfo[n->op].leaf) {
	case LF_PARAM: return p->param[i];
	case LF_BUFFER: return p->buffer[i];
	case LF_INPUT: return p->in[i];
	case LF_SETTING: return &p->m->setting[i].value;
	case LF_KNOB: return &p->run.knob[i];
	case LF_TIME: return &one_number;
	default: return 0;
	}
}

static bool same_bits(double a, double b) { return !memcmp(&a, &b, sizeof a) || (isnan(a) && isnan(b)); }

/* One result: expected v with error bound e (0 in other modes) against found. */
static void judge(Batch *b, const char *phase, const char *what, const char *name, const double *v, const double *e,
                  const double *found, int64_t n, double most)
{
	for (int64_t k = 0; k < n; k++) {
		double d = fabs(v[k] - found[k]);
		if (b->o->mode == BITS) {
			if (!same_bits(v[k], found[k]))
				say(b, "%s %s %s[%lld] is %.9g, the interpreter has %.9g", phase, what, name, (long long)k,
				    found[k], v[k]);
		} else if (b->o->mode == DOUBLE) {
			if (!(d <= 1e-9 * fmax(most, 1e-3)))
				say(b, "%s %s %s[%lld] is %.15g, the interpreter has %.15g", phase, what, name, (long long)k,
				    found[k], v[k]);
		} else if (e[k] < 0.1 * fmax(most, 1e-3)) {
			b->o->judged++;
			b->o->worst = fmax(b->o->worst, d / e[k]);
			if (!(d <= e[k]))
				say(b, "%s %s %s[%lld] is %.9g, the interpreter has %.9g: %.3g of the bound %.3g", phase,
				    what, name, (long long)k, found[k], v[k], d / e[k], e[k]);
		} else {
			b->o->unjudged++;      /* a comparison decides, or all digits are gone */
		}
	}
}

static void compare(Batch *b, const char *phase, const Graph *full, bool training)
{
	enum { KINDS = 1u << R_LOSS | 1u << R_PENALTY | 1u << R_OUTPUT | 1u << R_GRAD | 1u << R_BUFFER | 1u << R_PARAM };
	Program *p = b->p;
	const RunOutput *o = &p->run;
	Graph *g = graph_copy(full, full->name, KINDS);
	EvalEnv env = { .B = p->B, .leaf = leaf, .arg = p, .seed = at_update.seed, .single = b->o->mode == BITS };
	if (full == p->m->init)
		env.update = UINT64_MAX;       /* first values belong to no update */
	double **v = graph_eval(g, &env, p->j->mem);
	double **e = b->o->mode == FAST ? error_bound(g, &env, v, p->j->mem) : 0;
	for (int i = 0; i < g->nroot && !b->r->failed; i++) {
		const Root *r = &g->root[i];
		const double *x = v[r->node->id], *found = 0;
		const char *what = "", *name = r->name ? r->name : "";
		int64_t n = type_len(&r->node->ty, p->B);
		double most = 0;
		switch (r->kind) {
		case R_LOSS: found = (training ? o->loss : o->eval_loss) + r->index; what = "loss"; break;
		case R_PENALTY: found = &o->penalty; what = "penalty"; break;
		case R_OUTPUT: found = (training ? o->out : o->eval_out)[r->index]; what = "output"; break;
		case R_GRAD: found = o->grad[r->index]; what = "gradient"; name = p->m->param[r->index].path; break;
		case R_BUFFER:
			found = full == p->m->init ? o->start_buffer[r->index] : training ? o->buffer[r->index] : 0;
			what = "buffer";
			break;
		case R_PARAM: found = o->start[r->index]; what = "start"; name = p->m->param[r->index].path; break;
		default: break;
		}
		if (r->kind == R_GRAD && !p->m->param[r->index].trained)
			continue;
		for (int64_t k = 0; k < n; k++)
			most = fmax(most, fabs(x[k]));
		if (found)
			judge(b, phase, what, name, x, e ? e[r->node->id] : 0, found, n, most);
	}
	graph_free(g);
}

/* ---- inference C --------------------------------------------------------------------------------------------- */

/* The outputs in evaluation, by the other form of C. */
static void run_inference(Batch *b, uint64_t seed)
{
	Program *p = b->p;
	char why[300], prefix[32];
	snprintf(prefix, sizeof prefix, "i%llu", (unsigned long long)seed);
	InferInput in = { .cc = b->o->cc, .cflags = b->o->cflags, .dir = b->o->dir, .B = p->B, .param = p->param,
		          .buffer = p->buffer, .in = p->in,
		          .opt = { .level = level_of(b->o, seed), .f64 = b->o->mode == DOUBLE, .prefix = prefix } };
	snprintf(b->r->stage, sizeof b->r->stage, "-O%d, batch of %d, inference C", in.opt.level, p->B);
	double **out = infer_outputs(p->m, &in, why, sizeof why), **trained = p->run.eval_out;
	if (*why)
		say(b, "%s", why);
	if (!out)
		return;
	p->run.eval_out = out;
	compare(b, "infer", p->m->eval, false);
	p->run.eval_out = trained;
	b->o->inferred++;
}

/* ---- the same again ------------------------------------------------------------------------------------------- */

static void equal(Batch *b, const char *how, const char *what, const char *name, const double *v, const double *w, int64_t n)
{
	for (int64_t k = 0; k < n; k++)
		if (!same_bits(v[k], w[k]))
			say(b, "%s: %s %s[%lld] is %.9g, was %.9g", how, what, name, (long long)k, w[k], v[k]);
}

/* Another number of threads changes no bit. */
static void other_threads(Batch *b, const void *model, RunInput in)
{
	Program *p = b->p;
	const Module *m = p->m;
	char how[40];
	in.threads = in.threads % 4 + 1;
	snprintf(how, sizeof how, "with %d threads", in.threads);
	RunOutput o = run_model(model, &in);
	equal(b, how, "train", "loss", p->run.loss, o.loss, m->nloss);
	equal(b, how, "train", "penalty", &p->run.penalty, &o.penalty, 1);
	equal(b, how, "eval", "loss", p->run.eval_loss, o.eval_loss, m->nloss);
	for (int i = 0; i < m->nout; i++) {
		int64_t n = type_len(&m->out[i].ty, p->B);
		equal(b, how, "train", m->out[i].name, p->run.out[i], o.out[i], n);
		equal(b, how, "eval", m->out[i].name, p->run.eval_out[i], o.eval_out[i], n);
	}
	for (int i = 0; i < m->nparam; i++)
		if (m->param[i].trained)
			equal(b, how, "gradient", m->param[i].path, p->run.grad[i], o.grad[i], type_len(&m->param[i].ty, 1));
	for (int i = 0; i < m->nbuffer; i++)
		equal(b, how, "buffer", m->buffer[i].path, p->run.buffer[i], o.buffer[i], type_len(&m->buffer[i].ty, 1));
}

/* Does a sample's part of some value depend on the others?  By node. */
static bool *mixed(const Graph *g, Arena *a)
{
	bool *mix = NEWN(a, bool, g->n + 1);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		bool here = n->op == O_count || n->op == O_scatter_add || n->op == O_random;
		for (int k = 0; k < n->nin; k++) {
			const Type *t = &n->in[k]->ty;
			here |= mix[n->in[k]->id];
			for (int d = 0; d < t->rank; d++) {
				bool summed = opinfo[n->op].kind == REDUCE ? n->a.red.axes >> d & 1
				              : n->op == O_contract       ? (k ? n->a.con.b : n->a.con.a)[d] >= n->a.con.nout
				              : n->op == O_softmax || n->op == O_log_softmax ? n->a.red.axes >> d & 1
				              : n->op == O_concat || n->op == O_flip         ? n->a.axis.axis == d
				                                                             : false;
				here |= summed && t->dim[d].b;
			}
		}
		bool *inside = n->body ? mixed(n->body, a) : 0;
		for (int k = 0; inside && k < n->body->n; k++)
			here |= inside[k];
		mix[i] = here;
	}
	return mix;
}

/* In evaluation a sample alone has the outputs that it has among others. */
static void fewer_samples(Batch *b, const void *model, RunInput in)
{
	Program *p = b->p;
	const Graph *g = p->m->eval;
	bool *mix = mixed(g, p->j->mem);
	in.B = (p->B + 1) / 2;
	RunOutput o = run_model(model, &in);
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		const Type *t = &r->node->ty;
		if (r->kind != R_OUTPUT || mix[r->node->id] || !t->rank || !dim_eq(t->dim[0], dim_batch(1)))
			continue;
		equal(b, "fewer samples", "eval", r->name ? r->name : "", p->run.eval_out[r->index], o.eval_out[r->index],
		      type_len(t, in.B));
	}
}

/* ---- rows of files ------------------------------------------------------------------------------------------ */

/* Leaves of the data section's graphs. */
static const double *data_leaf(void *arg, const Node *n)
{
	const Program *p = arg;
	int i = n->a.leaf.index;
	if (opinfo[n->op].leaf == LF_INPUT)
		return p->column[i];
	if (opinfo[n->op].leaf != LF_FITTED)
		return leaf(arg, n);
	const Fitted *f = &p->m->fitted[i / 2];
	return p->rows.fitted + f->offset + (i & 1 ? (f->len + 15) / 16 * 16 : 0);
}

/* Mean and deviation, or minimum and range, of the training rows: what row f of the fitted numbers has to be. */
static void compare_fitted(Batch *b, int f, const double *v)
{
	const Program *p = b->p;
	const Fitted *x = &p->m->fitted[f];
	const double *found = p->rows.fitted + x->offset, *second = found + (x->len + 15) / 16 * 16;
	double n = (double)p->rows.ntrain;
	for (int64_t k = 0; k < x->len; k++) {
		double sum = 0, square = 0, lo = HUGE_VAL, hi = -HUGE_VAL;
		for (int64_t i = 0; i < p->rows.ntrain; i++) {
			double e = v[p->rows.train[i] * x->len + k];
			sum += e;
			lo = fmin(lo, e);
			hi = fmax(hi, e);
		}
		for (int64_t i = 0; i < p->rows.ntrain; i++) {
			double e = v[p->rows.train[i] * x->len + k] - sum / n;
			square += e * e;
		}
		bool minmax = x->how == FIT_MINMAX;
		double first = minmax ? lo : sum / n, then = minmax ? hi - lo : sqrt(square / n);
		double near = 1e-5 * fmax(1, fabs(hi) + fabs(lo));
		if (x->how == FIT_MISSING)
			then = second[k];
		if (!(fabs(first - found[k]) <= near) || (then > near && !(fabs(then - second[k]) <= near)))
			say(b, "%s[%lld] is %.9g and %.9g, the training rows have %.9g and %.9g", x->path, (long long)k,
			    found[k], second[k], first, then);
	}
}

/* The classes of texts: numbers of rows_word become what the file's reader counts them by, then what the training
 * rows make of them: by first appearance, or sorted. */
static void learn_words(Program *p, int column, bool trained)
{
	double *v = p->column[column];
	int class_of[4], n = 0, count = trained ? (int)p->rows.ntrain : ROWS;
	bool sorted = trained && p->m->pick[column].sorted, seen[4] = { false };
	for (int i = 0; i < count; i++) {
		int64_t row = trained ? p->rows.train[i] : i;
		int w = row < ROWS ? (int)v[row] : 0;
		if (!seen[w])
			class_of[w] = n++;
		seen[w] = true;
	}
	for (int w = 0; w < 4 && sorted; w++)
		for (int k = class_of[w] = 0; k < 4; k++)
			class_of[w] += seen[k] && strcmp(rows_word[k], rows_word[w]) < 0;
	double *to = NEWN(p->j->mem, double, ROWS);
	for (int i = 0; i < ROWS; i++)
		to[i] = class_of[(int)v[i]];
	p->column[column] = to;
}

/* Files in the form of its source: they are read as they were written, and bound as the interpreter does. */
static void run_files(Batch *b, const void *model, uint64_t seed)
{
	Program *p = b->p;
	const Module *m = p->m;
	RunInput at = at_update;
	char dir[300];
	p->column = NEWN(p->j->mem, double *, m->ncolumn + 1);
	snprintf(dir, sizeof dir, "%s/rows", b->o->dir);
	if (!m->bind || !rows_write(m, dir, seed, p->column, p->j->mem))
		return;
	snprintf(b->r->stage, sizeof b->r->stage, "-O%d, rows of files", level_of(b->o, seed));
	at.threads = 1 + (int)(seed % 4);
	p->rows = run_rows(model, dir, ROWS, &at);
	for (int64_t i = 0; b->o->mode != DOUBLE && i < m->fitted_len; i++)
		p->rows.fitted[i] = (float)p->rows.fitted[i];  /* as the program has them */
	for (int i = 0; i < m->ncolumn; i++) {
		bool words = m->pick[i].words;
		double *choice = p->column[i];
		if (words)
			learn_words(p, i, false);
		for (int64_t k = 0, n = ROWS * type_len(&m->column[i].ty, 1); k < n; k++)
			if (p->column[i][k] != p->rows.column[i][k])
				say(b, "column %s[%lld] is read as %.9g, the file has %.9g", m->column[i].name, (long long)k,
				    p->rows.column[i][k], p->column[i][k]);
		p->column[i] = choice;
		if (words)
			learn_words(p, i, true);
	}
	EvalEnv env = { .B = ROWS, .leaf = data_leaf, .arg = p, .seed = at.seed, .single = b->o->mode == BITS };
	if (m->fit) {
		double **v = graph_eval(m->fit, &env, p->j->mem);
		for (int i = 0; i < m->fit->nroot; i++) {
			const Root *r = &m->fit->root[i];
			if (r->kind == R_FIT && m->fitted[r->index].how <= FIT_MISSING)
				compare_fitted(b, r->index, v[r->node->id]);
		}
	}
	double **v = graph_eval(m->bind, &env, p->j->mem);
	double **e = b->o->mode == FAST ? error_bound(m->bind, &env, v, p->j->mem) : 0;
	for (int i = 0; i < m->bind->nroot; i++) {
		const Root *r = &m->bind->root[i];
		int64_t n = type_len(&r->node->ty, ROWS);
		double most = 0;
		for (int64_t k = 0; k < n; k++)
			most = fmax(most, fabs(v[r->node->id][k]));
		if (r->kind == R_FIELD)
			judge(b, "bind", "field", r->name, v[r->node->id], e ? e[r->node->id] : 0, p->rows.field[r->index],
			      n, most);
	}
	b->o->files++;
}

/* ---- for torch_ref.py ------------------------------------------------------------------------------------- */

static void write_row(FILE *f, const Program *p, const char *kind, const char *name, const Type *t, const double *v)
{
	fprintf(f, "%s %s %s", kind, name, t->dt == DT_REAL ? "f32" : t->dt == DT_BOOL ? "bool" : t->classes ? "class" : "i32");
	if (t->classes)
		fprintf(f, "%d", t->classes);
	for (int i = 0; i < t->rank; i++)
		fprintf(f, " %d", (int)dim_at(t->dim[i], p->B));
	fprintf(f, " :");
	for (int64_t k = 0, n = type_len(t, p->B); k < n; k++)
		fprintf(f, " %.17g", v[k]);
	fprintf(f, "\n");
}

static void write_values(const Batch *b, const char *text, uint64_t seed)
{
	const Program *p = b->p;
	const Module *m = p->m;
	const Type scalar = type_scalar(DT_REAL);
	char path[300];
	snprintf(path, sizeof path, "%s/%llu.nn", b->o->dir, (unsigned long long)seed);
	FILE *f = fopen(path, "w");
	if (f) {
		fputs(text, f);
		fclose(f);
	}
	snprintf(path, sizeof path, "%s/%llu.values", b->o->dir, (unsigned long long)seed);
	if (!(f = fopen(path, "w")))
		return;
	fprintf(f, "B %d i32 :\n", p->B);
	for (int i = 0; i < m->nin; i++)
		write_row(f, p, "in", m->in[i].name, &m->in[i].ty, p->in[i]);
	for (int i = 0; i < m->nparam; i++)
		write_row(f, p, m->param[i].trained ? "param" : "frozen", m->param[i].path, &m->param[i].ty, p->param[i]);
	for (int i = 0; i < m->nbuffer; i++)
		write_row(f, p, "buffer", m->buffer[i].path, &m->buffer[i].ty, p->buffer[i]);
	for (int i = 0; i < m->nloss; i++)
		write_row(f, p, "loss", arena_printf(p->j->mem, "%d", i), &scalar, p->run.loss + i);
	if (m->has_penalty)
		write_row(f, p, "penalty", "-", &scalar, &p->run.penalty);
	for (int i = 0; i < m->nout; i++)
		write_row(f, p, "output", arena_printf(p->j->mem, "%d", i), &m->out[i].ty, p->run.out[i]);
	for (int i = 0; i < m->nparam; i++)
		if (m->param[i].trained)
			write_row(f, p, "grad", m->param[i].path, &m->param[i].ty, p->run.grad[i]);
	for (int i = 0; i < m->nbuffer; i++)
		write_row(f, p, "next", m->buffer[i].path, &m->buffer[i].ty, p->run.buffer[i]);
	fclose(f);
}

/* One in four as inference C, and those that say so in a comment. */
static bool inferred(const char *text, uint64_t seed)
{
	return (seed * 2654435761u >> 13) % 4 == 0 || strstr(text, "inference C");
}

static void run_one(Batch *b, const void *model, const char *text, uint64_t seed)
{
	Program *p = b->p;
	RunInput in = at_update;
	in.B = p->B;
	in.threads = 1 + (int)(seed % 4);
	in.param = p->param;
	in.buffer = p->buffer;
	in.in = p->in;
	b->r->seed = seed;
	snprintf(b->r->stage, sizeof b->r->stage, "-O%d, batch of %d, %d threads, run", level_of(b->o, seed),
	         p->B, in.threads);
	p->run = run_model(model, &in);
	snprintf(b->r->stage, sizeof b->r->stage, "-O%d, batch of %d, %d threads", level_of(b->o, seed), p->B,
	         in.threads);
	compare(b, "train", p->m->grad, true);
	if (!b->r->failed)
		compare(b, "eval", p->m->eval, false);
	if (!b->r->failed)
		compare(b, "init", p->m->init, true);
	if (!b->r->failed)
		other_threads(b, model, in);
	if (!b->r->failed && p->B > 1)
		fewer_samples(b, model, in);
	if (!b->r->failed && inferred(text, seed))
		run_inference(b, seed);
	if (!b->r->failed)
		run_files(b, model, seed);
}

/* ---- all of them ------------------------------------------------------------------------------------------- */

bool batch_run(BatchOptions *o, Report *r, char *const *text, const uint64_t *seed, int n)
{
	Program *p = calloc((size_t)n + 1, sizeof *p);
	Batch b = { r, o, p };
	char source[300], object[300];
	snprintf(source, sizeof source, "%s/unit.c", o->dir);
	snprintf(object, sizeof object, "%s/unit.so", o->dir);
	FILE *f = fopen(source, "w");
	if (!f || !p) {
		say(&b, "%s cannot be written", source);
		return false;
	}
	snprintf(r->stage, sizeof r->stage, "emit");
	for (int i = 0; i < n && !r->failed; i++) {
		r->seed = seed[i];
		b.p = &p[i];
		add_program(&b, f, text[i], seed[i]);
	}
	fprintf(f, "\nextern const nnrt_model *const fuzz_models[];\nconst nnrt_model *const fuzz_models[] = {\n");
	for (int i = 0; i < n; i++)
		fprintf(f, "&p%llu_table_model,\n", (unsigned long long)seed[i]);
	fprintf(f, "};\n");
	fclose(f);
	if (!r->failed)
		snprintf(r->stage, sizeof r->stage, "compile");
	if (r->failed || !compile(&b, source, object))
		return false;
	void *so = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	const void *const *model = so ? dlsym(so, "fuzz_models") : 0;
	if (!model)
		say(&b, "%.300s", dlerror());
	for (int i = 0; model && i < n && !r->failed; i++) {
		b.p = &p[i];
		run_one(&b, model[i], text[i], seed[i]);
		if (o->keep)
			write_values(&b, text[i], seed[i]);
		module_free(p[i].m);
		job_free(p[i].j);
	}
	return !r->failed;
}
