/* split.c - how rows are dealt to train, val and test: the arguments that every source has.
 *
 * In:    arguments of a data source.   Out: the shares of DataInfo.
 * Holds: a share is given once: either beside the source's own arguments or in `split`.
 */
#include "elab.h"

#include <string.h>

/* A part that is a file or folder of the same form. */
static void file_to(Elab *e, const Arg *a)
{
	DataInfo *d = &e->m->data;
	bool val = !strcmp(a->name, "val");
	if (d->source == DATA_SYNTHETIC) {
		Diag *m = fail(e, a->at, "E0404", "`synthetic` reads no files, so `%s` cannot be one",
		               a->name);
		diag_help(m, "write `%s = 0.1` or `%s = 1000`", a->name, a->name);
		return;
	}
	if (!*a->v.str)
		fail(e, a->at, "E0404", "`%s` names no file", a->name);
	*(val ? &d->val_file : &d->test_file) = a->v.str;
}

/* A fraction of the rows, a number of rows, or a file. */
static void share_to(Elab *e, const Arg *a, double *to)
{
	double k;
	if (a->v.kind == V_STRING) {
		file_to(e, a);
		return;
	}
	if (!need_number(e, &a->v, arena_printf(e->mem, "`%s`", a->name), &k))
		return;
	if (k < 0 || (k > 1 && k != (double)(int64_t)k)) {
		Diag *d = fail(e, a->at, "E0404",
		               "`%s` is a fraction of the rows or a number of rows", a->name);
		diag_help(d, "write `%s = 0.1` or `%s = 1000`", a->name, a->name);
		return;
	}
	*to = k;
}

/* ---- split = ... ------------------------------------------------------------------------- */

static const char *const holdout_args[] = { "val", "test", "stratify" };
static const char *const kfold_args[] = { "k", "shuffle", "stratify" };
static const char *const time_args[] = { "train" };

static const struct {
	const char *name, *signature;
	const char *const *arg;
	int nargs;
} kind[] = {
	{ "holdout", "holdout(val = 0, test = 0, stratify = field)", holdout_args, 3 },
	{ "kfold", "kfold(k, shuffle = true, stratify = field)", kfold_args, 3 },
	{ "time", "time(train = 0.8)", time_args, 1 },
};
enum { HOLDOUT, KFOLD, TIME, KINDS };

/* A field of one class, bool or integer a sample: 1 + its number. */
static void class_field(Elab *e, Ast *a, const char *what, int *to)
{
	const char *name[64];
	int n = 0;
	for (int i = 0; i < e->m->nin; i++) {
		const Field *f = &e->m->in[i];
		if (n < 64)
			name[n++] = f->name;
		if (a->kind != A_NAME || f->name != a->u.name)
			continue;
		if (f->ty.rank == 1 && f->ty.dt != DT_REAL) {
			*to = 1 + i;
			return;
		}
		Diag *d = fail(e, a->at, "E0310",
		               "`%s` needs one class a sample, but `%s` is %s", what, f->name,
		               type_text(e->mem, &f->ty));
		diag_span(d, f->at, "%s", "");
		return;
	}
	Diag *d = fail(e, a->at, a->kind == A_NAME ? "E0204" : "E0207",
	               "`%s` takes the name of an input or target", what);
	const char *near = a->kind == A_NAME ? nearest(a->u.name, name, n) : 0;
	if (near)
		diag_help(d, "did you mean `%s`?", near);
}

static void split_number(Elab *e, int k, const char *name, Ast *value)
{
	DataInfo *d = &e->m->data;
	Arg a = { job_sym(e->j, name), eval(e, value), value->at, value->at };
	a.v.at = value->at;
	if (a.v.kind == V_POISON)
		return;
	if (k == TIME) {
		share_to(e, &a, &d->time);
		if (a.v.kind == V_NUMBER && a.v.known && (a.v.num == 0 || a.v.num == 1))
			fail(e, a.at, "E0404",
			     "`time` needs a part of the rows to train on, and one to "
			     "validate");
	} else if (k == HOLDOUT) {
		double *to = !strcmp(name, "val") ? &d->val : &d->test;
		if (*to > 0 || (!strcmp(name, "val") ? d->val_file : d->test_file)) {
			Diag *m = fail(e, a.at, "E0404",
			               "`%s` is given twice: beside `split` and in it", name);
			diag_help(m, "leave one of the two out");
			return;
		}
		share_to(e, &a, to);
	} else if (!strcmp(name, "shuffle")) {
		need_bool(e, &a.v, "`shuffle`", &d->shuffle);
	} else if (need_int(e, &a.v, "`k`", &d->folds) && (d->folds < 2 || d->folds > 1000)) {
		fail(e, a.at, "E0404", "`kfold` needs 2 to 1000 folds");
	}
}

static void split_argument(Elab *e, int k, Ast *call, Ast *arg, int *pos, unsigned *seen)
{
	const char *name = arg->kind == A_ARG ? arg->u.arg.name : 0;
	Ast *value = name ? arg->u.arg.value : arg;
	int i = 0;
	if (!name)
		i = (*pos)++;
	while (name && i < kind[k].nargs && strcmp(kind[k].arg[i], name))
		i++;
	if (i >= kind[k].nargs) {
		Diag *d = name ? fail(e, arg->name_at, "E0202", "`%s` has no argument `%s`",
		                      call->u.call.fn, name)
		               : fail(e, arg->at, "E0207", "`%s` has too many arguments",
		                      call->u.call.fn);
		if (name)
			suggest_argument(d, call->u.call.fn, name, kind[k].arg, kind[k].nargs);
		diag_note(d, "%s", kind[k].signature);
		return;
	}
	if (*seen & 1u << i) {
		fail(e, arg->at, "E0205", "`%s` is given twice", kind[k].arg[i]);
		return;
	}
	*seen |= 1u << i;
	if (!strcmp(kind[k].arg[i], "stratify"))
		class_field(e, value, "stratify", &e->m->data.stratify);
	else
		split_number(e, k, kind[k].arg[i], value);
}

static void split_option(Elab *e, Ast *a)
{
	DataInfo *d = &e->m->data;
	int k = 0, pos = 0;
	unsigned seen = 0;
	while (k < KINDS && (a->kind != A_CALL || strcmp(kind[k].name, a->u.call.fn)))
		k++;
	if (k == KINDS) {
		const char *const names[] = { "holdout", "kfold", "time" };
		Diag *m = a->kind == A_CALL ? fail(e, a->name_at, "E0201", "unknown split `%s`",
		                                   a->u.call.fn)
		                            : fail(e, a->at, "E0207", "`split` takes a call");
		const char *near =
			a->kind == A_CALL ? nearest(a->u.call.fn, names, KINDS) : 0;
		if (near)
			diag_help(m, "did you mean `%s`?", near);
		else
			diag_help(m, "write `split = holdout(val = 0.1, test = 0.1)`, "
			             "`split = kfold(5)` or `split = time(0.8)`");
		return;
	}
	if (k != HOLDOUT && (d->val > 0 || d->val_file)) {
		Diag *m = fail(e, a->at, "E0404",
		               "`val` and `%s` both say which rows validate", a->u.call.fn);
		diag_help(m, "leave `val` out");
		return;
	}
	if (k == TIME)
		d->time = 0.8;
	for (int i = 0; i < a->u.call.arg.n; i++)
		split_argument(e, k, a, a->u.call.arg.v[i], &pos, &seen);
	if (k == KFOLD && !(seen & 1)) {
		Diag *m = fail(e, a->at, "E0207", "`kfold` needs the number of folds");
		diag_help(m, "write `kfold(5)`");
	}
}

/* ---- all of them ------------------------------------------------------------------------- */

static void cache_to(Elab *e, const Arg *a)
{
	DataInfo *d = &e->m->data;
	if (!need_string(e, &a->v, "`cache`", &d->cache))
		return;
	if (strcmp(d->cache, "ram") && strcmp(d->cache, "mmap")) {
		Diag *m = fail(e, a->at, "E0404", "`cache` does not know \"%s\"", d->cache);
		diag_help(m, "write \"ram\" or \"mmap\"");
	} else if (!strcmp(d->cache, "mmap") &&
	           (d->source == DATA_SYNTHETIC || d->source == DATA_IDX)) {
		later(e, a->at, "`cache = \"mmap\"` of this source");
	}
}

bool data_argument(Elab *e, const Arg *a)
{
	DataInfo *d = &e->m->data;
	if (!strcmp(a->name, "val"))
		share_to(e, a, &d->val);
	else if (!strcmp(a->name, "test"))
		share_to(e, a, &d->test);
	else if (!strcmp(a->name, "seed"))
		need_seed(e, &a->v, &d->seed);
	else if (!strcmp(a->name, "shuffle"))
		need_bool(e, &a->v, "`shuffle`", &d->shuffle);
	else if (!strcmp(a->name, "cache"))
		cache_to(e, a);
	else
		return false;
	return true;
}

/* `split` and `balance` hold names of fields and calls of their own, no expressions. */
Ast *data_call(Elab *e, Ast *call, Ast **split)
{
	Ast *c = NEW(e->mem, Ast);
	*c = *call;
	memset(&c->u.call.arg, 0, sizeof c->u.call.arg);
	*split = e->balance = 0;
	for (int i = 0; i < call->u.call.arg.n; i++) {
		Ast *a = call->u.call.arg.v[i];
		const char *name = a->kind == A_ARG ? a->u.arg.name : "";
		if (!strcmp(name, "split") && *split)
			fail(e, a->at, "E0205", "`split` is given twice");
		else if (!strcmp(name, "split"))
			*split = a->u.arg.value;
		else if (!strcmp(name, "balance") && e->balance)
			fail(e, a->at, "E0205", "`balance` is given twice");
		else if (!strcmp(name, "balance"))
			e->balance = a->u.arg.value;
		else
			ast_push(e->j, &c->u.call.arg, a);
	}
	return c;
}

void data_split(Elab *e, Ast *split)
{
	DataInfo *d = &e->m->data;
	if (split)
		split_option(e, split);
	if (e->balance)
		class_field(e, e->balance, "balance", &d->balance);
	/* a source in error silences who asks for its parts */
	d->has_val = d->source == DATA_NONE || d->val > 0 || d->val_file || d->time > 0 || d->folds > 0;
}
