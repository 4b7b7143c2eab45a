/* export.c - the section `export`: defaults of inference C.
 *
 * In:    export c(...).   Out: the options that are built, in the module; the places of those
 *        that are not, for whoever writes inference C.
 * Holds: names and values are checked whether inference C is asked for or not.
 */
#include "elab.h"

#include <ctype.h>
#include <string.h>

typedef enum { X_PREFIX, X_BATCH, X_WORD, X_COUNT, X_FLAG } Kind;

typedef struct {
	const char *name;
	Kind kind;
	const char *word[5];           /* X_WORD: the first is the default                     */
	unsigned built;                /* X_WORD: a bit for each of them that is built         */
} Row;

static const Row row[] = {
	{ "prefix", X_PREFIX, { 0 }, 0 },
	{ "batch", X_BATCH, { 0 }, 0 },
	{ "api", X_WORD, { "static", "context" }, 3 },
	{ "weights", X_WORD, { "embed", "extern", "file" }, 7 },
	{ "quantize", X_WORD, { "none", "int8", "f16", "bf16" }, 13 },
	{ "calibrate", X_COUNT, { 0 }, 0 },
	{ "stream", X_FLAG, { 0 }, 0 },
	{ "preprocess", X_FLAG, { 0 }, 0 },
	{ "input_layout", X_WORD, { "nchw", "nhwc" }, 3 },
	{ "libm", X_FLAG, { 0 }, 0 },
	{ "std", X_WORD, { "c99" }, 1 },
};
enum { ROWS = sizeof row / sizeof *row };

static void unbuilt(Elab *e, const Arg *a)
{
	Unbuilt u = { a->name, a->at };
	PUSH(e->mem, e->m->unbuilt, e->m->nunbuilt, e->m->capunbuilt, u);
}

static void prefix(Elab *e, const Arg *a)
{
	Sym s;
	if (!need_string(e, &a->v, "`prefix`", &s))
		return;
	bool ok = isalpha((unsigned char)s[0]) || s[0] == '_';
	for (const char *p = s; *p; p++)
		ok = ok && (isalnum((unsigned char)*p) || *p == '_');
	if (ok) {
		e->m->export_prefix = s;
		return;
	}
	Diag *d = fail(e, a->at, "E0404", "`prefix` begins names in C, but \"%s\" cannot", s);
	diag_help(d, "use letters, digits and `_`, and no digit first: \"net\"");
}

/* Channels last: of images, which some input has to be. */
static void export_layout(Elab *e, const Arg *a, bool last)
{
	bool images = false;
	for (int i = 0; i < e->m->nin; i++)
		images |= e->m->in[i].ty.rank == 4;
	e->m->export_nhwc = last;
	if (!last || images)
		return;
	Diag *d = fail(e, a->at, "E0404", "`input_layout = \"nhwc\"` is for images, but no input is f32[N, C, H, W]");
	diag_help(d, "leave it out");
}

static void word(Elab *e, const Row *r, const Arg *a)
{
	const char *list = "";
	int n = 0;
	for (; n < 5 && r->word[n]; n++) {
		if (a->v.kind == V_STRING && !strcmp(a->v.str, r->word[n])) {
			if (!(r->built >> n & 1))
				unbuilt(e, a);
			else if (!strcmp(r->name, "api"))
				e->m->export_context = n == 1;
			else if (!strcmp(r->name, "weights"))
				e->m->export_weights = n == 2 ? WEIGHTS_FILE : n == 1 ? WEIGHTS_EXTERN : WEIGHTS_EMBED;
			else if (!strcmp(r->name, "input_layout"))
				export_layout(e, a, n == 1);
			else if (!strcmp(r->name, "quantize"))
				e->m->export_quantize = n == 3 ? HALF_BF16 : n == 2 ? HALF_F16 : HALF_NONE;
			return;
		}
		list = arena_printf(e->mem, "%s%s\"%s\"", list, n ? ", " : "", r->word[n]);
	}
	Diag *d = fail(e, a->at, a->v.kind == V_STRING ? "E0404" : "E0207",
	               "`%s` cannot be %s", r->name, value_text(e, &a->v));
	const char *near = a->v.kind == V_STRING ? nearest(a->v.str, r->word, n) : 0;
	if (near)
		diag_help(d, "did you mean \"%s\"?", near);
	else
		diag_help(d, "it is %s%s", n > 1 ? "one of " : "", list);
}

static void count(Elab *e, const Row *r, const Arg *a)
{
	int64_t n;
	if (!need_int(e, &a->v, arena_printf(e->mem, "`%s`", r->name), &n))
		return;
	if (n < 1)
		fail(e, a->at, "E0404", "`%s` must be at least 1", r->name);
	else if (r->kind == X_BATCH)
		e->m->export_batch = n;
	else
		unbuilt(e, a);
}

static void flag(Elab *e, const Row *r, const Arg *a)
{
	bool yes;
	if (!need_bool(e, &a->v, arena_printf(e->mem, "`%s`", r->name), &yes) || !yes)
		return;
	if (!strcmp(r->name, "libm")) {
		e->m->export_libm = true;
	} else if (!strcmp(r->name, "preprocess")) {
		e->m->export_preprocess = true;
		e->m->preprocess_at = a->name_at;
	}
	else
		unbuilt(e, a);
}

static void option(Elab *e, const Arg *a)
{
	const char *known[ROWS];
	int k = 0;
	for (int i = 0; i < ROWS; i++)
		known[i] = row[i].name;
	if (!a->name) {
		Diag *d = fail(e, a->at, "E0207", "the options of `export c` are named");
		diag_help(d, "write `prefix = \"net\"`, `batch = 1`, ...");
		return;
	}
	while (k < ROWS && strcmp(known[k], a->name))
		k++;
	if (k == ROWS) {
		Diag *d = fail(e, a->name_at, "E0202", "`export c` has no argument `%s`",
		               a->name);
		suggest_argument(d, "c", a->name, known, ROWS);
		return;
	}
	if (a->v.kind == V_POISON)
		return;
	switch (row[k].kind) {
	case X_PREFIX: prefix(e, a); break;
	case X_WORD: word(e, &row[k], a); break;
	case X_BATCH:
	case X_COUNT: count(e, &row[k], a); break;
	case X_FLAG: flag(e, &row[k], a); break;
	}
}

void do_export(Elab *e)
{
	if (!e->export_)
		return;
	Ast *c = e->export_->u.section.call;
	if (strcmp(c->u.call.fn, "c")) {
		Diag *d = fail(e, c->name_at, "E0201", "unknown export `%s`", c->u.call.fn);
		diag_help(d, "write `export c(...)`");
		return;
	}
	Args args = { 0 };
	collect_args(e, 0, c, 0, &args);
	for (int i = 0; i < args.n; i++) {
		bool twice = false;
		for (int k = 0; k < i; k++)
			twice |= args.v[i].name && args.v[i].name == args.v[k].name;
		if (twice)
			fail(e, args.v[i].name_at, "E0205", "`%s` is given twice",
			     args.v[i].name);
		else
			option(e, &args.v[i]);
	}
	if (!e->m->export_preprocess || e->data)
		return;
	Diag *d = fail(e, e->m->preprocess_at, "E0404",
	               "`preprocess` applies the expressions of `data`, and there is no such section");
	diag_help(d, "leave it out, or add `data csv(...) { ... }`");
}
