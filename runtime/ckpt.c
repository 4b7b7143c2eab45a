/* ckpt.c - when checkpoints are written.
 *
 * Out:   NAME.ckpt, the newest; with `keep` above 1 older ones as NAME.stepK.ckpt (with k-fold
 *        NAME.foldF.stepK.ckpt).
 * Holds: an older checkpoint is removed only after a newer one is on the disk; one with numbers
 *        that are not finite is never written.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_ckpt.h"
#include "rt_mem.h"

/* Where the program does not say when, no more than this part of the time goes into them. */
#define SHARE 0.02

void rt_ckpt_save(Trainer *t)
{
	Checkpoints *c = &t->ckpt;
	int fold = t->folds ? t->folds->number : 1;
	double begin = rt_now();
	if (!t->files.save || !rt_monitor_finite(t->run))
		return;
	char *path = rt_ckpt_name(t, ".ckpt");
	bool moved = c->fold && (c->fold != fold || c->step != t->feed->step);
	if (!c->data)
		c->data = rt_data_hash(t->data);
	if (moved && rt_ckpt_keep(t) > 1)
		rt_ckpt_put_aside(t, path);
	TensorWriter *w = rt_tensors_new();
	rt_tensors_note(w, "nnc.checkpoint", CKPT_FORMAT);
	rt_tensors_note(w, "nnc.version", t->m->nnc_version);
	rt_tensors_note(w, "nnc.source", t->m->source);
	rt_ckpt_note_settings(t, w);
	rt_ckpt_write(t, w, path);
	c->fold = fold;
	c->step = t->feed->step;
	if (moved)
		rt_ckpt_thin_out(t);
	rt_free(path);
	c->at = rt_now();
	c->seconds = c->at - begin;
}

void rt_ckpt_sometimes(Trainer *t)
{
	const nnrt_train *p = t->m->train;
	const Checkpoints *c = &t->ckpt;
	bool given = p && p->checkpoint > 0;
	if (given ? rt_trainer_due(t, p->checkpoint, p->checkpoint_steps)
	          : rt_trainer_due(t, 1, false) && (rt_now() - c->at) * SHARE >= c->seconds)
		rt_ckpt_save(t);
}
