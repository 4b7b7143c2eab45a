/* elab.c - the driver of elaboration: a file becomes a checked module.
 *
 * In:    the source, -D, folders of imports.   Out: a Module with init, grad, eval, update,
 *        bind.
 * Holds: parameters that nothing depends on do not exist; numbers of tensors are the same in
 *        all graphs; a program with an error gives no module.
 *
 * The model is walked twice, with training on and off; once if nothing reads `training` and
 * there is no state.  When a const that was a run-time
 * number reaches a shape, the walk starts again with that const as a literal; consts only ever
 * become literal, so this ends.
 */
#include "elab.h"
#include "sha.h"

#define XXH_INLINE_ALL

#include <string.h>

/* ---- one variant ------------------------------------------------------------------------- */

static Graph *variant(Elab *e, const char *name, bool training)
{
	Def *d = NEW(e->mem, Def);
	d->name = e->model->u.def.name;
	d->ast = e->model;
	e->g = e->top = graph_new(e->j, job_sym(e->j, name));
	e->training = training;
	e->stamp++;
	e->scan = 0;
	e->frame = 0;
	e->silent = false;
	e->walking = true;
	e->depth = e->calls = e->stmts = 0;
	e->nloss = e->nmetric = e->noutput = 0;
	memset(e->made, 0, sizeof e->made);
	e->in_result = false;
	table_begin(e);
	for (int i = 0; i < e->nbufset; i++)
		e->bufset[i] = false;
	e->frame = frame_new(e, d, 0, NOWHERE);
	exec_body(e, &e->model->u.def.body);
	scope_end(e);
	e->frame = 0;
	e->walking = false;
	return e->top;
}

static void buffer_roots(Elab *e, Graph *g)
{
	for (int i = 0; i < e->m->nbuffer; i++)
		if (e->bufset[i])
			graph_root(g, R_BUFFER, i, e->m->buffer[i].path, e->bufval[i].n->in[0],
			           NOWHERE);
}

/* ---- what exists ------------------------------------------------------------------------- */

static void mark_from(Graph *g, Arena *mem, Elab *e, bool buffers)
{
	bool *live = NEWN(mem, bool, g->n + 1);
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		if (r->kind != R_BUFFER || (buffers && e->binfo[r->index].live))
			live[r->node->id] = true;
	}
	for (int i = g->n - 1; i >= 0; i--) {
		const Node *n = g->node[i];
		if (!live[i])
			continue;
		for (int k = 0; k < n->nin; k++)
			live[n->in[k]->id] = true;
		if (n->op == O_param)
			e->pinfo[n->a.leaf.index].live = true;
		if (n->op == O_buffer)
			e->binfo[n->a.leaf.index].live = true;
	}
}

/* "block.layer.weight" -> "block.layer", "block", "": what it stands in; 0 at the end. */
Sym path_up(Elab *e, Sym path)
{
	const char *dot = strrchr(path, '.');
	return !*path ? 0 : symbols_get(e->j->symbols, path, dot ? (size_t)(dot - path) : 0);
}

enum { HAS_PARAM = 1, HAS_LIVE = 2 };

/* What there is of parameters below each block. */
static Map blocks_of(Elab *e)
{
	Map block = { 0 };
	for (int k = 0; k < e->npinfo; k++) {
		intptr_t has = HAS_PARAM | (e->pinfo[k].live ? HAS_LIVE : 0);
		for (Sym p = path_up(e, e->m->param[k].path); p; p = path_up(e, p))
			map_put(e->mem, &block, p,
			        (void *)((intptr_t)map_get(&block, p) | has));
	}
	return block;
}

/* Whether buffer i is state of something that is built: it has an `update`, and of the
 * parameters of its block, or of the model, one is live, or there are none. */
static bool kept_state(Elab *e, int i, const bool *updated, const Map *block)
{
	intptr_t has = (intptr_t)map_get(block, path_up(e, e->m->buffer[i].path));
	return updated[i] && (has == 0 || has & HAS_LIVE);
}

/* Marks tensors that a loss, metric or output depends on, also through the next value of a
 * buffer that one depends on, and state that is only counted or measured. */
static void find_live(Elab *e)
{
	int before = -1, now = 0;
	bool *updated = NEWN(e->mem, bool, e->nbinfo + 1);
	for (int k = 0; k < e->m->grad->nroot; k++)
		if (e->m->grad->root[k].kind == R_BUFFER)
			updated[e->m->grad->root[k].index] = true;
	while (now != before) {
		before = now;
		mark_from(e->m->grad, e->mem, e, true);
		mark_from(e->m->eval, e->mem, e, true);
		now = 0;
		Map block = e->nbinfo ? blocks_of(e) : (Map){ 0 };
		for (int i = 0; i < e->nbinfo; i++) {
			e->binfo[i].live |= kept_state(e, i, updated, &block);
			now += e->binfo[i].live;
		}
	}
}

typedef struct { int *param, *buffer; } Renumber;

static Node *renumber(Rewrite *r, const Node *n, void *arg)
{
	const Renumber *to = arg;
	if (n->op != O_param && n->op != O_buffer)
		return 0;
	int i = (n->op == O_param ? to->param : to->buffer)[n->a.leaf.index];
	Type ty = n->ty;
	return node_mark(n_leaf(r->to, n->op, n->a.leaf.sym, i, &ty), n->at, n->name);
}

static void drop_dead_roots(Elab *e, Graph *g, const Renumber *to)
{
	int n = 0;
	for (int i = 0; i < g->nroot; i++) {
		Root r = g->root[i];
		if (r.kind == R_BUFFER) {
			if (!e->binfo[r.index].live)
				continue;
			r.index = to->buffer[r.index];
		}
		g->root[n++] = r;
	}
	g->nroot = n;
}

/* Numbers the live tensors from 0. */
static int number_live(Elab *e, const TensorInfo *info, int n, int **out)
{
	int k = 0;
	*out = NEWN(e->mem, int, n + 1);
	for (int i = 0; i < n; i++)
		(*out)[i] = info[i].live ? k++ : -1;
	return k;
}

static int64_t place_live(Tensor *t, const TensorInfo *info, int *n)
{
	int64_t at = 0;
	int k = 0;
	for (int i = 0; i < *n; i++) {
		if (!info[i].live)
			continue;
		t[k] = t[i];
		t[k].offset = at;
		at += (t[k].len + 15) / 16 * 16;
		k++;
	}
	*n = k;
	return at;
}

/* First values, in the old numbering of infos and the new one of roots. */
static void build_init(Elab *e, const Renumber *to)
{
	Module *m = e->m;
	e->g = e->top = m->init = graph_new(e->j, job_sym(e->j, "init"));
	e->training = true;
	memset(e->init_cross, 0, sizeof e->init_cross);
	e->init_cross[0].from = m->grad;
	e->init_cross[1].from = m->eval;
	e->init_cross[0].to = e->init_cross[1].to = m->init;
	for (int i = 0; i < e->npinfo; i++) {
		if (!e->pinfo[i].live)
			continue;
		Node *n = init_build(e, &e->pinfo[i].init, &m->param[i].ty, m->param[i].path,
		                     e->pinfo[i].at);
		if (n)
			graph_root(m->init, R_PARAM, to->param[i], m->param[i].path, n,
			           m->param[i].at);
	}
	for (int i = 0; i < e->nbinfo; i++) {
		if (!e->binfo[i].live)
			continue;
		Node *n = init_build(e, &e->binfo[i].init, &m->buffer[i].ty, m->buffer[i].path,
		                     e->binfo[i].at);
		if (n)
			graph_root(m->init, R_BUFFER, to->buffer[i], m->buffer[i].path, n,
			           m->buffer[i].at);
	}
	e->init_cross[0].to = e->init_cross[1].to = 0;
}

static void settle_tensors(Elab *e)
{
	Module *m = e->m;
	Renumber to;
	find_live(e);
	build_penalty(e);
	int np = number_live(e, e->pinfo, e->npinfo, &to.param);
	int nb = number_live(e, e->binfo, e->nbinfo, &to.buffer);
	build_init(e, &to);
	bool all = np == m->nparam && nb == m->nbuffer;
	drop_dead_roots(e, m->grad, &to);
	m->param_len = place_live(m->param, e->pinfo, &m->nparam);
	m->buffer_len = place_live(m->buffer, e->binfo, &m->nbuffer);
	if (m->param_len > INT32_MAX || m->buffer_len > INT32_MAX)
		error(e->j, e->model->name_at, "E0302",
		      "the model has %lld parameters; at most 2147483647 "
		      "are possible",
		      (long long)m->param_len);
	if (all)
		return;
	m->grad = graph_rewrite(m->grad, renumber, &to);
	m->eval = graph_rewrite(m->eval, renumber, &to);
}

/* ---- the module -------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* As sha256sum of the program, and of what it imports behind it. */
static void hash_sources(Elab *e)
{
	Sha256 s;
	sha256_begin(&s);
	for (int i = 0; i < e->nfile; i++) {
		const Source *f = &e->j->source[e->file[i]];
		sha256_add(&s, f->text, (size_t)f->len);
	}
	sha256_end(&s, e->m->source_hash);
}

/* What -D put into the program, as it stands on the command line. */
static void note_defines(Elab *e, const Define *define, int ndefine)
{
	const char *s = "";
	for (int i = 0; i < ndefine; i++)
		s = arena_printf(e->mem, "%s -D %s=%s", s, define[i].name, define[i].value);
	e->m->defines = s;
}

static void free_graphs(Module *m)
{
	if (!m)
		return;
	graph_free(m->grad);
	graph_free(m->eval);
	graph_free(m->init);
	graph_free(m->update);
	graph_free(m->bind);
	graph_free(m->stop);
	graph_free(m->once);
	graph_free(m->augment);
	graph_free(m->fit);
	graph_free(m->numbers);
	graph_free(m->start);
}

/* Everything that a walk fills, empty again; what is known of consts stays. */
static void start_over(Elab *e)
{
	Module *m = NEW(e->j->mem, Module);
	m->job = e->j;
	m->name = e->model->u.def.name;
	m->source = base_name(e->j->source[e->main_file].name);
	free_graphs(e->m);
	e->m = m;
	e->again = e->full = e->decay_all = e->lost_result = e->asked = false;
	e->pinfo = e->binfo = 0;
	e->nwarmup = 0;
	e->length_at = NOWHERE;
	e->npinfo = e->cappinfo = e->nbinfo = e->capbinfo = 0;
	e->nbufval = e->nbufset = e->nunused = 0;
	Map *map[] = { &e->parampath, &e->bufferpath, &e->names_of_inputs,
	               &e->names_of_losses, &e->names_of_metrics,
	               &e->names_of_outputs, &e->settings, &e->read };
	for (size_t i = 0; i < sizeof map / sizeof *map; i++)
		memset(map[i], 0, sizeof *map[i]);
	for (int i = 0; i < e->nconst; i++)
		e->consts[i]->has_cached = false;
}

/* `decay_all` is needed before the parameters are made. */
static void early_settings(Elab *e)
{
	AstList *l = e->train ? &e->train->u.section.setting : 0;
	e->literal = true;
	for (int i = 0; l && i < l->n; i++) {
		if (strcmp(l->v[i]->u.decl.name, "decay_all"))
			continue;
		Value v = eval(e, l->v[i]->u.decl.value);
		e->decay_all = v.kind == V_BOOL && v.yes;
	}
	e->literal = false;
}

static void model_results(Elab *e)
{
	Module *m = e->m;
	if (m->nloss || m->nout || e->j->nerror)
		return;
	Diag *d = fail(e, e->model->name_at, "E0402",
	               "the model `%s` has no loss and no output", m->name);
	diag_help(
		d,
		"write `loss cross_entropy(logits, label)` to train it, `output y` to use it");
}

/* The roots of a kind by their index, of n; 0 where there is none. */
static const Root **roots_of(Elab *e, const Graph *g, RootKind kind, int n)
{
	const Root **by = NEWN(e->mem, const Root *, n + 1);
	for (int i = g->nroot - 1; i >= 0; i--)
		if (g->root[i].kind == kind && g->root[i].index < n)
			by[g->root[i].index] = &g->root[i];
	return by;
}

/* An output or metric is the same in both variants: files and tables have one place for it. */
static void same_result(Elab *e, RootKind kind, const Root *t, const Root *v, Sym name, Span at)
{
	const char *what = kind == R_OUTPUT ? "output" : "metric";
	bool same = t && v && type_eq(&t->node->ty, &v->node->ty);
	if (same && (kind == R_OUTPUT || same_formula(e, t->node, v->node)))
		return;
	Diag *d;
	if (same)
		d = fail(e, at, "E0406",
		         "the metric `%s` is another formula in training than in evaluation",
		         name);
	else if (t && v)
		d = fail(e, at, "E0301",
		         "the %s `%s` is %s in training, but %s in evaluation", what, name,
		         type_text(e->mem, &t->node->ty), type_text(e->mem, &v->node->ty));
	else
		d = fail(e, at, "E0406", "the %s `%s` exists in %s only", what, name,
		         t ? "training" : "evaluation");
	diag_help(d, "let `if training` choose the value, and write `%s %s` behind it", what,
	          name);
}

/* A loss may exist in one variant only; it is 0 in the other. */
static void same_results(Elab *e)
{
	Module *m = e->m;
	Graph *const g[] = { m->grad, m->eval };
	if (e->alike)
		check_wholes(e);
	if (e->j->nerror || e->alike)
		return;
	const Root **by[2];
	for (int k = 0; k < 2; k++) {
		by[k] = roots_of(e, g[k], R_LOSS, m->nloss);
		for (int i = 0; i < m->nloss; i++)
			if (!by[k][i])
				graph_root(g[k], R_LOSS, i, m->loss[i].name, n_const(g[k], 0),
				           m->loss[i].at);
	}
	for (int k = 0; k < 2; k++)
		by[k] = roots_of(e, g[k], R_OUTPUT, m->nout);
	for (int i = 0; i < m->nout; i++)
		same_result(e, R_OUTPUT, by[0][i], by[1][i], m->out[i].name, m->out[i].at);
	for (int k = 0; k < 2; k++)
		by[k] = roots_of(e, g[k], R_METRIC, m->nmetric);
	for (int i = 0; i < m->nmetric; i++)
		same_result(e, R_METRIC, by[0][i], by[1][i], m->metric[i].name, m->metric[i].at);
	check_wholes(e);
}

/* The model with training off. */
static Graph *second_variant(Elab *e)
{
	e->alike = !e->asked && !e->nbinfo && !e->again && !e->j->nerror;
	return e->alike ? graph_twin(e->m->grad, job_sym(e->j, "eval")) : variant(e, "eval", false);
}

/* Consts that nothing uses are right all the same. */
static void check_consts(Elab *e)
{
	e->literal = true;
	for (int i = 0; i < e->nconst; i++)
		const_value(e, e->consts[i]);
	e->literal = false;
}

static void walk(Elab *e)
{
	Module *m;
	start_over(e);
	m = e->m;
	e->g = e->top = e->scratch;
	e->frame = 0;
	check_consts(e);
	early_settings(e);
	m->grad = variant(e, "grad", true);
	if (!e->j->nerror)
		buffer_roots(e, m->grad);
	if (!diag_full(e->j) && !e->full)
		m->eval = second_variant(e);
	if (m->eval)
		table_end(e);
	e->g = e->top = e->scratch;
	if (e->again)
		return;
	model_results(e);
	same_results(e);
	mark_logits(e);
	do_data(e);
	if (e->again && !e->j->nerror)
		return;
	e->g = e->top = e->scratch;
	e->literal = true;
	m->numbers = graph_new(e->j, job_sym(e->j, "numbers"));
	do_train(e);
	do_export(e);
	do_search(e);
	e->literal = false;
	if (e->j->nerror) {
		/* the optimizer may hold mistakes too */
		m->param_len = 16;
		if (e->optimizer)
			do_update(e);
		check_unexpanded(e);
		return;
	}
	settle_tensors(e);
	if (!e->j->nerror && m->nloss)
		do_update(e);
	check_unexpanded(e);
	table_fill(e);
	if (!e->j->nerror) {
		warn_unused(e);
		warn_schedules(e);
	}
}

static bool sections_ok(Elab *e)
{
	if (e->model)
		return true;
	Span at = { e->main_file, 0, 0 };
	Diag *d = error(e->j, at, "E0402", "the program has no `model`");
	diag_help(d, "write `model NAME { input ... output ... }`");
	return false;
}

/* The prelude, and a line for every row of the op table that says how users call it. */
static const char *whole_prelude(Job *j)
{
	const char *s = prelude_text;
	for (int op = 0; op < NOP; op++)
		if (opinfo[op].args)
			s = arena_printf(j->mem, "%sfn %s(%s) = builtin(\"%s\")\n", s,
			                 opinfo[op].name, opinfo[op].args, opinfo[op].name);
	return s;
}

/* The standard library, parsed once a job. */
static void read_prelude(Elab *e)
{
	Job *j = e->j;
	if (!j->prelude) {
		const char *text = whole_prelude(j);
		j->prelude = parse_program(j, source_add(j, "prelude.nn", text, strlen(text), true));
		if (j->nerror)
			bug(j, "the prelude does not parse");
	}
	read_program(e, j->prelude, true, false);
}

/* All that needs a graph, if only for numbers. */
static Module *run(Elab *e, const Define *define, int ndefine)
{
	Job *j = e->j;
	int errors = j->nerror;
	start_over(e);
	e->g = e->top = e->scratch;
	apply_defines(e, define, ndefine);
	if (j->nerror > errors)
		return 0;
	do {
		walk(e);
	} while (e->again && !j->nerror);
	if (j->nerror) {
		free_graphs(e->m);
		return 0;
	}
	hash_sources(e);
	note_defines(e, define, ndefine);
	return e->m;
}

static Module *elaborate_with(Elab *e, int file, const Define *define, int ndefine,
                              const char *const *include, int ninclude)
{
	Job *j = e->j;
	e->include = include;
	e->ninclude = ninclude;
	e->main_file = file;
	read_prelude(e);
	read_items(e, file, true);
	if ((e->nsyntax && !e->model) || !sections_ok(e))
		return 0;
	doubt_begin(e);
	e->scratch = graph_new(j, job_sym(j, "scratch"));
	Module *m = run(e, define, ndefine);
	graph_free(e->scratch);
	return m;
}

Module *elaborate(Job *j, int file, const Define *define, int ndefine,
                  const char *const *include, int ninclude)
{
	Arena *work = arena_new();
	Elab *e = NEW(work, Elab);
	e->j = j;
	e->mem = j->mem;
	e->work = work;
	Module *m = elaborate_with(e, file, define, ndefine, include, ninclude);
	arena_free(work);
	arena_free(j->tree);
	j->tree = arena_new();
	j->prelude = 0;
	return m;
}
