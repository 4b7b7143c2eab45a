/* result.c - `loss`, `metric` and `output`: roots of the graph and rows of the module.
 *
 * In:    a statement.   Out: a root; a row that both variants share.
 * Holds: losses and metrics are scalars; names are unique among their kind.
 */
#include "elab.h"

#include <string.h>

/* The name of `output e` without one: a name, the called function, or output1. */
static Sym result_name(Elab *e, Ast *a, const char *kind, int *count)
{
	Ast *v = a->u.decl.value;
	++*count;
	if (a->u.decl.name)
		return a->u.decl.name;
	if (v->kind == A_PIPE)
		v = v->u.pipe.stage;
	if (v->kind == A_NAME)
		return v->u.name;
	if (v->kind == A_CALL)
		return v->u.call.fn;
	return job_symf(e->j, "%s%d", kind, *count);
}

static bool result_ok(Elab *e, Ast *a, const char *kind, Value *v)
{
	if (v->kind == V_POISON)
		return false;
	if (v->kind == V_NUMBER) {
		Value n = v_tensor(e, value_real(e, v), v->at);
		*v = n;
	}
	if (v->kind != V_TENSOR) {
		fail(e, a->u.decl.value->at, "E0207", "%s must be a tensor, but this is %s",
		     kind, value_text(e, v));
		return false;
	}
	for (int i = 1; a->kind == A_OUTPUT && i < v->n->ty.rank; i++)
		if (v->n->ty.dim[i].b) {
			Diag *d = fail(e, a->u.decl.value->at, "E0303",
			               "the batch must be the first dimension of an output");
			diag_label(d, "%s", type_text(e->mem, &v->n->ty));
			diag_help(d, "move it there: `permute` or `rearrange`");
			return false;
		}
	if (a->kind == A_OUTPUT || !v->n->ty.rank ||
	    (a->kind == A_METRIC && opinfo[v->n->op].kind == SET))
		return true;
	Diag *d = fail(e, a->u.decl.value->at, "E0309", "%s must be a scalar; write mean(...)",
	               kind);
	diag_label(d, "%s", type_text(e->mem, &v->n->ty));
	diag_help(
		d,
		"`mean(x)` averages over all samples and elements, `sum(x) / N` over samples");
	return false;
}

static void twice(Elab *e, Ast *a, const char *kind, const char *one, Sym name, Span before)
{
	Diag *d = fail(e, a->u.decl.name ? a->name_at : a->u.decl.value->at, "E0205",
	               "two %s are called `%s`", kind, name);
	diag_span(d, before, "first here");
	diag_help(d, "name one of them: `%s other = ...`", one);
}

/* The number of a name that a variant before may have given; n: the next free one. */
static int result_index(Elab *e, Map *names, Sym name, int n)
{
	intptr_t key = (intptr_t)map_get(names, name);
	if (key)
		return (int)key - 1;
	map_put(e->mem, names, name, (void *)(intptr_t)(n + 1));
	return n;
}

/* Was this result made in this variant before?  It is now. */
static bool made_before(Elab *e, Map *made, Sym name, Span at, Span *before)
{
	const Span *s = map_get(made, name);
	if (s) {
		*before = *s;
		return true;
	}
	Span *now = NEW(e->mem, Span);
	*now = at;
	map_put(e->mem, made, name, now);
	return false;
}

void exec_result(Elab *e, Ast *a)
{
	Module *m = e->m;
	bool loss = a->kind == A_LOSSES, metric = a->kind == A_METRIC;
	const char *kind = loss ? "losses" : metric ? "metrics" : "outputs";
	const char *one = loss ? "loss" : metric ? "metric" : "output";
	if (e->scan || e->frame->def->ast->kind == A_OPTIMIZER) {
		fail(e, a->at, "E0406", "`%s` cannot stand here", one);
		return;
	}
	if (a->kind == A_OUTPUT && !only_in_model(e, a, "output"))
		return;
	bool around = e->in_result;
	e->in_result |= loss || metric;
	Value v = eval(e, a->u.decl.value);
	e->lost_result |= v.kind == V_POISON;
	e->in_result = around;
	int *count = loss ? &e->nloss : metric ? &e->nmetric : &e->noutput;
	Sym name = result_name(e, a, one, count);
	if (loss && !strcmp(name, "loss")) {
		Diag *d = fail(e, a->name_at, "E0206", "a loss cannot be called `loss`");
		diag_note(d, "`loss` is the sum of all losses in logs and files");
		return;
	}
	if (!result_ok(e, a,
	               loss     ? "a loss"
	               : metric ? "a metric"
	                        : "an output",
	               &v) ||
	    e->silent)
		return;
	name = path_join(e, e->frame->path, name);
	Node *n = loss || metric ? value_real(e, &v) : value_node(e, &v);
	RootKind rk = loss ? R_LOSS : metric ? R_METRIC : R_OUTPUT;
	Map *names = loss ? &e->names_of_losses : metric ? &e->names_of_metrics
	                                                 : &e->names_of_outputs;
	int have = loss ? m->nloss : metric ? m->nmetric : m->nout;
	int i = result_index(e, names, name, have);
	Span before, at = a->u.decl.name ? a->name_at : a->u.decl.value->at;
	if (made_before(e, &e->made[loss ? 0 : metric ? 1 : 2], name, at, &before)) {
		twice(e, a, kind, one, name, before);
		return;
	}
	if (i == have && loss) {
		LossInfo row = { name, at };
		PUSH(e->mem, m->loss, m->nloss, m->caploss, row);
	} else if (i == have && metric) {
		MetricInfo row = { name, at, larger_is_better(e, a->u.decl.value),
			           n->ty.rank ? n->ty.dim[0].k : 0, 0 };
		PUSH(e->mem, m->metric, m->nmetric, m->capmetric, row);
	} else if (i == have) {
		Field row = { .name = name, .ty = n->ty, .at = at };
		ScoreKind scores = v.mark == MARK_PROB ? SCORES_PROB : SCORES_NONE;
		PUSH(e->mem, m->out, m->nout, m->capout, row);
		PUSH(e->mem, m->scores, m->nscores, m->capscores, scores);
	}
	graph_root(e->top, rk, i, name, n, at);
	if (rk == R_OUTPUT)
		table_output(e, name, n, at);
}

/* logit[i]: g takes the softmax of node i over classes, or log(1 + exp(x)) of it or of its negative, as losses
 * on logits do. */
static bool *logits(const Graph *g, Arena *a)
{
	bool *logit = NEWN(a, bool, g->n + 1);
	for (int i = g->n - 1; i >= 0; i--) {
		const Node *n = g->node[i];
		if (n->op == O_softmax || n->op == O_log_softmax || n->op == O_softplus ||
		    (n->op == O_neg && logit[i]))
			logit[n->in[0]->id] = true;
	}
	return logit;
}

void mark_logits(Elab *e)
{
	const Graph *g = e->m->eval;
	const bool *logit = g ? logits(g, e->work) : 0;
	for (int i = 0; g && i < g->nroot; i++) {
		const Root *r = &g->root[i];
		if (r->kind != R_OUTPUT || e->m->scores[r->index] != SCORES_NONE)
			continue;
		if (r->node->ty.dt == DT_REAL && logit[r->node->id])
			e->m->scores[r->index] = SCORES_LOGIT;
	}
}
