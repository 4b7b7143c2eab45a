/* section.c - the section train.
 *
 * In:    settings.   Out: TrainInfo.
 * Holds: every setting that is not built is refused by name.
 */
#include "elab.h"

#include <math.h>
#include <string.h>

static const char *const train_known[] = {
	"epochs", "steps", "batch", "optimizer", "regularize", "clip_norm", "clip_value",
	"accumulate", "ema", "stop", "monitor", "validate", "checkpoint", "seed", "shuffle",
	"drop_last", "decay_all", "on_nonfinite", "keep", "quantize", 0
};

/* ---- train ------------------------------------------------------------------------------- */

static bool positive(Elab *e, Ast *s, Value *v, double *out)
{
	int64_t i;
	if (!need_int(e, v, arena_printf(e->mem, "`%s`", s->u.decl.name), &i))
		return false;
	if (i < 1 || i > 1 << 30) {
		fail(e, s->u.decl.value->at, "E0404", "`%s` must be at least 1",
		     s->u.decl.name);
		return false;
	}
	*out = (double)i;
	return true;
}

static bool is_default(Elab *e, Sym name, const Value *v)
{
	(void)e;
	if (!strcmp(name, "quantize"))
		return v->kind == V_STRING && !strcmp(v->str, "none");
	return v->kind == V_NONE;
}

/* An integer, "all", or a schedule. */
static void batch_setting(Elab *e, Ast *s, Value *v)
{
	TrainInfo *t = &e->m->train;
	double k;
	if (v->kind == V_STRING && !strcmp(v->str, "all"))
		t->batch = -1;
	else if (v->kind == V_STRING)
		fail(e, v->at, "E0207", "`batch` is an integer, \"all\" or a schedule");
	else if (v->kind == V_NUMBER && !v->known && !v->batch && !v->unit) {
		t->batch_multiple = v->multiple ? v->multiple : 8;
		t->batch_number = setting_number(e, s, v);
	} else if (positive(e, s, v, &k)) {
		t->batch = (int64_t)k;
		read_once(e, ONCE_BATCH, 0, s->u.decl.value);
	}
}

static void seed_setting(Elab *e, const Value *v, Ast *a)
{
	if (need_seed(e, v, &e->m->train.seed))
		read_once(e, ONCE_SEED, 0, a);
}

static void train_setting(Elab *e, Ast *s)
{
	TrainInfo *t = &e->m->train;
	Sym name = s->u.decl.name;
	Ast *a = s->u.decl.value;
	int k = 0;
	while (train_known[k] && strcmp(train_known[k], name))
		k++;
	if (!train_known[k]) {
		unknown_setting(e, "train", train_known, s);
		return;
	}
	if (s->u.decl.type) {
		later(e, s->u.decl.type->at, "a type in a setting");
		return;
	}
	if (!strcmp(name, "optimizer")) {
		e->optimizer = a;
		return;
	}
	if (loop_setting(e, s))
		return;
	bool regularize = !strcmp(name, "regularize");
	e->regularising = regularize;
	e->reg_at = regularize ? a : 0;
	Value v = eval(e, a);
	e->regularising = false;
	e->reg_at = 0;
	if (v.kind == V_POISON)
		return;
	v.at = a->at;
	number_from_tensor(e, &v);
	if (!strcmp(name, "epochs") || !strcmp(name, "steps"))
		e->length_at = a->at;
	if (!strcmp(name, "epochs") && positive(e, s, &v, &t->epochs))
		read_once(e, ONCE_EPOCHS, 0, a);
	else if (!strcmp(name, "steps") && positive(e, s, &v, &t->steps))
		read_once(e, ONCE_STEPS, 0, a);
	else if (!strcmp(name, "epochs") || !strcmp(name, "steps"))
		return;
	else if (!strcmp(name, "batch"))
		batch_setting(e, s, &v);
	else if (!strcmp(name, "seed"))
		seed_setting(e, &v, a);
	else if (!strcmp(name, "shuffle"))
		need_bool(e, &v, "`shuffle`", &t->shuffle);
	else if (!strcmp(name, "drop_last"))
		need_bool(e, &v, "`drop_last`", &t->drop_last);
	else if (!strcmp(name, "decay_all"))
		need_bool(e, &v, "`decay_all`", &e->decay_all);
	else if (!strcmp(name, "regularize"))
		reg_ok(e, &v, a->at);
	else if (!is_default(e, name, &v))
		later(e, s->at, "the setting `%s`", name);
}

void do_train(Elab *e)
{
	TrainInfo *t = &e->m->train;
	Span epochs = NOWHERE;
	t->batch = 32;
	t->shuffle = true;
	t->at = NOWHERE;
	e->optimizer = 0;
	memset(e->number, 0, sizeof e->number);
	if (!e->train)
		return;
	t->given = true;
	t->at = e->train->at;
	AstList *l = &e->train->u.section.setting;
	for (int i = 0; i < l->n; i++) {
		bool twice = false;
		for (int k = 0; k < i && !twice; k++)
			if (l->v[k]->u.decl.name == l->v[i]->u.decl.name) {
				Diag *d = fail(e, l->v[i]->name_at, "E0205",
				               "`%s` is set twice", l->v[i]->u.decl.name);
				diag_span(d, l->v[k]->name_at, "first here");
				twice = true;
			}
		if (!strcmp(l->v[i]->u.decl.name, "epochs") ||
		    !strcmp(l->v[i]->u.decl.name, "steps")) {
			if (epochs.file >= 0 && !twice) {
				Diag *d = fail(e, l->v[i]->name_at, "E0404",
				               "`epochs` and `steps` together: "
				               "give one of the two");
				diag_span(d, epochs, "%s", "");
			}
			epochs = l->v[i]->name_at;
		}
		if (!twice)
			train_setting(e, l->v[i]);
	}
	if (epochs.file >= 0)
		return;
	/* a mistyped `epochs` has been reported already */
	for (int i = 0; i < l->n; i++)
		if (!strncmp(l->v[i]->u.decl.name, "epoch", 5) ||
		    !strncmp(l->v[i]->u.decl.name, "step", 4))
			return;
	Diag *d = fail(e, e->train->name_at, "E0404", "`train` needs `epochs` or `steps`");
	diag_help(d, "write `epochs = 10`");
}
