/* rt_ckpt.h - the state of a run in a file, and going on from it, equal to the bit.
 *
 *     ckpt.c        when checkpoints are written
 *     ckpt_names.c  their names: the newest, the older ones
 *     ckpt_resume.c how --resume begins
 *     ckpt_state.c  what is in them: one walk over the state of a run, for writing and reading
 *     ckpt_same.c   whether it is the same run: model, data, settings
 *
 * A checkpoint is a .safetensors file with a checksum (rt_safetensors.h).  __metadata__ has
 * "nnc.checkpoint" (the number of the format), what makes the run ("set.NAME", see ckpt_same.c)
 * and the numbers of the state ("run.NAME").  Tensors: parameters and buffers under their paths,
 * the other arrays with a word and a slash in front ("best/dense1.weight", "optimizer0/...").
 *
 * Nothing in it depends on the clock (but for programs whose `stop` asks for `elapsed`), so two
 * runs that came to the same state by different ways have equal files.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_CKPT_H
#define NNRT_RT_CKPT_H

#include "rt_trainer.h"

/* The number of the format. */
#define CKPT_FORMAT "1"

/* ---- ckpt.c ------------------------------------------------------------------------------- */

/* Writes NAME.ckpt now, unless weights are not finite. */
void rt_ckpt_save(Trainer *t);
/* After the batch of t->counted was reported: if it is time. */
void rt_ckpt_sometimes(Trainer *t);

/* ---- ckpt_names.c ------------------------------------------------------------------------- */

typedef struct {
	char *path;
	int64_t fold, step;
} Older;

/* NAME and an ending under --out; NAME.ckpt; in new memory. */
char *rt_ckpt_name(const Trainer *t, const char *ending);
char *rt_ckpt_path(const Trainer *t);
/* How many are kept, NAME.ckpt among them. */
int rt_ckpt_keep(const Trainer *t);
/* The others, the oldest first. */
Older *rt_ckpt_older(const Trainer *t, int *n);
void rt_ckpt_older_free(Older *list, int n);
/* NAME.ckpt, at `path`, is about to be replaced. */
void rt_ckpt_put_aside(const Trainer *t, const char *path);
/* Removes what is older than the `keep` newest up to the one just written. */
void rt_ckpt_thin_out(const Trainer *t);
/* Removes what a killed run was writing: NAME....PROCESS-N.tmp, where there is no such process. */
void rt_ckpt_clean_up(const Trainer *t);

/* ---- ckpt_resume.c ------------------------------------------------------------------------ */

/* --resume: reads the checkpoint and refuses what is not this run, exit 3 [R6]. */
void rt_ckpt_open(Trainer *t);
/* The fold that the checkpoint is in; 1 without k-fold. */
int rt_ckpt_fold(const Trainer *t);
/* Files of the run: an earlier run's are renamed; a run that goes on elsewhere takes its logs along. */
void rt_ckpt_files(Trainer *t);
/* Starts the logs, or cuts them to the checkpoint. */
void rt_ckpt_start_log(Trainer *t, const LogStart *s);
/* Puts the state of the checkpoint into a run that has just begun; frees the file. */
void rt_ckpt_load(Trainer *t);
/* `./mlp train --resume --out r`, as this command line asks for; new memory. */
char *rt_ckpt_command(const Trainer *t);
/* The command of this run, from its beginning; new memory. */
char *rt_ckpt_from_start(const Trainer *t);
/* The one that goes on from a checkpoint named by its path, if not 0.  settings: 0, or options, each after a
 * blank, that are put in front; --overfit and --fold are among them where the run has them. */
char *rt_ckpt_resume(const Trainer *t, const char *path, const char *settings);
/* NAME beside a checkpoint NAME.ckpt or NAME.stepK.ckpt, without ending, in new memory; 0: it is
 * called otherwise. */
char *rt_ckpt_base(const char *path);

/* ---- ckpt_state.c ------------------------------------------------------------------------- */

void rt_ckpt_write(Trainer *t, TensorWriter *w, const char *path);
void rt_ckpt_read(Trainer *t, const TensorFile *f);
/* A number of the state; the bytes of a tensor, in the memory of f. */
int64_t rt_ckpt_number(const TensorFile *f, const char *name);
const void *rt_ckpt_bytes(const TensorFile *f, const char *name, size_t *n);

/* ---- ckpt_same.c -------------------------------------------------------------------------- */

/* What makes the run, into the file.  Both look at t->ckpt.data. */
void rt_ckpt_note_settings(const Trainer *t, TensorWriter *w);
/* Refuses a file of another run with a table of what differs.  Returns how many settings differ
 * because they stand on this command line; each is told in a line. */
int rt_ckpt_compare(const Trainer *t, const TensorFile *f);

#endif
