/* metrics.c - metrics over the whole set, not averaged over batches.
 *
 * In:    R_METRIC roots: scalar formulas in which sums over the batch and numbers of the whole
 *        set (`whole` nodes: f1, auc ...) occur.
 * Out:   R_ACC roots (those sums) and R_SCORE roots (what the numbers of the whole set need of
 *        each sample) in grad and eval; m->tally and m->stat, which say what the runtime makes
 *        of those; m->metrics, the formulas over acc and count.
 *
 * mean(x) is sum(x) / (k * count): the runtime adds the sums of all batches in double and
 * counts the samples; the formula is evaluated once, at the end.  So rmse is the root of the
 * mean over all rows, as scikit-learn computes it.  A number of the whole set has a place among
 * the sums, which the runtime fills when the set is complete.
 */
#include "op.h"
#include "pass.h"

#include <string.h>

typedef struct {
	Module *m;
	Graph *to;
	Node **acc;
	int nacc, cap;
	int *number;                   /* by node id: 1 + its place in acc                     */
	Node **map;
	Tally *tally;
	Node **score;                  /* 2 for each tally */
	int ntally, captally, nscore, capscore;
	Statistic *stat;
	int nstat, capstat;
} Cut;

static Node *acc_leaf(Cut *c, Node *n)
{
	Type t = type_scalar(DT_REAL);
	if (!c->number[n->id]) {
		PUSH(c->m->job->mem, c->acc, c->nacc, c->cap, n);
		c->number[n->id] = c->nacc;
	}
	return n_leaf(c->to, O_acc, 0, c->number[n->id] - 1, &t);
}

/* A sum over all elements of the batch, one number. */
static bool is_sum(const Node *n)
{
	Dim size;
	return n->op == O_sum && type_size(&n->ty, &size) && dim_is(size, 1) &&
	       type_batched(&n->in[0]->ty);
}

static TallyHow how_of(Whole w)
{
	switch (w) {
	case W_CONFUSION:
		return TALLY_TABLE;
	case W_AUC:
	case W_PR_AUC:
		return TALLY_RANKS;
	case W_CALIBRATION:
		return TALLY_BINS;
	case W_R2:
		return TALLY_MOMENTS;
	case W_PRECISION:
	case W_RECALL:
	case W_F1:
	case W_IOU:
	case W_DICE:
		break;
	}
	return TALLY_COUNTS;
}

/* The tally that node n needs; metrics of the same values share one. */
static int tally_of(Cut *c, const Node *n)
{
	Tally t = { how_of((Whole)n->a.whole.what), n->in[0]->ty, n->in[1]->ty,
		    n->a.whole.classes, n->a.whole.bins, n->a.whole.raw };
	for (int i = 0; i < c->ntally; i++) {
		const Tally *u = &c->tally[i];
		if (u->how == t.how && u->classes == t.classes && u->bins == t.bins &&
		    u->raw == t.raw && c->score[2 * i] == n->in[0] &&
		    c->score[2 * i + 1] == n->in[1])
			return i;
	}
	PUSH(c->m->job->mem, c->score, c->nscore, c->capscore, n->in[0]);
	PUSH(c->m->job->mem, c->score, c->nscore, c->capscore, n->in[1]);
	PUSH(c->m->job->mem, c->tally, c->ntally, c->captally, t);
	return c->ntally - 1;
}

static Node *whole_leaf(Cut *c, Node *n)
{
	Node *leaf = acc_leaf(c, n);
	Statistic s = { (Whole)n->a.whole.what, (Average)n->a.whole.average,
		        leaf->a.leaf.index, 0 };
	for (int i = 0; i < c->nstat; i++)
		if (c->stat[i].slot == s.slot)
			return leaf;
	s.tally = tally_of(c, n);
	PUSH(c->m->job->mem, c->stat, c->nstat, c->capstat, s);
	return leaf;
}

static Node *formula(Cut *c, Node *n)
{
	Node *in[MAXARITY], *m;
	Type t = type_scalar(n->ty.dt);
	if (c->map[n->id])
		return c->map[n->id];
	if (opinfo[n->op].kind == SET) {
		m = whole_leaf(c, n);
	} else if (is_sum(n)) {
		m = acc_leaf(c, n);
	} else if (opinfo[n->op].kind == MOVE && n->nin == 1) {
		m = formula(c, n->in[0]);
	} else if (opinfo[n->op].kind == COMPOSITE) {
		in[0] = formula(c, n->in[0]);
		m = node(c->to, n->op, &n->a, in, 1, 0);
	} else if (opinfo[n->op].kind == MAP || opinfo[n->op].kind == LEAF) {
		for (int i = 0; i < n->nin; i++)
			in[i] = formula(c, n->in[i]);
		m = node(c->to, n->op, &n->a, in, n->nin, opinfo[n->op].typed ? &t : 0);
	} else {
		/* a number that is no sum: its mean over batches, weighted with their size */
		m = n_op2(c->to, O_div, acc_leaf(c, n),
		          n_leaf(c->to, O_count, 0, 0, &(Type){ 0 }));
	}
	return c->map[n->id] = m;
}

static void score_roots(Cut *c, Graph *g)
{
	Module *m = c->m;
	for (int i = 0; i < c->nscore; i++)
		graph_root(g, R_SCORE, i, 0, c->score[i], NOWHERE);
	m->tally = c->tally;
	m->ntally = c->ntally;
	m->stat = c->stat;
	m->nstat = c->nstat;
}

/* Replaces the R_METRIC roots of g by R_ACC and R_SCORE roots.  The formulas of the two graphs are equal
 * where the language makes no difference between training and evaluation; eval's are kept. */
static Graph *cut(Module *m, Graph *g, Graph *to)
{
	Cut c = { .m = m, .to = to };
	if (!g)
		return 0;
	c.map = NEWN(g->mem, Node *, g->n + 1);
	c.number = NEWN(g->mem, int, g->n + 1);
	int n = g->nroot;
	Root *root = g->root;
	g->nroot = 0;
	g->root = 0;
	g->caproot = 0;
	for (int i = 0; i < n; i++) {
		if (root[i].kind != R_METRIC) {
			graph_root(g, root[i].kind, root[i].index, root[i].name, root[i].node,
			           root[i].at);
			continue;
		}
		Node *f = formula(&c, root[i].node);
		graph_root(to, R_METRIC, root[i].index, root[i].name, f, root[i].at);
		if (m->metric[root[i].index].table)
			m->metric[root[i].index].slot = f->a.leaf.index;
	}
	for (int i = 0; i < c.nacc; i++) {
		Type t = type_scalar(DT_REAL);
		if (opinfo[c.acc[i]->op].kind == SET)
			continue;
		Node *x = n_cast(g, n_reshape(g, c.acc[i], &(Type){ .dt = c.acc[i]->ty.dt }),
		                 DT_REAL);
		if (!is_sum(c.acc[i]))
			x = n_op2(g, O_mul, x, n_leaf(g, O_count, 0, 0, &t));
		graph_root(g, R_ACC, i, 0, x, NOWHERE);
	}
	score_roots(&c, g);
	m->nacc = c.nacc;
	return g;
}

void pass_metrics(Module *m)
{
	Graph *unused = graph_new(m->job, job_sym(m->job, "metrics"));
	m->metrics = graph_new(m->job, job_sym(m->job, "metrics"));
	m->grad = cut(m, m->grad, unused);
	int training = m->nacc, tallies = m->ntally;
	m->eval = cut(m, m->eval, m->metrics);
	if (m->grad && (training != m->nacc || tallies != m->ntally))
		bug(m->job, "metrics differ between training and evaluation");
	graph_free(unused);
}
