/* source.c - the sources of the data section and their arguments.
 *
 * In:    SOURCE(arguments).   Out: DataInfo.
 * Holds: what a source needs is there; an argument is that of its source or of all sources.
 *
 * A source is a row of the table below; what its arguments do not say by themselves is checked in
 * a function of its own.
 */
#include "elab.h"

#include <stddef.h>
#include <string.h>

typedef enum { P_STRING, P_BOOL, P_COUNT, P_NUMBER, P_NAMES, P_SIZE } ParamKind;
typedef struct {
	const char *name;
	ParamKind kind;
	size_t at; /* in DataInfo */
	const char *what;
} Param;

enum { PARAMS = 6 };

typedef struct SourceRow SourceRow;
struct SourceRow {
	const char *name;
	DataSource source;
	int npos; /* so many of the parameters may go without their name */
	Param param[PARAMS];
	const char *signature;
	void (*check)(Elab *e, const SourceRow *s, Ast *call, Args *args);
};

static void missing_argument(Elab *e, const SourceRow *s, Ast *call, const char *name)
{
	Diag *m = fail(e, call->at, "E0207", "`%s` needs the argument `%s`", s->name, name);
	diag_note(m, "%s", s->signature);
}

static Span place_of(const Args *args, const char *name, int pos, Span other)
{
	int k = 0;
	for (int i = 0; i < args->n; i++) {
		if (args->v[i].name ? !strcmp(args->v[i].name, name) : k == pos)
			return args->v[i].at;
		k += !args->v[i].name;
	}
	return other;
}

/* ---- what each of them needs ---------------------------------------------------------------- */

static void check_idx(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	(void)args;
	if (e->m->data.path || e->m->data.images)
		return;
	Diag *m = fail(e, call->at, "E0207", "`idx` needs a folder, or `images =`");
	diag_note(m, "%s", s->signature);
}

static void check_synthetic(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	DataInfo *d = &e->m->data;
	if (d->noise < 0) {
		fail(e, place_of(args, "noise", 2, call->at), "E0404",
		     "`noise` must be at least 0");
		return;
	}
	if (!d->kind || !d->n) {
		missing_argument(e, s, call, d->kind ? "n" : "kind");
		return;
	}
	Span kind = place_of(args, "kind", 0, call->at);
	if (!strcmp(d->kind, "sequence")) {
		for (int i = 0; i < e->m->nin; i++)
			if (!e->m->in[i].target && e->m->in[i].ty.classes > 0)
				return;
		Diag *m = fail(e, kind, "E0404",
		               "`synthetic(\"sequence\")` needs an input of classes");
		diag_help(m, "write `input tokens: class(256)[N, T]`, or take \"linear\"");
	} else if (strcmp(d->kind, "random") && strcmp(d->kind, "linear")) {
		Diag *m = fail(e, kind, "E0207", "`synthetic` does not know the kind \"%s\"",
		               d->kind);
		diag_help(m, "its kinds are \"random\", \"linear\" and \"sequence\"");
	}
}

static void check_names(Elab *e, Ast *call, Args *args)
{
	DataInfo *d = &e->m->data;
	for (int i = 0; i < d->nnames; i++)
		for (int k = 0; k < i; k++)
			if (d->names[k] == d->names[i]) {
				fail(e, place_of(args, "names", 3, call->at), "E0205",
				     "two columns are called \"%s\"", d->names[i]);
				return;
			}
}

static void check_csv(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	DataInfo *d = &e->m->data;
	if (!d->path) {
		missing_argument(e, s, call, "file");
		return;
	}
	Span sep = place_of(args, "sep", 2, call->at);
	if (strlen(d->sep) != 1 || strchr("\"\n\r.+-0123456789", *d->sep)) {
		Diag *m = fail(e, sep, "E0404", "`sep` is one character that no number has");
		diag_help(m, "write `sep = \",\"`, `sep = \";\"` or `sep = \"\\t\"`");
	}
	check_names(e, call, args);
	Span at = place_of(args, "missing", 4, call->at);
	if (strcmp(d->missing, "error") && strcmp(d->missing, "drop") &&
	    strcmp(d->missing, "mean")) {
		Diag *m = fail(e, at, "E0404", "`missing` does not know \"%s\"", d->missing);
		diag_help(m, "write \"error\", \"drop\" or \"mean\"");
	}
}

static void check_file(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	(void)args;
	if (!e->m->data.path)
		missing_argument(e, s, call, s->param[0].name);
}

static void check_files(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	(void)args;
	if (e->m->data.nfile)
		return;
	Diag *m = fail(e, call->at, "E0207", "`%s` needs a file for every column", s->name);
	diag_note(m, "%s", s->signature);
}

/* "f32[3, 4]", "u8": a type that files have, extents >= 1. */
static bool raw_type(const char *s)
{
	static const char *const name[] = { "f16", "f32", "f64", "bf16", "i8",  "i16", "i32",
		                            "i64", "u8",  "u16", "u32",  "u64", "bool" };
	size_t n = strcspn(s, "[");
	bool known = false;
	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		known |= strlen(name[i]) == n && !strncmp(s, name[i], n);
	if (!known || !s[n])
		return known;
	int rank = 0;
	for (s += n; *s == '[' || *s == ','; rank++) {
		s += 1 + strspn(s + 1, " ");
		size_t digits = strspn(s, "0123456789");
		if (*s == '0' || digits == 0 || digits > 9)
			return false;
		s += digits + strspn(s + digits, " ");
	}
	return rank <= MAXRANK && !strcmp(s, "]");
}

static void check_raw(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	DataInfo *d = &e->m->data;
	check_files(e, s, call, args);
	if (!d->type) {
		missing_argument(e, s, call, "type");
		return;
	}
	if (!raw_type(d->type)) {
		Diag *m = fail(e, place_of(args, "type", 1, call->at), "E0404",
		               "\"%s\" is no type of a row", d->type);
		diag_help(m, "write `type = \"f32[3, 4]\"`: f16 f32 f64 bf16 i8 i16 i32 i64 u8 "
		             "u16 u32 u64 or bool, then the shape of one sample");
		return;
	}
	for (int i = 0; i < d->nfile; i++)
		d->file[i].type = d->type;
}

static void check_images(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	check_file(e, s, call, args);
	if (!strcmp(e->m->data.cache, "mmap"))
		later(e, place_of(args, "cache", 9, call->at), "`cache = \"mmap\"` of this source");
}

static void check_text(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	DataInfo *d = &e->m->data;
	check_file(e, s, call, args);
	if (!d->context)
		missing_argument(e, s, call, "context");
	if (!strcmp(d->level, "char")) {
		d->source = DATA_CHARS;
		if (!strcmp(d->cache, "mmap"))
			later(e, place_of(args, "cache", 9, call->at),
			      "`cache = \"mmap\"` with `level = \"char\"`");
	} else if (strcmp(d->level, "byte")) {
		Diag *m = fail(e, place_of(args, "level", 1, call->at), "E0404",
		               "`level` does not know \"%s\"", d->level);
		diag_help(m, "write \"byte\" or \"char\"");
	}
	d->shuffle = false; /* parts are stretches of the text */
}

/* ---- the table ------------------------------------------------------------------------------ */

#define AT(field) offsetof(DataInfo, field)

static const SourceRow table[] = {
	{ "idx", DATA_IDX, 1,
	  { { "dir", P_STRING, AT(path), "the folder of `idx`" },
	    { "images", P_STRING, AT(images), "`images`" },
	    { "labels", P_STRING, AT(labels), "`labels`" } },
	  "idx(dir, val = 0, test = 0, seed = 0, shuffle = true), or "
	  "idx(images = file, labels = file, ...)",
	  check_idx },
	{ "synthetic", DATA_SYNTHETIC, 3,
	  { { "kind", P_STRING, AT(kind), "the kind of `synthetic`" },
	    { "n", P_COUNT, AT(n), "the number of samples" },
	    { "noise", P_NUMBER, AT(noise), "`noise`" } },
	  "synthetic(kind, n, noise = 0.1)", check_synthetic },
	{ "csv", DATA_CSV, 5,
	  { { "file", P_STRING, AT(path), "the file of `csv`" },
	    { "header", P_BOOL, AT(header), "`header`" },
	    { "sep", P_STRING, AT(sep), "`sep`" },
	    { "names", P_NAMES, AT(names), "`names`" },
	    { "missing", P_STRING, AT(missing), "`missing`" } },
	  "csv(file, header = true, sep = \",\", names = [...], missing = \"error\", ...)",
	  check_csv },
	{ "npy", DATA_NPY, 0, { { 0 } }, "npy(x = \"x.npy\", y = \"y.npy\", ...)", check_files },
	{ "npz", DATA_NPZ, 1,
	  { { "file", P_STRING, AT(path), "the file of `npz`" } },
	  "npz(file, ...)", check_file },
	{ "raw", DATA_RAW, 0,
	  { { "type", P_STRING, AT(type), "`type`" } },
	  "raw(x = \"x.bin\", type = \"f32[3, 4]\", ...)", check_raw },
	{ "libsvm", DATA_LIBSVM, 1,
	  { { "file", P_STRING, AT(path), "the file of `libsvm`" } },
	  "libsvm(file, ...)", check_file },
	{ "text", DATA_BYTES, 1,
	  { { "file", P_STRING, AT(path), "the file of `text`" },
	    { "level", P_STRING, AT(level), "`level`" },
	    { "context", P_COUNT, AT(context), "`context`" } },
	  "text(file, level = \"byte\", context = T, ...)", check_text },
	{ "cifar10", DATA_CIFAR10, 1,
	  { { "dir", P_STRING, AT(path), "the folder of `cifar10`" } },
	  "cifar10(dir, ...)", check_file },
	{ "cifar100", DATA_CIFAR100, 1,
	  { { "dir", P_STRING, AT(path), "the folder of `cifar100`" } },
	  "cifar100(dir, ...)", check_file },
	{ "images", DATA_IMAGES, 1,
	  { { "dir", P_STRING, AT(path), "the folder of `images`" },
	    { "size", P_SIZE, AT(size), "`size`" } },
	  "images(dir, size = [H, W], ...)", check_images },
};
enum { SOURCES = sizeof table / sizeof *table };

static int params(const SourceRow *s)
{
	int n = 0;
	while (n < PARAMS && s->param[n].name)
		n++;
	return n;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static void unknown_data_argument(Elab *e, const SourceRow *s, const Arg *a)
{
	static const char *const common[] = { "val",   "test",  "seed",   "shuffle",
		                              "split", "cache", "balance" };
	const char *name[PARAMS + 7];
	int n = 0;
	for (int i = 0; i < params(s); i++)
		name[n++] = s->param[i].name;
	for (int i = 0; i < 7; i++)
		name[n++] = common[i];
	if (!a->name) {
		Diag *d = fail(e, a->at, "E0207", "`%s` has too many arguments", s->name);
		diag_note(d, "%s", s->signature);
		return;
	}
	Diag *d = fail(e, a->name_at, "E0202", "`%s` has no argument `%s`", s->name, a->name);
	suggest_argument(d, s->name, a->name, name, n);
	diag_note(d, "%s", s->signature);
}

static void names_to(Elab *e, const Value *v)
{
	DataInfo *d = &e->m->data;
	if (v->kind != V_LIST || v->nitem == 0) {
		Diag *m = fail(e, v->at, "E0207", "`names` must be a list of texts, but this is %s",
		               value_text(e, v));
		diag_help(m, "write `names = [\"a\", \"b\"]`");
		return;
	}
	d->names = NEWN(e->mem, Sym, v->nitem);
	d->nnames = v->nitem;
	for (int i = 0; i < v->nitem; i++)
		if (!need_string(e, &v->item[i], "a name of a column", &d->names[i]))
			return;
}

static void size_to(Elab *e, const Value *v)
{
	int64_t *size = e->m->data.size;
	bool two = v->kind == V_LIST && v->nitem == 2;
	for (int i = 0; two && i < 2; i++)
		if (!need_int(e, &v->item[i], "a side of `size`", &size[i]))
			return;
	if (two && size[0] > 0 && size[1] > 0)
		return;
	Diag *m = fail(e, v->at, "E0207", "`size` is height and width of the pictures, two integers "
	               "above 0, but this is %s", value_text(e, v));
	diag_help(m, "write `size = [32, 32]`");
}

static void set(Elab *e, const Arg *a, const Param *p)
{
	char *at = (char *)&e->m->data + p->at;
	switch (p->kind) {
	case P_STRING:
		need_string(e, &a->v, p->what, (Sym *)(void *)at);
		break;
	case P_BOOL:
		need_bool(e, &a->v, p->what, (bool *)at);
		break;
	case P_COUNT:
		if (need_int(e, &a->v, p->what, (int64_t *)(void *)at) &&
		    *(int64_t *)(void *)at < 1)
			fail(e, a->at, "E0404", "`%s` must be at least 1", p->name);
		break;
	case P_NUMBER:
		need_number(e, &a->v, p->what, (double *)(void *)at);
		break;
	case P_NAMES:
		names_to(e, &a->v);
		break;
	case P_SIZE:
		size_to(e, &a->v);
		break;
	}
}

/* npy, raw: every other name is that of a column. */
static void file_of(Elab *e, const Arg *a)
{
	DataInfo *d = &e->m->data;
	DataFile f = { a->name, 0, 0, a->name_at };
	if (!need_string(e, &a->v, arena_printf(e->mem, "`%s`", a->name), &f.path))
		return;
	for (int i = 0; i < d->nfile; i++)
		if (d->file[i].name == a->name)
			fail(e, a->at, "E0205", "`%s` is given twice", a->name);
	PUSH(e->mem, d->file, d->nfile, d->capfile, f);
}

static void arguments(Elab *e, const SourceRow *s, Ast *call, Args *args)
{
	int pos = 0, n = params(s);
	unsigned seen = 0;
	for (int i = 0; i < args->n; i++) {
		const Arg *a = &args->v[i];
		int k = 0;
		if (a->name)
			while (k < n && strcmp(s->param[k].name, a->name))
				k++;
		else
			k = pos < s->npos ? pos++ : n;
		if (a->v.kind == V_POISON)
			continue;
		if (k < n && seen & 1u << k)
			fail(e, a->at, "E0205", "`%s` is given twice", s->param[k].name);
		else if (k < n)
			set(e, a, &s->param[k]);
		else if (a->name && data_argument(e, a))
			;
		else if (a->name && (s->source == DATA_NPY || s->source == DATA_RAW))
			file_of(e, a);
		else
			unknown_data_argument(e, s, a);
		seen |= k < n ? 1u << k : 0;
	}
	if (!e->j->nerror)
		s->check(e, s, call, args);
}

static void unknown_source(Elab *e, Ast *call)
{
	const char *names[SOURCES];
	Sym name = call->u.call.fn;
	for (int i = 0; i < SOURCES; i++)
		names[i] = table[i].name;
	Diag *d = fail(e, call->name_at, "E0201", "unknown data source `%s`", name);
	Foreign f;
	const char *near = nearest(name, names, SOURCES);
	if (foreign_find(e->mem, name, &f) && f.ours)
		near = nearest(f.ours, names, SOURCES);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else
		diag_help(d, "`nnc --list sources` names them all");
}

void data_source(Elab *e, Ast *call)
{
	DataInfo *d = &e->m->data;
	int k = 0;
	d->shuffle = true;
	d->at = call->at;
	d->has_val = true; /* until it is known */
	while (k < SOURCES && strcmp(table[k].name, call->u.call.fn))
		k++;
	if (k == SOURCES) {
		unknown_source(e, call);
		return;
	}
	Args args = { 0 };
	Ast *split;
	call = data_call(e, call, &split);
	collect_args(e, 0, call, 0, &args);
	d->source = table[k].source;
	d->noise = 0.1;
	d->header = true;
	d->sep = job_sym(e->j, ",");
	d->missing = job_sym(e->j, "error");
	d->level = job_sym(e->j, "byte");
	d->cache = job_sym(e->j, "ram");
	arguments(e, &table[k], call, &args);
	data_split(e, split);
}
