/* oracle.c - see oracle.h. */
#include "oracle.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "compile.h"
#include "emit.h"
#include "morph.h"
#include "op.h"
#include "tangent.h"

/* Programs to a job, which parses the library once. */
enum { PER_JOB = 40 };

typedef struct {
	Job *j;
	Module *m;
	int B;
	double **param, **buffer, **in, **dir;
	double *knob;
	Report *r;
	double **expected; int nexpected;      /* by root of grad, after the pass grad          */
} Case;

static void say(Case *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(Case *c, const char *fmt, ...)
{
	va_list ap;
	if (c->r->failed)
		return;
	c->r->failed = true;
	va_start(ap, fmt);
	vsnprintf(c->r->what, sizeof c->r->what, fmt, ap);
	va_end(ap);
}

static void stage(Case *c, const char *name)
{
	if (!c->r->failed)
		snprintf(c->r->stage, sizeof c->r->stage, "%s", name);
}

/* ---- values ------------------------------------------------------------------------------------ */

static double uniform(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return (double)(*s >> 11) / 9007199254740992.0;
}

static double *draw(Case *c, const Type *t, double lo, double hi, uint64_t *s)
{
	int64_t n = type_len(t, c->B);
	double *v = NEWN(c->j->mem, double, n + 1);
	double top = t->dt == DT_BOOL ? 2 : t->classes ? t->classes : 5;
	for (int64_t i = 0; i < n; i++)
		v[i] = t->dt == DT_REAL ? lo + (hi - lo) * uniform(s) : floor(top * uniform(s));
	return v;
}

static void make_values(Case *c)
{
	Module *m = c->m;
	uint64_t s = 77;
	c->param = NEWN(c->j->mem, double *, m->nparam + 1);
	c->buffer = NEWN(c->j->mem, double *, m->nbuffer + 1);
	c->in = NEWN(c->j->mem, double *, m->nin + 1);
	for (int i = 0; i < m->nparam; i++)
		c->param[i] = draw(c, &m->param[i].ty, -0.7, 0.8, &s);
	for (int i = 0; i < m->nbuffer; i++)
		c->buffer[i] = draw(c, &m->buffer[i].ty, 0.5, 1.5, &s);
	for (int i = 0; i < m->nin; i++)
		c->in[i] = draw(c, &m->in[i].ty, -1.5, 1.5, &s);
}

/* Where the run is: in its first epoch of two, after 3 updates of 10. */
static const double *time_of(Sym field)
{
	static const struct { const char *name; double v; } at[] = {
		{ "step", 3 }, { "epoch", 0 }, { "position", 0.3 }, { "progress", 0.15 }, { "now", 0.3 }, { "end", 2 },
		{ "one", 0.1 }, { "in_steps", 0 }, { "per_epoch", 10 }, { "steps", 20 },
	};
	static const double one = 1;
	for (size_t i = 0; i < sizeof at / sizeof *at; i++)
		if (!strcmp(at[i].name, field))
			return &at[i].v;
	return &one;                   /* a plateau that has not been left */
}

static const double *leaf(void *arg, const Node *n)
{
	const Case *c = arg;
	int i = n->a.leaf.index;
	switch (opinfo[n->op].leaf) {
	case LF_PARAM: return c->param[i];
	case LF_BUFFER: return c->buffer[i];
	case LF_INPUT: return c->in[i];
	case LF_GRADIENT: return c->dir ? c->dir[i] : 0;
	case LF_SETTING: return &c->m->setting[i].value;
	case LF_KNOB: return c->knob ? &c->knob[i] : 0;
	case LF_TIME: return time_of(n->a.leaf.sym);
	default: return 0;
	}
}

static double **evaluate(Case *c, const Graph *g)
{
	EvalEnv env = { .B = c->B, .leaf = leaf, .arg = c, .seed = 5 };
	return graph_eval(g, &env, c->j->mem);
}

/* ---- oracles --------------------------------------------------------------------------------------- */

enum { COMPARED = 1u << R_LOSS | 1u << R_PENALTY | 1u << R_OUTPUT | 1u << R_GRAD | 1u << R_BUFFER };

/* Roots of grad keep their values through all passes, in their order. */
static void same_values(Case *c, const Graph *whole, const char *pass)
{
	Graph *g = graph_copy(whole, whole->name, COMPARED);
	double **v = evaluate(c, g);
	double **now = NEWN(c->j->mem, double *, g->nroot + 1);
	int n = 0;
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		int64_t len = type_len(&r->node->ty, c->B);
		double *x = NEWN(c->j->mem, double, len + 1), most = 1;
		memcpy(x, v[r->node->id], sizeof *x * (size_t)len);
		for (int64_t k = 0; k < len; k++) {
			if (!isfinite(x[k]) && !c->expected)
				say(c, "result %s %d is not finite", r->name ? r->name : "", r->index);
			most = fmax(most, fabs(x[k]));
		}
		for (int64_t k = 0; k < len && n < c->nexpected; k++)
			if (!(fabs(x[k] - c->expected[n][k]) <= 1e-9 * most))
				say(c, "after %s, result %s %d differs at %lld: %.17g, was %.17g", pass,
				    r->name ? r->name : "", r->index, (long long)k, x[k], c->expected[n][k]);
		now[n++] = x;
	}
	if (c->expected && n != c->nexpected)
		say(c, "after %s there are %d results, not %d", pass, n, c->nexpected);
	if (!c->expected) {
		c->expected = now;
		c->nexpected = n;
	}
	graph_free(g);
}

static double loss_of(Case *c, const Graph *g)
{
	double **v = evaluate(c, g), sum = 0;
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].kind == R_LOSS || g->root[i].kind == R_PENALTY)
			sum += v[g->root[i].node->id][0];
	return sum;
}

/* Parameters moved by step along dir, and back. */
static void move(Case *c, double *const *keep, double *const *dir, double step)
{
	for (int i = 0; i < c->m->nparam; i++) {
		int64_t len = type_len(&c->m->param[i].ty, c->B);
		c->param[i] = NEWN(c->j->mem, double, len + 1);
		for (int64_t k = 0; k < len; k++)
			c->param[i][k] = keep[i][k] + (c->m->param[i].trained ? step * dir[i][k] : 0);
	}
}

static void move_back(Case *c, double *const *keep)
{
	for (int i = 0; i < c->m->nparam; i++)
		c->param[i] = keep[i];
}

/* The loss where parameters are moved by step along dir. */
static double loss_at(Case *c, const Graph *g, double *const *keep, double *const *dir, double step)
{
	move(c, keep, dir, step);
	double l = loss_of(c, g);
	move_back(c, keep);
	return l;
}

/* The gradient along the direction c->dir; the size of its terms is added to *scale. */
static double slope_of(Case *c, const Graph *g, double *scale)
{
	double **v = evaluate(c, g), slope = 0;
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		int64_t len = type_len(&r->node->ty, c->B);
		for (int64_t k = 0; r->kind == R_GRAD && c->m->param[r->index].trained && k < len; k++) {
			slope += v[r->node->id][k] * c->dir[r->index][k];
			*scale += fabs(v[r->node->id][k] * c->dir[r->index][k]);
		}
	}
	return slope;
}

/* Is what both derivatives differ by nothing but rounding?  Then it is another number, of either sign, where
 * parameters are moved by next to nothing; what a wrong rule gives stays.  (1 - y of a saturated y is such a
 * place: it keeps few digits, and no more of the gradient does.) */
static bool is_noise(Case *c, const Graph *g, const Graph *f, const Node *t, double *const *keep)
{
	enum { TIMES = 12 };
	double sum = 0, square = 0;
	for (int i = 1; i <= TIMES; i++) {
		double unused = 0;
		move(c, keep, c->dir, i * 1e-9);
		double e = evaluate(c, f)[t->id][0] - slope_of(c, g, &unused);
		move_back(c, keep);
		sum += e;
		square += e * e;
	}
	return sum * sum / TIMES < 0.5 * square;
}

/* The gradient along the direction c->dir, `slope`, against the derivative of the losses in that direction by rules
 * of their own: equal but for rounding.  Kinks have one gradient by both. */
static void adjoint(Case *c, const Graph *g, double slope, double scale)
{
	Graph *f = graph_copy(g, g->name, 1u << R_LOSS | 1u << R_PENALTY);
	double **keep = NEWN(c->j->mem, double *, c->m->nparam + 1);
	Node *t = tangent_of(f, c->m);
	c->r->forward += t != 0;
	for (int i = 0; i < c->m->nparam; i++)
		keep[i] = c->param[i];
	if (t) {
		graph_root(f, R_OUTPUT, 0, 0, t, NOWHERE);
		double d = evaluate(c, f)[t->id][0], off = fabs(d - slope) / scale;
		bool noise = off > 1e-12 && off < 1e-8 && is_noise(c, g, f, t, keep);
		if (off > c->r->worst && !noise)
			c->r->worst = off;
		if (off > 1e-12 && !noise)
			say(c, "gradient along a direction is %.15g, forward mode gives %.15g", slope, d);
	}
	graph_free(f);
}

/* The gradient along a random direction against central differences.  A kink may lie within one step,
 * so several steps are tried and the best one counts. */
static void gradients(Case *c)
{
	static const double step[] = { 1e-5, 1e-6, 1e-4, 1e-7, 1e-3 };
	Module *m = c->m;
	Graph *g = graph_copy(m->grad, m->grad->name, COMPARED);
	double scale = 1e-3, best = HUGE_VAL, found = 0;
	double **keep = NEWN(c->j->mem, double *, m->nparam + 1), **dir = NEWN(c->j->mem, double *, m->nparam + 1);
	uint64_t s = 99;
	for (int i = 0; i < m->nparam; i++) {
		keep[i] = c->param[i];
		dir[i] = draw(c, &m->param[i].ty, -1, 1, &s);
	}
	c->dir = dir;
	double slope = slope_of(c, g, &scale);
	adjoint(c, g, slope, scale);
	Graph *losses = graph_copy(g, g->name, 1u << R_LOSS | 1u << R_PENALTY);
	double last = NAN;
	bool smooth = false;           /* two steps agree: there is no jump between             */
	for (size_t t = 0; t < sizeof step / sizeof *step && best > 2e-5 * scale; t++) {
		double d = (loss_at(c, losses, keep, dir, step[t]) - loss_at(c, losses, keep, dir, -step[t])) / (2 * step[t]);
		if (fabs(d - slope) < best) {
			best = fabs(d - slope);
			found = d;
		}
		smooth |= fabs(d - last) <= 1e-4 * scale;
		last = d;
	}
	graph_free(losses);
	graph_free(g);
	if (!(best <= 2e-5 * scale) && smooth)
		say(c, "gradient along a direction is %.12g, differences give %.12g", slope, found);
	else if (!(best <= 2e-5 * scale))
		c->r->nodiff++;
}

static void make_knobs(Case *c)
{
	Graph *g = c->m->knobs;
	c->knob = NEWN(c->j->mem, double, c->m->nknob + 1);
	if (!g)
		return;
	EvalEnv env = { .B = 1, .leaf = leaf, .arg = c };
	double **v = graph_eval(g, &env, c->j->mem);
	for (int i = 0; i < g->nroot; i++)
		c->knob[g->root[i].index] = v[g->root[i].node->id][0];
}

/* Which ops stand in g and in the bodies of its scans. */
static void count_ops(const Graph *g, bool *seen)
{
	for (int i = 0; g && i < g->n; i++) {
		seen[g->node[i]->op] = true;
		if (g->node[i]->body)
			count_ops(g->node[i]->body, seen);
	}
}

static void note_ops(Case *c)
{
	bool seen[NOP] = { false };
	const Graph *const g[] = { c->m->init, c->m->grad, c->m->eval, c->m->update, c->m->bind, c->m->knobs,
		                   c->m->numbers, c->m->metrics, c->m->stop, c->m->start };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		count_ops(g[i], seen);
	for (int i = 0; i < NOP; i++)
		c->r->op[i] += seen[i];
}

static bool after_pass(void *arg, const char *pass)
{
	Case *c = arg;
	const Graph *const g[] = { c->m->init, c->m->grad, c->m->eval, c->m->update };
	bool first = !strcmp(pass, "grad");
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		if (g[i])
			graph_check(g[i]);
	if (first || !strcmp(pass, "knobs"))
		note_ops(c);
	if (!strcmp(pass, "knobs"))
		make_knobs(c);
	/* the passes between these change other graphs alone */
	if (first || !strcmp(pass, "expand") || !strcmp(pass, "simplify") || !strcmp(pass, "knobs"))
		same_values(c, c->m->grad, pass);
	if (first && c->m->nloss && !c->m->stops)
		gradients(c);
	stage(c, pass);
	return c->r->failed;
}

/* ---- one program -------------------------------------------------------------------------------------- */

Module *module_of(Job *j, const char *text, char *why, size_t n)
{
	static const char *const include[] = { FUZZ_LIB };
	int file = source_add(j, "random.nn", text, strlen(text), false);
	Module *m = elaborate(j, file, 0, 0, include, 1);
	*why = 0;
	if (m && !j->nerror)
		return m;
	FILE *f = tmpfile();
	diag_flush(j, f ? f : stderr);
	if (f) {
		char line[300] = "";
		rewind(f);
		while (fgets(line, sizeof line, f) && !strstr(line, "error: "))
			;
		line[strcspn(line, "\n")] = 0;
		snprintf(why, n, "%s", line);
		fclose(f);
	}
	return 0;
}

void module_free(Module *m)
{
	Graph *const g[] = { m->init, m->grad, m->eval, m->update, m->bind, m->start, m->numbers, m->knobs, m->stop,
		             m->metrics };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		if (g[i])
			graph_free(g[i]);
	for (int i = 0; i < m->nstage; i++)
		graph_free(m->stage[i]);
}

/* Statements whose values no one reads leave no trace in any graph. */
static void without_trace(Case *c, const char *text, const Options *opt)
{
	char why[300];
	stage(c, "dead code");
	const char *before = graphs_text(c->m, c->j->mem);
	Module *m = module_of(c->j, dead_code(c->j->mem, text), why, sizeof why);
	if (!m) {
		say(c, "refused: %s", why);
		return;
	}
	compile_passes(m, opt, 0, 0);
	if (strcmp(before, graphs_text(m, c->j->mem)))
		say(c, "statements that no one reads change a graph");
	module_free(m);
}

/* Passes with all checks at one level, then every phase's plan and the whole text. */
static bool at_level(Case *c, const char *text, int level)
{
	Options opt = { .level = level, .prefix = "m", .target = "generic" };
	char name[16], why[300];
	c->knob = 0;
	snprintf(name, sizeof name, "-O%d", level);
	stage(c, level == 2 ? "elaborate what the formatter made" : "elaborate");
	c->m = module_of(c->j, text, why, sizeof why);
	if (!c->m) {
		say(c, "refused: %s", why);
		return false;
	}
	if (c->m->stat_rows && c->B == 1)      /* one row has no variance: trainers refuse it */
		c->B = 4;
	make_values(c);
	Graph *losses = graph_copy(c->m->grad, c->m->grad->name, COMPARED);
	compile_passes(c->m, &opt, after_pass, c);
	if (!c->r->failed && level == 1)
		without_trace(c, text, &opt);
	if (!c->r->failed && c->m->nloss && level != 1) {
		int order = level == 0 ? 0 : level - 1;
		char what[40];
		snprintf(what, sizeof what, "passes in the order %d", order);
		stage(c, what);
		losses = other_order(losses, c->m, order);
		same_values(c, losses, what);
	}
	graph_free(losses);
	if (!c->r->failed) {
		stage(c, name);
		emit_trainer(out_new(c->j->mem), c->m, &opt);
	}
	module_free(c->m);
	return !c->r->failed;
}

/* The same program as the formatter writes it; formatting that changes nothing. */
static const char *formatted(Case *c, const char *text)
{
	stage(c, "format");
	const Out *once = fmt_source(c->j, source_add(c->j, "random.nn", text, strlen(text), false));
	const char *t = once ? arena_printf(c->j->mem, "%.*s", (int)once->n, once->text) : 0;
	const Out *twice = t ? fmt_source(c->j, source_add(c->j, "random.nn", t, strlen(t), false)) : 0;
	if (!twice || c->j->nerror)
		say(c, "the formatter refuses the program");
	else if (twice->n != once->n || memcmp(twice->text, t, once->n))
		say(c, "the formatter changes its own text");
	return t;
}

void check_text(Report *r, const char *text, int B, int level)
{
	static Job *job;
	static int runs;
	if (!job || runs++ % PER_JOB == 0) {
		job_free(job);
		job = job_new();
		job->check = true;
	}
	job->nerror = 0;
	job->usage = false;
	job->pass = "generate";
	Case c = { .r = r, .B = B, .j = job };
	r->failed = false;
	r->what[0] = 0;
	const char *t = level == 2 ? formatted(&c, text) : text;
	if (!r->failed)
		at_level(&c, t, level);
	r->programs++;
	r->nodiff += c.m && (!c.m->nloss || c.m->stops);
	if (r->failed) {               /* a job after an error is not used again */
		job = 0;
		runs = 0;
	}
}
