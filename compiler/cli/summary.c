/* summary.c - --summary: layers, parameters, work and memory of a model.
 *
 * In:    a module after all passes.   Out: a table, or one JSON object, on standard output.
 *
 * Work is counted on the plan: 2 a multiply-add of every contraction, per sample.  Memory is
 * the plan's: bytes whatever the batch is, and bytes for each sample.
 */
#include "cli.h"
#include "emit.h"
#include "kernel.h"
#include "op.h"
#include "pass.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHORTEST = 10 };

typedef struct {
	Module *m;
	const Options *opt;
	Fn *run, *train; /* outputs only; grad, 0 without losses                 */
	double *work;    /* of each layer                                        */
	double forward, step;
	int64_t params, trained, buffers;
	const char **structural;
	int nstructural, capstructural;
} Summary;

/* ---- counting ------------------------------------------------------------------------------
 */

/* Multiply-adds of a contraction, for one sample: elements of the result times terms of a sum.
 */
static double products(const Node *n, const Type *space)
{
	double all = (double)type_len(space, 1);
	for (int label = n->a.con.nout; label < n->a.con.nlabel; label++)
		for (int k = 0; k < 2 * MAXRANK; k++) {
			const Node *in = n->in[k / MAXRANK];
			int i = k % MAXRANK;
			if (i >= in->ty.rank ||
			    (k < MAXRANK ? n->a.con.a : n->a.con.b)[i] != label)
				continue;
			all *= (double)dim_at(in->ty.dim[i], 1);
			break;
		}
	return all;
}

/* The layer whose parameter a contraction reads, perhaps moved about; -1: none. */
static int owner_of(const Module *m, const Node *n)
{
	int best = -1;
	size_t longest = 0;
	for (int k = 0; k < n->nin; k++) {
		const Node *x = n->in[k];
		while (x->nin == 1)
			x = x->in[0];
		if (opinfo[x->op].kind != LEAF || !x->a.leaf.sym)
			continue;
		for (int i = 0; i < m->nlayer; i++) {
			size_t len = strlen(m->layer[i].path);
			if (len >= longest && !strncmp(m->layer[i].path, x->a.leaf.sym, len) &&
			    x->a.leaf.sym[len] == '.') {
				best = i;
				longest = len;
			}
		}
	}
	return best;
}

/* Adds the work of a level to its layers if they are asked for; returns the sum. */
static double work_of(Summary *s, const Level *v, double times, bool layers)
{
	double sum = 0;
	for (const Region *r = v->first; r; r = r->next) {
		if (r->kind == RG_SCAN)
			sum += work_of(s, r->body, times * r->seed->a.scan.steps, layers);
		if (r->kind != RG_CONTRACT)
			continue;
		double work = 2 * times * products(r->seed, &r->seed->ty);
		int owner = layers ? owner_of(s->m, r->seed) : -1;
		if (owner >= 0)
			s->work[owner] += work;
		sum += work;
	}
	return sum;
}

static int64_t real_bytes(const Options *o)
{
	return o->f64 ? 8 : 4;
}

/* Bytes of a value for one sample. */
static int64_t activation(const Summary *s, const Type *t)
{
	return type_len(t, 1) * (t->dt == DT_BOOL || t->dt == DT_U8 ? 1 : real_bytes(s->opt));
}

static int64_t state_bytes(const Summary *s)
{
	return real_bytes(s->opt) * (s->m->param_len * (2 + s->m->nmoment) + s->m->buffer_len);
}

/* The consts of the program that no run can change. */
static void constants(Summary *s, int file)
{
	Job *j = s->m->job;
	const Program *p = parse_program(j, file);
	for (int i = 0; i < p->item.n; i++) {
		if (p->item.v[i]->kind != A_CONST)
			continue;
		const char *name = p->item.v[i]->u.decl.name;
		bool setting = false;
		for (int k = 0; k < s->m->nsetting; k++)
			setting |= !strcmp(s->m->setting[k].name, name);
		if (!setting)
			PUSH(j->mem, s->structural, s->nstructural, s->capstructural, name);
	}
}

/* Stands for the function of inference C, one sample a call; it is planned, never printed. */
static FnHost *single_host(const Module *m)
{
	FnHost *h = NEW(m->job->mem, FnHost);
	h->prefix = m->name;
	h->head = "";
	h->fixed_batch = 1;
	h->arena0 = h->arena = "";
	return h;
}

static void count(Summary *s, int file)
{
	Module *m = s->m, outputs = *m;
	for (int i = 0; i < m->nparam; i++) {
		s->params += m->param[i].len;
		s->trained += m->param[i].trained ? m->param[i].len : 0;
	}
	for (int i = 0; i < m->nbuffer; i++)
		s->buffers += m->buffer[i].len;
	s->work = NEWN(m->job->mem, double, m->nlayer + 1);
	outputs.eval = graph_copy(m->eval, job_sym(m->job, "eval"), 1u << R_OUTPUT);
	outputs.eval = pass_simplify(pass_knobs_fixed(outputs.eval, m));
	Reordered *order = 0;
	int norder = 0;
	if (s->opt->level >= 2) /* as inference C has its weights              */
		outputs.eval = pass_constants(outputs.eval, m, &order, &norder);
	s->run = fn_build(m->job, outputs.eval, s->opt, single_host(m));
	bool any = m->nout > 0;
	if (m->nloss) {
		s->train = train_fn(m, s->opt, "grad");
		s->step = work_of(s, s->train->top, 1, false);
	}
	Fn *eval = any ? 0 : train_fn(m, s->opt, "eval");
	s->forward = work_of(s, (any ? s->run : eval)->top, 1, true);
	fn_free(eval);
	constants(s, file);
}

/* ---- as text -------------------------------------------------------------------------------
 */

/* "f32[N, 16, 5, 5]" -> "16, 5, 5" */
static const char *shape_text(Arena *a, const Type *t)
{
	const char *r = "";
	for (int i = 0; i < t->rank; i++)
		if (i > 0 || !t->dim[i].b || t->dim[i].k != 1)
			r = arena_printf(a, "%s%s%s", r, *r ? ", " : "",
			                 dim_text(a, t->dim[i]));
	return *r ? r : "-";
}

/* 61706 -> "61 706" */
static const char *grouped(Arena *a, int64_t n)
{
	return n < 1000 ? arena_printf(a, "%lld", (long long)n)
	                : arena_printf(a, "%s %03lld", grouped(a, n / 1000),
	                               (long long)(n % 1000));
}

static const char *bytes_text(Arena *a, int64_t n)
{
	double k = (double)n / 1024;
	return k < 1000 ? arena_printf(a, "%.1f KiB", k)
	                : arena_printf(a, "%.1f MiB", k / 1024);
}

static const char *fields(const Summary *s, bool inputs)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	const char *r = "";
	for (int i = 0; i < (inputs ? m->nin : m->nout); i++) {
		const Field *f = inputs ? &m->in[i] : &m->out[i];
		if (!inputs || !f->target)
			r = arena_printf(a, "%s%s%s %s", r, *r ? ", " : "", f->name,
			                 type_text(a, &f->ty));
	}
	return r;
}

/* The width that the column of operations may have; on a terminal the table fits into COLUMNS.
 */
static int operation_width(int widest, int rest)
{
	const char *columns = getenv("COLUMNS");
	int n = columns && isatty(1) ? atoi(columns) : 0;
	if (n <= 0 || widest + rest <= n)
		return widest;
	return n - rest > SHORTEST ? n - rest : SHORTEST;
}

static int wider(int n, const char *s)
{
	return (int)strlen(s) > n ? (int)strlen(s) : n;
}

static void table(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	int path = 5, call = 9, shape = 15;
	for (int i = 0; i < m->nlayer; i++) {
		path = wider(path, m->layer[i].path);
		call = wider(call, m->layer[i].call);
		shape = wider(shape, shape_text(a, &m->layer[i].out));
	}
	call = operation_width(call, path + shape + 46);
	printf(" %-*s  %-*s  %-*s  %12s  %9s  %12s\n", path, "layer", call, "operation", shape,
	       "output [N, ...]", "parameters", "MFLOP", "activations");
	for (int i = 0; i < m->nlayer; i++) {
		const LayerInfo *l = &m->layer[i];
		bool cut = (int)strlen(l->call) > call;
		printf(" %-*s  %-*.*s%s  %-*s  %12s  %9.3f  %12s\n", path, l->path,
		       cut ? call - 2 : call, cut ? call - 2 : call, l->call, cut ? ".." : "",
		       shape, shape_text(a, &l->out), grouped(a, l->params), s->work[i] * 1e-6,
		       bytes_text(a, activation(s, &l->out)));
	}
}

static const char *memory_text(Arena *a, const Fn *f)
{
	return arena_printf(a, "%s + %s per sample", bytes_text(a, f->arena0_bytes),
	                    bytes_text(a, f->arena_bytes));
}

static void text(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	printf("%s   %s  ->  %s   %s\n\n", m->name, fields(s, true),
	       m->nout ? fields(s, false) : "-", m->source);
	table(s);
	printf("\n parameters   %s (%s as %s), ", grouped(a, s->params),
	       bytes_text(a, s->params * real_bytes(s->opt)), s->opt->f64 ? "f64" : "f32");
	if (s->trained == s->params)
		printf("all trained\n");
	else
		printf("%s trained\n", grouped(a, s->trained));
	if (s->buffers)
		printf(" buffers      %s\n", grouped(a, s->buffers));
	printf(" one sample   %.3f MFLOP forward (2 per multiply-add)", s->forward * 1e-6);
	if (s->train)
		printf(", %.3f MFLOP for a training step", s->step * 1e-6);
	if (m->nout)
		printf("\n inference    %s", memory_text(a, s->run));
	if (s->train)
		printf("\n training     %s, and %s of weights, gradients and moments",
		       memory_text(a, s->train), bytes_text(a, state_bytes(s)));
	printf("\n constants    structural: %s", s->nstructural ? "" : "none");
	for (int i = 0; i < s->nstructural; i++)
		printf("%s%s", i ? ", " : "", s->structural[i]);
	bool any = m->nsetting > 0;
	for (int i = 0; i < NTRAINNUMBER; i++)
		any |= m->train.number[i] > 0;
	printf("\n              at run time (--set): %s", any ? "" : "none");
	for (int i = 0; i < m->nsetting; i++)
		printf("%s%s", i ? ", " : "", m->setting[i].name);
	for (int i = 0, n = m->nsetting; i < NTRAINNUMBER; i++)
		if (m->train.number[i])
			printf("%s%s", n++ ? ", " : "", train_number_name((TrainNumber)i));
	printf("\n");
}

/* ---- as JSON -------------------------------------------------------------------------------
 */

/* Text of a program may hold quotes and anything but control characters. */
static void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar((unsigned char)*s < ' ' ? ' ' : *s);
	}
	putchar('"');
}

static void json_fields(const Summary *s, const char *name, const Field *f, int n, int target)
{
	Arena *a = s->m->job->mem;
	const char *comma = "";
	printf("\"%s\":[", name);
	for (int i = 0; i < n; i++) {
		if (target >= 0 && f[i].target != target)
			continue;
		printf("%s{\"name\":\"%s\",\"type\":\"%s\"}", comma, f[i].name,
		       type_text(a, &f[i].ty));
		comma = ",";
	}
	printf("],");
}

static void json_memory(const char *name, const Fn *f)
{
	printf("\"%s\":{\"bytes\":%lld,\"bytes_per_sample\":%lld}", name,
	       (long long)f->arena0_bytes, (long long)f->arena_bytes);
}

static void json(const Summary *s)
{
	const Module *m = s->m;
	printf("{\"model\":\"%s\",\"source\":", m->name);
	json_string(m->source);
	putchar(',');
	json_fields(s, "inputs", m->in, m->nin, 0);
	json_fields(s, "targets", m->in, m->nin, 1);
	json_fields(s, "outputs", m->out, m->nout, -1);
	printf("\"layers\":[");
	for (int i = 0; i < m->nlayer; i++) {
		const LayerInfo *l = &m->layer[i];
		printf("%s{\"layer\":\"%s\",\"operation\":", i ? "," : "", l->path);
		json_string(l->call);
		printf(",\"output\":\"%s\",\"parameters\":%lld,\"mflop\":%.6f,\"activations\":%"
		       "lld}",
		       type_text(m->job->mem, &l->out), (long long)l->params, s->work[i] * 1e-6,
		       (long long)activation(s, &l->out));
	}
	printf("],\"parameters\":%lld,\"trained\":%lld,\"buffers\":%lld,", (long long)s->params,
	       (long long)s->trained, (long long)s->buffers);
	printf("\"mflop_forward\":%.6f,", s->forward * 1e-6);
	if (s->train) {
		printf("\"mflop_step\":%.6f,\"state_bytes\":%lld,", s->step * 1e-6,
		       (long long)state_bytes(s));
		json_memory("training", s->train);
		putchar(',');
	}
	if (m->nout) {
		json_memory("inference", s->run);
		putchar(',');
	}
	printf("\"constants\":{\"structural\":[");
	for (int i = 0; i < s->nstructural; i++)
		printf("%s\"%s\"", i ? "," : "", s->structural[i]);
	printf("],\"run_time\":[");
	for (int i = 0; i < m->nsetting; i++)
		printf("%s\"%s\"", i ? "," : "", m->setting[i].name);
	for (int i = 0, n = m->nsetting; i < NTRAINNUMBER; i++)
		if (m->train.number[i])
			printf("%s\"%s\"", n++ ? "," : "", train_number_name((TrainNumber)i));
	printf("]}}\n");
}

void summary(Module *m, const Options *opt, int file, bool as_json)
{
	Summary s = { .m = m, .opt = opt };
	count(&s, file);
	if (as_json)
		json(&s);
	else
		text(&s);
	fn_free(s.run);
	fn_free(s.train);
}
