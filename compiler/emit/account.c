/* account.c - layers, parameters and work of a model.
 *
 * In:    a module after all passes.   Out: an Account.
 *
 * Work is counted on the graph, for one sample: 2 a multiply-add, 1 an element of everything else;
 * each node belongs to the call that made it.
 */
#include "account.h"
#include "op.h"
#include "pass.h"

#include <string.h>

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
static double graph_work(Account *s, const Graph *g, int roots, double times, bool calls)
{
	double sum = 0;
	const Module *m = s->m;
	Arena *mem = arena_new();
	bool *live = graph_live_of(g, mem, roots);
	for (int i = 0; i < g->n; i++) {
		const Node *n = g->node[i];
		if (!live[i])
			continue;
		if (n->body) {
			sum += graph_work(s, n->body, ALL_ROOTS, times * n->a.scan.steps, calls);
			continue;
		}
		double work = times * node_work(n);
		int call = calls && n->part < m->npart ? m->part[n->part] : -1;
		s->work[call < 0 ? m->ncall : call] += calls ? work : 0;
		sum += work;
	}
	arena_free(mem);
	return sum;
}

/* Does a result of the model depend on numbers of the step? */
static bool has_knobs(const Graph *g)
{
	int first = 0;
	while (first < g->n && opinfo[g->node[first]->op].leaf != LF_KNOB && !g->node[first]->body)
		first++;
	if (first == g->n)
		return false;
	Arena *mem = arena_new();
	const bool *live = graph_live_of(g, mem, 1 << R_OUTPUT);
	bool any = false;
	for (int i = first; i < g->n && !any; i++)
		any = live[i] && (opinfo[g->node[i]->op].leaf == LF_KNOB || g->node[i]->body);
	arena_free(mem);
	return any;
}

/* The work of the outputs alone, with the numbers of a step that stand for themselves. */
static double forward_work(Account *s)
{
	const Module *m = s->m;
	if (!m->nout)
		return graph_work(s, m->eval, ALL_ROOTS, 1, true);
	if (!has_knobs(m->eval))
		return graph_work(s, m->eval, 1 << R_OUTPUT, 1, true);
	Graph *g = account_outputs(m);
	double work = graph_work(s, g, ALL_ROOTS, 1, true);
	graph_free(g);
	return work;
}

/* ---- rows ----------------------------------------------------------------------------------
 */

static void add_row(Account *s, const char *path, const char *text, const Type *out, double work,
                    int64_t params)
{
	AccountRow r = { path ? path : "", text, *out, params, work, false };
	PUSH(s->m->job->mem, s->row, s->nrow, s->caprow, r);
}

/* Is the text of call i part of that of the calls from `from`?  One that is repeated stands once. */
static bool is_told(const Account *s, int i, int from)
{
	const char *one = s->m->call[i].text;
	return *one && (i == from || strcmp(one, s->m->call[i - 1].text));
}

/* Calls from..to-1 as text. */
static const char *run_text(const Account *s, int from, int to)
{
	size_t n = 1;
	for (int i = from; i < to; i++)
		n += is_told(s, i, from) ? strlen(s->m->call[i].text) + 2 : 0;
	char *text = NEWN(s->m->job->mem, char, n), *end = text;
	for (int i = from; i < to; i++) {
		if (!is_told(s, i, from))
			continue;
		const char *one = s->m->call[i].text, *comma = end > text ? ", " : "";
		memcpy(end, comma, strlen(comma));
		end += strlen(comma);
		memcpy(end, one, strlen(one));
		end += strlen(one);
	}
	return text;
}

static double run_work(const Account *s, int from, int to)
{
	double work = 0;
	for (int i = from; i < to; i++)
		work += s->work[i];
	return work;
}

/* A run of functions is a line of its own up to the last that changes the number of elements, as
 * pooling does; what is left goes with the layer or output after it. */
static void make_rows(Account *s)
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

/* Parameters that no layer or block owns: the model's own have a bare name. */
static void raw_rows(Account *s)
{
	const Module *m = s->m;
	for (int i = 0; i < m->nparam; i++) {
		if (strchr(m->param[i].path, '.'))
			continue;
		add_row(s, m->param[i].path, "param", &m->param[i].ty, 0, m->param[i].len);
		s->row[s->nrow - 1].raw = true;
	}
}

/* ---- the whole ----------------------------------------------------------------------------- */

int64_t account_real(const Options *o)
{
	return o->f64 ? 8 : 4;
}

int64_t account_activation(const Account *s, const AccountRow *r)
{
	const Type *t = &r->out;
	if (r->raw)
		return 0;
	return type_len(t, 1) *
	       (t->dt == DT_BOOL || t->dt == DT_U8 ? 1 : account_real(s->opt));
}

int64_t account_state(const Account *s)
{
	return account_real(s->opt) *
	       (s->m->param_len * (2 + s->m->nmoment) + s->m->buffer_len);
}

const char *account_shape(Arena *a, const Type *t)
{
	const char *r = "";
	for (int i = 0; i < t->rank; i++)
		if (i > 0 || !t->dim[i].b || t->dim[i].k != 1)
			r = arena_printf(a, "%s%s%s", r, *r ? ", " : "",
			                 dim_text(a, t->dim[i]));
	return *r ? r : "-";
}

Graph *account_outputs(const Module *m)
{
	Graph *g = graph_copy(m->eval, job_sym(m->job, "eval"), 1u << R_OUTPUT);
	return pass_simplify(pass_knobs_fixed(g, m));
}

Account *account_new(const Module *m, const Options *opt)
{
	Account *s = NEW(m->job->mem, Account);
	s->m = m;
	s->opt = opt;
	for (int i = 0; i < m->nparam; i++) {
		s->params += m->param[i].len;
		s->trained += m->param[i].trained ? m->param[i].len : 0;
		s->regular += m->param[i].regular ? m->param[i].len : 0;
	}
	for (int i = 0; i < m->nbuffer; i++)
		s->buffers += m->buffer[i].len;
	s->work = NEWN(m->job->mem, double, m->ncall + 1);
	s->forward = forward_work(s);
	if (m->nloss)
		s->step = graph_work(s, m->grad, ALL_ROOTS, 1, false);
	raw_rows(s);
	make_rows(s);
	return s;
}
