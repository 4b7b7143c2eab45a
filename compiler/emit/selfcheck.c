/* selfcheck.c - NAME_selfcheck(): three stored inputs and outputs, the largest difference between
 * what is computed on this machine and what is stored (interfaces.md section 3.4).
 *
 * In:    the graph of inference and its weights.   Out: arrays and a function.
 * Holds: the stored outputs come from the reference interpreter, in double; at -O0 in float, so
 *        that every bit must agree.  Stored inputs are sixteenths between -1 and 1: they are the
 *        same number in every precision.
 */
#include "infer.h"
#include "op.h"

#include <math.h>
#include <string.h>

enum { SETS = 3, FIRST_ALIGN = 64 };

struct SelfCheck {
	double **value; /* of each argument of `run`: SETS times its elements */
	double largest; /* of all stored outputs */
};

/* ---- values -------------------------------------------------------------------------------- */

/* A fixed sequence (Knuth's MMIX), its high bits. */
static uint32_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static double input_value(const Type *t, uint64_t *state)
{
	uint32_t u = draw(state);
	switch (t->dt) {
	case DT_REAL:
		return ((int)(u % 33) - 16) / 16.0;
	case DT_BOOL:
		return u & 1;
	case DT_I32:
		return t->classes ? u % (uint32_t)t->classes : u % 4;
	case DT_U8:
		return u & 255;
	}
	return 0;
}

typedef struct {
	const Infer *f;
	const SelfCheck *s;
	const Options *opt;
	double **param, **buffer;
	int set;
} Leaves;

static const double *leaf_value(void *arg, const Node *n)
{
	const Leaves *l = arg;
	int i = n->a.leaf.index;
	LeafKind kind = opinfo[n->op].leaf;
	if (kind == LF_PARAM)
		return l->param[i];
	if (kind == LF_BUFFER)
		return l->buffer[i];
	for (int k = 0; kind == LF_INPUT && k < l->f->nin; k++)
		if (l->f->in[k] == i)
			return l->s->value[k] +
			       l->set * type_len(&l->f->m->in[i].ty, l->f->batch);
	return 0;
}

/* Weights as the C file holds them. */
static double **weight_values(const Infer *f, const Tensor *t, int n, const Options *opt,
                              const Weights *w, HalfKind half)
{
	Arena *a = f->m->job->mem;
	double **v = NEWN(a, double *, n + 1);
	for (int i = 0; i < n; i++) {
		const Weight *from = infer_weight(w, &t[i]);
		v[i] = NEWN(a, double, from->len + 1);
		for (int64_t k = 0; k < from->len; k++)
			v[i][k] = half ? half_value(half, half_bits(half, from->value[k]))
			          : opt->f64 ? from->value[k] : (double)(float)from->value[k];
	}
	return v;
}

static void run_set(const Graph *g, Leaves *l, SelfCheck *s)
{
	const Infer *f = l->f;
	Arena *tmp = arena_new();
	EvalEnv env = { .B = f->batch, .single = !l->opt->f64 && !l->opt->level,
		        .leaf = leaf_value, .arg = l };
	double **v = graph_eval(g, &env, tmp);
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		int64_t len = type_len(&f->m->out[r->index].ty, f->batch);
		double *to = s->value[f->nin + r->index] + l->set * len;
		memcpy(to, v[r->node->id], (size_t)len * sizeof *to);
		for (int64_t k = 0; k < len; k++)
			if (isfinite(to[k]))
				s->largest = fmax(s->largest, fabs(to[k]));
	}
	arena_free(tmp);
}

SelfCheck *selfcheck_compute(const Infer *f, const Graph *g, const Options *opt, const Weights *w)
{
	Arena *a = f->m->job->mem;
	SelfCheck *s = NEW(a, SelfCheck);
	const char *name;
	uint64_t state = 1;
	s->value = NEWN(a, double *, f->nin + f->m->nout + 1);
	for (int k = 0; k < f->nin + f->m->nout; k++) {
		const Type *t = &infer_argument(f, k, &name)->ty;
		int64_t n = SETS * type_len(t, f->batch);
		s->value[k] = NEWN(a, double, n + 1);
		for (int64_t i = 0; i < n && k < f->nin; i++)
			s->value[k][i] = input_value(t, &state);
	}
	Leaves l = { f, s, opt, weight_values(f, f->m->param, f->m->nparam, opt, w, opt->quantize),
		     weight_values(f, f->m->buffer, f->m->nbuffer, opt, w, HALF_NONE), 0 };
	for (l.set = 0; l.set < SETS; l.set++)
		run_set(g, &l, s);
	return s;
}

/* ---- C --------------------------------------------------------------------------------------- */

static int64_t element_bytes(const Options *opt, const Type *t)
{
	return t->dt == DT_REAL ? (opt->f64 ? 8 : 4) : t->dt == DT_I32 ? 4 : 1;
}

/* Where each output lies: one after the other, aligned. */
static int64_t output_place(const Infer *f, const Options *opt, int i)
{
	int64_t at = 0;
	for (int k = 0; k < i; k++) {
		const Type *t = &f->m->out[k].ty;
		at += type_len(t, f->batch) * element_bytes(opt, t);
		at = (at + FIRST_ALIGN - 1) / FIRST_ALIGN * FIRST_ALIGN;
	}
	return at;
}

static int64_t aligned(int64_t at)
{
	return (at + FIRST_ALIGN - 1) / FIRST_ALIGN * FIRST_ALIGN;
}

int64_t selfcheck_bytes(const Infer *f, const Options *opt)
{
	return FIRST_ALIGN + output_place(f, opt, f->m->nout);
}

/* An element as a C constant of the array's type; what is not finite has no literal. */
static const char *element(const Options *opt, const Type *t, double v, char buf[48])
{
	char num[40];
	if (t->dt != DT_REAL)
		snprintf(buf, 48, "%.0f", v);
	else if (isnan(v))
		snprintf(buf, 48, "NNC_NOT_A_NUMBER");
	else if (isinf(v))
		snprintf(buf, 48, "%sNNC_INFINITE", v < 0 ? "-" : "");
	else
		snprintf(buf, 48, "%s%s", number_text(num, v, !opt->f64), opt->f64 ? "" : "f");
	return buf;
}

static void print_values(Out *o, const Infer *f, const Options *opt, int k)
{
	char buf[48], line[160];
	const char *name;
	const Type *t = &infer_argument(f, k, &name)->ty;
	int64_t len = type_len(t, f->batch);
	size_t n = 0;
	out(o, "static const %s %s[%d][%lld] %s_WEIGHTS = {\n", infer_type(opt, t), f->stored[k], SETS,
	    (long long)len, f->upper);
	for (int64_t i = 0; i < SETS * len; i++) {
		const char *open = i % len ? "" : "{ ", *close = i % len == len - 1 ? " }," : ",";
		n += (size_t)snprintf(line + n, sizeof line - n, "%s%s%s", open,
		                      element(opt, t, f->check->value[k][i], buf), close);
		if (n > 80 || i % len == len - 1) {
			line[n++] = '\n';
			out_raw(o, line, n);
			n = 0;
		} else {
			line[n++] = ' ';
		}
	}
	out(o, "};\n\n");
}

static bool all_finite(const Infer *f)
{
	for (int k = f->nin; k < f->nin + f->m->nout; k++)
		for (int64_t i = 0; i < SETS * type_len(&f->m->out[k - f->nin].ty, f->batch); i++)
			if (!isfinite(f->check->value[k][i]))
				return false;
	return true;
}

static void print_call(Out *o, const Infer *f)
{
	const char *s = f->context ? arena_printf(o->mem, "net, %d", f->batch) : "";
	for (int k = 0; k < f->nin + f->m->nout; k++) {
		s = infer_append(o->mem, s, k < f->nin ? arena_printf(o->mem, "%s[set]", f->stored[k])
		                                       : arena_printf(o->mem, "out%d", k - f->nin));
	}
	if (f->classes || f->context)
		out(o, "if (%s_run(%s) != 0)\n\treturn 3.4e38f;\n", f->prefix, s);
	else
		out(o, "%s_run(%s);\n", f->prefix, s);
}

static void print_compare(Out *o, const Infer *f, int i, const char *real)
{
	int k = f->nin + i;
	out(o, "for (int i = 0; i < %lld; i++) {\n", (long long)type_len(&f->m->out[i].ty, f->batch));
	out(o, "const %s is = (%s)out%d[i], want = (%s)%s[set][i];\n", real, real, i, real,
	    f->stored[k]);
	out(o, "const %s d = is == want || (is != is && want != want) ? 0 :\n"
	       "\tis < want ? want - is : is - want;\n", real);
	/* what is not a number is the largest difference of all */
	out(o, "if (d != d)\n\treturn d;\nif (d > worst)\n\tworst = d;\n}\n");
}

void selfcheck_print(Out *o, const Infer *f, const Options *opt, int64_t at)
{
	const char *real = opt->f64 ? "double" : "float", *name;
	out(o, "\n/* ---- self-check: stored inputs, and the outputs of the reference interpreter ---- */\n\n");
	if (!all_finite(f))
		out(o, "#include <math.h>\n#define NNC_INFINITE INFINITY\n"
		       "#define NNC_NOT_A_NUMBER NAN\n\n");
	for (int k = 0; k < f->nin + f->m->nout; k++)
		print_values(o, f, opt, k);
	out(o, "%s %s_selfcheck(%s)\n{\n%s worst = 0;\n", real, f->prefix,
	    f->context ? arena_printf(o->mem, "const %s *net", f->type) : "void", real);
	if (f->context)
		out(o, "unsigned char *const start = net->arena;\n"
		       "unsigned char *const scratch = start + (%d - (uintptr_t)start %% %d) %% %d;\n",
		    FIRST_ALIGN, FIRST_ALIGN, FIRST_ALIGN);
	for (int i = 0; i < f->m->nout; i++) {
		const char *type = infer_type(opt, &infer_argument(f, f->nin + i, &name)->ty);
		out(o, "%s *const out%d = (%s *)(void *)(scratch + %lld);\n", type, i, type,
		    (long long)(aligned(at) + output_place(f, opt, i)));
	}
	out(o, "for (int set = 0; set < %d; set++) {\n", SETS);
	print_call(o, f);
	for (int i = 0; i < f->m->nout; i++)
		print_compare(o, f, i, real);
	out(o, "}\nreturn worst;\n}\n");
}

void selfcheck_declare(Out *h, const Infer *f, const Options *opt)
{
	const char *real = opt->f64 ? "double" : "float";
	out(h, "/* Runs three stored inputs; returns the largest difference from the stored outputs, whose\n"
	       " * largest is %.3g; not a number if an output is none. */\n", f->check->largest);
	out(h, "%s %s_selfcheck(%s);\n\n", real, f->prefix,
	    f->context ? arena_printf(h->mem, "const %s *net", f->type) : "void");
}
