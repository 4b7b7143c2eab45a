/* train.c - the trainer as one C file: kernels of every phase, tables, main.
 *
 * In:    a module whose passes have run.   Out: C that links with libnnrt.a.
 * Holds: only what depends on the model is printed; loops, data and logs are the runtime's.
 */
#include "about.h"
#include "emit.h"
#include "op.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef enum { PH_INIT, PH_GRAD, PH_EVAL, PH_UPDATE, PH_BIND, PH_AUGMENT, PH_FIT } Phase;

typedef struct {
	const Module *m;
	Phase phase;
} Where;

/* ---- where things lie in a trainer ----------------------------------------------- */

static const char *element_type(DType dt)
{
	static const char *const name[] = { "nnc_real", "unsigned char", "int32_t",
		                            "unsigned char" };
	return name[dt];
}

static const char *pointer(Arena *a, const char *type, bool write, const char *base,
                           int64_t offset)
{
	const char *s = arena_printf(a, "(%s%s *)%s", write ? "" : "const ", type, base);
	return offset ? arena_printf(a, "%s + %lld", s, (long long)offset) : s;
}

/* Number i of the data section: 2 k and 2 k + 1 are of row k. */
static int64_t fitted_offset(const Module *m, int i)
{
	const Fitted *f = &m->fitted[i / 2];
	return f->offset + (i & 1 ? (f->len + 15) / 16 * 16 : 0);
}

static const char *address(void *arg, Arena *a, const Buffer *b, bool write)
{
	const Where *w = arg;
	const char *t = element_type(b->ty.dt);
	bool flat = w->phase == PH_UPDATE, data = w->phase >= PH_BIND;
	switch (b->place) {
	case PL_PARAM:
		return pointer(a, t, write, "c->param",
		               flat ? 0 : w->m->param[b->index].offset);
	case PL_GRAD:
		return pointer(a, t, write, "c->grad", flat ? 0 : w->m->param[b->index].offset);
	case PL_MOMENT:
		return pointer(a, t, write, arena_printf(a, "c->moment[%d]", b->index), 0);
	case PL_BUFFER:
		return pointer(a, t, write, "c->buffer", w->m->buffer[b->index].offset);
	case PL_FITTED:
		return pointer(a, t, write, "c->fitted", fitted_offset(w->m, b->index));
	case PL_BUFFER_NEXT:
		return pointer(a, t, write,
		               w->phase == PH_INIT ? "c->buffer" : "c->buffer_next",
		               w->m->buffer[b->index].offset);
	case PL_INPUT:
		return pointer(a, t, write,
		               arena_printf(a, data ? "column[%d]" : "c->in[%d]",
		                            b->index),
		               0);
	case PL_FIELD:
		return pointer(a, t, write, arena_printf(a, "field[%d]", b->index), 0);
	case PL_OUTPUT:
		return pointer(a, t, write, arena_printf(a, "c->out[%d]", b->index), 0);
	case PL_LOSS:
		return arena_printf(a, "c->loss + %d", b->index);
	case PL_PENALTY:
		return "c->penalty";
	case PL_ACC:
		return arena_printf(a, "c->acc + %d", b->index);
	case PL_SCORE:
		return pointer(a, t, write, arena_printf(a, "c->score[%d]", b->index), 0);
	case PL_ARENA0:
	case PL_ARENA:
	case PL_ROW:
	case PL_KNOB:
	case PL_METRIC:
	case PL_CONST:
	case PL_SETTING:
	case PL_TIME:
		break;
	}
	bug(w->m->job, "train: no address for place %d", b->place);
}

static const char *scalar(void *arg, Arena *a, ExKind kind, int64_t i, Sym name)
{
	(void)arg;
	if (kind == E_KNOB)
		return arena_printf(a, "(nnc_real)c->knob[%lld]", (long long)i);
	return arena_printf(a, "(nnc_real)%s", name);
}

/* ---- phases ---------------------------------------------------------------------- */

static const char *graph_name(Phase p)
{
	static const char *const name[] = { "init", "grad", "eval", "update", "bind",
		                            "augment", "fit" };
	return name[p];
}

static Graph *phase_graph(const Module *m, Phase p)
{
	Graph *const g[] = { m->init, m->grad, m->eval, m->update, m->bind, m->augment, m->fit };
	return g[p];
}

/* A function over elements lo..hi-1; its arguments by name, of which few are read. */
static void flat_head(const Module *m, FnHost *h, const char *name)
{
	static const char *const arg[] = { "lr_scale", "decay", "proximal", "len" };
	Arena *a = m->job->mem;
	const char *p = "(void)arg;\n";
	for (int i = 0; i < 4 + m->nstage; i++) {
		const char *n = i < 4 ? arg[i] : arena_printf(a, "stat%d", i - 4);
		p = arena_printf(a, "%sconst double %s = arg[%d];\n(void)%s;\n", p, n, i, n);
	}
	h->head = arena_printf(a,
	                       "static void %s(nnrt_ctx *c, int64_t lo, int64_t hi, "
	                       "const double *arg)",
	                       name);
	h->prologue = p;
	h->flat = true;
}

/* What every function of a trainer has: its state is behind `c`. */
static FnHost *trainer_host(const Module *m, Phase p, Sym prefix)
{
	Where *w = NEW(m->job->mem, Where);
	FnHost *h = NEW(m->job->mem, FnHost);
	w->m = m;
	w->phase = p;
	h->prefix = prefix;
	h->ctx_param = "const nnrt_ctx *c";
	h->ctx_arg = "c";
	h->batch = "c->B";
	h->fixed_batch = 1;
	h->usual_batch = m->train.batch > 0 ? m->train.batch : 0;
	h->arena0 = "c->arena0";
	h->arena = "c->arena";
	h->seed = "c->seed";
	h->update = "c->update";
	h->sample0 = "c->sample0";
	h->address = address;
	h->scalar = scalar;
	h->arg = w;
	return h;
}

/* A stage of the update, or the first values of its moments. */
static Fn *flat_fn(const Module *m, const Options *opt, Graph *g, const char *what)
{
	FnHost *h = trainer_host(m, PH_UPDATE, job_symf(m->job, "%s_%s", opt->prefix, what));
	flat_head(m, h, h->prefix);
	return fn_build(m->job, g, opt, h);
}

static Fn *phase_fn(const Module *m, const Options *opt, const char *phase, Shared *shared)
{
	Job *j = m->job;
	Phase p = PH_INIT;
	while (strcmp(graph_name(p), phase))
		p++;
	FnHost *h = trainer_host(m, p, job_symf(j, "%s_%s", opt->prefix, phase));
	h->shared = shared;
	h->head = arena_printf(j->mem, "static void %s_%s_run(nnrt_ctx *c, int tid, int n)",
	                       opt->prefix, phase);
	if (p == PH_UPDATE)
		flat_head(m, h, arena_printf(j->mem, "%s_update", opt->prefix));
	if (p >= PH_BIND)
		h->head = arena_printf(j->mem,
		                       "static void %s_%s(nnrt_ctx *c, const void *const "
		                       "*column, void *const *field%s)",
		                       opt->prefix, phase, p < PH_FIT ? ", int tid, int n" : "");
	h->barrier = p == PH_UPDATE || p == PH_FIT ? 0 : "nnrt_barrier(c->team, tid);";
	h->want_outputs = p == PH_GRAD || p == PH_EVAL ? "c->want & NNRT_WANT_OUTPUTS" : 0;
	h->want_losses = p == PH_EVAL ? "c->want & NNRT_WANT_LOSSES" : 0;
	return fn_build(j, phase_graph(m, p), opt, h);
}

Fn *train_fn(const Module *m, const Options *opt, const char *phase)
{
	return phase_fn(m, opt, phase, 0);
}

/* ---- tables ---------------------------------------------------------------------- */

static void print_dims(Out *o, const Type *t, int from)
{
	out(o, "{ ");
	for (int i = from; i < t->rank; i++)
		out(o, "%s%d", i > from ? ", " : "", t->dim[i].k);
	out(o, t->rank > from ? " }" : "0 }");
}

/* 1 + the knob behind a number of `train`, 0 for none; n: 1 + the number. */
static int number_knob(const Module *m, int n)
{
	return n ? 1 + m->number[n - 1].knob : 0;
}

static void print_tensors(Out *o, const Module *m, const char *name, const Tensor *v, int n)
{
	Arena *a = m->job->mem;
	if (!n)
		return;
	out(o, "static const nnrt_tensor %s[] = {\n", name);
	for (int i = 0; i < n; i++) {
		out(o, "{ %s, %d, ", c_string(a, v[i].path), v[i].ty.rank);
		print_dims(o, &v[i].ty, 0);
		out(o, ", %lld, %lld, %s, %d, %d, %d },\n", (long long)v[i].len,
		    (long long)v[i].offset, c_number(a, v[i].lr_scale), v[i].decayed,
		    v[i].trained, number_knob(m, v[i].proximal));
	}
	out(o, "};\n\n");
}

static const char *kind_name(const Type *t)
{
	switch (t->dt) {
	case DT_REAL:
		return "NNRT_REAL";
	case DT_BOOL:
		return "NNRT_BOOL";
	case DT_U8:
		return "NNRT_U8";
	case DT_I32:
		break;
	}
	return t->classes ? "NNRT_CLASS" : "NNRT_I32";
}

/* pick: of columns, or 0. */
static void print_fields(Out *o, Arena *a, const char *name, const Field *v, int n,
                         const Pick *pick)
{
	if (!n)
		return;
	out(o, "static const nnrt_field %s[] = {\n", name);
	for (int i = 0; i < n; i++) {
		bool batched = v[i].ty.rank && v[i].ty.dim[0].b;
		int64_t len = 1;
		for (int k = batched; k < v[i].ty.rank; k++)
			len *= v[i].ty.dim[k].k;
		if (batched)
			len *= v[i].ty.dim[0].k;
		out(o, "{ %s, %s, %d, %d, ", c_string(a, v[i].name),
		    pick && pick[i].words ? "NNRT_WORD" : kind_name(&v[i].ty),
		    v[i].ty.classes, v[i].ty.rank - batched);
		print_dims(o, &v[i].ty, batched);
		out(o, ", %lld, %d, %d, %d, %d },\n", (long long)len, v[i].target, batched, v[i].words,
		    pick && pick[i].flat);
	}
	out(o, "};\n\n");
}

static void print_fitted(Out *o, Arena *a, const Module *m)
{
	static const char *const how[] = { "NNRT_STANDARDIZE", "NNRT_MINMAX", "NNRT_MISSING",
		                           "NNRT_BALANCED", "NNRT_WORDS" };
	if (!m->nfitted)
		return;
	out(o, "static const nnrt_fitted fitted[] = {\n");
	for (int i = 0; i < m->nfitted; i++) {
		const Fitted *f = &m->fitted[i];
		out(o, "{ %s, %s, %lld, { %lld, %lld }, %d, %d },\n", c_string(a, f->path),
		    how[f->how], (long long)f->len, (long long)fitted_offset(m, 2 * i),
		    (long long)fitted_offset(m, 2 * i + 1), f->level, f->field);
	}
	out(o, "};\n\n");
}

static void print_tallies(Out *o, const Module *m)
{
	if (!m->ntally)
		return;
	out(o, "static const nnrt_tally tallies[] = {\n");
	for (int i = 0; i < m->ntally; i++) {
		const Tally *t = &m->tally[i];
		int64_t rows = type_len(&t->y, 1);
		int width = t->x.rank > t->y.rank ? t->x.dim[t->x.rank - 1].k : 1;
		if (t->how == TALLY_MOMENTS && t->y.rank > 1 && !t->y.dim[t->y.rank - 1].b) {
			width = t->y.dim[t->y.rank - 1].k;
			rows /= width;
		}
		out(o, "{ %d, %s, %s, %lld, %d, %d, %d, %d },\n", (int)t->how,
		    kind_name(&t->x), kind_name(&t->y), (long long)rows, width, t->classes,
		    t->bins, t->raw);
	}
	out(o, "};\n\nstatic const nnrt_statistic statistics[] = {\n");
	for (int i = 0; i < m->nstat; i++)
		out(o, "{ %d, %d, %d, %d },\n", (int)m->stat[i].what, (int)m->stat[i].average,
		    m->stat[i].slot, m->stat[i].tally);
	out(o, "};\n\n");
}

static void print_small_tables(Out *o, Arena *a, const Module *m)
{
	if (m->nloss) {
		out(o, "static const char *const losses[] = {\n");
		for (int i = 0; i < m->nloss; i++)
			out(o, "%s,\n", c_string(a, m->loss[i].name));
		out(o, "};\n\n");
	}
	if (m->nmetric) {
		out(o, "static const nnrt_metric metrics[] = {\n");
		for (int i = 0; i < m->nmetric; i++)
			out(o, "{ %s, %d, %d, %d },\n", c_string(a, m->metric[i].name),
			    m->metric[i].larger_is_better, m->metric[i].table,
			    m->metric[i].slot);
		out(o, "};\n\n");
	}
	print_tallies(o, m);
	if (m->nplateau) {
		out(o, "static const nnrt_plateau plateaus[] = {\n");
		for (int i = 0; i < m->nplateau; i++)
			out(o, "{ %d, %d, %d },\n", m->number[m->plateau[i].value].knob,
			    m->number[m->plateau[i].factor].knob,
			    m->number[m->plateau[i].patience].knob);
		out(o, "};\n\n");
	}
	if (m->nsetting) {
		out(o, "static const nnrt_setting settings[] = {\n");
		for (int i = 0; i < m->nsetting; i++)
			out(o, "{ %s, %s, %d, %d, %s, %s },\n", c_string(a, m->setting[i].name),
			    c_number(a, m->setting[i].value), m->setting[i].integer, m->setting[i].ranged,
			    c_number(a, m->setting[i].least), c_number(a, m->setting[i].most));
		out(o, "};\n\n");
	}
}

static void print_data(Out *o, Arena *a, const Module *m)
{
	const TrainInfo *t = &m->train;
	if (m->data.source != DATA_NONE)
		emit_source(o, m);
	if (!t->given)
		return;
	out(o,
	    "static const nnrt_train train = {\n"
	    ".epochs = %s, .steps = %s, .batch = %lld, .seed = %llu,\n"
	    ".shuffle = %d, .drop_last = %d, .monitor = %s,\n",
	    c_number(a, t->epochs), c_number(a, t->steps), (long long)t->batch,
	    (unsigned long long)t->seed, t->shuffle, t->drop_last, c_string(a, t->monitor));
	out(o,
	    ".number = { %d, %d, %d, %d }, .nonfinite = %d,\n"
	    ".validate = %s, .validate_steps = %d,\n"
	    ".batch_knob = %d, .batch_multiple = %lld,\n",
	    number_knob(m, t->number[TN_CLIP_VALUE]), number_knob(m, t->number[TN_CLIP_NORM]),
	    number_knob(m, t->number[TN_ACCUMULATE]), number_knob(m, t->number[TN_EMA]),
	    t->nonfinite, c_number(a, t->validate), t->validate_steps,
	    number_knob(m, t->batch_number), (long long)t->batch_multiple);
	out(o, ".checkpoint = %s, .checkpoint_steps = %d, .keep = %d,\n};\n\n",
	    c_number(a, t->checkpoint), t->checkpoint_steps, t->keep);
}

static void print_onces(Out *o, const Module *m)
{
	static const char *const kind[] = { "EPOCHS", "STEPS", "BATCH", "SEED", "VALIDATE", "CHECKPOINT",
		                            "KEEP", "PATIENCE", "MIN_DELTA", "DATA_SEED" };
	if (!m->nonce)
		return;
	out(o, "static const nnrt_once onces[] = {\n");
	for (int i = 0; i < m->nonce; i++)
		out(o, "{ NNRT_ONCE_%s, %d },\n", kind[m->onces[i].kind], m->onces[i].rule);
	out(o, "};\n\n");
}

/* The conditions of `stop`. */
static void print_stop(Out *o, Arena *a, const Module *m)
{
	static const char *const when[] = { "NNRT_AT_UPDATE", "NNRT_AT_REPORT",
		                            "NNRT_AT_VALIDATION" };
	const TrainInfo *t = &m->train;
	if (!t->ncondition)
		return;
	out(o, "static const nnrt_condition conditions[] = {\n");
	for (int i = 0; i < t->ncondition; i++)
		out(o, "{ %s, %s },\n", c_string(a, t->condition[i].text),
		    when[t->condition[i].when]);
	out(o, "};\n\n");
	if (!t->nearly)
		return;
	out(o, "static const nnrt_early early[] = {\n");
	for (int i = 0; i < t->nearly; i++)
		out(o, "{ %d, %d, %s, %s },\n", t->early[i].score, t->early[i].larger,
		    c_number(a, t->early[i].patience), c_number(a, t->early[i].min_delta));
	out(o, "};\n\n");
}

/* Elements per sample of the largest array that grows with the batch, for the runtime's check
 * of sizes. */
static int64_t largest(const Module *m)
{
	const Graph *const g[] = { m->grad, m->eval, m->bind, m->augment, m->fit };
	int64_t most = 1;
	for (size_t i = 0; i < sizeof g / sizeof *g; i++)
		for (int k = 0; g[i] && k < g[i]->n; k++) {
			Dim d;
			if (type_size(&g[i]->node[k]->ty, &d) && d.b && d.k > most)
				most = d.k;
		}
	return most;
}

static void print_model(Out *o, Arena *a, const Module *m, const Options *opt, int64_t arena0,
                        int64_t arena, const double *work)
{
	const char *p = opt->prefix;
	out(o, "static const nnrt_model model = {\n.abi = NNRT_ABI,\n");
	out(o, ".name = %s, .source = %s,\n", c_string(a, m->name), c_string(a, m->source));
	out(o, ".source_hash = %s,\n.nnc_version = %s, .options = %s,\n",
	    c_string(a, m->source_hash), c_string(a, NNC_VERSION),
	    c_string(a, arena_printf(a, "-O%d%s%s", opt->level,
	                             opt->f64 ? " --precision f64" : "", m->defines)));
	out(o, ".real_bytes = sizeof(nnc_real),\n");
	out(o, ".param = %s, .nparam = %d, .param_len = %lld,\n", m->nparam ? "params" : "0",
	    m->nparam, (long long)m->param_len);
	out(o, ".buffer = %s, .nbuffer = %d, .buffer_len = %lld,\n.nmoment = %d,\n",
	    m->nbuffer ? "buffers" : "0", m->nbuffer, (long long)m->buffer_len, m->nmoment);
	out(o, ".in = %s, .nin = %d,\n.out = %s, .nout = %d,\n", m->nin ? "inputs" : "0",
	    m->nin, m->nout ? "outputs" : "0", m->nout);
	out(o, ".loss = %s, .nloss = %d,\n.metric = %s, .nmetric = %d,\n",
	    m->nloss ? "losses" : "0", m->nloss, m->nmetric ? "metrics" : "0", m->nmetric);
	if (m->ntally)
		out(o, ".tally = tallies, .ntally = %d, .stat = statistics, .nstat = %d,\n",
		    m->ntally, m->nstat);
	out(o, ".nacc = %d, .nknob = %d, .lr_knob = %d,\n.setting = %s, .nsetting = %d,\n",
	    m->nacc, m->nknob, number_knob(m, m->lr_number), m->nsetting ? "settings" : "0", m->nsetting);
	out(o, ".plateau = %s, .nplateau = %d,\n", m->nplateau ? "plateaus" : "0", m->nplateau);
	out(o, ".has_penalty = %d, .stat_rows = %d, .stops = %d,\n", m->has_penalty, m->stat_rows, m->stops);
	out(o, ".data = %s,\n", m->data.source != DATA_NONE ? "&data" : "0");
	out(o, ".column = %s, .ncolumn = %d,\n", m->ncolumn ? "columns" : "0", m->ncolumn);
	out(o, ".train = %s,\n", m->train.given ? "&train" : "0");
	out(o, ".arena0_bytes = %lld, .arena_bytes = %lld,\n", (long long)arena0,
	    (long long)arena);
	out(o, ".init = %s_init_run,\n", p);
	if (m->nloss)
		out(o, ".grad = %s_grad,\n", p);
	out(o, ".eval = %s_eval,\n", p);
	if (m->update)
		out(o, ".update = %s_update,\n", p);
	if (m->start)
		out(o, ".start = %s_start,\n", p);
	if (m->nstage)
		out(o, ".stage = stages, .nstage = %d,\n", m->nstage);
	if (m->bind)
		out(o, ".bind = %s_bind,\n", p);
	if (m->augment)
		out(o, ".augment = %s_augment,\n", p);
	if (m->fit)
		out(o, ".fit = %s_fit,\n", p);
	if (m->nfitted)
		out(o, ".fitted = fitted, .nfitted = %d, .fitted_len = %lld,\n", m->nfitted,
		    (long long)m->fitted_len);
	if (m->train.ncondition)
		out(o,
		    ".stop = %s_stop, .condition = conditions, .ncondition = %d,\n"
		    ".early = %s, .nearly = %d,\n",
		    p, m->train.ncondition, m->train.nearly ? "early" : "0", m->train.nearly);
	if (m->nonce)
		out(o, ".once = %s_once, .onces = onces, .nonce = %d,\n", p, m->nonce);
	out(o, ".about = &about,\n");
	out(o, ".knobs = %s_knobs,\n.metrics = %s_metrics,\n.largest = %lld,\n", p, p,
	    (long long)largest(m));
	out(o, ".grad_work = %.0f, .eval_work = %.0f,\n};\n\n", work[PH_GRAD], work[PH_EVAL]);
}

/* ---- scalars in double ----------------------------------------------------------- */

static const char *knob_leaf(Arena *a, const Node *n)
{
	if (opinfo[n->op].leaf == LF_SETTING)
		return arena_printf(a, "setting[%d]", n->a.leaf.index);
	return arena_printf(a, "t->%s", n->a.leaf.sym);
}

static const char *stop_leaf(Arena *a, const Node *n)
{
	if (opinfo[n->op].leaf == LF_ACC)
		return arena_printf(a, "score[%d]", n->a.leaf.index);
	return knob_leaf(a, n);
}

static const char *metric_leaf(Arena *a, const Node *n)
{
	if (opinfo[n->op].leaf == LF_COUNT)
		return "count";
	return arena_printf(a, opinfo[n->op].leaf == LF_ACC ? "acc[%d]" : "knob[%d]",
	                    n->a.leaf.index);
}

static void print_scalars(Out *o, const Module *m, const Options *opt)
{
	Arena *a = m->job->mem;
	out(o, "/* numbers of this step: schedules, bias corrections, run-time constants */\n");
	emit_scalar(o, m->knobs,
	            arena_printf(a,
	                         "static void %s_knobs(const nnrt_time *t, "
	                         "const double *setting, double *knob)",
	                         opt->prefix),
	            "knob", "t, setting, knob", knob_leaf);
	if (m->nonce) {
		out(o, "/* settings that consts decide */\n");
		emit_scalar(o, m->once,
		            arena_printf(a, "static void %s_once(const double *setting, double *once)",
		                         opt->prefix),
		            "once", "setting, once", knob_leaf);
	}
	if (m->train.ncondition) {
		out(o, "/* conditions of `stop` */\n");
		emit_scalar(o, m->stop,
		            arena_printf(a,
		                         "static void %s_stop(const double *score, "
		                         "const nnrt_time *t, const double *setting, "
		                         "double *stop)",
		                         opt->prefix),
		            "stop", "score, t, setting, stop", stop_leaf);
	}
	out(o, "/* metrics from their sums over all samples */\n");
	emit_scalar(o, m->metrics,
	            arena_printf(a,
	                         "static void %s_metrics(const double *acc, "
	                         "double count, const double *knob, double *metric)",
	                         opt->prefix),
	            "metric", "acc, count, knob, metric", metric_leaf);
}

/* ---- the file -------------------------------------------------------------------- */

static void print_head(Out *o, const Module *m, const Options *opt)
{
	out(o, "/* %s - trainer generated by nnc %s from %s (-O%d); do not edit.\n *\n",
	    opt->prefix, NNC_VERSION, m->source, opt->level);
	int64_t total = 0;
	for (int i = 0; i < m->nparam; i++)
		total += m->param[i].len;
	out(o, " * %lld parameters; build: cc $(nnc --cflags) FILE.c $(nnc --libs)\n",
	    (long long)total);
	for (int i = 0; i < m->nparam; i++)
		out(o, " *   %-40s %s\n", m->param[i].path, type_text(o->mem, &m->param[i].ty));
	out(o, " *\n * SPDX-License-Identifier: 0BSD\n */\n");
	if (opt->f64)
		out(o, "#define NNC_F64 1\n");
	if (!opt->level)
		out(o, "#define NNC_STRICT 1\n");
	out(o, "#include \"nnrt.h\"\n#include \"vec.h\"\n#include \"vmath.h\"\n#include "
	       "\"rand.h\"\n"
	       "#include \"scalar.h\"\n\n");
}

/* grad and eval with the sum of the losses, which the log calls `loss`. */
static void print_wrapper(Out *o, const Module *m, const char *p, const char *phase)
{
	out(o, "static void %s_%s(nnrt_ctx *c, int tid, int n)\n{\n", p, phase);
	out(o, "%s_%s_run(c, tid, n);\n", p, phase);
	if (m->nloss) {
		out(o, "if (tid == 0) {\nc->loss[%d] = ", m->nloss);
		for (int i = 0; i < m->nloss; i++)
			out(o, "%sc->loss[%d]", i ? " + " : "", i);
		out(o, ";\n}\n");
	}
	out(o, "}\n\n");
}

static void print_flat(Out *o, const Module *m, const Options *opt)
{
	Arena *a = m->job->mem;
	if (m->start)
		fn_print(o, flat_fn(m, opt, m->start, "start"));
	for (int i = 0; i < m->nstage; i++)
		fn_print(o, flat_fn(m, opt, m->stage[i], arena_printf(a, "stage%d", i)));
	if (!m->nstage)
		return;
	out(o, "static const nnrt_stage stages[] = {\n");
	for (int i = 0; i < m->nstage; i++) {
		const char *how = opinfo[m->reduce[i]].name;
		out(o, "{ %s_stage%d, '%s' },\n", opt->prefix, i,
		    strstr(how, "max") ? ">" : strstr(how, "min") ? "<" : "+");
	}
	out(o, "};\n\n");
}

void emit_trainer(Out *o, const Module *m, const Options *opt)
{
	Arena *a = m->job->mem;
	int64_t arena0 = 0, arena = 0;
	About *about = about_new(m, opt);
	double work[PH_FIT + 1] = { 0 };
	Shared *shared = shared_new(a);
	print_head(o, m, opt);
	for (Phase p = PH_INIT; p <= PH_FIT; p++) {
		if (!phase_graph(m, p) || (p == PH_GRAD && !m->nloss))
			continue;
		Fn *f = phase_fn(m, opt, graph_name(p), shared);
		out(o, "/* ---- %s ---- */\n\n", graph_name(p));
		fn_print(o, f);
		if (f->arena0_bytes > arena0)
			arena0 = f->arena0_bytes;
		if (f->arena_bytes > arena)
			arena = f->arena_bytes;
		about_phase(about, graph_name(p), f);
		work[p] = opt->one_thread ? 0 : fn_work(f);
		fn_free(f);
		if (p == PH_GRAD || p == PH_EVAL)
			print_wrapper(o, m, opt->prefix, graph_name(p));
	}
	print_flat(o, m, opt);
	print_scalars(o, m, opt);
	print_tensors(o, m, "params", m->param, m->nparam);
	print_tensors(o, m, "buffers", m->buffer, m->nbuffer);
	print_fields(o, a, "inputs", m->in, m->nin, 0);
	print_fields(o, a, "outputs", m->out, m->nout, 0);
	print_fields(o, a, "columns", m->column, m->ncolumn, m->pick);
	print_fitted(o, a, m);
	print_small_tables(o, a, m);
	print_data(o, a, m);
	print_stop(o, a, m);
	print_onces(o, m);
	about_print(o, about);
	print_model(o, a, m, opt, arena0, arena, work);
	out(o,
	    "int main(int argc, char **argv)\n{\nreturn nnrt_main(&model, argc, argv);\n}\n");
}
