/* compile.c - the passes, in order; this list and nothing else.
 *
 *     grad      d loss / d parameter, on the training graph
 *     expand    composites -> primitives (after grad, which uses their given gradients)
 *     simplify  algebraic rules to a fixed point (exact ones only at -O0)
 *     stages    sums over a tensor in the optimizer -> passes of their own
 *     metrics   metrics -> sums over the data and a formula over the sums
 *     knobs     scalars of settings and time -> numbers computed once a step in double
 *
 * From there kernel/ goes on, one function at a time: fuse, layout, owners, plan, lower, print.
 */
#include "compile.h"

#include "pass.h"

static void each_graph(Module *m, Graph *(*pass)(Graph *))
{
	Graph **const g[] = { &m->init,   &m->grad, &m->eval,
	                      &m->update, &m->bind, &m->fit, &m->augment, &m->numbers, &m->start };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		if (*g[i])
			*g[i] = pass(*g[i]);
}

static void set_exact(Module *m, bool exact)
{
	Graph *const g[] = { m->init, m->grad,    m->eval, m->update, m->bind,
		             m->fit,  m->augment, m->numbers, m->start };
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		if (g[i])
			g[i]->exact = exact;
}

static bool end(Module *m, const char *name, PassDone *done, void *arg)
{
	bool stop = done && done(arg, name);
	m->job->pass = "";
	return stop;
}

bool compile_passes(Module *m, const Options *opt, PassDone *done, void *arg)
{
	set_exact(m, opt->level == 0);
	m->job->pass = "grad";
	if (m->nloss)
		m->grad = pass_grad(m->grad, m);
	if (end(m, "grad", done, arg))
		return true;
	m->job->pass = "expand";
	each_graph(m, pass_expand);
	if (end(m, "expand", done, arg))
		return true;
	m->job->pass = "simplify";
	each_graph(m, pass_simplify);
	if (end(m, "simplify", done, arg))
		return true;
	m->job->pass = "stages";
	if (!pass_stages(m)) {
		error(m->job, m->train.at, "E0404",
		      "the optimizer `%s` has more than %d sums over a tensor", m->train.optimizer,
		      MAXSTAGE);
		diag_flush(m->job, stderr);
		return true;
	}
	m->job->pass = "metrics";
	pass_metrics(m);
	m->metrics = pass_expand(m->metrics);
	if (m->stop)
		m->stop = pass_expand(m->stop);
	if (m->once)
		m->once = pass_expand(m->once);
	if (end(m, "metrics", done, arg))
		return true;
	m->job->pass = "knobs";
	pass_knobs(m);
	return end(m, "knobs", done, arg);
}
