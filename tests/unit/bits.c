/* bits.c - what the reference interpreter says about a program, as files that a trainer reads and writes.
 *
 *     bits MODEL.nn B PREFIX [double]
 *
 * In:    a program; a batch size.   Out: PREFIX.weights.safetensors and PREFIX.batch.safetensors, made from a
 *        fixed seed, and PREFIX.result.safetensors: loss, outputs, gradients, buffers, laid out as `./x gradients`
 *        writes them - but computed by graph_eval on the very graph that -O0 lowers.
 * In float (F32) every value must be the trainer's to the bit; with `double` it is F64.
 */
#include "compile.h"
#include "op.h"
#include "rt_safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	Module *m;
	int B;
	bool single;
	double **param, **buffer, **in, *knob;
	TensorWriter *w;
	Arena *mem;
} Bits;

/* ---- values ------------------------------------------------------------------------------------------- */

/* Multiples of 1/4096 in [lo, hi): exact in float. */
static double *random_values(Bits *b, int64_t n, double lo, double hi, uint64_t *seed)
{
	double *v = NEWN(b->mem, double, n + 1);
	for (int64_t i = 0; i < n; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		double u = (double)(*seed >> 40) / 16777216.0;
		v[i] = (double)(int64_t)((lo + (hi - lo) * u) * 4096) / 4096;
	}
	return v;
}

static void make_values(Bits *b)
{
	Module *m = b->m;
	uint64_t seed = 2026;
	b->param = NEWN(b->mem, double *, m->nparam + 1);
	b->buffer = NEWN(b->mem, double *, m->nbuffer + 1);
	b->in = NEWN(b->mem, double *, m->nin + 1);
	for (int i = 0; i < m->nparam; i++) {
		const Type *t = &m->param[i].ty;
		int64_t n = type_len(t, b->B);
		/* Sums over fan-in elements stay near 1, so that nothing saturates. */
		double w = t->rank > 1 ? fmin(0.9, 1.5 / sqrt((double)n / (double)dim_at(t->dim[0], b->B))) : 0.9;
		b->param[i] = random_values(b, n, t->rank > 1 ? -w : -0.6, w, &seed);
	}
	for (int i = 0; i < m->nbuffer; i++)           /* variances among them: positive */
		b->buffer[i] = random_values(b, type_len(&m->buffer[i].ty, b->B), 0.5, 1.5, &seed);
	for (int i = 0; i < m->nin; i++) {
		const Type *t = &m->in[i].ty;
		int64_t n = type_len(t, b->B);
		double top = t->dt == DT_BOOL ? 2 : t->classes ? t->classes : 5;
		b->in[i] = t->dt == DT_REAL ? random_values(b, n, -1.5, 1.5, &seed)
		                            : random_values(b, n, 0, top, &seed);
		for (int64_t k = 0; k < n && t->dt != DT_REAL; k++)
			b->in[i][k] = (double)(int)b->in[i][k];
	}
}

/* ---- files ---------------------------------------------------------------------------------------------- */

static void add(Bits *b, const char *name, const Type *t, const double *v)
{
	int64_t n = type_len(t, b->B), dim[MAXRANK];
	bool real = t->dt == DT_REAL;
	for (int i = 0; i < t->rank; i++)
		dim[i] = dim_at(t->dim[i], b->B);
	if (real && !b->single) {
		rt_tensors_add(b->w, name, dim, t->rank, v, NNRT_REAL, 8);
		return;
	}
	float *f = NEWN(b->mem, float, n + 1);
	int32_t *k = NEWN(b->mem, int32_t, n + 1);
	for (int64_t i = 0; i < n; i++) {
		f[i] = (float)v[i];
		k[i] = real ? 0 : (int32_t)v[i];
	}
	rt_tensors_add(b->w, name, dim, t->rank, real ? (void *)f : (void *)k,
	               real ? NNRT_REAL : NNRT_I32, 4);
}

static void write_inputs(Bits *b, const char *prefix)
{
	Module *m = b->m;
	b->w = rt_tensors_new();
	for (int i = 0; i < m->nparam; i++)
		add(b, m->param[i].path, &m->param[i].ty, b->param[i]);
	for (int i = 0; i < m->nbuffer; i++)
		add(b, m->buffer[i].path, &m->buffer[i].ty, b->buffer[i]);
	rt_tensors_write(b->w, arena_printf(b->mem, "%s.weights.safetensors", prefix));
	b->w = rt_tensors_new();
	for (int i = 0; i < m->nin; i++)
		add(b, m->in[i].name, &m->in[i].ty, b->in[i]);
	rt_tensors_write(b->w, arena_printf(b->mem, "%s.batch.safetensors", prefix));
}

/* ---- evaluation ------------------------------------------------------------------------------------------- */

static const double zero[1];

static const double *leaf(void *arg, const Node *n)
{
	const Bits *b = arg;
	const char *op = opinfo[n->op].name;
	int i = n->a.leaf.index;
	if (!strcmp(op, "param"))
		return b->param[i];
	if (!strcmp(op, "buffer"))
		return b->buffer[i];
	if (!strcmp(op, "input"))
		return b->in[i];
	if (!strcmp(op, "knob"))
		return &b->knob[i];
	if (!strcmp(op, "setting"))
		return &b->m->setting[i].value;
	return !strcmp(op, "time") ? zero : 0;
}

/* Numbers of the first step, in double, as the runtime computes them. */
static void make_knobs(Bits *b)
{
	Graph *g = b->m->knobs;
	EvalEnv env = { .B = 1, .leaf = leaf, .arg = b };
	b->knob = NEWN(b->mem, double, b->m->nknob + 1);
	if (!g)
		return;
	double **v = graph_eval(g, &env, b->mem);
	for (int i = 0; i < g->nroot; i++)
		b->knob[g->root[i].index] = v[g->root[i].node->id][0];
}

static void write_results(Bits *b, const char *prefix)
{
	Module *m = b->m;
	Graph *g = m->grad;
	EvalEnv env = { .B = b->B, .single = b->single, .leaf = leaf, .arg = b, .seed = m->train.seed };
	double **v = graph_eval(g, &env, b->mem), loss = 0;
	Type scalar = type_scalar(DT_REAL);
	b->w = rt_tensors_new();
	for (int i = 0; i < g->nroot; i++) {
		const Root *r = &g->root[i];
		const double *x = v[r->node->id];
		const Type *t = &r->node->ty;
		if (r->kind == R_LOSS) {
			loss += x[0];
			add(b, arena_printf(b->mem, "loss.%s", m->loss[r->index].name), &scalar, x);
		} else if (r->kind == R_PENALTY) {
			add(b, "penalty", &scalar, x);
		} else if (r->kind == R_OUTPUT) {
			add(b, arena_printf(b->mem, "output.%s", m->out[r->index].name), t, x);
		} else if (r->kind == R_GRAD) {
			add(b, arena_printf(b->mem, "grad.%s", m->param[r->index].path), t, x);
		} else if (r->kind == R_BUFFER) {
			add(b, arena_printf(b->mem, "buffer.%s", m->buffer[r->index].path), t, x);
		}
	}
	add(b, "loss", &scalar, &loss);
	rt_tensors_write(b->w, arena_printf(b->mem, "%s.result.safetensors", prefix));
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: bits MODEL.nn B PREFIX [double]\n");
		return 2;
	}
	Job *j = job_new();
	int file = source_read(j, argv[1]);
	Module *m = file < 0 ? 0 : elaborate(j, file, 0, 0, 0, 0);
	if (!m) {
		diag_flush(j, stderr);
		return 1;
	}
	Options opt = { .level = 0, .f64 = argc > 4 };
	compile_passes(m, &opt, 0, 0);
	Bits b = { .m = m, .B = atoi(argv[2]), .single = argc == 4, .mem = j->mem };
	make_values(&b);
	make_knobs(&b);
	write_inputs(&b, argv[3]);
	write_results(&b, argv[3]);
	job_free(j);
	return 0;
}
