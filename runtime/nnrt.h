/* nnrt.h - what a generated trainer and the runtime library say to each other.
 *
 * A trainer is one C file printed by nnc (the model's own arithmetic and a table, nnrt_model) and
 * libnnrt.a (training loop, data, files, logs, command line).  The library does not know the
 * precision of a trainer at compile time: reals are `void *` with nnrt_model.real_bytes each.
 *
 * A step is three phases (grad, check, update); all state is behind nnrt_ctx, so several models
 * or folds can run in one process.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_H
#define NNRT_H

#include <stddef.h>
#include <stdint.h>

#define NNRT_ABI 9

/* ---- tables ----------------------------------------------------------------------------- */

typedef enum { NNRT_REAL, NNRT_CLASS, NNRT_I32, NNRT_BOOL, NNRT_U8, NNRT_WORD } nnrt_kind;

/* Storage: NNRT_REAL real_bytes each, NNRT_CLASS, NNRT_I32 and NNRT_WORD int32_t, NNRT_BOOL and
 * NNRT_U8 one byte.  All arrays are row-major.  NNRT_WORD occurs in columns only: a text, as its
 * number in the column's list of words (rt_data.h). */

/* An input, target or output of the model, or a column of the data. */
typedef struct {
	const char *name;
	nnrt_kind kind;
	int32_t classes;               /* NNRT_CLASS: values 0..classes-1                     */
	int32_t rank;                  /* dimensions of one sample (the batch not counted)    */
	int32_t dim[8];
	int64_t len;                   /* elements of one sample                              */
	unsigned char target;          /* inputs only: a target                               */
	unsigned char batched;         /* outputs only: 1 if dimension 0 is the batch          */
	int words;                     /* inputs only: 1 + the column whose texts its classes   *
	                                * are; 0: none                                        */
	unsigned char flat;            /* columns only: rows of any shape with `len` elements */
} nnrt_field;

/* A parameter or a buffer. Shapes are PyTorch's; offset counts elements in the flat array. */
typedef struct {
	const char *path;              /* "dense1.weight"                                     */
	int32_t rank, dim[8];
	int64_t len, offset;
	double lr_scale;
	unsigned char decayed;         /* weight_decay reaches it                             */
	unsigned char trained;         /* 0: trainable = false                                */
	int proximal;                  /* 1 + the knob that is its amount of proximal l1      */
} nnrt_tensor;

/* A number that may be set at run time: run-time consts ("lr"), "optimizer.lr". */
typedef struct {
	const char *name;
	double value;                  /* from the program                                    */
	unsigned char integer;
	unsigned char ranged;          /* --set takes least..most only                        */
	double least, most;
} nnrt_setting;

typedef struct {
	const char *name;
	unsigned char larger_is_better;
	int32_t table;                 /* a table of so many classes instead of a number; 0: a number */
	int32_t slot;                  /* tables: the accumulator of its statistic            */
} nnrt_metric;

/* What is gathered of every sample for metrics that are no formula over sums (rt_tally.h). */
typedef enum {
	NNRT_COUNTS,                   /* by class: named and true, named, true               */
	NNRT_TABLE,                    /* how often class i was taken for class k             */
	NNRT_RANKS,                    /* all scores and classes                              */
	NNRT_BINS,                     /* by confidence: how many, confidence, how many right */
	NNRT_MOMENTS                   /* by last dimension: what r2 needs                    */
} nnrt_how;

/* One position: a class or bool y, and of x a class or bool (NNRT_COUNTS, NNRT_TABLE), `width`
 * scores (NNRT_RANKS, NNRT_BINS; 1: that of the positive class), or a number each, of which
 * `width` make a row (NNRT_MOMENTS). */
typedef struct {
	nnrt_how how;
	nnrt_kind x, y;
	int64_t rows;                  /* positions a sample                                  */
	int32_t width, classes, bins;
	unsigned char raw;             /* scores go through softmax, a single one sigmoid     */
} nnrt_tally;

typedef enum {
	NNRT_PRECISION, NNRT_RECALL, NNRT_F1, NNRT_IOU, NNRT_DICE, NNRT_CONFUSION, NNRT_AUC,
	NNRT_PR_AUC, NNRT_CALIBRATION, NNRT_R2
} nnrt_whole;
typedef enum { NNRT_MACRO, NNRT_MICRO, NNRT_WEIGHTED, NNRT_BINARY } nnrt_average;

/* A metric over a tally: its number stands in accumulator `slot` when metrics are computed. */
typedef struct {
	nnrt_whole what;
	nnrt_average average;
	int32_t slot, tally;
} nnrt_statistic;

/* What the data section learns from the training rows: two numbers for each element of a sample,
 * at[0] and at[1] in ctx->fitted.  NNRT_STANDARDIZE: mean, std; NNRT_MINMAX: min, range.
 * NNRT_MISSING: at[0] alone, the mean; NNRT_BALANCED: at[0] alone, a weight for each class of a
 * field.  NNRT_WORDS: no number, but the texts of a column, whose places are the classes. */
typedef enum {
	NNRT_STANDARDIZE, NNRT_MINMAX, NNRT_MISSING, NNRT_BALANCED, NNRT_WORDS
} nnrt_fit_how;
typedef struct {
	const char *path;              /* "x.standardize"                                     */
	nnrt_fit_how how;
	int64_t len, at[2];
	int level;                     /* it depends on what has a lower one                  */
	int field;                     /* number of the input or target, or of the column     */
} nnrt_fitted;

typedef enum {
	NNRT_NO_DATA, NNRT_IDX, NNRT_SYNTHETIC, NNRT_CSV, NNRT_NPY, NNRT_NPZ, NNRT_RAW,
	NNRT_LIBSVM, NNRT_BYTES, NNRT_CHARS, NNRT_CIFAR10, NNRT_CIFAR100, NNRT_IMAGES
} nnrt_source;

/* npy, raw: the file of a column; type: of raw, "f32[3, 4]". */
typedef struct { const char *name, *path, *type; } nnrt_file;

/* Which columns of a source with names make a raw column. */
typedef struct {
	const char *const *name; int n; /* one for each of its elements; or: */
	unsigned char rest;             /* all that no other column names, in file order        */
	unsigned char gaps;             /* an empty cell is NaN, for `fill`; else an error       */
	const char *gap;                /* NNRT_WORD with gaps: the text for an empty cell       */
	unsigned char sorted;           /* NNRT_WORD: classes in the order of the texts          */
	unsigned char target;           /* no input is made of it: predict does without          */
} nnrt_pick;

typedef struct {
	nnrt_source source;
	const char *path;              /* folder or file; 0 if they are given by name         */
	const char *images, *labels;   /* idx: files                                          */
	const char *kind;              /* synthetic: "random"                                 */
	int64_t n;                     /* synthetic: rows                                     */
	double noise;
	double val, test;              /* part of the rows (<= 1), or a number of rows (> 1); 0: none */
	uint64_t seed;
	unsigned char shuffle;
	double time;                   /* file order: this part trains, the rest validates; 0: no */
	int stratify;                  /* 1 + the input or target whose classes every part has  *
	                                * in equal shares; 0: none                             */
	int balance;                   /* 1 + the input or target whose classes an epoch draws *
	                                * with equal chances; 0: every row once               */
	int folds;                     /* k-fold: so many folds, each in turn validates; 0: no */
	unsigned char header;          /* csv: the first record has the names of the columns    */
	const char *sep, *missing;     /* csv: one character; "error", "drop", "mean"          */
	const char *const *names;      /* csv: of all columns of the file, or 0                */
	int nnames;
	const nnrt_pick *pick;         /* csv: of each raw column                              */
	const nnrt_file *file; int nfile;
	const char *val_file, *test_file; /* parts of their own: files of the same form, or 0  */
	unsigned char mapped;          /* cache = "mmap": rows stay in files                    */
	int64_t context;               /* text: tokens of a sample                              */
	unsigned char resize;          /* images: all get the size of the column               */
} nnrt_data;

/* Numbers of the training loop that may change between updates. */
enum { NNRT_CLIP_VALUE, NNRT_CLIP_NORM, NNRT_ACCUMULATE, NNRT_EMA, NNRT_NUMBERS };

/* What follows a loss or gradient that is not finite. */
typedef enum { NNRT_STOP, NNRT_SKIP, NNRT_ROLLBACK } nnrt_nonfinite;

typedef struct {
	double epochs, steps;          /* 0: not given                                        */
	int64_t batch;                 /* -1: "all"                                           */
	uint64_t seed;
	unsigned char shuffle, drop_last;
	const char *monitor;           /* 0: by the rules of language.md section 7             */
	int number[NNRT_NUMBERS];      /* 1 + the knob that holds it; 0: not in the program    */
	nnrt_nonfinite nonfinite;
	double validate;               /* 0: every epoch; else every so many epochs or steps   */
	unsigned char validate_steps;
	int batch_knob;                /* 1 + the knob that is the batch size; 0: `batch` is    */
	int64_t batch_multiple;        /* what the knob is rounded to a multiple of             */
	double checkpoint;             /* 0: not given; else every so many epochs or steps       */
	unsigned char checkpoint_steps;
	int keep;                      /* checkpoints that are kept; 0: not given                */
} nnrt_train;

/* Settings that consts decide which may be set at run time.  rule: of early_stopping. */
typedef enum {
	NNRT_ONCE_EPOCHS, NNRT_ONCE_STEPS, NNRT_ONCE_BATCH, NNRT_ONCE_SEED, NNRT_ONCE_VALIDATE,
	NNRT_ONCE_CHECKPOINT, NNRT_ONCE_KEEP, NNRT_ONCE_PATIENCE, NNRT_ONCE_MIN_DELTA, NNRT_ONCE_DATA_SEED
} nnrt_once_kind;
typedef struct { nnrt_once_kind kind; int rule; } nnrt_once;

/* One `plateau` schedule: the knobs of its arguments. */
typedef struct { int value, factor, patience; } nnrt_plateau;

/* ---- one run's state ---------------------------------------------------------------------- */

/* What a model may have at most; nnc refuses more. */
enum { NNRT_MAX_FIELDS = 256, NNRT_MAX_MOMENTS = 8, NNRT_MAX_STAGES = 16, NNRT_MAX_TALLIES = 64 };

enum { NNRT_WANT_OUTPUTS = 1, NNRT_WANT_LOSSES = 2 };

typedef struct nnrt_team nnrt_team;

/* Filled by the runtime, read and written by generated code. */
typedef struct nnrt_ctx {
	void *param, *grad;            /* flat arrays of param_len reals, 64-byte aligned     */
	void *moment[NNRT_MAX_MOMENTS + 1]; /* optimizer state, param_len reals each               */
	void *buffer, *buffer_next;    /* buffer_len reals; grad writes _next, the runtime    *
	                                * copies it to buffer after an accepted step          */
	const void *in[NNRT_MAX_FIELDS]; /* inputs and targets, in table order, B samples each  */
	void *out[NNRT_MAX_FIELDS];    /* outputs, if wanted                                  */
	double *loss;                  /* nloss + 1: each loss, then their sum                */
	double *penalty;               /* one number; written by grad if the model has one    */
	double *acc;                   /* nacc sums over this batch, for metrics              */
	void *score[2 * NNRT_MAX_TALLIES]; /* x and y of each tally, of this batch             */
	const double *knob;            /* nknob numbers of this step                          */
	const void *fitted;            /* fitted_len reals of the data section                */
	unsigned char *arena0;         /* scratch that does not depend on the batch           */
	unsigned char *arena;          /* scratch: bytes per sample times B                   */
	int B;                         /* samples of this batch                               */
	int want;                      /* NNRT_WANT_...                                       */
	uint64_t seed, update;         /* for random numbers; update: 0, 1, ...               */
	uint64_t sample0;              /* number of the first sample within the update        */
	nnrt_team *team;
} nnrt_ctx;

/* Where a run is, for schedules and conditions.  The unit of a run is the epoch, or the step if its length is
 * given in steps. */
typedef struct {
	double step, epoch;            /* updates and whole epochs done                       */
	double position;               /* epochs done, with the part of this one               */
	double progress;               /* 0..1                                                */
	double elapsed;                /* seconds; for conditions only                        */
	double now, end;               /* position or step, and the length of the run          */
	double one;                    /* what the coming update adds to now                   */
	double in_steps;               /* 1: the unit is the step, 0: the epoch                */
	double per_epoch;              /* updates in an epoch with batches of the first size   */
	double steps;                  /* updates of the whole run                             */
	const double *plateau;         /* by number of the plateau: what it multiplies with    */
} nnrt_time;

/* A condition of `stop`: one of those joined by `or`, as written. */
typedef enum { NNRT_AT_UPDATE, NNRT_AT_REPORT, NNRT_AT_VALIDATION } nnrt_when;
typedef struct {
	const char *text;
	nnrt_when when;                /* NNRT_AT_UPDATE: it depends on time alone             */
} nnrt_condition;

/* early_stopping(score, patience, min_delta) */
typedef struct {
	int score;                     /* as stop reads it                                    */
	unsigned char larger_is_better;
	double patience, min_delta;
} nnrt_early;

/* A function over elements lo..hi-1 of the flat arrays. */
typedef void nnrt_flat(nnrt_ctx *c, int64_t lo, int64_t hi, const double *arg);

/* A sum over a tensor that the update needs: run writes its elements into moment[nmoment];
 * how: '+' their sum, '>' the largest, '<' the smallest. */
typedef struct { nnrt_flat *run; char how; } nnrt_stage;

/* ---- what a trainer says of itself: nnc --summary's numbers, for reports --------------------- */

/* Some calls of the program. */
typedef struct {
	const char *path, *text, *shape; /* "c1" or "", "conv2d 6@5x5 pad 2", "6, 28, 28"      */
	int64_t params, bytes;         /* the result of one sample                            */
	double work;                   /* floating point operations of one sample, forward    */
} nnrt_layer;

/* Scratch of a training step: bytes at + `at` of the arena that is as long as the batch (sampled)
 * or of the other, in use from the stretch between barriers `first` to `last`. */
typedef struct {
	const char *name, *path;       /* in generated C; its layer, or ""                    */
	int64_t at, bytes;
	unsigned char sampled;
	int first, last;
} nnrt_room;

/* An output's values: probabilities of classes, or logits. */
typedef enum { NNRT_NO_SCORES, NNRT_PROBABILITIES, NNRT_LOGITS } nnrt_scores;

typedef struct {
	const nnrt_layer *layer; int nlayer, layers; /* those listed; all                     */
	const nnrt_room *room; int nroom, rooms;
	int stretches;                 /* of a training step                                  */
	const nnrt_scores *scores;     /* of each output                                      */
	double forward, step;          /* operations of one sample                            */
	int64_t regularised;           /* parameters                                          */
	int64_t saved0, saved;         /* bytes kept for the backward pass, and of each sample */
	int64_t arena0, arena;         /* bytes of scratch of a training step                 */
	const char *optimizer;         /* "adam"; 0: not given                                */
} nnrt_about;

/* ---- the model ----------------------------------------------------------------------------- */

typedef struct nnrt_model {
	int abi;                       /* NNRT_ABI                                            */
	const char *name, *source, *source_hash, *nnc_version, *options;
	int real_bytes;                /* 4 or 8                                              */

	const nnrt_tensor *param;  int nparam;  int64_t param_len;
	const nnrt_tensor *buffer; int nbuffer; int64_t buffer_len;
	int nmoment;

	const nnrt_field *in;  int nin;        /* inputs and targets in source order          */
	const nnrt_field *out; int nout;
	const char *const *loss; int nloss;
	const nnrt_metric *metric; int nmetric;
	const nnrt_tally *tally; int ntally;
	const nnrt_statistic *stat; int nstat;
	int nacc, nknob;
	const nnrt_plateau *plateau; int nplateau;
	const nnrt_setting *setting; int nsetting;
	unsigned char has_penalty;
	unsigned char stat_rows;       /* batch statistics of [N, C]: a batch of 1 is refused */

	unsigned char stops;           /* stop_gradient is used, or a buffer read after its
	                                * update: gradients may differ from
	                                * the derivative of the loss                          */

	const nnrt_data *data;
	const nnrt_field *column; int ncolumn; /* raw columns that bind reads                 */
	const nnrt_train *train;

	int64_t arena0_bytes, arena_bytes;     /* the latter per sample; largest of all phases */

	/* init: writes all parameters and buffers from ctx->seed.
	 * grad: forward with training on, losses, metric sums, every gradient (grad), buffer_next,
	 *       outputs if wanted.
	 * eval: forward with training off: losses and metric sums if NNRT_WANT_LOSSES, outputs if
	 *       NNRT_WANT_OUTPUTS.
	 * Thread tid of n computes its share; barriers inside. */
	void (*init)(nnrt_ctx *c, int tid, int n);
	void (*grad)(nnrt_ctx *c, int tid, int n);
	void (*eval)(nnrt_ctx *c, int tid, int n);
	/* One optimizer update of elements lo..hi-1 of the flat arrays, all of equal arg: lr_scale,
	 * decay (1 or 0), amount of proximal l1, elements, the results of the stages.  No
	 * barriers. */
	nnrt_flat *update;
	/* First values of the moments that do not start as 0; 0: all do. */
	nnrt_flat *start;
	/* Before each update, tensor by tensor. */
	const nnrt_stage *stage; int nstage;
	/* Columns of B samples (NNRT_U8 ... as in `column`) to inputs and targets. 0 if the
	 * model has no data section. */
	void (*bind)(nnrt_ctx *c, const void *const *column, void *const *field, int tid, int n);
	/* The same for training samples, with random numbers of ctx->seed and update; 0: it is bind. */
	void (*augment)(nnrt_ctx *c, const void *const *column, void *const *field, int tid, int n);
	/* Columns of B samples to what is fitted: row i of `fitted` looks at value[i], reals. 0: nothing
	 * is. */
	void (*fit)(nnrt_ctx *c, const void *const *column, void *const *value);
	const nnrt_fitted *fitted; int nfitted; int64_t fitted_len;
	/* All numbers of this step, in double. */
	void (*knobs)(const nnrt_time *t, const double *setting, double *knob);
	/* The metrics from sums over `count` samples. */
	void (*metrics)(const double *acc, double count, const double *knob, double *metric);

	/* The conditions of `stop`, 1 or 0 each. score: the loss, each loss, each metric; the same
	 * of the validation part; then 1 for each early_stopping that has run out of patience. 0:
	 * the program has no `stop`. */
	void (*stop)(const double *score, const nnrt_time *t, const double *setting,
	             double *stop);
	const nnrt_condition *condition; int ncondition;
	const nnrt_early *early; int nearly;
	/* What `train`, `data` and `early` hold, for other values of consts. 0: no const decides it. */
	void (*once)(const double *setting, double *once);
	const nnrt_once *onces; int nonce;

	/* 1 + the number of the knob that is the learning rate of this step, for logs; 0: the
	 * setting "optimizer.lr" is constant and is shown. */
	int lr_knob;
	/* Elements a sample of the largest array whose size grows with the batch: start-up checks that
	 * this times the largest batch stays below 2^31. 0: only inputs and outputs are checked. */
	int64_t largest;
	const nnrt_about *about;               /* 0: not known                                */
	/* About how many multiply-adds grad and eval cost for a sample: too little work is not
	 * shared.  Both 0: the program is for one thread. */
	double grad_work, eval_work;
} nnrt_model;

/* The whole program: command line, training, files.  Returns the exit status. */
int nnrt_main(const nnrt_model *m, int argc, char **argv);

/* ---- for generated code --------------------------------------------------------------------- */

/* Thread t of n owns units lo..hi-1 of `units`. */
static inline void nnrt_own(int t, int n, int units, int *lo, int *hi)
{
	*lo = (int)((int64_t)units * t / n);
	*hi = (int)((int64_t)units * (t + 1) / n);
}

/* Waits until all threads of the team are here; called by thread tid. */
void nnrt_barrier(nnrt_team *team, int tid);

#endif
