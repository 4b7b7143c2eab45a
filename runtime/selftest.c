/* selftest.c - the command `selftest`: gradients against central finite differences.
 *
 * Out:   one line for each parameter tensor; exit 1 if a gradient is wrong.
 *
 * For an element w of a tensor: d(h) = (L(w + h) - L(w - h)) / 2h with L = loss + penalty,
 * training on, buffers, random numbers and batch fixed.  Its error has two parts: h*h*L'''/6
 * and the rounding of L, about eps * |L| / h.  The step balances them: h = cbrt(eps), about
 * 6e-6 in double and 5e-3 in float.
 *
 * Double: a relative tolerance of 1e-6.  Float: 2e-2, since h*h is 2.5e-5 and third
 * derivatives of a thousand times the gradient are common; a wrong rule is off by far more.
 * Both: plus NOISE roundings of L, divided by h.
 *
 * At a kink (relu at 0) a difference is no derivative.  There d(h) and d(h/4) differ, so an
 * element is judged only where these two agree; others are passed over and the next candidate
 * is taken.  A deep network in float has so many kinks within h that both may drift alike: before
 * a gradient is called wrong, d(h/8), d(h/16) and d(h/32) are asked too, each with the rounding
 * that L shows here (rounding_of).  A gradient between these is passed over as well.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rand.h"
#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_fit.h"
#include "rt_mem.h"
#include "rt_real.h"

enum { SAMPLES = 4, JUDGED = 8, CANDIDATES = 32, NOISE = 16 };
#define STREAM UINT64_C(0x73656c6674657374)

typedef struct {
	Run *r;
	void *grad; /* a copy: every evaluation of L writes c.grad */
	double loss, eps, tolerance, rounding;
} Test;

typedef struct {
	int judged, passed;
	double worst;
	bool wrong;
} Result;

static double evaluate(Test *t)
{
	rt_run_grad(t->r, 0);
	return rt_run_loss(t->r) + (t->r->m->has_penalty ? *t->r->c.penalty : 0);
}

/* Central difference at element i of the flat parameters.  h is what the parameter's own
 * precision makes of it. */
static double difference(Test *t, int64_t i, double h)
{
	void *w = t->r->c.param;
	int bytes = t->r->m->real_bytes;
	double at = rt_real(w, i, bytes);
	rt_set_real(w, i, bytes, at + h);
	double up = rt_real(w, i, bytes), high = evaluate(t);
	rt_set_real(w, i, bytes, at - h);
	double down = rt_real(w, i, bytes), low = evaluate(t);
	rt_set_real(w, i, bytes, at);
	return (high - low) / (up - down);
}

/* By how much L moves without a reason: twice the largest change when a parameter changes by a
 * few units in its last place, at least one unit of L. */
static double rounding_of(Test *t)
{
	enum { TRIES = 16, UNITS = 4 };
	void *w = t->r->c.param;
	int bytes = t->r->m->real_bytes;
	double most = t->eps * fabs(t->loss) / 2;
	for (int k = 0; k < TRIES && t->r->m->param_len; k++) {
		uint64_t bits = nnc_hash(0, STREAM, 1, (uint64_t)k, 0, 0);
		int64_t i = (int64_t)(bits % (uint64_t)t->r->m->param_len);
		double at = rt_real(w, i, bytes);
		rt_set_real(w, i, bytes, at + UNITS * t->eps * fmax(fabs(at), t->eps));
		most = fmax(most, fabs(evaluate(t) - t->loss));
		rt_set_real(w, i, bytes, at);
	}
	return 2 * most;
}

/* Whether smaller steps leave room for g, besides d(h) and d(h/4): it lies among the differences,
 * give or take `slack`, their rounding, and half of their spread, since the drift does not end
 * with the smallest step.  Steps below h/32 see nothing but rounding. */
static bool smaller_steps_allow(Test *t, int64_t i, double g, double h, double wide,
                                double narrow, double slack)
{
	double unit = t->rounding / h;
	double low = fmin(wide - unit, narrow - 4 * unit);
	double high = fmax(wide + unit, narrow + 4 * unit);
	for (int part = 8; part <= 32; part *= 2) {
		double d = difference(t, i, h / part), noise = unit * part;
		low = fmin(low, d - noise);
		high = fmax(high, d + noise);
	}
	slack += (high - low) / 2;
	return low - slack <= g && g <= high + slack;
}

/* scale: the largest gradient of the tensor. */
static void judge(Test *t, int64_t i, double scale, Result *res)
{
	double at = rt_real(t->r->c.param, i, t->r->m->real_bytes);
	double g = rt_real(t->grad, i, t->r->m->real_bytes);
	double h = cbrt(t->eps) * fmax(1, fabs(at));
	double noise = NOISE * t->eps * fabs(t->loss) / h;
	double wide = difference(t, i, h), narrow = difference(t, i, h / 4);
	double size = fmax(fmax(fabs(g), fabs(wide)), 1e-3 * scale);
	double allowed = t->tolerance * size + noise;
	if (!(fabs(wide - narrow) <= allowed + 4 * noise)) {
		res->passed++;
		return;
	}
	double error = fmin(fabs(g - wide), fabs(g - narrow));
	bool wrong = !(error <= allowed);
	if (wrong && smaller_steps_allow(t, i, g, h, wide, narrow, t->tolerance * size)) {
		res->passed++;
		return;
	}
	res->judged++;
	res->worst = fmax(res->worst, size > 0 ? error / (size + noise / t->tolerance) : 0);
	res->wrong = res->wrong || wrong;
}

/* The elements with the largest gradients, half of the candidates, then random ones. */
static int choose(const Test *t, const nnrt_tensor *p, int64_t pick[CANDIDATES])
{
	int bytes = t->r->m->real_bytes, n = 0;
	for (int k = 0; k < CANDIDATES && n < p->len; k++) {
		int64_t best = -1;
		if (k % 2) {
			uint64_t bits =
				nnc_hash(0, STREAM, 0, (uint64_t)p->offset, (uint64_t)k, 0);
			best = p->offset + (int64_t)(bits % (uint64_t)p->len);
		}
		for (int64_t i = p->offset; k % 2 == 0 && i < p->offset + p->len; i++) {
			bool taken = false;
			for (int j = 0; j < n; j++)
				taken = taken || pick[j] == i;
			if (!taken && (best < 0 || fabs(rt_real(t->grad, i, bytes)) >
			                                   fabs(rt_real(t->grad, best, bytes))))
				best = i;
		}
		bool again = best < 0;
		for (int j = 0; j < n; j++)
			again = again || pick[j] == best;
		if (!again)
			pick[n++] = best;
	}
	return n;
}

static Result test_tensor(Test *t, const nnrt_tensor *p)
{
	int64_t pick[CANDIDATES];
	Result res = { 0, 0, 0, false };
	int n = choose(t, p, pick);
	double scale = n ? fabs(rt_real(t->grad, pick[0], t->r->m->real_bytes)) : 0;
	for (int k = 0; k < n && res.judged < JUDGED; k++)
		judge(t, pick[k], scale, &res);
	return res;
}

/* Behind stop_gradient and an updated buffer the gradient is not the derivative, and nothing can be said. */
static bool print_result(const nnrt_model *m, const nnrt_tensor *p, const Result *res)
{
	const char *verdict = res->wrong    ? m->stops ? "differs (stands still)" : "WRONG"
	                      : res->judged ? "ok"
	                                    : "not judged: no smooth place found";
	printf(" %-36s %9lld %9d   %12.1e   %s\n", p->path, (long long)p->len, res->judged,
	       res->worst, verdict);
	return !res->wrong || m->stops;
}

static bool test_all(Test *t)
{
	const nnrt_model *m = t->r->m;
	bool fine = true;
	printf(" %-36s %9s %9s   %12s\n", "parameter", "elements", "judged", "largest error");
	for (int i = 0; i < m->nparam; i++) {
		const nnrt_tensor *p = &m->param[i];
		if (!p->trained || p->len == 0)
			continue;
		if (rt_first_bad((char *)t->grad + p->offset * m->real_bytes, p->len,
		                 m->real_bytes) >= 0) {
			printf(" %-36s gradient is not finite   WRONG\n", p->path);
			fine = false;
			continue;
		}
		Result res = test_tensor(t, p);
		fine = print_result(m, p, &res) && fine;
	}
	return fine;
}

int rt_selftest(const nnrt_model *m, const Options *o)
{
	rt_need_loss(m, "selftest");
	Run *r = rt_begin_run(m, o);
	Dataset *d = rt_synthetic(m, SAMPLES, rt_options_seed(o, m));
	rt_data_deal(d, 0, 1);
	rt_run_reserve(r, SAMPLES);
	rt_fit_made_up(r, d, &d->train);
	rt_run_bind(r, d, d->train.row, SAMPLES);
	bool real8 = m->real_bytes == 8;
	Test t = { r, 0, 0, real8 ? DBL_EPSILON : (double)FLT_EPSILON, real8 ? 1e-6 : 2e-2, 0 };
	t.loss = evaluate(&t);
	if (!isfinite(t.loss))
		rt_fail(RT_WRONG, "R3",
		        "the loss of random inputs is not finite: the gradients cannot be "
		        "tested");
	size_t bytes = (size_t)m->param_len * (size_t)m->real_bytes;
	t.grad = rt_alloc(bytes, 1, "gradients");
	memcpy(t.grad, r->c.grad, bytes);
	t.rounding = rounding_of(&t);
	bool fine = test_all(&t);
	printf("selftest: %s\n",
	       !fine     ? "at least one gradient is wrong"
	       : m->stops ? "gradients agree with finite differences, or differ behind "
	                    "stop_gradient or an updated buffer"
	                  : "every gradient agrees with finite differences");
	rt_free(t.grad);
	rt_run_free(r);
	rt_data_free(d);
	return fine ? RT_DONE : RT_WRONG;
}
