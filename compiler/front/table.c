/* table.c - what the summary shows: the calls of a program in order, and whose work a node is.
 *
 * In:    calls as they end, while the model is walked.   Out: Module.layer, Module.call, Module.part.
 * Holds: every node of a graph is of the call that was open when it was made (Node.part).
 *
 * A call is a layer with parameters of its own, or a function that a body calls directly; what
 * losses and metrics call is left out.  Operators belong to the call after them.
 */
#include "elab.h"
#include "op.h"

#include <string.h>

/* ---- a call as text -------------------------------------------------------------------------- */

static const char *plain_value(Elab *e, const Value *v, bool brackets)
{
	char buf[40];
	const char *s = "";
	switch (v->kind) {
	case V_NUMBER:
		if (v->batch)
			return dim_text(e->mem, dim_batch((int32_t)v->i));
		if (v->known && v->is_int)
			return arena_printf(e->mem, "%lld", (long long)v->i);
		if (v->known)
			return job_sym(e->j, number_text(buf, v->num, false));
		return source_text(e->j, user_place(e, v->at));
	case V_STRING:
		return strlen(v->str) <= 12 ? v->str : 0;
	case V_LIST:
		for (int i = 0; i < v->nitem; i++) {
			const char *item = plain_value(e, &v->item[i], true);
			if (!item || v->item[i].key)
				return 0;
			s = arena_printf(e->mem, "%s%s%s", s, i ? ", " : "", item);
		}
		return !*s ? 0 : brackets ? arena_printf(e->mem, "[%s]", s) : s;
	default:
		return 0;
	}
}

/* "5x5" */
static const char *kernel_text(Elab *e, const Value *v, int dims)
{
	const char *s = "";
	for (int i = 0; i < dims; i++) {
		const char *one =
			plain_value(e, v->kind == V_LIST && i < v->nitem ? &v->item[i] : v, true);
		s = arena_printf(e->mem, "%s%s%s", s, i ? "x" : "", one ? one : "?");
	}
	return s;
}

static bool is_called(const Ast *formal, const char *name)
{
	return !strcmp(formal->u.decl.name, name);
}

/* "conv2d 6@5x5 pad 2", "dense 120", "flatten": the name and what was given to it. */
static const char *call_text(Elab *e, const Frame *f)
{
	const AstList *l = &f->def->ast->u.def.formal;
	const char *s = f->def->name, *filters = "";
	for (int i = 0; i < l->n && i < f->nformal && i < 64; i++) {
		const Ast *formal = l->v[i];
		const Value *v = &f->formal[i];
		if (!(f->given >> i & 1) || v->kind == V_TENSOR || v->kind == V_INIT)
			continue;
		if (is_called(formal, "kernel") && f->formal[0].kind == V_TENSOR &&
		    !strstr(f->def->name, "pool")) {
			s = arena_printf(e->mem, "%s %s%s", s, filters,
			                 kernel_text(e, v, f->formal[0].n->ty.rank - 2));
			continue;
		}
		const char *text = plain_value(e, v, !formal->u.decl.type ||
		                                     strcmp(formal->u.decl.type->u.type.name, "rest"));
		const char *name = is_called(formal, "padding") ? "pad" : formal->u.decl.name;
		if (v->kind == V_BOOL)
			s = arena_printf(e->mem, "%s %s%s", s, v->yes ? "" : "no ", name);
		else if (text && is_called(formal, "filters"))
			filters = arena_printf(e->mem, "%s@", text);
		else if (text && f->by_name >> i & 1)
			s = arena_printf(e->mem, "%s %s %s", s, name, text);
		else if (text)
			s = arena_printf(e->mem, "%s %s", s, text);
	}
	return s;
}

/* ---- while the model is walked --------------------------------------------------------------- */

/* Nodes made since the last call are of this row; what comes now is of the next. */
static void close_part(Elab *e, int row)
{
	PUSH(e->work, e->part, e->npart, e->cappart, row);
	for (Graph *g = e->g; g; g = g->outer)
		g->part = e->npart;
}

void table_begin(Elab *e)
{
	memset(&e->rowpath, 0, sizeof e->rowpath);
	e->nrows = e->npart = 0;
}

static bool of_tensors(const Frame *f)
{
	const Value *v = f->nformal ? &f->formal[0] : 0;
	if (v && v->kind == V_LIST && v->nitem)
		v = &v->item[0];
	return v && v->kind == V_TENSOR;
}

/* Is the call written in the body of the model or of a block of the user? */
static bool direct(Elab *e, const Frame *f)
{
	const Def *caller = e->frame ? e->frame->def : 0, *d = f->def;
	bool shown = d->prelude || d->ast->kind == A_FN;
	return caller && !caller->prelude && caller->ast->kind != A_FN && shown &&
	       !in_prelude(e, f->at) && of_tensors(f);
}

void table_call(Elab *e, Frame *f, const Value *v)
{
	CallRow row = { .at = user_place(e, f->at), .kind = f->owned ? CALL_LAYER : CALL_PLAIN };
	if (e->silent || (!f->owned && (e->in_result || v->kind != V_TENSOR || !direct(e, f))))
		return;
	if (f->owned) {
		int seen = (int)(intptr_t)map_get(&e->rowpath, f->path);
		if (seen) {            /* a second use of a layer */
			close_part(e, seen - 1);
			return;
		}
		map_put(e->work, &e->rowpath, f->path, (void *)(intptr_t)(e->nrows + 1));
		row.path = f->path;
	}
	row.text = job_sym(e->j, call_text(e, f));
	if (v->kind == V_TENSOR) {
		row.out = v->n->ty;
		row.n = e->g == e->top ? v->n : 0;
		row.has_out = true;
	}
	PUSH(e->work, e->rows, e->nrows, e->caprows, row);
	close_part(e, e->nrows - 1);
}

void table_output(Elab *e, Sym name, Node *n, Span at)
{
	CallRow row = { .path = name, .text = "", .out = n->ty, .n = n, .at = at,
		        .kind = CALL_OUTPUT, .has_out = true };
	PUSH(e->work, e->rows, e->nrows, e->caprows, row);
	close_part(e, e->nrows - 1);
}

void table_end(Elab *e)
{
	const Graph *g = e->top;
	bool *live = NEWN(e->work, bool, g->n + 1), any = false;
	for (int i = 0; i < g->nroot; i++)
		any |= g->root[i].kind == R_OUTPUT;
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].kind == (any ? R_OUTPUT : R_LOSS))
			live[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--)
		for (int k = 0; live[i] && k < g->node[i]->nin; k++)
			live[g->node[i]->in[k]->id] = true;
	for (int i = 0; i < e->nrows; i++) {
		const Node *n = e->rows[i].n;
		/* moves of moves are made one, and contractions read through them */
		while (n && !live[n->id] && opinfo[n->op].kind == MOVE)
			n = n->in[0];
		e->rows[i].live = !n || live[n->id];
	}
}

/* "softmax dim 1": the function. */
static Sym first_word(Elab *e, const char *text)
{
	return job_sym(e->j, arena_strndup(e->work, text, strcspn(text, " ")));
}

/* ---- the module ------------------------------------------------------------------------------ */

void table_fill(Elab *e)
{
	Module *m = e->m;
	int *to = NEWN(e->work, int, e->nrows + 1);
	Map own = { 0 }, state = { 0 };        /* by path: parameters of its own, and 1 more   */
	for (int k = 0; k < m->nparam; k++) {
		Sym p = path_up(e, m->param[k].path);
		intptr_t n = (intptr_t)map_get(&own, p);
		map_put(e->work, &own, p, (void *)((n ? n : 1) + (intptr_t)m->param[k].len));
	}
	for (int k = 0; k < m->nbuffer; k++)
		for (Sym p = path_up(e, m->buffer[k].path); p; p = path_up(e, p))
			map_put(e->work, &state, p, (void *)1);
	for (int i = 0; i < e->nrows; i++) {
		const CallRow *r = &e->rows[i];
		bool layer = r->kind == CALL_LAYER;
		bool told = layer ? map_get(&own, r->path) || map_get(&state, r->path) : r->live;
		to[i] = told ? m->ncall++ : -1;
		m->nlayer += told && layer;
	}
	m->call = NEWN(e->mem, CallInfo, m->ncall + 1);
	m->layer = NEWN(e->mem, LayerInfo, m->nlayer + 1);
	m->nlayer = 0;
	for (int i = 0; i < e->nrows; i++) {
		const CallRow *r = &e->rows[i];
		bool layer = r->kind == CALL_LAYER;
		intptr_t params = layer ? (intptr_t)map_get(&own, r->path) : 0;
		if (to[i] < 0)
			continue;
		CallInfo row = { .kind = r->kind, .path = r->path, .text = r->text, .out = r->out,
			         .params = params ? (int64_t)params - 1 : 0 };
		m->call[to[i]] = row;
		if (layer)
			m->layer[m->nlayer++] = (LayerInfo){ r->path, r->text, r->out, row.params, r->at };
	}
	m->part = NEWN(e->mem, int, e->npart + 1);
	m->npart = e->npart;
	m->origin = NEWN(e->mem, Origin, e->npart + 1);
	for (int i = 0; i < e->npart; i++) {
		const CallRow *r = &e->rows[e->part[i]];
		m->part[i] = to[e->part[i]];
		m->origin[i] = (Origin){ r->at, r->path ? r->path : first_word(e, r->text) };
	}
}
