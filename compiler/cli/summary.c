/* summary.c - --summary: layers, parameters, work and memory of a model.
 *
 * In:    a module after all passes.   Out: a table, or one JSON object, on standard output.
 *
 * Work is counted on the graph, for one sample: 2 a multiply-add, 1 an element of everything
 * else; each node belongs to the call that made it.  Memory is the plan's: bytes whatever the
 * batch is, and bytes for each sample.
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

/* A line of the table: some calls of the program. */
typedef struct {
	const char *path, *text;
	Type out;
	int64_t params;
	double work;
} Row;

typedef struct {
	Module *m;
	const Options *opt;
	Fn *run, *train; /* outputs only; grad, 0 without losses                 */
	Row *row;
	int nrow, caprow;
	double *work;    /* of each call of the module, and of none              */
	double forward, step;
	int64_t params, trained, regular, buffers;
	const char **structural;
	int nstructural, capstructural;
	int line;        /* of the model                                         */
} Summary;

/* ---- counting ------------------------------------------------------------------------------
 */

/* Multiply-adds of a contraction, for one sample: elements of the result times terms of a sum.
 */
static double products(const Node *n)
{
	double all = (double)type_len(&n->ty, 1);
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

static bool contracts(const Node *n)
{
	return opinfo[n->op].attr == AT_CONTRACT;
}

/* A number that a contraction may start from, as a bias, costs nothing. */
static bool starts_a_sum(const Node *n)
{
	bool sum = !strcmp(opinfo[n->op].name, "add");
	return sum && (contracts(n->in[0]) || contracts(n->in[1]));
}

/* Floating point operations of one node, for one sample: 2 for a multiply-add, 1 for an element
 * of a map, one less than there are elements for a reduction. */
static double node_work(const Node *n)
{
	if (contracts(n))
		return 2 * products(n);
	switch (opinfo[n->op].kind) {
	case MAP: return starts_a_sum(n) ? 0 : (double)type_len(&n->ty, 1);
	case REDUCE: return (double)(type_len(&n->in[0]->ty, 1) - type_len(&n->ty, 1));
	case LEAF: case MOVE: case CALL: case SET: case COMPOSITE: break;
	}
	return 0;
}

/* The work of a graph; that of each part is added to its call if they are asked for. */
static double graph_work(Summary *s, const Graph *g, double times, bool calls)
{
	double sum = 0;
	const Module *m = s->m;
	bool *live = graph_live(g, m->job->mem);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		if (!live[i])
			continue;
		if (n->body) {
			sum += graph_work(s, n->body, times * n->a.scan.steps, calls);
			continue;
		}
		double work = times * node_work(n);
		int call = calls && n->part < m->npart ? m->part[n->part] : -1;
		s->work[call < 0 ? m->ncall : call] += calls ? work : 0;
		sum += work;
	}
	return sum;
}

/* ---- rows ----------------------------------------------------------------------------------
 */

static void add_row(Summary *s, const char *path, const char *text, const Type *out, double work,
                    int64_t params)
{
	Row r = { path ? path : "", text, *out, params, work };
	PUSH(s->m->job->mem, s->row, s->nrow, s->caprow, r);
}

/* Calls from..to-1 as text; a call that is repeated stands once. */
static const char *run_text(const Summary *s, int from, int to)
{
	const char *text = "";
	for (int i = from; i < to; i++) {
		const char *one = s->m->call[i].text;
		if (*one && (i == from || strcmp(one, s->m->call[i - 1].text)))
			text = arena_printf(s->m->job->mem, "%s%s%s", text, *text ? ", " : "", one);
	}
	return text;
}

static double run_work(const Summary *s, int from, int to)
{
	double work = 0;
	for (int i = from; i < to; i++)
		work += s->work[i];
	return work;
}

/* A run of functions is a line of its own up to the last that changes the number of elements, as
 * pooling does; what is left goes with the layer or output after it. */
static void make_rows(Summary *s)
{
	const Module *m = s->m;
	int from = 0, cut = 0;
	int64_t before = -1;
	for (int i = 0; i < m->ncall; i++) {
		const CallInfo *c = &m->call[i];
		int64_t n = type_len(&c->out, 1);
		bool plain = c->kind == CALL_PLAIN, end = i == m->ncall - 1;
		if (plain && before >= 0 && n != before && run_work(s, from, i + 1) > 0)
			cut = i + 1;
		before = n;
		if (plain && !end)
			continue;
		if (plain)             /* functions that nothing follows */
			cut = i + 1;
		if (cut > from && (c->kind == CALL_LAYER || plain)) {
			add_row(s, 0, run_text(s, from, cut), &m->call[cut - 1].out,
			        run_work(s, from, cut), 0);
			from = cut;
		}
		if (from <= i && *run_text(s, from, i + 1))
			add_row(s, c->path, run_text(s, from, i + 1), &c->out,
			        run_work(s, from, i + 1), c->params);
		else if (s->nrow)
			s->row[s->nrow - 1].work += run_work(s, from, i + 1);
		from = cut = i + 1;
	}
	if (s->nrow)
		s->row[s->nrow - 1].work += s->work[m->ncall];
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

/* The consts of the program that no run can change; the line of the model. */
static void from_program(Summary *s, int file)
{
	Job *j = s->m->job;
	const Program *p = parse_program(j, file);
	int column;
	for (int i = 0; i < p->item.n; i++) {
		const Ast *item = p->item.v[i];
		if (item->kind == A_MODEL)
			source_place(j, file, item->at.beg, &s->line, &column);
		if (item->kind != A_CONST)
			continue;
		const char *name = item->u.decl.name;
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
		s->regular += m->param[i].regular ? m->param[i].len : 0;
	}
	for (int i = 0; i < m->nbuffer; i++)
		s->buffers += m->buffer[i].len;
	outputs.eval = graph_copy(m->eval, job_sym(m->job, "eval"), 1u << R_OUTPUT);
	outputs.eval = pass_simplify(pass_knobs_fixed(outputs.eval, m));
	s->work = NEWN(m->job->mem, double, m->ncall + 1);
	s->forward = graph_work(s, m->nout ? outputs.eval : m->eval, 1, true);
	if (m->nloss) {
		s->step = graph_work(s, m->grad, 1, false);
		s->train = train_fn(m, s->opt, "grad");
	}
	Reordered *order = 0;
	int norder = 0;
	if (s->opt->level >= 2) /* as inference C has its weights              */
		outputs.eval = pass_constants(outputs.eval, m, &order, &norder);
	s->run = fn_build(m->job, outputs.eval, s->opt, single_host(m));
	make_rows(s);
	from_program(s, file);
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

/* The same with three digits, for what is large. */
static const char *size_text(Arena *a, int64_t n)
{
	double k = (double)n / 1024;
	return k < 1000 ? arena_printf(a, "%.*f KiB", k < 10, k) : bytes_text(a, n);
}

static const char *mflop_text(Arena *a, double work)
{
	double m = work * 1e-6;
	return m < 0.001 ? arena_printf(a, "%.0f FLOP", work)
	       : m < 0.1 ? arena_printf(a, "%.2g MFLOP", m)
	       : m < 10 ? arena_printf(a, "%.2f MFLOP", m)
	                : arena_printf(a, "%s MFLOP", grouped(a, (int64_t)(m + 0.5)));
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

/* Prints the table with the head above it; the source stands at its right edge. */
static void table(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	int path = 5, call = 9, shape = 15;
	for (int i = 0; i < s->nrow; i++) {
		path = wider(path, s->row[i].path);
		call = wider(call, s->row[i].text);
		shape = wider(shape, shape_text(a, &s->row[i].out));
	}
	call = operation_width(call, path + shape + 46);
	const char *head = arena_printf(a, "%s   %s  ->  %s", m->name, fields(s, true),
	                                m->nout ? fields(s, false) : "-");
	const char *source = arena_printf(a, "%s:%d", m->source, s->line);
	int left = path + call + shape + 45 - (int)strlen(head) - (int)strlen(source);
	printf("%s%*s%s\n\n", head, left > 3 ? left : 3, "", source);
	printf(" %-*s  %-*s  %-*s  %12s  %9s  %12s\n", path, "layer", call, "operation", shape,
	       "output [N, ...]", "parameters", "MFLOP", "activations");
	for (int i = 0; i < s->nrow; i++) {
		const Row *r = &s->row[i];
		bool cut = (int)strlen(r->text) > call;
		printf(" %-*s  %-*.*s%s  %-*s  %12s  %9.3f  %12s\n", path, r->path,
		       cut ? call - 2 : call, cut ? call - 2 : call, r->text, cut ? ".." : "",
		       shape, shape_text(a, &r->out), grouped(a, r->params), r->work * 1e-6,
		       bytes_text(a, activation(s, &r->out)));
	}
}

/* "1.2 KiB + 3.4 KiB per sample" */
static const char *memory_text(Arena *a, const Fn *f)
{
	return arena_printf(a, "%s + %s per sample", bytes_text(a, f->arena0_bytes),
	                    bytes_text(a, f->arena_bytes));
}

/* The batch is one number: neither "all" nor a schedule. */
static bool fixed_batch(const Module *m)
{
	return m->train.batch > 0 && !m->train.batch_number;
}

static void memory(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	const Fn *f = s->train;
	if (m->nout)
		printf("\n inference    %s scratch at batch 1: %s",
		       bytes_text(a, s->run->arena0_bytes + s->run->arena_bytes),
		       memory_text(a, s->run));
	if (!f)
		return;
	int64_t fixed, saved = saved_bytes(f, &fixed), state = state_bytes(s);
	if (fixed_batch(m))
		printf("\n training     %s at batch %lld: %s of weights, gradients, moments; activations %s",
		       size_text(a, state + f->arena0_bytes + m->train.batch * f->arena_bytes),
		       (long long)m->train.batch, size_text(a, state), memory_text(a, f));
	else
		printf("\n training     %s of weights, gradients, moments; activations %s",
		       size_text(a, state), memory_text(a, f));
	printf(",\n              of that saved for the backward pass %s + %s per sample",
	       bytes_text(a, fixed), bytes_text(a, saved));
}

/* What `--set` takes, or the options of these names. */
static const char *run_time(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	const char *r = m->train.steps > 0 ? "steps" : "epochs";
	if (fixed_batch(m))
		r = arena_printf(a, "%s, batch <= %lld", r, (long long)m->train.batch);
	else
		r = arena_printf(a, "%s, batch", r);
	r = arena_printf(a, "%s, seed", r);
	for (int i = 0; i < m->nsetting; i++)
		r = arena_printf(a, "%s, %s", r, m->setting[i].name);
	for (int i = 0; i < NTRAINNUMBER; i++)
		if (m->train.number[i])
			r = arena_printf(a, "%s, %s", r, train_number_name((TrainNumber)i));
	return r;
}

/* " by l2(5e-4)"; nothing if there are several. */
static const char *regularisers(const Module *m)
{
	Sym one = 0;
	for (int i = 0; i < m->nparam; i++) {
		if (m->param[i].regular && one && m->param[i].regular != one)
			return "";
		one = m->param[i].regular ? m->param[i].regular : one;
	}
	return arena_printf(m->job->mem, " by %s", one);
}

static void text(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	table(s);
	printf("\n parameters   %s (%s as %s, %s as int8), ", grouped(a, s->params),
	       size_text(a, s->params * real_bytes(s->opt)), s->opt->f64 ? "f64" : "f32",
	       size_text(a, s->params));
	if (s->trained == s->params)
		printf("all trained");
	else
		printf("%s trained", grouped(a, s->trained));
	if (s->regular)
		printf("; %s regularised%s", grouped(a, s->regular), regularisers(m));
	putchar('\n');
	if (s->buffers)
		printf(" buffers      %s\n", grouped(a, s->buffers));
	printf(" one sample   %s forward (2 per multiply-add)", mflop_text(a, s->forward));
	if (s->train)
		printf(", about %s for a training step", mflop_text(a, s->step));
	memory(s);
	const char *list = s->nstructural ? "" : "none";
	for (int i = 0; i < s->nstructural; i++)
		list = arena_printf(a, "%s%s%s", list, i ? ", " : "", s->structural[i]);
	printf("\n constants    structural: %s%*sat run time (--set): %s\n", list,
	       strlen(list) < 24 ? 26 - (int)strlen(list) : 2, "", run_time(s));
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
	printf(",\"line\":%d,", s->line);
	json_fields(s, "inputs", m->in, m->nin, 0);
	json_fields(s, "targets", m->in, m->nin, 1);
	json_fields(s, "outputs", m->out, m->nout, -1);
	printf("\"layers\":[");
	for (int i = 0; i < s->nrow; i++) {
		const Row *l = &s->row[i];
		printf("%s{\"layer\":\"%s\",\"operation\":", i ? "," : "", l->path);
		json_string(l->text);
		printf(",\"output\":\"%s\",\"parameters\":%lld,\"mflop\":%.6f,\"activations\":%"
		       "lld}",
		       type_text(m->job->mem, &l->out), (long long)l->params, l->work * 1e-6,
		       (long long)activation(s, &l->out));
	}
	printf("],\"parameters\":%lld,\"trained\":%lld,\"regularised\":%lld,\"buffers\":%lld,",
	       (long long)s->params, (long long)s->trained, (long long)s->regular,
	       (long long)s->buffers);
	printf("\"mflop_forward\":%.6f,", s->forward * 1e-6);
	if (s->train) {
		printf("\"mflop_step\":%.6f,\"state_bytes\":%lld,", s->step * 1e-6,
		       (long long)state_bytes(s));
		int64_t fixed, saved = saved_bytes(s->train, &fixed);
		json_memory("training", s->train);
		printf(",\"batch\":%lld,\"saved\":{\"bytes\":%lld,\"bytes_per_sample\":%lld},",
		       (long long)(fixed_batch(m) ? m->train.batch : 0), (long long)fixed,
		       (long long)saved);
	}
	if (m->nout) {
		json_memory("inference", s->run);
		putchar(',');
	}
	printf("\"constants\":{\"structural\":[");
	for (int i = 0; i < s->nstructural; i++)
		printf("%s\"%s\"", i ? "," : "", s->structural[i]);
	printf("],\"run_time\":[");
	printf("\"%s\",\"batch\",\"seed\"", m->train.steps > 0 ? "steps" : "epochs");
	for (int i = 0; i < m->nsetting; i++)
		printf(",\"%s\"", m->setting[i].name);
	for (int i = 0; i < NTRAINNUMBER; i++)
		if (m->train.number[i])
			printf(",\"%s\"", train_number_name((TrainNumber)i));
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
