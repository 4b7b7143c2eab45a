/* weights.c - parameters and buffers to and from .safetensors files.
 *
 * Holds: a file is looked at completely before the first number of the run changes.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_fit.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_safetensors.h"
#include "rt_weights.h"
#include "others.h"
#include "vocabulary.h"

enum { SHOWN = 5 };

/* Tensor i of a model: parameters first, then buffers. */
static const nnrt_tensor *tensor_at(const nnrt_model *m, int i)
{
	return i < m->nparam ? &m->param[i] : &m->buffer[i - m->nparam];
}

static void *array_of(const Run *r, int i)
{
	const nnrt_tensor *t = tensor_at(r->m, i);
	char *base = i < r->m->nparam ? r->c.param : r->c.buffer;
	return base + t->offset * r->m->real_bytes;
}

static int wide(const nnrt_tensor *t, int64_t dim[8])
{
	for (int i = 0; i < t->rank; i++)
		dim[i] = t->dim[i];
	return t->rank;
}

static bool same_shape(const nnrt_tensor *t, const Stored *s)
{
	if (t->rank != s->rank)
		return false;
	for (int i = 0; i < t->rank; i++)
		if (t->dim[i] != s->dim[i])
			return false;
	return true;
}

/* ---- reading
 * --------------------------------------------------------------------------------- */

/* What does not fit, as texts. */
typedef struct {
	char **text;
	int n, cap;
} List;

static void list_add(List *l, char *text)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->text = rt_grow(l->text, (size_t)l->n, (size_t)l->cap, sizeof *l->text,
		                  "a list");
	}
	l->text[l->n++] = text;
}

static void list_free(List *l)
{
	for (int i = 0; i < l->n; i++)
		rt_free(l->text[i]);
	rt_free(l->text);
}

/* Why a stored tensor cannot be t, or 0. */
static char *misfit(const TensorFile *f, const nnrt_tensor *t, const Stored *s)
{
	int64_t dim[8];
	if (!s)
		return rt_text("tensor `%s` %s is missing", t->path,
		               rt_shape(dim, wide(t, dim)));
	if (!same_shape(t, s))
		return rt_text("tensor `%s` is %s, but the model's is %s", t->path,
		               rt_shape(s->dim, s->rank), rt_shape(dim, wide(t, dim)));
	if (!rt_type_is_float(s->type))
		return rt_text("tensor `%s` holds %s; F64 F32 F16 BF16 are converted", t->path,
		               rt_type_name(s->type));
	for (int64_t i = 0; i < s->len; i++)
		if (!isfinite(rt_stored_value(f, s, i)))
			return rt_text("tensor `%s`: element %lld is not finite", t->path,
			               (long long)i);
	return 0;
}

static bool ignored(const char *name)
{
	static const char end[] = "num_batches_tracked";
	size_t n = strlen(name), k = sizeof end - 1;
	return n >= k && !strcmp(name + n - k, end) && (n == k || name[n - k - 1] == '.');
}

/* used[i]: stored tensor i belongs to a tensor of the model. */
static void list_unknown(const TensorFile *f, const unsigned char *used, List *bad)
{
	for (int i = 0; i < f->n; i++)
		if (!used[i] && !ignored(f->tensor[i].name))
			list_add(bad, rt_text("tensor `%s` is unknown to the model",
			                      f->tensor[i].name));
}

static _Noreturn void refuse(const TensorFile *f, const List *bad)
{
	if (bad->n == 1)
		rt_error(RT_FILE, "R6", "%s: %s", f->path, bad->text[0]);
	else
		rt_error(RT_FILE, "R6", "%s: %s, and %d more differ%s", f->path, bad->text[0],
		         bad->n - 1, bad->n == 2 ? "s" : "");
	for (int i = 1; i < bad->n && i < SHOWN; i++)
		rt_note("%s", bad->text[i]);
	rt_exit(RT_FILE);
}

/* --partial: what was taken, and what was not; the first `missed` of these keep their first values. */
static void report_partial(const nnrt_model *m, const TensorFile *f, const Stored **found,
                           int missed, const List *bad)
{
	int64_t dim[8];
	int n = m->nparam + m->nbuffer;
	rt_warn(0, "%s: %d tensors taken, %d differ", f->path, n - missed, bad->n);
	for (int i = 0; i < n; i++) {
		const nnrt_tensor *t = tensor_at(m, i);
		if (found[i])
			rt_note("tensor `%s` %s is taken", t->path, rt_shape(dim, wide(t, dim)));
	}
	for (int i = 0; i < bad->n; i++)
		rt_note("%s%s", bad->text[i], i < missed ? ": initialised" : "");
}

void rt_weights_load(Run *r, const char *path, bool partial)
{
	const nnrt_model *m = r->m;
	TensorFile *f = rt_tensors_read(path, "R6");
	unsigned char *used = rt_alloc((size_t)f->n, 1, "a list");
	int n = m->nparam + m->nbuffer, taken = 0;
	const Stored **found = rt_alloc((size_t)n, sizeof *found, "a list");
	List bad = { 0, 0, 0 };
	for (int i = 0; i < n; i++) {
		const nnrt_tensor *t = tensor_at(m, i);
		const Stored *s = rt_tensors_find(f, t->path);
		char *why = misfit(f, t, s);
		if (s)
			used[s - f->tensor] = 1;
		if (why)
			list_add(&bad, why);
		else
			found[i] = s, taken++;
	}
	int missed = bad.n;
	list_unknown(f, used, &bad);
	if (bad.n && (!partial || !taken))
		refuse(f, &bad);
	if (partial)
		report_partial(m, f, found, missed, &bad);
	for (int i = 0; i < n; i++)
		for (int64_t e = 0; found[i] && e < found[i]->len; e++)
			rt_set_real(array_of(r, i), e, m->real_bytes,
			            rt_stored_value(f, found[i], e));
	list_free(&bad);
	rt_free(used);
	rt_free(found);
	rt_tensors_free(f);
}

/* ---- writing
 * --------------------------------------------------------------------------------- */

void rt_weights_save(const Run *r, const char *path, bool best, int64_t epoch, int64_t step)
{
	const nnrt_model *m = r->m;
	TensorWriter *w = rt_tensors_new();
	char number[32];
	rt_tensors_note(w, "format", "pt");
	rt_tensors_note(w, "nnc.version", m->nnc_version);
	rt_tensors_note(w, "nnc.source", m->source);
	rt_tensors_note(w, "nnc.source_hash", m->source_hash);
	snprintf(number, sizeof number, "%lld", (long long)epoch);
	rt_tensors_note(w, best ? "nnc.best_epoch" : "nnc.epoch", number);
	snprintf(number, sizeof number, "%lld", (long long)step);
	rt_tensors_note(w, best ? "nnc.best_step" : "nnc.step", number);
	rt_fit_note(r, w);
	rt_vocabulary_note(r, w);
	rt_others_note(r, w);
	for (int i = 0; i < m->nparam + m->nbuffer; i++) {
		int64_t dim[8];
		const nnrt_tensor *t = tensor_at(m, i);
		rt_tensors_add(w, t->path, dim, wide(t, dim), array_of(r, i), NNRT_REAL,
		               m->real_bytes);
	}
	rt_tensors_write(w, path);
}
