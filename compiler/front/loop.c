/* loop.c - settings of `train` that belong to the loop: lengths, clipping, averages, monitor.
 *
 * In:    a setting.   Out: TrainInfo; the numbers of the loop as roots of the graph `update`.
 * Holds: what a setting may be is said here, once, for numbers and strings alike.
 */
#include "elab.h"

#include <string.h>

/* ---- numbers that may change between updates --------------------------------------------- */

typedef struct {
	const char *name, *may_be;
	bool whole;
	double least;                  /* ... or above it                                     */
	bool above;
	double below;
	const char *example;
} NumberRow;

/* In the order of TrainNumber. */
static const NumberRow number_table[NTRAINNUMBER] = {
	{ "clip_value", "above 0", false, 0, true, 1e300, "0.5" },
	{ "clip_norm", "above 0", false, 0, true, 1e300, "1.0" },
	{ "accumulate", "an integer of at least 1", true, 1, false, 1e6, "4" },
	{ "ema", "at least 0 and below 1", false, 0, false, 1, "0.999" },
};

const char *train_number_name(TrainNumber k)
{
	return number_table[k].name;
}

static bool number_fits(const NumberRow *r, const Value *v)
{
	double k = v->num;
	return (!r->whole || v->is_int) && (r->above ? k > r->least : k >= r->least) &&
	       k < r->below;
}

static void number_setting(Elab *e, int k, Ast *a)
{
	const NumberRow *r = &number_table[k];
	Value v = eval(e, a);
	number_from_tensor(e, &v);
	e->number[k] = 0;
	if (v.kind == V_POISON || v.kind == V_NONE)
		return;
	if (v.kind == V_NUMBER && !v.unit && !v.multiple && (!v.known || number_fits(r, &v))) {
		e->number[k] = a;
		return;
	}
	Diag *d = fail(e, a->at, v.kind == V_NUMBER ? "E0404" : "E0207",
	               "`%s` must be %s, but this is %s", r->name, r->may_be,
	               value_text(e, &v));
	diag_help(d, "write `%s = %s`, or leave it out", r->name, r->example);
}

void train_numbers(Elab *e)
{
	for (int k = 0; k < NTRAINNUMBER; k++) {
		if (!e->number[k])
			continue;
		Value v = eval(e, e->number[k]);
		number_from_tensor(e, &v);
		if (v.kind == V_NUMBER)
			e->m->train.number[k] =
				1 + number_row(e, job_sym(e->j, number_table[k].name), &v);
	}
}

/* ---- numbers that are read once ----------------------------------------------------------- */

void read_once(Elab *e, OnceKind kind, int rule, Ast *a)
{
	Module *m = e->m;
	Graph *g = e->g, *top = e->top;
	Frame *frame = e->frame;
	bool literal = e->literal;
	if (!m->once)
		m->once = graph_new(e->j, job_sym(e->j, "once"));
	e->g = e->top = m->once;
	e->literal = false;
	Value v = eval(e, a);
	number_from_tensor(e, &v);
	if (v.kind == V_NUMBER && v.known && v.n) {
		Once row = { kind, rule };
		graph_root(m->once, R_KNOB, m->nonce, m->once->name, value_node(e, &v), a->at);
		PUSH(e->mem, m->onces, m->nonce, m->caponce, row);
	}
	if (!m->nonce) {               /* nothing came of it */
		graph_free(m->once);
		m->once = 0;
	}
	e->literal = literal;
	e->frame = frame;
	e->g = g;
	e->top = top;
}

/* ---- lengths ----------------------------------------------------------------------------- */

/* `epochs(2)`, `steps(250)`, or a number of epochs; false after a message. */
static bool length_of(Elab *e, OnceKind kind, Ast *s, double *length, bool *steps)
{
	Ast *a = s->u.decl.value, *of = a;
	const char *name = s->u.decl.name;
	bool unit = a->kind == A_CALL &&
	            (!strcmp(a->u.call.fn, "epochs") || !strcmp(a->u.call.fn, "steps"));
	*steps = unit && a->u.call.fn[0] == 's';
	if (unit && (a->u.call.arg.n != 1 || a->u.call.arg.v[0]->kind == A_ARG)) {
		Diag *d = fail(e, a->at, "E0207", "`%s` takes one number", a->u.call.fn);
		diag_help(d, "write `%s(%s)`", a->u.call.fn, *steps ? "250" : "1");
		return false;
	}
	if (unit)
		of = a->u.call.arg.v[0];
	Value v = eval(e, of);
	if (v.kind == V_POISON)
		return false;
	if (v.kind != V_NUMBER || !v.known) {
		Diag *d = fail(e, of->at, "E0207",
		               "`%s` must be a number of epochs or steps, but this is %s", name,
		               value_text(e, &v));
		diag_help(d, "write `%s = epochs(1)` or `%s = steps(250)`", name, name);
		return false;
	}
	if (!(v.num > 0) || v.num > 1e9 || (*steps && !v.is_int)) {
		fail(e, of->at, "E0404", "`%s` must be %s, but this is %s", name,
		     *steps ? "a whole number of steps, at least 1" : "above 0 epochs",
		     value_text(e, &v));
		return false;
	}
	*length = v.num;
	read_once(e, kind, 0, of);
	return true;
}

/* ---- scores: losses and metrics by name -------------------------------------------------- */

static int score_count(const Module *m)
{
	return 1 + m->nloss + m->nmetric;
}

/* loss, each loss, each metric; a metric wins over a loss of its name. */
static const char *score_name(const Module *m, int i)
{
	return i == 0         ? "loss"
	       : i <= m->nloss ? m->loss[i - 1].name
	                       : m->metric[i - 1 - m->nloss].name;
}

int score_find(const Module *m, const char *name)
{
	bool val = !strncmp(name, "val_", 4);
	for (int k = 0; k < 2; k++) {
		/* a metric may be called val_something by itself */
		const char *bare = k ? name + 4 : name;
		if (k && !val)
			break;
		for (int i = score_count(m) - 1; i >= 0; i--)
			if (!strcmp(score_name(m, i), bare))
				return i + (k ? score_count(m) : 0);
	}
	return -1;
}

bool score_larger(const Module *m, int i)
{
	i %= score_count(m);
	return i > m->nloss && m->metric[i - 1 - m->nloss].larger_is_better;
}

bool score_on_val(const Module *m, int i)
{
	return i >= score_count(m) && i < 2 * score_count(m);
}

const char *score_text(Elab *e, const Ast *a)
{
	if (a->kind == A_LOSS)
		return "loss";
	if (a->kind == A_NAME)
		return a->u.name;
	if (a->kind != A_FIELD)
		return 0;
	const char *of = score_text(e, a->u.field.of);
	return of ? arena_printf(e->mem, "%s.%s", of, a->u.field.name) : 0;
}

bool score_ok(Elab *e, const char *name, int i, Span at)
{
	Module *m = e->m;
	int metric = i < 0 ? -1 : i % score_count(m) - 1 - m->nloss;
	if (metric >= 0 && m->metric[metric].table) {
		Diag *d = fail(e, at, "E0404", "`%s` is a table, not a number", name);
		diag_help(d, "choose another metric, such as `%s`",
		          m->data.has_val ? "val_loss" : "loss");
		return false;
	}
	if (i >= 0 && (!score_on_val(m, i) || !e->data || m->data.has_val))
		return true;
	if (i >= 0) {
		Diag *d = fail(e, at, "E0404",
		               "`%s` needs a validation part, but the data have none", name);
		diag_help(d, "write `val = 0.1` in the head of `data`");
		return false;
	}
	bool val = !strncmp(name, "val_", 4);
	const char *bare = name + (val ? 4 : 0);
	const char **all = NEWN(e->mem, const char *, score_count(m));
	for (int k = 0; k < score_count(m); k++)
		all[k] = score_name(m, k);
	/* its metric may be the one that could not be understood */
	if (e->lost_result)
		return false;
	Diag *d = fail(e, at, "E0204", "`%s` is no loss or metric of this model", name);
	const char *near = nearest(bare, all, score_count(m));
	if (near)
		diag_help(d, "did you mean `%s%s`?", val ? "val_" : "", near);
	else
		diag_help(d, "there %s `loss`%s%s", m->nmetric || m->nloss > 1 ? "are" : "is",
		          m->nmetric ? ", and the metrics that the model declares" : "",
		          m->data.has_val ? ", with `val_` in front for the validation part"
		                          : "");
	return false;
}

static void monitor_setting(Elab *e, Ast *v)
{
	const char *name = score_text(e, v);
	if (!name) {
		fail(e, v->at, "E0207",
		     "`monitor` takes the name of a metric or loss, such as `val_loss`");
		return;
	}
	if (score_ok(e, name, score_find(e->m, name), v->at))
		e->m->train.monitor = job_sym(e->j, name);
}

/* Checkpoints that `keep` may ask for. */
enum { MAXKEEP = 1000000 };

/* ---- the settings ------------------------------------------------------------------------ */

static void nonfinite_setting(Elab *e, Ast *a)
{
	static const char *const word[] = { "stop", "skip", "rollback" };
	Value v = eval(e, a);
	if (v.kind == V_POISON)
		return;
	for (int i = 0; i < 3; i++)
		if (v.kind == V_STRING && !strcmp(v.str, word[i])) {
			e->m->train.nonfinite = i;
			return;
		}
	Diag *d = fail(e, a->at, "E0207", "`on_nonfinite` cannot be %s", value_text(e, &v));
	const char *near = v.kind == V_STRING ? nearest(v.str, word, 3) : 0;
	if (near)
		diag_help(d, "did you mean \"%s\"?", near);
	else
		diag_help(d, "it is \"stop\", \"skip\" or \"rollback\"");
}

bool loop_setting(Elab *e, Ast *s)
{
	TrainInfo *t = &e->m->train;
	Sym name = s->u.decl.name;
	Ast *a = s->u.decl.value;
	double length;
	int64_t k;
	bool steps;
	for (int i = 0; i < NTRAINNUMBER; i++)
		if (!strcmp(name, number_table[i].name)) {
			number_setting(e, i, a);
			return true;
		}
	if (!strcmp(name, "monitor")) {
		monitor_setting(e, a);
	} else if (!strcmp(name, "stop")) {
		stop_setting(e, a);
	} else if (!strcmp(name, "validate")) {
		if (length_of(e, ONCE_VALIDATE, s, &length, &steps)) {
			t->validate = length;
			t->validate_steps = steps;
		}
	} else if (!strcmp(name, "checkpoint")) {
		if (length_of(e, ONCE_CHECKPOINT, s, &length, &steps)) {
			t->checkpoint = length;
			t->checkpoint_steps = steps;
		}
	} else if (!strcmp(name, "keep")) {
		Value v = eval(e, a);
		v.at = a->at;
		if (!need_int(e, &v, "`keep`", &k))
			return true;
		if (k < 1 || k > MAXKEEP)
			fail(e, a->at, "E0404", "`keep` must be %s",
			     k < 1 ? "at least 1" : "at most 1000000");
		else
			t->keep = (int)k;
		if (t->keep)
			read_once(e, ONCE_KEEP, 0, a);
	} else if (!strcmp(name, "on_nonfinite")) {
		nonfinite_setting(e, a);
	} else {
		return false;
	}
	return true;
}
