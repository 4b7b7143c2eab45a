/* phases.c - the phases of a step, shared among the threads of a team.
 *
 * Holds: grad never writes parameters, update never reads activations; an update happens only
 *        after a check that passed; no result depends on the number of threads.
 *
 * What generated code computes is shared by owners of rows.  Flat arrays are cut where a cache
 * line begins.  A sum over a tensor is made of sums of pieces that are always the same, added in
 * order.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_mem.h"
#include "rt_real.h"
#include "rt_run.h"
#include "rt_team.h"

enum {
	CHUNK = 4096,  /* elements of a piece */
	LINE = 64      /* elements between places where an array may be cut */
};

/* ---- functions of the program ------------------------------------------------------------- */

typedef void Phase(nnrt_ctx *c, int tid, int n);

typedef struct {
	Phase *run;
	nnrt_ctx *c;
} PhaseJob;

static void phase_job(void *arg, int tid, int n)
{
	PhaseJob *p = arg;
	p->run(p->c, tid, n);
}

static void phase(Run *r, Phase *f, double work)
{
	PhaseJob p = { f, &r->c };
	rt_team_run(r->c.team, phase_job, &p, work, r->flush);
}

void rt_run_init(Run *r, uint64_t seed)
{
	uint64_t update = r->c.update;
	r->c.seed = seed;
	/* First values belong to no update, so that no random layer repeats their draws. */
	r->c.update = UINT64_MAX;
	phase(r, r->m->init, (double)r->m->param_len * RT_PASS_WORK * RT_PASS_WORK);
	r->c.update = update;
}

void rt_run_grad(Run *r, int want)
{
	r->c.want = want | NNRT_WANT_LOSSES;
	phase(r, r->m->grad, r->m->grad_work * r->c.B);
}

void rt_run_eval(Run *r, int want)
{
	r->c.want = want;
	phase(r, r->m->eval, r->m->eval_work * r->c.B);
}

/* ---- flat arrays -------------------------------------------------------------------------- */

/* Where the share of a thread begins. */
static int64_t cut(int64_t len, int tid, int n)
{
	return tid == n ? len : len * tid / n / LINE * LINE;
}

typedef struct {
	const Run *r;
	rt_flat *run;
	char *to;
	const char *a;
	double k;
} FlatJob;

static void flat_job(void *arg, int tid, int n)
{
	const FlatJob *f = arg;
	int bytes = f->r->m->real_bytes;
	int64_t len = f->r->m->param_len, lo = cut(len, tid, n), hi = cut(len, tid + 1, n);
	f->run(f->to + lo * bytes, f->a + lo * bytes, hi - lo, f->k, bytes);
}

void rt_run_flat(const Run *r, rt_flat *f, void *to, const void *a, double k)
{
	FlatJob job = { r, f, to, a, k };
	rt_team_run(r->c.team, flat_job, &job, (double)r->m->param_len * RT_PASS_WORK, false);
}

/* ---- check -------------------------------------------------------------------------------- */

void rt_run_chunks(Run *r)
{
	const nnrt_model *m = r->m;
	int64_t n = 0;
	r->chunk = rt_alloc((size_t)m->nparam + 1, sizeof *r->chunk, "gradient norms");
	for (int i = 0; i < m->nparam; i++) {
		r->chunk[i] = n;
		n += (m->param[i].len + CHUNK - 1) / CHUNK;
	}
	r->chunk[m->nparam] = n;
	r->part = rt_alloc((size_t)n, sizeof *r->part, "gradient norms");
}

/* Squares of the gradients, piece by piece, each by the thread whose share it begins in. */
void rt_run_squares(const Run *r, int tid, int n)
{
	const nnrt_model *m = r->m;
	for (int i = 0; i < m->nparam; i++) {
		const nnrt_tensor *t = &m->param[i];
		int64_t at = (cut(t->len, tid, n) + CHUNK - 1) / CHUNK * CHUNK,
			end = cut(t->len, tid + 1, n);
		for (; at < end && t->trained; at += CHUNK) {
			int64_t left = t->len - at;
			const char *g = (const char *)r->c.grad + (t->offset + at) * m->real_bytes;
			r->part[r->chunk[i] + at / CHUNK] =
				rt_square_sum(g, left < CHUNK ? left : CHUNK, m->real_bytes);
		}
	}
}

static void squares_job(void *arg, int tid, int n)
{
	rt_run_squares(arg, tid, n);
}

static double part_sum(const Run *r, int i)
{
	double sum = 0;
	for (int64_t c = r->chunk[i]; c < r->chunk[i + 1]; c++)
		sum += r->part[c];
	return sum;
}

static void squares(const Run *r)
{
	rt_team_run(r->c.team, squares_job, (void *)r, (double)r->m->param_len * RT_PASS_WORK / 2,
	            r->flush);
}

bool rt_run_check(Run *r)
{
	squares(r);
	return rt_run_verdict(r);
}

bool rt_run_verdict(Run *r)
{
	const nnrt_model *m = r->m;
	double *norm = r->norm + (size_t)(r->c.update % NORMS_KEPT) * (size_t)m->nparam,
	       all = 0;
	bool fine = isfinite(rt_run_loss(r)) && isfinite(*r->c.penalty);
	for (int i = 0; i < m->nparam; i++) {
		const nnrt_tensor *t = &m->param[i];
		const char *g = (const char *)r->c.grad + t->offset * m->real_bytes;
		double sum = t->trained ? part_sum(r, i) : 0;
		norm[i] = sqrt(sum);
		all += r->frozen[i] ? 0 : sum;
		/* Squares overflow before the numbers do: look closer before giving up. */
		if (!isfinite(sum) && rt_first_bad(g, t->len, m->real_bytes) >= 0)
			fine = false;
	}
	r->norm_all = sqrt(all);
	return fine;
}

double rt_run_norm(const Run *r)
{
	double all = 0;
	squares(r);
	for (int i = 0; i < r->m->nparam; i++)
		if (r->m->param[i].trained && !r->frozen[i])
			all += part_sum(r, i);
	return sqrt(all);
}

/* ---- update ------------------------------------------------------------------------------- */

/* What a segment passes to the functions of the update. */
enum { ARGS = 4 };

static void segment_args(const Run *r, const Segment *s, double *arg)
{
	arg[0] = s->lr_scale;
	arg[1] = s->decay;
	arg[2] = s->proximal ? r->knob[s->proximal - 1] : 0;
	arg[3] = (double)(s->hi - s->lo);
}

static double reduce(const Run *r, int64_t lo, int64_t hi, char how)
{
	const void *x = r->c.moment[r->m->nmoment];
	double all = how == '+' ? 0 : rt_real(x, lo, r->m->real_bytes);
	for (int64_t i = lo; i < hi; i++) {
		double v = rt_real(x, i, r->m->real_bytes);
		if (how == '+')
			all += v;
		else if (how == '>' ? v > all : v < all)
			all = v;
	}
	return all;
}

/* Of the elements that a stage wrote: each piece by one thread, then all of them by every thread.
 * A segment is one tensor if there are stages; two barriers keep writers and readers apart. */
static double stage_result(const Run *r, const Segment *s, char how, int tid, int n)
{
	int64_t pieces = (s->hi - s->lo + CHUNK - 1) / CHUNK;
	nnrt_barrier(r->c.team, tid);
	for (int64_t c = pieces * tid / n; c < pieces * (tid + 1) / n; c++) {
		int64_t lo = s->lo + c * CHUNK;
		r->part[c] = reduce(r, lo, lo + CHUNK < s->hi ? lo + CHUNK : s->hi, how);
	}
	nnrt_barrier(r->c.team, tid);
	double all = r->part[0];
	for (int64_t c = 1; c < pieces; c++)
		if (how == '+')
			all += r->part[c];
		else if (how == '>' ? r->part[c] > all : r->part[c] < all)
			all = r->part[c];
	return all;
}

/* A tensor of a segment: each thread its share, the stages before. */
static void update_tensor(Run *r, const Segment *s, const nnrt_tensor *t, double *v, int tid,
                          int n)
{
	const nnrt_model *m = r->m;
	int64_t lo = t->offset + cut(t->len, tid, n), hi = t->offset + cut(t->len, tid + 1, n);
	for (int k = 0; k < m->nstage; k++) {
		if (lo < hi)
			m->stage[k].run(&r->c, lo, hi, v);
		v[ARGS + k] = stage_result(r, s, m->stage[k].how, tid, n);
	}
	if (lo < hi)
		m->update(&r->c, lo, hi, v);
}

/* Tensors are cut one by one, so that every thread has the same mix of those whose gradient is
 * still near and those whose is not, mostly of rows that it computed. */
static void update_job(void *arg, int tid, int n)
{
	Run *r = arg;
	double v[ARGS + NNRT_MAX_STAGES] = { 0 };
	const nnrt_tensor *t = r->m->param, *end = t + r->m->nparam;
	for (int i = 0; i < r->nsegment; i++) {
		const Segment *s = &r->segment[i];
		segment_args(r, s, v);
		for (; t < end && t->offset < s->hi; t++)
			if (t->offset >= s->lo && t->len)
				update_tensor(r, s, t, v, tid, n);
	}
}

void rt_run_update(Run *r)
{
	rt_team_run(r->c.team, update_job, r, (double)r->m->param_len * RT_PASS_WORK, r->flush);
	r->c.update++;
}

void rt_run_start(Run *r)
{
	double arg[ARGS + NNRT_MAX_STAGES] = { 0 };
	for (int i = 0; r->m->start && i < r->nsegment; i++) {
		segment_args(r, &r->segment[i], arg);
		r->m->start(&r->c, r->segment[i].lo, r->segment[i].hi, arg);
	}
}

void rt_run_buffers(Run *r)
{
	memcpy(r->c.buffer, r->c.buffer_next,
	       rt_run_buffer_bytes(r));
}
