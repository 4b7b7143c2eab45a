/* load.c - NAME_load(): weights that inference C reads at run time (interfaces.md section 3.2).
 *
 * In:    the arrays of weights.   Out: tables for runtime/load.h, the function, lines of the header.
 * Holds: a file that is loaded gives the bits that the same file gives when compiled in.
 *
 * The arrays hold elements in the order of their readers, packed and permuted (elements.c).  Most
 * of that is regular: element i of an array, for i = 0, 1, ..., comes from places of a tensor that
 * are arithmetic progressions of arithmetic progressions.  They are found from the elements
 * themselves: first neighbours join to runs, then runs of equal form, until nothing joins.
 */
#include "infer.h"

#include <string.h>

extern const char embed_load_h[];
extern const size_t embed_load_h_len;

enum { LEVELS = 6, MOST_RUNS = 1 << 14 };      /* LEVELS: runtime/load.h has as many */

typedef struct { int64_t count, from, to; } Loop;
/* loop[0] is the outermost of n. */
typedef struct Run { int array; const Tensor *tensor; int64_t from, to; Loop loop[LEVELS]; int n; } Run;

typedef struct {
	Arena *mem;
	Run *run;
	int n, cap, first;             /* first: of the array at hand                          */
	int array;
	int64_t to;                    /* the next element                                     */
	bool numbers;                  /* an element is neither zero nor of a tensor           */
} Runs;

/* Puts r into b's outermost loop if it goes on there; makes that loop if there is none. */
static bool joins(Run *b, const Run *r, bool grown)
{
	int64_t from = r->from - b->from, to = r->to - b->to;
	if (b->tensor != r->tensor || b->n - grown != r->n)
		return false;
	if (memcmp(b->loop + grown, r->loop, (size_t)r->n * sizeof *r->loop))
		return false;
	if (!grown) {
		if (b->n == LEVELS)
			return false;
		memmove(b->loop + 1, b->loop, (size_t)b->n++ * sizeof *b->loop);
		b->loop[0] = (Loop){ 2, from, to };
		return true;
	}
	if (from != b->loop[0].count * b->loop[0].from || to != b->loop[0].count * b->loop[0].to)
		return false;
	b->loop[0].count++;
	return true;
}

static void one(void *arg, const Tensor *t, int64_t at, double number)
{
	Runs *s = arg;
	Run r = { .array = s->array, .tensor = t, .from = at, .to = s->to++ };
	s->numbers |= !t && number != 0;
	if (!t)
		return;
	Run *last = s->n > s->first ? &s->run[s->n - 1] : 0;
	if (!last || !joins(last, &r, last->n > 0))
		PUSH(s->mem, s->run, s->n, s->cap, r);
}

/* Joins runs of equal form; false if none did. */
static bool join_runs(Runs *s)
{
	int n = s->first, before = s->n;
	bool grown = false;
	for (int i = s->first; i < before; i++) {
		if (n > s->first && joins(&s->run[n - 1], &s->run[i], grown)) {
			grown = true;
			continue;
		}
		s->run[n++] = s->run[i];
		grown = false;
	}
	s->n = n;
	return n < before;
}

static int64_t distance(const Loop *l)
{
	return l->from < 0 ? -l->from : l->from;
}

/* The file is read forwards: the loop with the largest steps in it outside. */
static void sort_loops(Run *r)
{
	for (int i = 1; i < r->n; i++)
		for (int k = i; k > 0 && distance(&r->loop[k]) > distance(&r->loop[k - 1]); k--) {
			Loop l = r->loop[k];
			r->loop[k] = r->loop[k - 1];
			r->loop[k - 1] = l;
		}
}

bool load_prepare(Infer *f, const Options *opt)
{
	Runs s = { .mem = f->m->job->mem };
	if (opt->weights_as != WEIGHTS_FILE)
		return true;
	for (int i = 0; i < f->narray; i++) {
		s.array = i;
		s.first = s.n;
		s.to = 0;
		array_each(f, &f->array[i], &s, one);
		while (join_runs(&s))
			;
	}
	for (int i = 0; i < s.n; i++)
		sort_loops(&s.run[i]);
	f->run = s.run;
	f->nrun = s.n;
	if (!s.numbers && s.n <= MOST_RUNS)
		return true;
	diag_help(error(f->m->job, NOWHERE, "E0405", "not implemented yet: this model's weights in an order "
	                "that `--weights-as file` can make"),
	          "--weights-as embed, or -O1, which leaves their order alone");
	return false;
}

/* ---- C ------------------------------------------------------------------------------------- */

static int tensor_number(const Module *m, const Tensor *t)
{
	for (int i = 0; i < m->nbuffer; i++)
		if (t == &m->buffer[i])
			return m->nparam + i;
	return (int)(t - m->param);
}

static void print_tensors(Out *o, const Module *m)
{
	out(o, "static const nnc_tensor tensor_table[] = {\n");
	for (int i = 0; i < m->nparam + m->nbuffer; i++) {
		const Tensor *t = i < m->nparam ? &m->param[i] : &m->buffer[i - m->nparam];
		out(o, "{ \"%s\", %d, {", t->path, t->ty.rank);
		for (int k = 0; k < t->ty.rank; k++)
			out(o, "%s %d", k ? "," : "", t->ty.dim[k].k);
		out(o, "%s } },\n", t->ty.rank ? "" : " 0");
	}
	out(o, "};\n\n");
}

static void print_arrays(Out *o, const Infer *f, const Options *opt)
{
	static const char *const half[] = { "", "NNC_AS_BF16", "NNC_AS_F16" };
	out(o, "static const nnc_array array_table[] = {\n");
	for (int i = 0; i < f->narray; i++)
		out(o, "{ offsetof(struct weights, %s), %s },\n", f->array[i].name,
		    f->array[i].half ? half[f->quantize] : opt->f64 ? "NNC_AS_F64" : "NNC_AS_F32");
	out(o, "};\n\n/* tensor, array, from, to, { count, from, to } */\n"
	       "static const nnc_stretch run_table[] = {\n");
	for (int i = 0; i < f->nrun; i++) {
		const Run *r = &f->run[i];
		out(o, "{ %d, %d, %lld, %lld,\n\t{", tensor_number(f->m, r->tensor), r->array,
		    (long long)r->from, (long long)r->to);
		for (int k = 0; k < LEVELS; k++) {
			int l = k - (LEVELS - r->n);
			Loop one_time = { 1, 0, 0 }, x = l < 0 ? one_time : r->loop[l];
			out(o, "%s { %lld, %lld, %lld }", k ? "," : "", (long long)x.count,
			    (long long)x.from, (long long)x.to);
		}
		out(o, " } },\n");
	}
	out(o, "};\n\n");
}

void load_print(Out *o, const Infer *f, const Options *opt)
{
	const char *p = f->prefix, *u = f->upper;
	int n = f->m->nparam + f->m->nbuffer;
	if (opt->weights_as != WEIGHTS_FILE)
		return;
	out_raw(o, embed_load_h, embed_load_h_len);
	out(o, "\n");
	if (n)
		print_tensors(o, f->m);
	if (f->narray)
		print_arrays(o, f, opt);
	out(o, "int %s_load(%s *net, const char *path, void *buffer, size_t bytes)\n{\n", p, f->type);
	out(o, "unsigned char *table = buffer;\nnnc_found found[%d];\nint code;\n\n", n ? n : 1);
	out(o, "net->weights = 0;\nif (!buffer || !path || bytes < %s_WEIGHTS_BYTES)\n\treturn %s_E_ARENA;\n",
	    u, u);
	out(o, "table += (64 - (uintptr_t)buffer %% 64) %% 64;\nmemset(found, 0, sizeof found);\n");
	if (f->narray)
		out(o, "memset(table, 0, sizeof(struct weights));\n");
	out(o, "code = nnc_load_file(path, %s, %d, found, %s, %d, %s, table);\n", n ? "tensor_table" : "0", n,
	    f->nrun ? "run_table" : "0", f->nrun, f->narray ? "array_table" : "0");
	out(o, "if (code)\n\treturn code;\nnet->weights = (const %s *)(const void *)table;\n"
	       "return %s_OK;\n}\n\n", infer_real(opt), u);
}

int64_t load_bytes(const Infer *f, const Options *opt)
{
	int64_t n = 64;
	for (int i = 0; i < f->narray; i++)
		n += (f->array[i].len * array_element_bytes(&f->array[i], opt) + 63) / 64 * 64;
	return n;
}
