/* rt_commands.h - the commands of a trainer.  Each returns the exit status.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_COMMANDS_H
#define NNRT_RT_COMMANDS_H

#include "rt_options.h"
#include "rt_run.h"

int rt_train(const nnrt_model *m, const Options *o);
int rt_eval(const nnrt_model *m, const Options *o);
int rt_predict(const nnrt_model *m, const Options *o);
int rt_selftest(const nnrt_model *m, const Options *o);
int rt_gradients(const nnrt_model *m, const Options *o);
int rt_bench(const nnrt_model *m, const Options *o);
int rt_look(const nnrt_model *m, const Options *o);

/* ---- cmd.c: what several commands begin with ------------------------------------------------
 */

/* Exit 2 unless the program has a loss. */
void rt_need_loss(const nnrt_model *m, const char *command);
/* Exit 2 unless the program has data; loads and deals them. */
Dataset *rt_need_data(const nnrt_model *m, const Options *o, const char *command);
/* The rows of --split; without it the test part, else the validation part, else the training rows.
 * Exit 2 if the part is empty.  *name: which it is. */
const Rows *rt_split(const nnrt_model *m, const Options *o, const Dataset *d, const char **name);
/* A run with the settings of --set, --freeze, first values from --seed, and --weights if given.
 */
Run *rt_begin_run(const nnrt_model *m, const Options *o);
/* --weights, or NAME.safetensors here. */
char *rt_weights_path(const nnrt_model *m, const Options *o);

#endif
