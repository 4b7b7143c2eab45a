/* stages.c - sums over a tensor inside an optimizer.
 *
 * In:    the graph update with reductions over the flat array.   Out: one graph a reduction that
 *        writes its elements into a scratch moment; update with the leaf arg in its place.
 * Holds: a stage reads the results of earlier stages only; the runtime runs them tensor by
 *        tensor, adds up in double, and passes the results on.
 */
#include "op.h"
#include "pass.h"

typedef struct {
	const Node *from;
	int number;
} Cut;

/* n and all below it in graph `to`; map: by id of n's graph. */
static Node *copy(Graph *to, const Node *n, Node **map)
{
	Node *in[MAXARITY];
	if (map[n->id])
		return map[n->id];
	for (int i = 0; i < n->nin; i++)
		in[i] = copy(to, n->in[i], map);
	Type ty = n->ty;
	return map[n->id] = node(to, n->op, &n->a, in, n->nin, &ty);
}

static Node *to_arg(Rewrite *r, const Node *n, void *arg)
{
	const Cut *c = arg;
	if (n != c->from)
		return 0;
	Type t = type_scalar(DT_REAL);
	Sym name = job_symf(r->to->job, "stat%d", c->number);
	return n_broadcast(r->to, n_leaf(r->to, O_arg, name, 4 + c->number, &t), &n->ty);
}

static const Node *first_reduction(const Graph *g, Arena *mem)
{
	const bool *live = graph_live(g, mem);
	for (int i = 0; i < g->n; i++)
		if (live[i] && opinfo[g->node[i]->op].kind == REDUCE)
			return g->node[i];
	return 0;
}

bool pass_stages(Module *m)
{
	Job *j = m->job;
	const Node *n;
	while (m->update && (n = first_reduction(m->update, j->mem))) {
		if (m->nstage == MAXSTAGE)
			return false;
		Graph *s = graph_new(j, job_symf(j, "stage%d", m->nstage));
		s->exact = m->update->exact;
		Node *x = copy(s, n->in[0], NEWN(j->mem, Node *, m->update->n + 1));
		graph_root(s, R_MOMENT, m->nmoment, job_sym(j, "scratch"), x, NOWHERE);
		m->reduce[m->nstage] = n->op;
		m->stage[m->nstage] = s;
		Cut c = { n, m->nstage++ };
		m->update = graph_rewrite(m->update, to_arg, &c);
	}
	return true;
}
