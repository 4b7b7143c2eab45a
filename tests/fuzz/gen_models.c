/* gen_models.c - random programs through the compiler, in process, with oracles that are not it.
 *
 *     gen_models [--seed S] [--count N] [--size K]    tries seeds S .. S + N - 1
 *     gen_models --seed S --print                     prints the program of a seed
 *     gen_models --seed S --reduce                    shrinks the failing program of a seed; prints it
 *     gen_models --check FILE                         one program from a file
 *
 * In:    seeds.   Out: a line for each failure, with the command that repeats it; status 1 if any.
 * Holds: a program accepted by the generator's own shape rules is accepted by the compiler; every
 *        pass keeps the values of all results (reference interpreter in double); gradients agree with
 *        central differences along a random direction; every plan passes plan_check for 1, 2, 3 and
 *        8 threads and batches of 1, 7 and 32 at -O0 .. -O3.
 *
 * Programs run in a child process each some hundred seeds, so that a crash or an internal error names
 * its seed and the rest goes on.
 */
#include "compile.h"
#include "emit.h"
#include "generate.h"
#include "op.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the parent knows of its child. */
typedef struct { uint64_t seed; char stage[40], what[400]; bool failed; } Report;

typedef struct {
	Job *j;
	Module *m;
	int B;
	double **param, **buffer, **in;
	double *along[2];              /* parameters moved: by index 0: plus, 1: minus         */
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

static const double zero[1];

static const double *leaf(void *arg, const Node *n)
{
	const Case *c = arg;
	int i = n->a.leaf.index;
	switch (opinfo[n->op].leaf) {
	case LF_PARAM: return c->param[i];
	case LF_BUFFER: return c->buffer[i];
	case LF_INPUT: return c->in[i];
	case LF_SETTING: return &c->m->setting[i].value;
	case LF_KNOB: return c->knob ? &c->knob[i] : 0;
	case LF_TIME: return zero;
	default: return 0;
	}
}

static double **evaluate(Case *c, const Graph *g)
{
	EvalEnv env = { .B = c->B, .leaf = leaf, .arg = c, .seed = 5 };
	return graph_eval(g, &env, c->j->mem);
}

static double loss_of(Case *c, const Graph *g)
{
	double **v = evaluate(c, g), sum = 0;
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].kind == R_LOSS || g->root[i].kind == R_PENALTY)
			sum += v[g->root[i].node->id][0];
	return sum;
}

/* ---- oracles --------------------------------------------------------------------------------------- */

/* Roots of grad keep their values through all passes: kind and index name them. */
static void same_values(Case *c, const char *pass)
{
	const Graph *g = c->m->grad;
	double **v = evaluate(c, g);
	double **now = NEWN(c->j->mem, double *, g->nroot + 1);
	int n = 0;
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		if (r->kind == R_METRIC || r->kind == R_ACC || r->kind == R_KNOB)
			continue;
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
	if (!c->expected) {
		c->expected = now;
		c->nexpected = n;
	}
}

/* The gradient along a random direction against central differences.  A kink may lie within one step,
 * so several steps are tried and the best one counts. */
static void gradients(Case *c)
{
	static const double step[] = { 1e-4, 1e-5, 1e-6, 1e-7 };
	Module *m = c->m;
	const Graph *g = m->grad;
	double **v = evaluate(c, g), slope = 0, scale = 1e-3, best = HUGE_VAL, found = 0;
	double **keep = NEWN(c->j->mem, double *, m->nparam + 1), **dir = NEWN(c->j->mem, double *, m->nparam + 1);
	uint64_t s = 99;
	for (int i = 0; i < m->nparam; i++) {
		keep[i] = c->param[i];
		dir[i] = draw(c, &m->param[i].ty, -1, 1, &s);
	}
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		int64_t len = type_len(&r->node->ty, c->B);
		for (int64_t k = 0; r->kind == R_GRAD && k < len; k++) {
			slope += v[r->node->id][k] * dir[r->index][k];
			scale += fabs(v[r->node->id][k] * dir[r->index][k]);
		}
	}
	for (size_t t = 0; t < sizeof step / sizeof *step; t++) {
		double l[2];
		for (int side = 0; side < 2; side++) {
			for (int i = 0; i < m->nparam; i++) {
				int64_t len = type_len(&m->param[i].ty, c->B);
				c->param[i] = NEWN(c->j->mem, double, len + 1);
				for (int64_t k = 0; k < len; k++)
					c->param[i][k] = keep[i][k] + (side ? -step[t] : step[t]) * dir[i][k];
			}
			l[side] = loss_of(c, g);
		}
		double d = (l[0] - l[1]) / (2 * step[t]);
		if (fabs(d - slope) < best) {
			best = fabs(d - slope);
			found = d;
		}
	}
	for (int i = 0; i < m->nparam; i++)
		c->param[i] = keep[i];
	if (!(best <= 2e-5 * scale))
		say(c, "gradient along a direction is %.12g, differences give %.12g", slope, found);
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

static bool after_pass(void *arg, const char *pass)
{
	Case *c = arg;
	const Graph *const g[] = { c->m->init, c->m->grad, c->m->eval, c->m->update };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		if (g[i])
			graph_check(g[i]);
	if (!strcmp(pass, "knobs"))
		make_knobs(c);
	same_values(c, pass);
	if (!strcmp(pass, "grad") && c->m->nloss)
		gradients(c);
	stage(c, pass);
	return c->r->failed;
}

/* Passes with all checks at one level, then every phase's plan and the whole text. */
static bool at_level(Case *c, const char *text, int level)
{
	Options opt = { .level = level, .prefix = "m" };
	char name[16];
	c->j = job_new();
	c->j->check = true;
	c->j->pass = "generate";
	c->expected = 0;
	c->nexpected = 0;
	c->knob = 0;
	snprintf(name, sizeof name, "-O%d", level);
	stage(c, "elaborate");
	int file = source_add(c->j, "random.nn", text, strlen(text), false);
	c->m = elaborate(c->j, file, 0, 0, 0, 0);
	if (!c->m) {
		FILE *f = tmpfile();
		char line[300] = "";
		diag_flush(c->j, f ? f : stderr);
		if (f) {
			rewind(f);
			if (!fgets(line, sizeof line, f))
				line[0] = 0;
			line[strcspn(line, "\n")] = 0;
			fclose(f);
		}
		say(c, "refused: %s", line);
		job_free(c->j);
		return false;
	}
	if (c->m->stat_rows && c->B == 1)      /* one row has no variance: trainers refuse it */
		c->B = 4;
	make_values(c);
	compile_passes(c->m, &opt, after_pass, c);
	if (!c->r->failed) {
		stage(c, name);
		emit_trainer(out_new(c->j->mem), c->m, &opt);
	}
	job_free(c->j);
	return !c->r->failed;
}

static void check_text(Report *r, const char *text, int B)
{
	Case c = { .r = r, .B = B };
	r->failed = false;
	r->what[0] = 0;
	for (int level = 0; level <= 3; level++)
		if (!at_level(&c, text, level))
			return;
}

/* In a child: r tells the outcome.  A child that dies has failed too. */
static void check_apart(Report *r, const char *text, int B)
{
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(9);
		alarm(20);
		check_text(r, text, B);
		_exit(0);
	}
	int status = 0;
	r->failed = false;
	waitpid(p, &status, 0);
	if (WIFSIGNALED(status) || WEXITSTATUS(status)) {
		r->failed = true;
		snprintf(r->what, sizeof r->what, WIFSIGNALED(status) ? "signal %d" : "exit status %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
}

/* ---- shrinking --------------------------------------------------------------------------------------- */

/* The words of a failure without its numbers: the same mistake. */
static void kind_of(const Report *r, char *kind)
{
	int n = 0;
	if (!strncmp(r->what, "refused: ", 9)) {
		const char *code = strrchr(r->what, '[');
		snprintf(kind, 64, "refused %.20s", code ? code : "");
		return;
	}
	for (const char *p = r->what; *p && n < 24; p++)
		if ((*p >= 'a' && *p <= 'z') || *p == ' ' || !strncmp(r->what, "signal", 6) ||
		    !strncmp(r->what, "exit", 4))
			kind[n++] = *p;
	kind[n] = 0;
}

static char *without(const char *text, int from, int n)
{
	char *t = malloc(strlen(text) + 1), *q = t;
	int line = 0;
	for (const char *p = text; *p && t; line++) {
		size_t len = strcspn(p, "\n");
		len += p[len] == '\n';
		if (line < from || line >= from + n) {
			memcpy(q, p, len);
			q += len;
		}
		p += len;
	}
	if (t)
		*q = 0;
	return t;
}

static int lines(const char *t)
{
	int n = 0;
	for (; *t; t++)
		n += *t == '\n';
	return n;
}

/* Drops runs of lines, long ones first, as long as the program fails in the same way. */
static char *reduce(Report *r, char *text, int B)
{
	char want[64], have[64];
	check_apart(r, text, B);
	if (!r->failed)
		return text;
	kind_of(r, want);
	for (bool smaller = true; smaller;) {
		smaller = false;
		for (int n = lines(text) / 2; n >= 1; n /= 2)
			for (int from = lines(text) - n; from >= 0; from--) {
				char *t = without(text, from, n);
				check_apart(r, t, B);
				kind_of(r, have);
				if (r->failed && !strcmp(want, have)) {
					free(text);
					text = t;
					smaller = true;
				} else {
					free(t);
				}
			}
	}
	check_apart(r, text, B);
	return text;
}

/* ---- the command ----------------------------------------------------------------------------------------- */

/* One child for many seeds; returns the seed after the last one that was looked at. */
static uint64_t run_some(Report *r, uint64_t from, uint64_t to, int size, int *failures)
{
	fflush(stdout);
	r->failed = false;
	pid_t p = fork();
	if (!p) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(9);
		for (uint64_t s = from; s < to; s++) {
			char *text = generate(s, size);
			r->seed = s;
			alarm(30);
			check_text(r, text, (int)(s % 3) * 3 + 1);
			free(text);
			if (r->failed)
				_exit(1);
		}
		_exit(0);
	}
	int status = 0;
	waitpid(p, &status, 0);
	if (!status)
		return to;
	if (!r->failed)
		snprintf(r->what, sizeof r->what, WIFSIGNALED(status) ? "signal %d" : "exit status %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	printf("seed %llu: %s: %s\n    repeat: gen_models --size %d --seed %llu --reduce\n",
	       (unsigned long long)r->seed, r->stage, r->what, size, (unsigned long long)r->seed);
	++*failures;
	return r->seed + 1;
}

static char *file_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *t = calloc(1, 1 << 20);
	size_t n = f && t ? fread(t, 1, (1 << 20) - 1, f) : 0;
	if (f)
		fclose(f);
	if (!n)
		fprintf(stderr, "gen_models: %s: cannot be read\n", path);
	return t;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, count = 1;
	int size = 14, failures = 0;
	bool print = false, shrink = false;
	char *file = 0;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--print"))
			print = true;
		else if (!strcmp(argv[i], "--reduce"))
			shrink = true;
		else if (i + 1 < argc && !strcmp(argv[i], "--seed"))
			seed = strtoull(argv[++i], 0, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--count"))
			count = strtoull(argv[++i], 0, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--size"))
			size = atoi(argv[++i]);
		else if (i + 1 < argc && !strcmp(argv[i], "--check"))
			file = file_text(argv[++i]);
	}
	Report *r = mmap(0, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		return 3;
	int B = file ? 4 : (int)(seed % 3) * 3 + 1;
	char *text = file ? file : generate(seed, size);
	if (print) {
		fputs(text, stdout);
		return 0;
	}
	if (shrink || file) {
		if (shrink)
			text = reduce(r, text, B);
		else
			check_apart(r, text, B);
		printf("%s%s: %s\n", shrink ? text : "", r->stage, r->failed ? r->what : "no failure");
		free(text);
		return r->failed;
	}
	free(text);
	for (uint64_t s = seed; s < seed + count && failures < 50;)
		s = run_some(r, s, seed + count, size, &failures);
	printf("%llu programs, %d failures\n", (unsigned long long)count, failures);
	return failures > 0;
}
