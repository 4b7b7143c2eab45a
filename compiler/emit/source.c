/* source.c - the table of the data section: the source, its files and columns.
 *
 * In:    DataInfo, what columns pick.   Out: `nnrt_data data` and the tables it names.
 */
#include "emit.h"

#include <string.h>

const char *c_string(Arena *a, const char *s)
{
	if (!s)
		return "0";
	char *r = NEWN(a, char, 4 * strlen(s) + 3), *to = r;
	*to++ = '"';
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;
		if (ch == '"' || ch == '\\')
			*to++ = '\\';
		if (ch < ' ' || ch > '~')
			to += sprintf(to, "\\%03o", ch);
		else
			*to++ = (char)ch;
	}
	*to++ = '"';
	*to = 0;
	return r;
}

const char *c_number(Arena *a, double v)
{
	char buf[40];
	return arena_printf(a, "%s", number_text(buf, v, false));
}

/* A list of texts as a table; its name, or 0 where it is empty. */
static const char *print_names(Out *o, Arena *a, const char *name, const Sym *v, int64_t n)
{
	if (!n)
		return "0";
	out(o, "static const char *const %s[] = {\n", name);
	for (int64_t i = 0; i < n; i++)
		out(o, "%s,\n", c_string(a, v[i]));
	out(o, "};\n\n");
	return name;
}

/* What the columns of a source with names pick in the file. */
static void print_picks(Out *o, Arena *a, const Module *m)
{
	for (int i = 0; i < m->npick; i++)
		print_names(o, a, arena_printf(a, "pick%d", i), m->pick[i].name, m->pick[i].n);
	out(o, "static const nnrt_pick picks[] = {\n");
	for (int i = 0; i < m->npick; i++)
		out(o, "{ %s, %d, %d, %d, %s, %d, %d },\n",
		    m->pick[i].n ? arena_printf(a, "pick%d", i) : "0", m->pick[i].n,
		    m->pick[i].rest, m->pick[i].gaps, c_string(a, m->pick[i].gap),
		    m->pick[i].sorted, m->pick[i].target);
	out(o, "};\n\n");
}

static void print_files(Out *o, Arena *a, const DataInfo *d)
{
	if (!d->nfile)
		return;
	out(o, "static const nnrt_file files[] = {\n");
	for (int i = 0; i < d->nfile; i++)
		out(o, "{ %s, %s, %s },\n", c_string(a, d->file[i].name),
		    c_string(a, d->file[i].path), c_string(a, d->file[i].type));
	out(o, "};\n\n");
}

void emit_source(Out *o, const Module *m)
{
	static const char *const source[] = {
		"NNRT_NO_DATA", "NNRT_IDX",    "NNRT_SYNTHETIC", "NNRT_CSV",
		"NNRT_NPY",     "NNRT_NPZ",    "NNRT_RAW",       "NNRT_LIBSVM",
		"NNRT_BYTES",   "NNRT_CHARS",  "NNRT_CIFAR10",   "NNRT_CIFAR100",
		"NNRT_IMAGES",
	};
	Arena *a = m->job->mem;
	const DataInfo *d = &m->data;
	bool picks = d->source != DATA_IDX && d->source != DATA_SYNTHETIC && m->npick;
	if (picks)
		print_picks(o, a, m);
	print_files(o, a, d);
	const char *names = print_names(o, a, "names", d->names, d->nnames);
	out(o,
	    "static const nnrt_data data = {\n"
	    ".source = %s, .path = %s, .images = %s, .labels = %s,\n"
	    ".kind = %s, .n = %lld, .noise = %s,\n"
	    ".val = %s, .test = %s, .seed = %llu, .shuffle = %d,\n"
	    ".time = %s, .stratify = %d, .balance = %d, .folds = %lld,\n",
	    source[d->source], c_string(a, d->path), c_string(a, d->images),
	    c_string(a, d->labels), c_string(a, d->kind), (long long)d->n,
	    c_number(a, d->noise), c_number(a, d->val), c_number(a, d->test),
	    (unsigned long long)d->seed, d->shuffle, c_number(a, d->time), d->stratify,
	    d->balance, (long long)d->folds);
	if (d->source == DATA_CSV)
		out(o, ".header = %d, .sep = %s, .missing = %s, .names = %s, .nnames = %lld,\n",
		    d->header, c_string(a, d->sep), c_string(a, d->missing), names,
		    (long long)d->nnames);
	if (picks)
		out(o, ".pick = picks,\n");
	if (d->nfile)
		out(o, ".file = files, .nfile = %d,\n", d->nfile);
	if (d->context)
		out(o, ".context = %lld,\n", (long long)d->context);
	if (d->size[0])
		out(o, ".resize = 1,\n");
	if (d->val_file || d->test_file)
		out(o, ".val_file = %s, .test_file = %s,\n", c_string(a, d->val_file),
		    c_string(a, d->test_file));
	if (!strcmp(d->cache, "mmap"))
		out(o, ".mapped = 1,\n");
	out(o, "};\n\n");
}
