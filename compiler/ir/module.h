/* module.h - a checked program: what the front end hands to the passes and to emission.
 *
 * The front end fills a Module; passes replace its graphs by better ones; emit/ prints it.
 * Leaves in the graphs, unique by symbol:
 *     param, buffer      sym: path, index: number in the table      input   sym: name, index
 *     setting            sym: name of a run-time number ("lr", "optimizer.lr"), index
 *     time               sym: a field of nnrt_time ("step"), or "plateau[2]"
 *     count              samples in the batch, the language's N as a number
 *     gradient, moment   update graph only (index: number of the moment); flat type f32[param_len]
 *     arg                update graph only: sym "lr_scale", "decay", "proximal", "len", "stat0" ...
 *     input              in the bind graph: a raw column (sym: its name)
 */
#ifndef NNC_MODULE_H
#define NNC_MODULE_H

#include "graph.h"

typedef struct {
	Sym path;                      /* "dense1.weight"                                      */
	Type ty;
	Span at;                       /* the call or param statement that made it             */
	double lr_scale;
	bool decayed;                  /* two or more dimensions, or decay_all                 */
	bool trained;
	Sym regular;                   /* "l2(5e-4)", the regulariser as written; 0: none       */
	int proximal;                  /* 1 + the number that is its amount of proximal l1; 0: none */
	int64_t offset, len;           /* elements in the flat array; offsets are multiples of 16 */
} Tensor;                              /* a parameter or a buffer                              */

/* What an output says of classes: probabilities, or what softmax (sigmoid) makes them of. */
typedef enum { SCORES_NONE, SCORES_PROB, SCORES_LOGIT } ScoreKind;

typedef struct {
	Sym name;
	Type ty;                       /* with the batch: f32[N, 1, 28, 28]                    */
	bool target;
	Span at;
	int words;                     /* 1 + the column whose texts are its classes; 0: none  */
} Field;                               /* an input, a target, an output, a raw column          */

typedef struct { Sym name; Span at; } LossInfo;
typedef struct {
	Sym name; Span at; bool larger_is_better;
	int table;                     /* a table of so many classes; 0: a number              */
	int slot;                      /* pass metrics, tables: the accumulator of its Statistic */
} MetricInfo;

/* What the runtime gathers of every sample: scores x, classes or numbers y. */
typedef enum { TALLY_COUNTS, TALLY_TABLE, TALLY_RANKS, TALLY_BINS, TALLY_MOMENTS } TallyHow;
typedef struct { TallyHow how; Type x, y; int classes, bins; bool raw; } Tally;
/* One metric over a tally; its number stands in the accumulator `slot`. */
typedef struct { Whole what; Average average; int slot, tally; } Statistic;
/* ranged: a trainer refuses what is not in least..most. */
typedef struct { Sym name; double value; bool integer; Span at; bool ranged; double least, most; } Setting;

/* A number of `train` that the runtime reads before each update: row i stands behind the root
 * R_KNOB i of `numbers` or `update`; the pass knobs fills in the knob. */
typedef struct { Sym name; int knob; } Number;
/* A `plateau` schedule: the rows of its arguments in the table of numbers. */
typedef struct { Sym key; int value, factor, patience; } Plateau;

/* One layer as the summary and the comments of generated C show it. */
typedef struct {
	Sym path;                      /* "dense1"                                             */
	Sym call;                      /* "dense 256"                                          */
	Type out;
	int64_t params;
	Span at;
} LayerInfo;

typedef enum { CALL_LAYER, CALL_PLAIN, CALL_OUTPUT } CallKind;

/* A layer with parameters, a function that outputs depend on, or an output, in program order. */
typedef struct {
	CallKind kind;
	Sym path;                      /* of the layer, or the output's name; 0: a function    */
	Sym text;                      /* "conv2d 6@5x5 pad 2"; "" for an output               */
	Type out;
	int64_t params;
} CallInfo;

/* In nnrt.h's order. */
typedef enum {
	DATA_NONE, DATA_IDX, DATA_SYNTHETIC, DATA_CSV, DATA_NPY, DATA_NPZ, DATA_RAW, DATA_LIBSVM,
	DATA_BYTES, DATA_CHARS, DATA_CIFAR10, DATA_CIFAR100, DATA_IMAGES
} DataSource;

/* npy, raw: the file that is a column; type: of raw, as written. */
typedef struct { Sym name, path, type; Span at; } DataFile;

/* What a raw column is in a source with named columns. */
typedef struct {
	Sym *name; int n;              /* as many as the column has elements, or: */
	bool rest;                     /* others(): all that no other pick names               */
	bool words;                    /* a text, not a number: inside `categorical`           */
	bool gaps;                     /* an empty cell is no error but NaN: inside `fill`     */
	Sym gap;                       /* words: this text stands for an empty cell            */
	bool sorted;                   /* words: classes in the order of the texts, not of the rows */
	bool target;                   /* no input is made of it                               */
	bool flat;                     /* inside `flatten`: rows of any shape                  */
} Pick;

typedef struct {
	DataSource source;
	Sym path, images, labels;      /* 0 where not given                                    */
	bool header;                   /* csv: the first record has the names                  */
	Sym sep, missing;
	Sym *names; int64_t nnames;    /* csv: of all columns in file order; 0: not given      */
	DataFile *file; int nfile, capfile;
	Sym level, type;               /* text; raw                                            */
	int64_t context;               /* text: tokens of a sample                             */
	int64_t size[2];               /* images: height and width of all; 0: as they are      */
	Sym val_file, test_file;       /* parts that are files of their own; 0: none           */
	Sym cache;                     /* "ram" or "mmap"                                      */
	Sym kind;                      /* synthetic                                            */
	int64_t n;
	double noise, val, test;       /* fraction (<= 1) or rows (> 1); 0: none               */
	uint64_t seed;
	bool shuffle;
	double time;                   /* split = time: the part that trains; 0: none          */
	int64_t folds;                 /* split = kfold                                        */
	int stratify;                  /* 1 + the input or target by whose classes rows are dealt */
	int balance;                   /* 1 + the input or target whose classes are drawn alike */
	bool has_val;                  /* there is a validation part                           */
	Span at;
} DataInfo;

/* What the data section learns from the training rows: two numbers for each element of a sample of
 * arg, a value of the graph fit (R_FIT); `arg` itself is of the graph that was walked.  Or one for
 * each class of an input or target (FIT_BALANCED), or the texts of a column (FIT_WORDS), no number. */
typedef enum {
	FIT_STANDARDIZE, FIT_MINMAX,
	FIT_MISSING,                   /* the mean alone                                       */
	FIT_BALANCED,
	FIT_WORDS                      /* the texts of a column                                */
} FitHow;
typedef struct {
	Sym path;                      /* "x.standardize"                                      */
	FitHow how;
	Node *arg;
	int field;                     /* number of the input or target, or of the column      */
	Type ty;                       /* of one sample, or of all classes                     */
	int level;                     /* its argument depends on lower levels only            */
	int64_t offset, len;           /* mean or min from offset on, then std or range, from a
	                                * multiple of 16 on                                    */
	Span at;
} Fitted;

/* Numbers of the training loop that may change between updates, in nnrt.h's order. */
typedef enum { TN_CLIP_VALUE, TN_CLIP_NORM, TN_ACCUMULATE, TN_EMA, NTRAINNUMBER } TrainNumber;

/* Settings that the runtime reads once, where consts that may be set at run time decide them; in
 * nnrt.h's order.  rule: of early_stopping. */
typedef enum {
	ONCE_EPOCHS, ONCE_STEPS, ONCE_BATCH, ONCE_SEED, ONCE_VALIDATE, ONCE_CHECKPOINT, ONCE_KEEP,
	ONCE_PATIENCE, ONCE_MIN_DELTA, ONCE_DATA_SEED
} OnceKind;
typedef struct { OnceKind kind; int rule; } Once;

/* Conditions of `stop`: as written, and what they depend on at most.  Scores are counted as the
 * runtime lays them out: the loss, each loss, each metric, the same of the validation part, then
 * the rules. */
typedef enum { STOP_AT_UPDATE, STOP_AT_REPORT, STOP_AT_VALIDATION } StopWhen;
typedef struct { const char *text; StopWhen when; } Condition;
typedef struct { int score; bool larger; double patience, min_delta; } Early;

typedef struct {
	bool given;                    /* there is a `train` section                           */
	double epochs, steps;          /* 0: not given                                         */
	int64_t batch;                 /* 32; -1: "all"                                        */
	int batch_number;              /* 1 + the number that is the batch size; 0: it is batch */
	int64_t batch_multiple;
	uint64_t seed;
	bool shuffle, drop_last;
	Sym monitor;                   /* 0: by the rules                                      */
	Sym optimizer;                 /* "adam", for comments                                 */
	int number[NTRAINNUMBER];      /* 1 + its row in the table of numbers; 0: not given    */
	int nonfinite;                 /* 0 stop, 1 skip, 2 rollback                           */
	double validate;               /* every so many epochs or steps; 0: every epoch        */
	bool validate_steps;
	double checkpoint;             /* every so many epochs or steps; 0: not given          */
	bool checkpoint_steps;
	int keep;                      /* checkpoints; 0: not given                            */
	Condition *condition; int ncondition, capcondition;
	Early *early; int nearly, capearly;
	Span at;
} TrainInfo;

/* Weights in 16 bits: bfloat16, or IEEE 754 binary16. */
typedef enum { HALF_NONE, HALF_BF16, HALF_F16 } HalfKind;
typedef enum { WEIGHTS_EMBED, WEIGHTS_EXTERN, WEIGHTS_FILE } WeightsAs;
typedef struct { const char *name; Span at; } Unbuilt;

/* Reductions over w in an optimizer. */
enum { MAXSTAGE = 16 };

/* Inference C on raw columns: the texts of a column, in the order of the classes. */
typedef struct { Sym name; Sym *word; int n, classes; Sym gap; } TextColumn;

typedef struct Module {
	Job *job;
	Sym name;                      /* the model's                                          */
	const char *source;            /* file name as in messages, without folders            */
	const char *defines;           /* " -D n=9"                                            */
	char source_hash[65];          /* SHA-256 of the text and its imports, in hex          */

	Tensor *param;  int nparam, capparam;   int64_t param_len;
	Tensor *buffer; int nbuffer, capbuffer; int64_t buffer_len;
	int nmoment;
	Field *in;   int nin, capin;   /* inputs and targets in source order                   */
	Field *out;  int nout, capout;
	ScoreKind *scores; int nscores, capscores; /* of each output                           */
	LossInfo *loss; int nloss, caploss;
	MetricInfo *metric; int nmetric, capmetric;
	Setting *setting; int nsetting, capsetting;
	LayerInfo *layer; int nlayer;
	CallInfo *call; int ncall;
	int *part; int npart;          /* of which call nodes of a part are; -1: of none       */
	Origin *origin;                /* of each part: the place and name of its call         */
	Field *column; int ncolumn, capcolumn;  /* raw columns that the data section reads     */
	bool augments;                 /* fields draw random numbers in training               */
	Fitted *fitted; int nfitted, capfitted; int64_t fitted_len;
	Pick *pick; int npick, cappick;         /* of each column                              */
	DataInfo data;
	TrainInfo train;
	Sym export_prefix;             /* `export c(prefix, batch)`: 0 where not given         */
	int64_t export_batch;
	bool export_libm, export_context;
	bool export_nhwc;
	bool export_preprocess;
	Span preprocess_at;
	TextColumn *text; int ntext;   /* (emit/raw.c)                                         */
	Sym *others; int nothers;      /* (emit/raw.c) names of what others() stood for        */
	HalfKind export_quantize;
	WeightsAs export_weights;
	Unbuilt *unbuilt; int nunbuilt, capunbuilt; /* export options that are not built       */
	int nacc, nknob;               /* after the passes metrics, knobs                      */
	Tally *tally; int ntally, captally;    /* after the pass metrics                       */
	Statistic *stat; int nstat, capstat;
	int lr_number;                 /* 1 + the number that is the learning rate, for logs; 0: none */
	Number *number; int nnumber, capnumber;
	Once *onces; int nonce, caponce;       /* of each root of the graph `once`             */
	Plateau *plateau; int nplateau, capplateau;
	bool has_penalty;
	bool stops;                    /* stop_gradient, or a buffer read after its update:
	                                * gradients are no derivatives                         */
	bool stat_rows;                /* batch statistics of [N, C]: one row is refused       */

	Graph *init;                   /* R_PARAM, R_BUFFER: first values                      */
	Graph *grad;                   /* training on: R_LOSS R_METRIC R_OUTPUT R_BUFFER; after
	                                * the pass grad also R_GRAD                            */
	Graph *eval;                   /* training off: R_LOSS R_METRIC R_OUTPUT               */
	Graph *update;                 /* R_WEIGHT, R_MOMENT over flat arrays; 0 without losses */
	Graph *bind;                   /* R_FIELD; 0 without a data section.  O_fitted: a number of
	                                * row index / 2 of fitted                              */
	Graph *augment;                /* R_AUGMENT: bind for training samples; 0 if it is the same */
	Graph *fit;                    /* R_FIT: what is fitted, over raw columns; 0 if nothing is */
	Graph *start;                  /* R_MOMENT: first values that are not 0; 0 if none      */
	Graph *stage[MAXSTAGE]; Op reduce[MAXSTAGE]; int nstage;   /* pass stages               */
	Graph *numbers;                /* R_KNOB: numbers of `train`; empty after the pass knobs */
	Graph *knobs;                  /* pass knobs: R_KNOB over setting, time                */
	Graph *once;                   /* R_KNOB over setting; 0: none                         */
	Graph *stop;                   /* R_KNOB: each condition of `stop`, over acc (scores), time
	                                * and setting; 0: none                                 */
	Graph *metrics;                /* pass metrics: R_METRIC over acc, count, knob; scalar */
} Module;

/* What the command line asks for. */
typedef struct {
	int level;                     /* -O0 .. -O3                                           */
	bool one_thread;               /* --threads none                                       */
	bool f64;
	bool infer, libm, no_comments, self_check;
	bool context;                  /* --api context                                        */
	HalfKind quantize;             /* --quantize                                           */
	WeightsAs weights_as;          /* --weights-as                                         */
	int batch;                     /* --batch, 0: not given                                */
	const char *target;            /* --target, 0: not given                               */
	const char *prefix;
} Options;

/* ---- front/loop.c ---------------------------------------------------------------- */

/* "clip_norm" */
const char *train_number_name(TrainNumber k);

/* ---- front/elab.c ---------------------------------------------------------------- */

typedef struct { const char *name, *value; } Define;             /* -D NAME=VALUE              */

/* Elaborates source number `file`: names, constants, shapes, inlining of blocks of the user and of
 * the prelude.  All user errors of E02, E03, E04, E05 are recorded here; returns 0 if there are
 * any (of the syntax too).  include: -I folders, then NNC_PATH. */
Module *elaborate(Job *j, int file, const Define *define, int ndefine,
                  const char *const *include, int ninclude);

#endif
