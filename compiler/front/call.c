/* call.c - calls: arguments, frames, expansion of blocks and functions, layers.
 *
 * In:    a call and the values of its arguments.   Out: the value of the expanded body.
 * Holds: each written call of a block is a scope of its own for names, labels and ordinals; a
 *        fn has names of its own but counts in its caller's scope; nothing expands itself.
 */
#include "elab.h"

#include <string.h>

enum { FEWNAMES = 8, MAXFORMAL = 1000 };

/* ---- frames ------------------------------------------------------------------------------ */

/* Nobody but a message about its result, or a frame above it, refers to a frame that is done: the
 * next one takes it over, its names and tables with it. */
OUTLINE static void frame_spare(Elab *e, Frame *f)
{
	Frame kept = { .name = f->name, .capname = f->capname, .made = f->made,
		       .capmade = f->capmade, .start = f->start, .capstart = f->capstart,
		       .formal = f->formal, .capformal = f->capformal, .layers = f->layers,
		       .ordinals = f->ordinals, .used = f->used, .up = e->spare };
	kept.nspare = f->nname > FEWNAMES ? 0 : f->nname > f->nspare ? f->nname : f->nspare;
	map_clear(&kept.layers);
	map_clear(&kept.ordinals);
	map_clear(&kept.used);
	*f = kept;
	e->spare = f;
}

/* What messages ask of the call that gave a value its shape: a frame up to `scope`. */
OUTLINE static const Frame *frame_maker(Elab *e, Frame *f)
{
	Frame *m = arena_alloc(e->work, offsetof(Frame, scope));
	m->def = f->def;
	m->call = f->call;
	m->at = f->at;
	m->written = f->written;
	m->formal = f->formal;
	m->nformal = f->nformal;
	f->formal = 0;
	f->capformal = 0;
	return m;
}

Frame *frame_new(Elab *e, Def *d, Ast *call, Span at)
{
	Frame *f = e->spare, *up = e->frame;
	if (f)
		e->spare = f->up;
	else
		f = NEW(e->work, Frame);
	f->up = up;
	f->def = d;
	f->call = call;
	f->at = f->written = at;
	f->scope = f;
	f->around = e->scan;
	f->path = f->draws = job_sym(e->j, "");
	f->init = f->bias_init = f->result = f->reg = v_none();
	f->lr_scale = 1;
	f->trainable = true;
	if (up) {
		f->path = up->path;
		f->draws = up->draws;
		f->lr_scale = up->lr_scale;
		f->trainable = up->trainable;
		f->reg = up->reg;
		f->reg_set = up->reg_set;
		f->reuse = up->reuse;
		f->repeat = 0;
		if (d->ast->kind == A_FN)
			f->scope = up->scope;
	}
	return f;
}

static Binding *frame_slot(Frame *f, Sym name)
{
	if (f->nname > FEWNAMES)
		return map_get(&f->map, name);
	for (int i = 0; i < f->nname; i++)
		if (f->name[i]->name == name)
			return f->name[i];
	return 0;
}

Binding *frame_find(Frame *f, Sym name)
{
	Binding *b = frame_slot(f, name);
	return b && !b->dead ? b : 0;
}

static void frame_push(Elab *e, Frame *f, Binding *b)
{
	PUSH(e->work, f->name, f->nname, f->capname, b);
	if (f->nname == FEWNAMES + 1)
		for (int i = 0; i < f->nname; i++)
			map_put(e->work, &f->map, f->name[i]->name, f->name[i]);
	else if (f->nname > FEWNAMES)
		map_put(e->work, &f->map, b->name, b);
}

Binding *frame_bind(Elab *e, Frame *f, Sym name, Value v, Span at)
{
	Binding *b = frame_slot(f, name);
	if (!b) {
		if (f->nname < f->nspare) {
			b = f->name[f->nname];
			memset(b, 0, sizeof *b);
		} else {
			b = NEW(e->work, Binding);
		}
		b->name = name;
		frame_push(e, f, b);
	}
	if (b->dead || !b->depth) {
		b->depth = f->depth + 1;
		PUSH(e->work, f->made, f->nmade, f->capmade, b);
	}
	b->v = v;
	b->at = at;
	b->dead = b->read = b->quiet = b->fixed = b->unknown = false;
	b->buffer = 0;
	b->scan = e->scan;
	return b;
}

/* ---- arguments --------------------------------------------------------------------------- */

OUTLINE void arg_push(Elab *e, Args *a, Sym name, Value v, Span at, Span name_at)
{
	Arg x = { name, v, at, name_at };
	PUSH(e->work, a->v, a->n, a->cap, x);
}

/* Room for one more argument: an error so far. */
OUTLINE static Arg *arg_next(Elab *e, Args *a)
{
	arg_push(e, a, 0, v_poison(), NOWHERE, NOWHERE);
	return &a->v[a->n - 1];
}

/* Calls stand in each other's arguments, so that this is as little as can be on the stack. */
OUTLINE static void eval_arg(Elab *e, Ast *from, Arg *x)
{
	x->v = eval(e, from);
	if (e->peak == from)
		x->v = as_setting(e, &x->v, e->peak_name);
	if (x->v.kind == V_TUPLE) {
		fail(e, x->at, "E0207", "%d values cannot be one argument", x->v.nitem);
		x->v.kind = V_POISON;
	}
}

void collect_args(Elab *e, const Def *def, Ast *call, const Value *piped, Args *out)
{
	if (!out->v) {                 /* as many as needed: there are many small ones */
		out->cap = call->u.call.arg.n + (piped != 0);
		Arg **spare = out->cap < FEWARGS ? &e->spare_args[out->cap] : 0;
		out->v = spare ? *spare : 0;
		if (out->v)
			*spare = *(Arg **)(void *)out->v;
		else
			out->v = NEWN(e->work, Arg, out->cap + 1);
	}
	if (piped) {
		Arg *x = arg_next(e, out);
		x->v = *piped;
		x->at = x->name_at = piped->at;
	}
	for (int i = 0; i < call->u.call.arg.n; i++) {
		Ast *a = call->u.call.arg.v[i];
		bool named = a->kind == A_ARG;
		/* what an unknown argument would have been does not matter */
		bool unknown = named && def && !def_takes(def, a->u.arg.name);
		if (reg_wanted(def, i + (piped != 0), named ? a->u.arg.name : 0))
			e->reg_at = named ? a->u.arg.value : a;
		if (def && def->ast->kind == A_OPTIMIZER)
			expect_schedule(e, def, i + (piped != 0), a);
		Arg *x = arg_next(e, out);
		x->name = named ? a->u.arg.name : 0;
		x->at = a->at;
		x->name_at = named ? a->name_at : a->at;
		if (!unknown)
			eval_arg(e, named ? a->u.arg.value : a, x);
	}
}

/* Arguments that are bound or forgotten: the next call takes their place. */
static void spare_args(Elab *e, Args *a)
{
	if (a->cap >= FEWARGS)
		return;
	*(Arg **)(void *)a->v = e->spare_args[a->cap];
	e->spare_args[a->cap] = a->v;
}

static const char *signature(Elab *e, const Def *d, int from, int most)
{
	const AstList *l = &d->ast->u.def.formal;
	const char *s = arena_printf(e->mem, "%s(", d->name);
	for (int i = from; i < l->n && i < from + most; i++) {
		Ast *v = l->v[i]->u.decl.value, *t = l->v[i]->u.decl.type;
		bool rest =
			t && is_kind_name(t->u.type.name) && !strcmp(t->u.type.name, "rest");
		s = arena_printf(e->mem, "%s%s%s%s%s%s", s, i > from ? ", " : "",
		                 l->v[i]->u.decl.name, rest ? "..." : "", v ? " = " : "",
		                 v ? source_text(e->j, v->at) : "");
	}
	return arena_printf(e->mem, "%s)", s);
}

const char *def_signature(Elab *e, const Def *d)
{
	/* nobody writes an optimizer's `w` and `g`, a regulariser's `w` */
	int first = d->ast->kind == A_OPTIMIZER ? 2 : d->prelude && d->space == SP_REGULARISER;
	return signature(e, d, first, MAXFORMAL);
}

const char *short_signature(Elab *e, const Def *d)
{
	/* a pipe brings the first one, except where values of equal rank are compared */
	if (d->space)
		return def_signature(e, d);
	bool piped = !loss_find(d->name) && !init_is(e, (Def *)d);
	return d->ast->u.def.formal.n == piped ? d->name : signature(e, d, piped, 4);
}

static bool formal_is(const Ast *formal, const char *kind)
{
	const Ast *t = formal->u.decl.type;
	return t && !t->u.type.has_dims && !t->u.type.arg && !strcmp(t->u.type.name, kind);
}

/* Arguments that every layer takes; false: not one of them. */
static bool layer_argument(Elab *e, Frame *f, const Arg *a)
{
	static const char *const name[] = { "init", "bias_init", "regularize", "lr_scale",
	                                    "trainable" };
	int k = 0;
	while (k < 5 && strcmp(name[k], a->name))
		k++;
	if (k == 5 || f->def->ast->kind != A_BLOCK)
		return false;
	if (k < 2 && !f->def->prelude) {
		Diag *d = fail(e, a->name_at, "E0202",
		               "`%s` is an argument of built-in layers only", a->name);
		diag_help(d, "give block `%s` a parameter `init: initialiser` and pass it on",
		          f->def->name);
		return true;
	}
	double num;
	if (k == 0)
		f->init = a->v;
	else if (k == 1)
		f->bias_init = a->v;
	else if (k == 2 && reg_ok(e, &a->v, a->at)) {
		f->reg = a->v;
		f->reg_set = true;
	}
	else if (k == 3 && need_number(e, &a->v, "`lr_scale`", &num))
		f->lr_scale = num;
	else if (k == 4)
		need_bool(e, &a->v, "`trainable`", &f->trainable);
	return true;
}

static void missing_argument(Elab *e, const Frame *f, const Ast *formal)
{
	Diag *d = fail(e, f->at, "E0207", "`%s` needs the argument `%s`", f->def->name,
	               formal->u.decl.name);
	diag_note(d, "%s", def_signature(e, f->def));
}

/* Gives formal i its argument or default; false after a message. */
OUTLINE static bool bind_formal(Elab *e, Frame *f, int i, Args *args, bool *used, int *pos)
{
	Ast *formal = f->def->ast->u.def.formal.v[i];
	Sym name = formal->u.decl.name;
	Value v = v_none();
	int from = -1;
	bool rest = f->def->prelude && formal_is(formal, "rest");
	bool names = f->def->prelude && formal_is(formal, "names");
	if (rest || names) {
		int n = 0;
		v = v_list(e, args->n, f->at);
		for (int k = 0; k < args->n; k++) {
			if (used[k] || (rest != !args->v[k].name))
				continue;
			used[k] = true;
			v.item[n] = args->v[k].v;
			v.item[n++].key = args->v[k].name;
		}
		v.nitem = n;
		f->given |= (uint64_t)1 << (i & 63);
	} else {
		while (*pos < args->n && (args->v[*pos].name || used[*pos]))
			++*pos;
		for (int k = 0; k < args->n && from < 0; k++)
			if (args->v[k].name == name && !used[k])
				from = k;
		if (from < 0 && *pos < args->n)
			from = *pos;
		if (from >= 0) {
			used[from] = true;
			f->given |= (uint64_t)1 << (i & 63);
			f->by_name |= (uint64_t)(args->v[from].name != 0) << (i & 63);
			v = args->v[from].v;
		} else if (formal->u.decl.value) {
			v = eval(e, formal->u.decl.value);
			v.at = f->at;
		} else {
			missing_argument(e, f, formal);
			return false;
		}
		if (formal->u.decl.type && !type_match(e, f, formal->u.decl.type, &v, name))
			return false;
	}
	f->formal[i] = v;
	Binding *b = frame_bind(e, f, name, v, formal->name_at);
	b->quiet = true;
	return v.kind != V_POISON;
}

/* What is left over belongs to every layer, or is unknown. */
static bool left_over(Elab *e, Frame *f, Args *args, bool *used)
{
	bool ok = true;
	for (int k = 0; k < args->n; k++) {
		const Arg *a = &args->v[k];
		if (used[k] || (a->name && layer_argument(e, f, a)))
			continue;
		ok = false;
		if (a->name) {
			unknown_argument(e, f->def, a, f->call ? f->call->name_at : f->at);
			continue;
		}
		Diag *d = fail(e, a->at, "E0207", "`%s` has too many arguments", f->def->name);
		diag_note(d, "%s", def_signature(e, f->def));
		return false;
	}
	return ok;
}

/* Named arguments must not be given twice. */
static bool given_twice(Elab *e, Frame *f, Args *args)
{
	const AstList *formal = &f->def->ast->u.def.formal;
	int npos = 0;
	for (int k = 0; k < args->n; k++)
		npos += !args->v[k].name;
	for (int k = 0; k < args->n; k++) {
		Sym name = args->v[k].name;
		bool twice = false;
		for (int i = 0; name && i < k; i++)
			twice |= args->v[i].name == name;
		for (int i = 0; name && i < formal->n && i < npos; i++) {
			if (formal_is(formal->v[i], "rest"))
				break;
			twice |= formal->v[i]->u.decl.name == name;
		}
		if (!twice)
			continue;
		Diag *d = fail(e, args->v[k].name_at, "E0207",
		               "the argument `%s` of `%s` is given twice", name, f->def->name);
		diag_note(d, "%s", def_signature(e, f->def));
		return true;
	}
	return false;
}

bool bind_args(Elab *e, Frame *f, Args *args)
{
	const AstList *formal = &f->def->ast->u.def.formal;
	bool *used = NEWN(e->work, bool, args->n + 1), ok = true;
	int pos = 0;
	if (given_twice(e, f, args))
		return false;
	f->nformal = formal->n;
	if (f->capformal <= formal->n) {
		f->capformal = formal->n + 1;
		f->formal = NEWN(e->work, Value, f->capformal);
	}
	memset(f->formal, 0, sizeof *f->formal * (size_t)f->capformal);
	/* unknown names first: they explain why something else is missing */
	for (int k = 0; k < args->n; k++) {
		bool known = !args->v[k].name;
		for (int i = 0; i < formal->n && !known; i++)
			known = formal->v[i]->u.decl.name == args->v[k].name ||
			        formal_is(formal->v[i], "names");
		if (known)
			continue;
		if (layer_argument(e, f, &args->v[k])) {
			used[k] = true;
			continue;
		}
		unknown_argument(e, f->def, &args->v[k], f->call ? f->call->name_at : f->at);
		ok = false;
	}
	for (int k = 0; k < args->n; k++)
		ok &= args->v[k].v.kind != V_POISON;
	for (int i = 0; i < formal->n && ok; i++)
		ok = bind_formal(e, f, i, args, used, &pos);
	return ok && left_over(e, f, args, used);
}

const Value *formal(Frame *f, int i)
{
	return &f->formal[i];
}

bool def_takes(const Def *d, Sym name)
{
	static const char *const every[] = { "init", "bias_init", "regularize", "lr_scale",
	                                     "trainable" };
	const AstList *l = &d->ast->u.def.formal;
	for (int i = 0; i < l->n; i++)
		if (l->v[i]->u.decl.name == name ||
		    (d->prelude && formal_is(l->v[i], "names")))
			return true;
	for (int i = 0; i < 5 && d->ast->kind == A_BLOCK; i++)
		if (!strcmp(every[i], name))
			return true;
	return d->space == SP_SCHEDULE && !strcmp(name, "multiple");
}

/* ---- expansion --------------------------------------------------------------------------- */

/* Message 16: the loss on logits, the probabilities as an output. */
static void keep_logits(Elab *e, Frame *f, Diag *d, const char *loss)
{
	const char *fn = strcmp(loss, "cross_entropy") ? "sigmoid" : "softmax";
	const Value *v = &f->formal[0];
	const char *probs = source_text(e->j, user_place(e, v->at)), *logits = "logits";
	const char *target = f->nformal > 1 ? argument_text(e, f, 1) : 0;
	if (v->maker && !piped_into(v->maker))
		logits = source_text(e->j, user_place(e, v->maker->formal[0].at));
	if (!is_word(logits))
		logits = "logits";
	if (!is_word(probs) || !strcmp(probs, logits))
		probs = "probs";
	diag_help(d, "keep the logits for the loss, and add %s to the output only:\n"
	          "    loss   %s(%s, %s)\n    output %s = %s(%s)", fn, loss, logits,
	          target ? target : "label", probs, fn, logits);
}

/* A loss on logits refuses probabilities, one on log-probabilities wants them (E0307). */
OUTLINE static bool check_mark(Elab *e, Frame *f)
{
	const LossRow *row = f->def->prelude ? loss_find(f->def->name) : 0;
	const Value *v = f->nformal ? &f->formal[0] : 0;
	if (!row || !row->mark || !v || v->kind != V_TENSOR || v->mark == MARK_NONE)
		return true;
	if (row->mark == 2 && v->mark == MARK_LOGPROB)
		return true;
	Diag *d;
	const char *have = v->mark == MARK_PROB ? "a probability" : "a log-probability";
	if (row->mark == 1)
		d = fail(e, v->at, "E0307",
		         "`%s` applies %s itself; here it would be applied twice", row->name,
		         strcmp(row->name, "cross_entropy") ? "sigmoid" : "softmax");
	else
		d = fail(e, v->at, "E0307", "`%s` needs log-probabilities, but this is %s",
		         row->name, have);
	diag_label(d, row->mark == 1 ? "expects logits" : "expects log_softmax");
	if (v->made.file >= 0)
		diag_span(d, user_place(e, v->made), "already %s", have);
	if (row->mark == 1) {
		keep_logits(e, f, d, row->name);
	} else {
		diag_help(d, "write `log_softmax` in place of `softmax`");
	}
	return false;
}

OUTLINE static bool too_deep(Elab *e, Def *d, Span at)
{
	if (d->busy && !d->prelude) {
		Diag *m = fail(e, at, "E0403", "`%s` contains itself", d->name);
		diag_span(m, d->ast->name_at, "defined here");
		diag_note(m, "blocks and functions are expanded where they are called; "
		             "recursion has "
		             "no end");
		diag_help(m, "write `repeat n { ... }` for a fixed number of layers, `scan` "
		             "for steps "
		             "over time");
		return true;
	}
	if (++e->calls <= MAXCALLS && e->depth < MAXNEST)
		return false;
	if (!e->full && e->depth < MAXNEST)
		fail(e, at, "E0403", "the program expands to more than %d calls", MAXCALLS);
	else if (!e->full)
		fail(e, at, "E0403", "blocks and functions are nested more than %d deep",
		     MAXNEST);
	e->full = true;
	return true;
}

/* Where the result got its shape: this call, unless it kept that of its first argument. */
OUTLINE static void set_origin(Frame *f, Value *v, Elab *e)
{
	v->at = f->at;
	const Value *x = f->nformal && f->formal[0].kind == V_TENSOR ? &f->formal[0] : 0;
	if (v->kind != V_TENSOR)
		return;
	bool same = x && type_shape_eq(&x->n->ty, &v->n->ty) && v->mark == x->mark;
	if (same && x->made.file >= 0) {
		v->made = x->made;
		v->from = x->from;
		v->maker = x->maker;
	} else if (!same) {
		Type *t = 0;
		if (x) {
			t = NEW(e->work, Type);
			*t = x->n->ty;
		}
		v->made = f->at;
		v->from = t;
		v->maker = x && f->call ? f : 0;
	}
}

OUTLINE static void note_layer(Elab *e, Frame *f, const Value *v)
{
	if (v->kind == V_TENSOR && !f->def->builtin)
		node_mark(v->n, user_place(e, f->at), f->owned ? f->path : 0);
	table_call(e, f, v);
}

OUTLINE static Value run_block(Elab *e, Frame *f)
{
	Ast *a = f->def->ast;
	exec_body(e, &a->u.def.body);
	if (!f->returned && !e->full && !e->j->nerror)
		fail(e, a->name_at, "E0406", "block `%s` returns nothing; end it with `return x`",
		     f->def->name);
	Value v = f->returned ? f->result : v_poison();
	/* while the names of the header are still known: [N, out, H / stride] */
	if (a->u.def.result && v.kind != V_POISON && !f->reuse) {
		Value check = v;
		if (!type_match(e, f, a->u.def.result, &check, 0))
			v = v_poison();
	}
	scope_end(e);
	return v;
}

/* A block of the prelude that is a part of the layer that calls it: first values are that
 * layer's, and its path too if the call has no label. */
static bool helper(const Def *d)
{
	return d->prelude && d->ast->kind == A_BLOCK && d->name[0] == '_';
}

/* Binds the arguments and runs the body of frame f. */
static Value expand(Elab *e, Frame *f, Args *args)
{
	Def *d = f->def;
	Value v = v_poison();
	if (too_deep(e, d, f->at))
		return v;
	Frame *up = e->frame;
	bool busy = d->busy;
	e->frame = f;
	e->depth++;
	d->busy = true;
	if (bind_args(e, f, args) && check_mark(e, f)) {
		f->bound = d->expanded = true;
		if (d->builtin)
			v = d->builtin(e, f);
		else if (d->ast->kind == A_FN)
			v = eval(e, d->ast->u.def.value);
		else
			v = run_block(e, f);
	}
	d->busy = busy;
	e->depth--;
	e->frame = up;
	if (v.kind == V_POISON)
		return v;
	set_origin(f, &v, e);
	if (helper(d) && up)
		up->owned += f->owned;
	else
		note_layer(e, f, &v);
	return v;
}

Value call_def(Elab *e, Def *d, Ast *call, Args *args, Span at, Sym label, Span label_at)
{
	if (!e->fan && init_is(e, d))
		return init_call(e, d, args, at);
	int kept = e->kept;
	Frame *f = frame_new(e, d, call, at);
	if (helper(d) && e->frame) {
		f->init = e->frame->scope->init;
		f->bias_init = e->frame->scope->bias_init;
	}
	if (helper(d) && e->frame && !label) {
		f->scope = e->frame->scope;
	} else if (d->ast->kind == A_BLOCK && e->frame) {
		Frame *s = e->frame->scope;
		Sym name = path_of_call(e, s, d->name, label, label ? label_at : at);
		f->path = path_join(e, s->path, name);
		f->draws = path_join(e, s->draws, name);
	}
	Value v = expand(e, f, args);
	if ((v.kind == V_TENSOR || v.kind == V_NUMBER) && e->kept == kept && !f->layers.n) {
		if (v.maker == f)
			v.maker = frame_maker(e, f);
		frame_spare(e, f);
	} else {
		e->kept++;
	}
	return v;
}

Value call_layer(Elab *e, Layer *l, Ast *call, Args *args, Span at)
{
	Args all = { 0 };
	for (int i = 0; i < args->n; i++)
		arg_push(e, &all, args->v[i].name, args->v[i].v, args->v[i].at,
		         args->v[i].name_at);
	for (int i = 0; i < l->args.n; i++)
		arg_push(e, &all, l->args.v[i].name, l->args.v[i].v, l->args.v[i].at,
		         l->args.v[i].name_at);
	Frame *f = frame_new(e, l->def, call, at);
	f->path = l->path;
	f->written = l->at;
	f->draws = l->uses ? job_symf(e->j, "%s#%d", l->path, l->uses + 1) : l->path;
	f->reuse |= l->uses > 0;
	l->uses++;
	e->kept++;
	return expand(e, f, &all);
}

/* `multiple = 1`, which every schedule takes for `batch`; 0: not given. */
OUTLINE static int64_t take_multiple(Elab *e, const Def *d, Args *args)
{
	int64_t multiple = 0;
	const AstList *l = &d->ast->u.def.formal;
	for (int i = 0; i < l->n; i++)
		if (!strcmp(l->v[i]->u.decl.name, "multiple"))
			return 0;
	for (int i = 0; i < args->n; i++) {
		if (!args->v[i].name || strcmp(args->v[i].name, "multiple"))
			continue;
		if (need_int(e, &args->v[i].v, "`multiple`", &multiple) && multiple < 1)
			fail(e, args->v[i].at, "E0404", "`multiple` must be at least 1");
		for (int k = i + 1; k < args->n; k++)
			args->v[k - 1] = args->v[k];
		args->n--;
		break;
	}
	return multiple;
}

Value eval_call(Elab *e, Ast *call, const Value *piped)
{
	Sym name = call->u.call.fn;
	bool inside = in_prelude(e, call->at);
	bool wanted = e->reg_at == call;
	Layer *l = e->frame ? map_get(&e->frame->layers, name) : 0;
	Value columns;
	if (e->in_data && !piped && column_call(e, call, &columns))
		return columns;
	Def *reg_def = wanted && l ? def_find(e, name, call->at) : 0;
	if (reg_def && reg_def->space == SP_REGULARISER)
		l = 0;                 /* names of two spaces: a layer may be called l2 */
	if (!inside && !l && map_get(&e->refused, name))
		return v_poison();
	Def *d = l ? 0 : def_find(e, name, call->at);
	bool train = d && d->space && d->space != SP_FIELD;
	if ((!l && !d) || (train && d->prelude && e->in_data))
		return unknown_call(e, call);
	if (piped && piped->kind == V_TUPLE) {
		fail(e, call->at, "E0207",
		     "%d values cannot be piped into `%s`; name them first: "
		     "`a, b = ...`",
		     piped->nitem, name);
		return v_poison();
	}
	Args args = { 0 };
	e->reg_at = 0;
	collect_args(e, d ? d : l->def, call, piped, &args);
	/* the call without its label */
	Span at = span_join(call->name_at, call->at);
	at.beg = call->name_at.beg;
	if (l)
		return call_layer(e, l, call, &args, at);
	Value reg;
	if (d->space == SP_REGULARISER && reg_call(e, d, &args, at, wanted, &reg))
		return reg;
	if (train && d->prelude && !inside && !e->in_penalty)
		for (int i = 0; i < args.n; i++) {
			number_from_tensor(e, &args.v[i].v);
			if (args.v[i].v.kind == V_TENSOR)
				return train_name_in_model(e, call, d);
		}
	int64_t multiple = d->space == SP_SCHEDULE ? take_multiple(e, d, &args) : 0;
	Value v = call_def(e, d, call, &args, at, call->u.call.label, call->u.call.label_at);
	v.multiple = multiple;
	if (v.kind == V_TENSOR || v.kind == V_NUMBER)
		spare_args(e, &args);
	return v;
}
