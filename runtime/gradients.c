/* gradients.c - the command `gradients`: one batch, its loss, outputs and all gradients as a
 * file.
 *
 * Holds: the batch is trained on as `train` would in its first step (training on, dropout drawn
 *        from --seed), but nothing is updated.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_fit.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_safetensors.h"

/* Names and numbers that must live until the file is written. */
typedef struct {
	TensorWriter *w;
	int real_bytes;
	void *scalar; /* reals */
	int nscalar;
} Out;

static void add_scalar(Out *out, const char *name, double v)
{
	void *at = (char *)out->scalar + out->nscalar++ * out->real_bytes;
	rt_set_real(at, 0, out->real_bytes, v);
	rt_tensors_add(out->w, name, 0, 0, at, NNRT_REAL, out->real_bytes);
}

static void add_losses(Out *out, const Run *r)
{
	const nnrt_model *m = r->m;
	out->scalar = rt_alloc((size_t)m->nloss + 2, (size_t)m->real_bytes, "losses");
	add_scalar(out, "loss", rt_run_loss(r));
	for (int i = 0; i < m->nloss; i++) {
		char *name = rt_text("loss.%s", m->loss[i]);
		add_scalar(out, name, r->c.loss[i]);
		rt_free(name);
	}
	if (m->has_penalty)
		add_scalar(out, "penalty", *r->c.penalty);
}

static void add_output(Out *out, const Run *r, int i)
{
	const nnrt_field *f = &r->m->out[i];
	int64_t dim[9];
	int rank = 0;
	if (f->batched)
		dim[rank++] = rt_leading(f, r->c.B);
	for (int k = 0; k < f->rank; k++)
		dim[rank++] = f->dim[k];
	char *name = rt_text("output.%s", f->name);
	rt_tensors_add(out->w, name, dim, rank, r->c.out[i], f->kind, out->real_bytes);
	rt_free(name);
}

static void add_tensor(Out *out, const char *prefix, const nnrt_tensor *t, const void *array)
{
	int64_t dim[8];
	for (int k = 0; k < t->rank; k++)
		dim[k] = t->dim[k];
	char *name = rt_text("%s.%s", prefix, t->path);
	rt_tensors_add(out->w, name, dim, t->rank,
	               (const char *)array + t->offset * out->real_bytes, NNRT_REAL,
	               out->real_bytes);
	rt_free(name);
}

static void write_all(const Run *r, const char *path)
{
	const nnrt_model *m = r->m;
	Out out = { rt_tensors_new(), m->real_bytes, 0, 0 };
	rt_tensors_note(out.w, "nnc.source", m->source);
	rt_tensors_note(out.w, "nnc.source_hash", m->source_hash);
	add_losses(&out, r);
	for (int i = 0; i < m->nout; i++)
		add_output(&out, r, i);
	for (int i = 0; i < m->nparam; i++)
		if (m->param[i].trained)
			add_tensor(&out, "grad", &m->param[i], r->c.grad);
	for (int i = 0; i < m->nbuffer; i++)
		add_tensor(&out, "buffer", &m->buffer[i], r->c.buffer_next);
	rt_tensors_write(out.w, path);
	rt_free(out.scalar);
}

/* Class weights from training rows are in the weights file, or nowhere. */
static void need_weights(Run *r, const Options *o)
{
	for (int i = 0; !o->weights && i < r->m->nfitted; i++)
		if (r->m->fitted[i].how == NNRT_BALANCED)
			rt_fail(RT_USAGE, "E0502",
			        "`%s` is learned from training rows: give --weights of a run that has "
			        "seen them", r->m->fitted[i].path);
	if (o->weights)
		rt_fit_read(r, o->weights, RT_FOR_LOSSES);
}

int rt_gradients(const nnrt_model *m, const Options *o)
{
	rt_need_loss(m, "gradients");
	if (!o->in || !o->out)
		rt_fail(RT_USAGE, "E0502",
		        "gradients needs --in BATCH.safetensors and --out FILE");
	Dataset *d = rt_batch_file(m, o->in, true);
	if (m->stat_rows && d->rows == 1)
		rt_fail(RT_FILE, "R5", "%s: one row has no batch statistics; give two or more",
		        o->in);
	Run *r = rt_begin_run(m, o);
	need_weights(r, o);
	rt_run_reserve(r, d->rows);
	rt_run_bind(r, d, d->train.row, (int)d->rows);
	rt_run_grad(r, NNRT_WANT_OUTPUTS);
	write_all(r, o->out);
	rt_run_free(r);
	rt_data_free(d);
	return RT_DONE;
}
