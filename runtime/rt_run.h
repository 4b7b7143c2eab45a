/* rt_run.h - one model being computed: its memory, and the three phases of a step.
 *
 * A step: rt_run_batch (rt_run_bind: rows into inputs and targets; rt_run_grad; rt_run_check),
 * then rt_run_update; step.c joins them.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_RUN_H
#define NNRT_RT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrt.h"
#include "rt_data.h"
#include "rt_tally.h"

/* Work, in multiply-adds, of a pass over an element of a flat array, and of a byte gathered. */
#define RT_PASS_WORK 8.0
#define RT_BYTE_WORK 2.0

/* Neighbouring elements of the flat arrays that are updated by one loop. */
typedef struct {
	int64_t lo, hi;
	double lr_scale, decay;
	int proximal; /* 1 + a knob; 0: none */
} Segment;

/* Gradient norms of the last so many steps are kept, to tell how a run diverged. */
enum { NORMS_KEPT = 16 };

/* The texts of a column, each the class of its place, once they are known. */
typedef struct {
	char **word;
	int32_t n;
	int32_t *class_of; /* of the words of data `of`: their classes, -1: none */
	const void *of;
} Dictionary;

typedef struct Run {
	const nnrt_model *m;
	nnrt_ctx c;
	double *setting, *knob;
	double given[NNRT_NUMBERS]; /* by --set; NaN: as in the program */
	double *plateau;        /* PLATEAU_STATE x nplateau: see rt_plateau.h */
	unsigned char *frozen; /* for each parameter: 1 if --freeze names it */
	Segment *segment;
	int nsegment;
	int64_t room;           /* samples that memory is there for */
	void **field, **column; /* what bind writes and reads */
	double *fitted;         /* fitted_len numbers of the data section, exactly (rt_fit.h) */
	Dictionary *dictionary; /* of each column; texts of NNRT_WORD */
	bool raw;               /* nothing is learned yet: classes of texts may be out of range */
	double *norm;           /* NORMS_KEPT x nparam; row c.update % NORMS_KEPT */
	double norm_all;        /* of the last step checked, without frozen tensors */
	const uint32_t *vocabulary; /* of the training text, the dataset's; 0: none */
	int32_t nvocabulary;
	char *const *others;    /* names of the columns of others(), the dataset's; 0: none */
	bool flush;             /* denormals are flushed to zero while computing */
	int64_t *chunk;         /* for each parameter: the first of its pieces; then their number */
	double *part;           /* a sum of each piece */
	void *together;         /* the memory of the flat arrays, or 0: each has its own */
} Run;

/* A run of m with settings from the program; parameters are zeros until init or load. */
Run *rt_run_new(const nnrt_model *m);
void rt_run_free(Run *r);

/* A team of so many threads computes from now on; of one until then. */
void rt_run_threads(Run *r, int threads);

/* Memory for batches of up to `samples`.  May be called again with more. */
void rt_run_reserve(Run *r, int64_t samples);

/* Bytes that rt_run_new and rt_run_reserve take for this model. */
double rt_run_bytes(const nnrt_model *m, int64_t samples);

/* First values of all parameters and buffers from a seed, which dropout uses later, too. */
void rt_run_init(Run *r, uint64_t seed);

/* First values of the optimizer's state, which is zeros until then. */
void rt_run_start(Run *r);

/* Cuts the parameters into pieces that sums are made of, however many threads there are. */
void rt_run_chunks(Run *r);

/* Builds the table of segments from the tensors' entries and `frozen`. */
void rt_run_segments(Run *r);

/* Evaluates all knobs for this moment.  t->plateau is filled in here. */
void rt_run_knobs(Run *r, const nnrt_time *t);
/* The same into `knob`, for a look ahead. */
void rt_run_look(const Run *r, const nnrt_time *t, double *knob);

/* A number of the training loop at this moment; NaN: neither the program nor --set has it. */
double rt_run_number(const Run *r, int which);

/* Number of the setting of that name, or -1.  The learning rate of this step (NaN: none). */
int rt_run_setting(const Run *r, const char *name);
double rt_run_lr(const Run *r);

/* Rows row[0..n-1] of the data become the batch.  R4 if a class is out of range. */
void rt_run_bind(Run *r, const Dataset *d, const uint32_t *row, int n);

/* The same in training, where fields may draw random numbers (random_flip), and with it phases one
 * and two: what a step does before anything is changed, as one job of the team. */
bool rt_run_batch(Run *r, const Dataset *d, const uint32_t *row, int n);

/* The same as far as the raw columns: what the data section's expressions begin with. */
void rt_run_columns(Run *r, const Dataset *d, const uint32_t *row, int n);

/* Phase one; want: NNRT_WANT_OUTPUTS or 0. */
void rt_run_grad(Run *r, int want);
/* Phase two: true if the loss and every gradient are finite.  Keeps the norms. */
bool rt_run_check(Run *r);
/* Its two parts: the share of thread tid of n; the verdict, when all have done theirs. */
void rt_run_squares(const Run *r, int tid, int n);
bool rt_run_verdict(Run *r);
/* f(to, a, their length, k) over whole flat arrays of parameters; see rt_flat.h. */
typedef void rt_flat(void *to, const void *a, int64_t n, double k, int real_bytes);
void rt_run_flat(const Run *r, rt_flat *f, void *to, const void *a, double k);
/* The norm of the gradients of all tensors that are trained. */
double rt_run_norm(const Run *r);
/* The next values of the buffers become their values. */
void rt_run_buffers(Run *r);
/* Phase three: parameters, optimizer state; counts the step. */
void rt_run_update(Run *r);
/* Forward with training off. */
void rt_run_eval(Run *r, int want);

/* The sum of all losses of the last batch. */
double rt_run_loss(const Run *r);

/* What is on disk when a run ends so; 0: nothing of the kind. */
typedef struct {
	const char *weights;    /* the last finite ones */
	const char *checkpoint; /* the last one, of this step */
	int64_t step;
	const char *again;      /* the command that goes on from it, or begins anew */
} Saved;

/* Ends the program with R3, exit 4, after a failed check. step and epoch count from 1; row: the
 * batch; saved: 0 where nothing is saved. */
_Noreturn void rt_run_diverged(Run *r, const Dataset *d, const uint32_t *row,
                               int64_t step, int64_t epoch, const Saved *saved);

/* The help of that message: settings of this program that would make the steps smaller.  again: the
 * command to which they are added; 0: `PROGRAM train`. */
void rt_run_diverged_help(Run *r, const char *again);

/* Bytes of all parameters, and of all buffers. */
size_t rt_run_param_bytes(const Run *r);
size_t rt_run_buffer_bytes(const Run *r);

/* Parameters and buffers, one after the other, to or from `to` (rt_run_state_bytes bytes). */
size_t rt_run_state_bytes(const Run *r);
void rt_run_save_state(const Run *r, void *to);
void rt_run_load_state(Run *r, const void *from);

/* Losses and metrics over rows, with training off; metric has room for nmetric numbers. */
typedef struct {
	double loss;
	double *metric; /* tables: NaN */
	double *part;  /* each loss; in the memory of metric */
	double *table; /* of each metric that is one, in order, row-major; likewise */
} Scores;
/* After a signal that rt_stop.h noted the numbers mean nothing. */
Scores rt_run_scores(Run *r, const Dataset *d, const Rows *rows, int64_t batch);
Scores rt_scores_new(const nnrt_model *m);
void rt_scores_copy(const nnrt_model *m, Scores *to, const Scores *from);
void rt_scores_free(Scores *s);
/* Numbers that follow each other from s->metric on. */
size_t rt_scores_len(const nnrt_model *m);
/* The table of metric i within s. */
double *rt_scores_table(const nnrt_model *m, const Scores *s, int i);

/* Sums of batches, weighted with their sizes. */
typedef struct {
	double loss, count;
	double *acc;
	double *part; /* each loss; in the memory of acc */
	Tally **tally;
	int ntally;
} Sums;
Sums rt_sums_new(const nnrt_model *m);
void rt_sums_free(Sums *s);
void rt_sums_clear(const Run *r, Sums *s);
void rt_sums_add(const Run *r, Sums *s);
void rt_sums_scores(const Run *r, const Sums *s, Scores *out);

#endif
