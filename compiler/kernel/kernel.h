/* kernel.h - regions, memory plan and loop IR: from a tensor graph to loops, and to C.
 *
 *     ex.c affine.c     expressions of indices and elements; what is known about them
 *     fuse.c roots.c    what is stored and where; the tree of regions
 *     layout.c          storage of buffers, addr()
 *     lower.c place.c   the value at an index; names in the shallowest loop
 *     alike.c           regions whose loops an earlier one has already
 *     walk.c vector.c   regions -> loops; which of them take whole vectors
 *     rows.c rowloops.c strips of rows: softmax, losses, norms; their loops
 *     tile.c pack.c gemm.c      register-tiled contractions
 *     constant.c        operands that are packed when compiling
 *     owners.c plan.c   splits, accesses, barriers; bytes of the two arenas
 *     replay.c          replays the plan with n owners
 *     print.c text.c step.c     loop IR -> C, the only C printer; the function that calls the kernels
 *     dump.c            text of plan and loop IR
 */
#ifndef NNC_KERNEL_H
#define NNC_KERNEL_H

#include "graph.h"
#include "module.h"

/* ---- expressions (ex.c) ---------------------------------------------------------- */

typedef enum {
	/* int expressions: indices, bounds, conditions on them */
	E_INT, E_VAR, E_DIM,           /* E_DIM: k * B                                         */
	E_ADD, E_SUB, E_MUL, E_DIV, E_MOD,             /* of non-negative values where DIV, MOD */
	E_LT, E_LE, E_EQ, E_AND,
	E_COND,                        /* cond ? a : b; element or int                         */
	/* elements */
	E_NUM,                         /* literal of type dt                                   */
	E_READ,                        /* element of a node at an index, before placement      */
	E_LOAD,                        /* buffer[arg 0]; arg 1: the outermost index, for owners.c;
	                                * lanes: 1, or NNC_VL next to each other (wide)        */
	E_OP,                          /* MAP op of the table on args                          */
	E_NAME,                        /* a named register (K_LET)                             */
	E_KNOB, E_COUNT,               /* ctx->knob[i], B as a real                            */
	E_INTVAL,                      /* int expression as an element (i32)                   */
	E_ELEMINT,                     /* element, a whole number, used as an index            */
	E_RANDOM,                      /* stream; args: sample, element, t                     */
	E_ARG,                         /* named argument of the function (update: lr_scale)    */
	E_FMA,                         /* a * b + c by nnc_fma                                 */
	E_LANES,                       /* NNC_VL, an int known to the C compiler only          */
	E_REDUCE,                      /* one step of a REDUCE op: accumulator, element        */
	E_FOLD,                        /* the lanes of a vector, reduced to one number         */
	E_MASK                         /* arg 0 in the lanes that are there, arg 1 elsewhere   */
} ExKind;

typedef struct Ex Ex;
struct Ex {
	ExKind kind;
	DType dt;                      /* elements; ints of E_INT.. are plain int              */
	bool wide;                     /* NNC_VL lanes                                         */
	int depth;                     /* innermost loop whose variable occurs, 0: none        */
	int hash;
	int narg;
	Ex **arg;                      /* E_READ: the index                                    */
	union {
		int64_t i;                     /* E_VAR: its number; E_DIM: k                  */
		double num;
		Sym name;                      /* E_NAME E_ARG                                 */
		Op op;
		const Node *node;              /* E_READ                                       */
		struct Buffer *buf;            /* E_LOAD                                       */
		uint64_t stream;
	} u;
	Dim dim;                       /* E_VAR: values are 0 .. dim-1 (k = 0: unknown)        */
	Sym text;                      /* E_VAR: how it prints                                 */
	int uses, mark;                /* scratch of lower.c                                   */
	Ex *widened;                   /* scratch of vector.c: its form in lanes, ...          */
	int widen_mark, depends_mark;  /* ... and whether it depends on the lane               */
	bool depends;
};

typedef struct Lower Lower;            /* the state of a lowering; lower.c                    */

Ex *ex_int(Lower *l, int64_t i);
Ex *ex_dim(Lower *l, Dim d);
Ex *ex_add(Lower *l, Ex *a, Ex *b);
Ex *ex_sub(Lower *l, Ex *a, Ex *b);
Ex *ex_mul(Lower *l, Ex *a, Ex *b);
Ex *ex_div(Lower *l, Ex *a, Ex *b);    /* floor, a >= 0, b > 0                                */
Ex *ex_mod(Lower *l, Ex *a, Ex *b);
Ex *ex_lt(Lower *l, Ex *a, Ex *b);
Ex *ex_le(Lower *l, Ex *a, Ex *b);
Ex *ex_eq(Lower *l, Ex *a, Ex *b);
Ex *ex_and(Lower *l, Ex *a, Ex *b);    /* a may be 0: b                                       */
/* Element a if cond else b; b is evaluated only where cond fails, a only where it holds (so that
 * a guarded read never leaves its buffer). */
Ex *ex_cond(Lower *l, Ex *cond, Ex *a, Ex *b);
Ex *ex_num(Lower *l, double v, DType dt);
Ex *ex_intval(Lower *l, Ex *index);    /* an index as an i32 element (iota)                   */
Ex *ex_elemint(Lower *l, Ex *element); /* an element as an index (take, gather)               */
Ex *ex_op(Lower *l, Op op, Ex *const *arg, int narg, DType dt);
Ex *ex_random(Lower *l, uint64_t stream, Ex *sample, Ex *element);
Ex *ex_leaf(Lower *l, ExKind kind, Sym name, int64_t i, DType dt);   /* E_KNOB E_COUNT E_ARG   */
/* The element of n at ix (n->ty.rank indices): a load if n is stored, else its value computed. In
 * the interpreter it is the array element. MOVE rules are written with this. */
Ex *read_at(Lower *l, const Node *n, Ex *const *ix);
/* Sum over extents ext[0..n) in order, innermost last, of term(l, var, arg): opens loops. */
Ex *sum_at(Lower *l, const Dim *ext, int n, Ex *(*term)(Lower *l, Ex *const *var, void *arg), void *arg);
/* For the interpreter: a Lower whose read_at makes E_READ, and variables v0, v1, ... */
Lower *lower_symbolic(Job *j, Arena *a);
/* The expressions made so far are gone, and all of l->mem. */
void  lower_forget(Lower *l);
Ex *ex_symbol(Lower *l, int i);        /* variable number i                                   */

/* A new loop variable at nesting depth `depth` with values 0..extent-1. */
Ex *ex_var(Lower *l, Sym text, Dim extent, int depth);
/* An expression that is like key (kind, dt, args, union), unique. */
Ex *ex_get(Lower *l, const Ex *key);
Ex *ex_make(Lower *l, ExKind kind, DType dt, Ex *const *arg, int narg);
bool ex_is(const Ex *e, int64_t i);    /* the number i?                                       */
bool ex_contains(const Ex *e, const Ex *var);
/* e = *coef * var + something without var? */
bool ex_linear(const Ex *e, const Ex *var, Dim *coef);
/* e with var replaced (in int expressions and elements alike). */
Ex *ex_subst(Lower *l, Ex *e, const Ex *var, Ex *by);
/* Smallest and largest value for a batch of B; false if a variable's extent is unknown. */
bool ex_range(const Ex *e, int B, int64_t *lo, int64_t *hi);
/* 0 <= e < d, for every B. */
bool ex_below(const Ex *e, Dim d);
/* a < b (slack 1: a <= b) for every B? */
bool ex_always_below(Lower *l, Ex *a, Ex *b, int slack);
bool ex_const(const Ex *e, Dim *d);    /* a number >= 0, or k * B                             */
/* Does e contain no division and no remainder?  (Did an index map simplify?) */
bool ex_affine(const Ex *e);

/* ---- storage of buffers (layout.c) ----------------------------------------------- */

typedef enum {                         /* where a buffer lies; the host says how it is addressed */
	PL_ARENA0, PL_ARENA,           /* scratch without the batch, and per sample            */
	PL_PARAM, PL_GRAD, PL_MOMENT, PL_BUFFER, PL_BUFFER_NEXT, PL_FITTED,
	PL_INPUT, PL_OUTPUT, PL_FIELD, PL_LOSS, PL_PENALTY, PL_ACC, PL_SCORE, PL_KNOB,
	PL_METRIC,
	PL_ROW,                        /* a row, or a number of one: an array of the kernel    */
	PL_CONST,                      /* Fn.constant[index]: packed when compiling            */
	PL_SETTING, PL_TIME            /* not in functions of loops: emit/scalar.c             */
} Place;

/* How a logical tensor lies in memory: addr() is the only reader. */
typedef struct {
	int rank;
	int8_t order[MAXRANK];         /* order[0] is the outermost dimension                  */
	Dim extent[MAXRANK];           /* by dimension, padded                                 */
	int32_t halo[MAXRANK];         /* elements before index 0                              */
	Dim len;                       /* elements in all                                      */
} Storage;

/* Buffers, regions and kernels are walked many times: first what every walk looks at. */
typedef struct Buffer {
	int id;
	Place place;
	int first, last;               /* lifetime in epochs                                   */
	int64_t bytes;                 /* rounded to 64; per sample in PL_ARENA                */
	int64_t at;                    /* offset in its arena, per sample in PL_ARENA          */
	struct Buffer *inplace;        /* shares the bytes of this one                         */
	struct Buffer *of;             /* one step's slot of this buffer (emits): of[.., t, ..] */
	const Storage *st;             /* shared by those that are stored alike                */
	bool f64;                      /* elements are double whatever nnc_real is             */
	bool half;                     /* elements have 16 bits                                */
	bool written, read;
	bool passed, passed_out;       /* an argument of a kernel, of one that writes it       */
	Type ty;
	int depth;                     /* of the level that changes it                         */
	const char *name;              /* in generated C                                       */
	const Node *node;              /* the value it holds; 0 for packed operands            */
	int axis;                      /* of: where t stands                                   */
	int index;                     /* which parameter, input, output ...                   */
	Ex *slot;                      /* t                                                    */
	Sym sym;                       /* the leaf's symbol                                    */
} Buffer;

Storage storage_rowmajor(const Type *t);
/* The position of the element at ix, in elements: the only place that knows storage. */
Ex *addr(Lower *l, const Buffer *b, Ex *const *ix);
/* The dimension that owners cut: the outermost one above 1, or -1. */
int buffer_axis(const Buffer *b);
int64_t elem_bytes(const Buffer *b, bool f64);

/* ---- loop IR --------------------------------------------------------------------- */

typedef enum { K_FOR, K_LET, K_SET, K_STORE, K_IF, K_TURN, K_AHEAD, K_NOTE } KKind;
typedef enum { SERIAL, OWNED, LANES } LoopKind;  /* OWNED: this thread's units only (answer 6);
                                                  * LANES: steps of NNC_VL, then the rest  */

typedef struct K K;
struct K {
	KKind kind;
	K *next;
	union {
		struct {
			Ex *var, *from, *bound;        /* int expressions                      */
			int step;                      /* how much at a time ..                */
			Ex *by;                        /* .. or this                           */
			bool keep;                     /* the variable outlives the loop       */
			bool again;                    /* goes on where the loop before ended  */
			bool second;                   /* left: in the second of two vectors   */
			bool ragged;                   /* the last turn may pass the bound     */
			const char *only_if;           /* preprocessor condition               */
			LoopKind how;
			K *body, *tail;                /* tail: the last, partial vector       */
			Sym left;                      /* number of lanes in it; of a SERIAL
			                                * loop: each turn has that many        */
		} loop;
		struct { Ex *name, *init; bool mutable; } let;
		struct { Ex *name, *val; } set;
		struct { Buffer *buf; Ex *at, *outer, *val; bool wide, add; Sym lanes; } store;
		struct { Ex *cond; K *then; } cond;
		/* a block of NNC_VL x NNC_VL numbers turned over: to[i][c] = from[c][i] */
		struct { Buffer *to; Ex *at, *outer, *from, *to_step, *from_step; } turn;
		/* two vectors there will be written: the cache may fetch them          */
		struct { Buffer *buf; Ex *at; } ahead;
		const char *note;
	} u;
};

/* ---- regions --------------------------------------------------------------------- */

typedef enum {
	RG_MAP, RG_REDUCE, RG_COLUMN, RG_CONTRACT, RG_MOVE, RG_PACK, RG_SCATTER, RG_SCAN,
	RG_ROWS                        /* a strip: members one after the other for each row    */
} RegionKind;

/* Who computes what: units of `unit` rows out of `rows`.  Equal splits mean equal owners. For the
 * batch rows = B samples, whatever multiple of it a region's rows are. */
typedef struct {
	Dim rows;                      /* {1, 1}: the batch; {0, 0}: thread 0 alone            */
	int unit;
} Split;

/* slice: each owner touches its own rows, in proportion.  apart: owners write different elements,
 * but not in ranges (a packed operand whose sum runs over the batch; columns that threads may share). */
/* at_own: a read, all at the index that the region's only result is written at. */
/* id: the buffer's, for walks that look at no more of it. */
/* over: a read of a strip: the result that may be written over it. */
typedef struct { Buffer *buf; int id; bool write, slice, apart, at_own; Buffer *over; } Access;

typedef struct Region Region;
typedef struct Level Level;
typedef struct Kernel Kernel;

/* Rows of a register tile: with two vectors each, twelve accumulators (performance.md 1.2). */
enum { TILE_ROWS = 6, PANEL = 32 };

/* Threads that copy panels for themselves.  More threads would copy too much twice, or have few columns
 * each. */
enum { NEAR_THREADS = 2 };

/* Rows that go to one owner: few, so that two owners of a batch of 64 have as many each, and such that
 * what is left over of the rows of a tile are 2 or 4. */
enum { UNIT_ROWS = 4 };

enum { NEED_OUTPUTS = 1, NEED_LOSSES = 2, NEED_ALWAYS = 4 };

/* The value of node, or else of buffer `from`, goes to buf.  own, lay: the buffer and the storage that it
 * had before it became a value of a strip; 0: it still has them. */
typedef struct { const Node *node; Buffer *buf, *from, *own; const Storage *lay; } Output;

struct Region {
	Region *next;
	Kernel *kernel;
	Access *access; int naccess, capaccess;
	Split split;
	RegionKind kind;
	int id, epoch;
	int need;                      /* NEED_...: which roots want it                        */
	bool way_out;                  /* lowered as at -O0 for want of a template             */
	bool tiled;
	bool rows;                     /* tiled: several rows, whose sums fill the registers   */
	bool nests;                    /* tiled: a loop for each label of the sum              */
	bool dot;                      /* tiled: lanes along the sum, for a row or few columns */
	bool rows_first;               /* tiled: rows around columns, not columns around rows  */
	bool across;                   /* tiled: lanes along a dimension that is not the last  */
	bool barrier;                  /* before it                                            */
	double work;                   /* about how many multiply-adds, a sample               */
	const Node *seed;              /* contract, reduction ...; 0: pointwise                */
	const Type *space;             /* iterated: the shape of the outputs                   */
	Output *out; int nout, capout;
	Output only;                   /* room for one                                         */
	const Node **inlined; int ninlined, capinlined;
	const char *reason;
	Level *level;                  /* where it stands                                      */
	Level *body;                   /* RG_SCAN                                              */
	struct Pack *pack[2];          /* tiled contraction: panels of columns and rows that it
	                                * reads instead of the operands; RG_PACK: [0] that it writes */
	int64_t flops;                 /* per sample or in all, for the dump                   */
	/* RG_ROWS: the leading nrow dimensions of all members are the rows */
	Region **member; int nmember, nrow;
	Region *strip;                 /* of a member: where it is one                         */
	int pass;                      /* its number among those over the row                  */
	bool alone, scalar;            /* begins a pass of its own; without lanes              */
};

/* Columns of a panel that is packed when compiling, whatever the vectors will be. Of 16 bits, columns
 * j and j + HALF_PAIR lie next to each other in it. */
enum { WIDE_PANEL = 64, HALF_PAIR = 16 };

/* An operand of a contraction, copied: panels [columns / 2 VL][summed][2 VL], or [rows][summed].
 * Packed when compiling: [columns / WIDE_PANEL][summed][WIDE_PANEL], then [summed][columns left]. */
typedef struct Pack {
	const Node *contract;
	int side;                      /* which operand                                        */
	bool rows;                     /* rows along the sum, not panels of columns            */
	int columns;                   /* with near: of the operand                            */
	Buffer *buf;                   /* [outer labels.., columns rounded up or rows, summed];
	                                * with near, room for a panel of each of the threads    */
	Region *by;                    /* the region that copies; 0: packed when compiling     */
	bool near;                     /* few threads copy a panel for themselves right before they
	                                * multiply: see step.c                                 */
	bool share;                    /* with near: few threads share the columns, not the rows */
	/* packed when compiling: the element, and its variables; 0: line and k have one value */
	Ex *source, *line, *k, *outer[MAXRANK];
} Pack;

typedef struct {
	int uses;
	bool live, stored;
	int need;
	Buffer *buf;
	int number, stamp;             /* scratch of alike.c: in which key, its number there   */
	Region *region;                /* that computes it                                     */
	const char *reason;            /* why stored or not                                    */
} NodeInfo;

/* A graph or a scan's body, being compiled. */
struct Level {
	Graph *g;
	Level *outer;
	const Node *scan;              /* in outer                                             */
	NodeInfo *info;
	Region *first, *last;
	Region *packs;                 /* in the row of copies at the front, the last that is known */
	Buffer **carry, **next;        /* scan: this step's carries and the next ones          */
	Buffer **steps;                /* scan: by emit, the one that has all steps; 0: unread */
	Ex *tick;
	Sym tname;
	int depth;
	bool barrier;                  /* before the step's end                                */
};

struct Kernel {
	Kernel *same, *next;           /* same: the one whose text this is                     */
	Sym name;
	Buffer **arg; bool *argwrite; int narg, caparg;
	bool uses_ctx, uses_B, owned;
	bool alias;                    /* arguments may share bytes                            */
	bool elsewhere;                /* printed with an earlier function, under that name    */
	int ntick, nscalar;
	Kernel *like;                  /* an earlier one with the same loops                   */
	Region *region;
	K *body;                       /* until the text is made                               */
	Buffer **buf; int nbuf;        /* in the order that alike.c has met them               */
	int captick; Sym *tick;
	int capscalar; Sym *scalar;    /* E_ARG                                                */
	const double *num; int nnum;   /* numbers in which those like it may differ            */
	int nalso;
	const char *lines;             /* its statements, with places for those numbers        */
	const char *head, *text;       /* printed parameters and body, to find equal kernels   */
	bool failed;                   /* the strip could not be lowered                       */
	Buffer **row; int nrow, caprow;        /* arrays of its own                            */
	const char *note, *also;       /* source, shapes; those of the kernels merged into it   */
};

/* ---- the host: what surrounds the printed functions ------------------------------ */

/* Kernels of the functions of one file, by a hash of their text: a function that is printed later takes
 * those of earlier ones. */
typedef struct Shared Shared;
Shared *shared_new(Arena *a);

typedef struct FnHost {
	Shared *shared;                /* 0: the function is alone                             */
	Sym prefix;                    /* of every printed name: "mlp_grad"                    */
	const Origin *origin; int norigin;     /* of nodes by Node.part, for comments          */
	const char *head;              /* "static void mlp_grad(nnrt_ctx *c, int tid, int n)"  */
	const char *ctx_param, *ctx_arg;       /* "const nnrt_ctx *c", "c"; 0: no context        */
	const char *batch;             /* "c->B"; 0: the batch is the number fixed_batch       */
	int fixed_batch;
	int64_t usual_batch;           /* that the program asks for, if `batch` may differ; 0: unknown */
	const char *barrier;           /* "nnrt_barrier(c->team, tid);"; 0: one thread  */
	const char *want_outputs;      /* condition, "c->want & NNRT_WANT_OUTPUTS"; 0: always  */
	const char *want_losses;
	const char *arena0, *arena;    /* unsigned char * of the two arenas                    */
	const char *seed, *update, *sample0;   /* for random numbers                             */
	const char *unused;            /* "(void)x;\n" for arguments that nothing reads; 0: none */
	const char *prologue;          /* C at the beginning of the function; 0: none          */
	bool flat;                     /* update: one pass over elements lo..hi-1 of `head`    */
	bool constants;                /* parameters and buffers are known: operands that they
	                                * alone decide are packed when compiling               */
	bool half;                     /* parameters are stored in 16 bits                     */
	/* A C expression for element 0 of a place that is no arena: a pointer to its element type
	 * (const where it is only read). */
	const char *(*address)(void *arg, Arena *a, const Buffer *b, bool write);
	/* A C expression of type nnc_real: E_KNOB number i, E_ARG name. */
	const char *(*scalar)(void *arg, Arena *a, ExKind kind, int64_t i, Sym name);
	void *arg;
} FnHost;

/* The stem of buffers' names, and how many buffers have it. */
typedef struct { Sym name; int count; } Taken;
/* A name of the model, and what it is in C. */
typedef struct { Sym from, to; } Cleaned;

typedef struct Fn {
	Job *job;
	Arena *mem;                    /* its own: fn_free()                                   */
	Arena *buffers, *regions, *kernels;    /* each kind side by side, for walks over them    */
	Arena *scratch;                /* for fuse(), then for lines of text                   */
	Arena *loops;                  /* expressions and statements of the region at hand     */
	Graph *g;
	const Options *o;
	const FnHost *host;
	Level *top;
	Buffer **buf; int nbuf, capbuf;
	Pack **constant; int nconstant, capconstant;
	Kernel *kernel, *lastkernel;
	int nregion, nbarrier, nepoch;
	int depth;                     /* of the level at hand                                 */
	int64_t arena0_bytes, arena_bytes;     /* the latter per sample                        */
	int64_t arena0_least, arena_least;     /* what any plan needs                          */
	int unit;                      /* samples per unit of the batch split                  */
	Lower *lower;
	Taken *taken; int ntaken, takensize;   /* stems of names of buffers: a hash table      */
	Cleaned cleaned[64];           /* by name, the last ones                               */
	Buffer *stored[8];             /* with the storages made last                          */
	struct Alike *alike;
} Fn;

/* From a graph of primitives to kernels and a plan.  g stays the caller's and must outlive Fn. */
Fn  *fn_build(Job *j, Graph *g, const Options *o, const FnHost *host);
void fn_free(Fn *f);
/* Static kernels, then the function itself. */
void fn_print(Out *o, const Fn *f);
void fn_dump_plan(const Fn *f, FILE *out);
void fn_dump_ir(const Fn *f, FILE *out);
/* save.c: by node id, the forward values that are stored because the backward pass reads them. */
bool *save_set(const Graph *g, Arena *a);
/* Bytes of forward values that the backward pass reads, per sample and (*fixed) in all. */
int64_t saved_bytes(const Fn *f, int64_t *fixed);
/* Calls `element` for each element of constant i, in the order of its array: it is element `at`
 * of buffer `from`, or, if from is 0, the number. */
void fn_constant(const Fn *f, int i, void *arg,
                 void (*element)(void *arg, const Buffer *from, int64_t at, double number));
/* Does a kernel read or write this place (by index)? */
bool fn_uses(const Fn *f, Place place, int index);
/* Share of the multiply-adds in regions that no template took, 0..1. */
double fn_way_out(const Fn *f);
/* About how many multiply-adds the function is, a sample: at least 1. */
double fn_work(const Fn *f);

/* ---- between the files ----------------------------------------------------------- */

/* A loop being built. */
typedef struct Scope Scope;
struct Scope {
	Scope *up;
	int depth;
	K *first, *last;
	Ex **memo, **name; int nmemo, capmemo, capname;
};

typedef struct Rows Rows;              /* the state of rowloops.c                              */

struct Lower {
	Job *job;
	Arena *mem;                    /* of a function: until the region's text is made       */
	Arena *lasting;                /* the tables here                                      */
	bool symbolic;
	Ex **table; int *used, ntable, tablesize;      /* all expressions; their places         */
	int nvar, nname;
	/* of a kernel */
	Fn *fn;
	Level *level;
	Region *region;
	Kernel *kernel;
	Scope *scope;
	Ex *lane;                      /* the variable of the vector loop; 0: scalars          */
	Sym lanes;                     /* number of lanes in the partial vector; 0: all        */
	bool row_lanes;                /* reductions of the last dimension run in lanes        */
	bool fail;                     /* something does not work in lanes, or is not affine   */
	/* values that are in registers: node at index -> name */
	struct { const Node *node; Ex *ix[MAXRANK]; Ex *value; } bound[80]; int nbound;
	int mark;
	int widening;                  /* number of the call of widen                          */
	/* values computed at the point at hand, an open hash table; 0: not kept */
	struct Known *known; int nknown, point;
	bool keep;
	Rows *rows;                    /* the strip being lowered                              */
};

typedef struct Known { const Node *node; Ex *ix[MAXRANK]; Ex *value; int point; } Known;

Buffer *buffer_new(Fn *f, const Node *n, const Type *t, Place place, Sym name);
void  names_forget(Fn *f);             /* there will be no more buffers                       */
static inline NodeInfo *info_of(Level *v, const Node *n) { return &v->info[n->id]; }
Region *region_new(Fn *f, Level *v, RegionKind kind);
void  region_append(Level *v, Region *r);

void  fuse(Fn *f, Level *v);           /* fuse.c: stored values, regions                      */
/* Decides whether a contraction is tiled; adds a region that packs an operand where needed. */
void  tile_plan(Fn *f, Level *v, Region *r);
/* Would x, an operand of the epilogue of contraction r, be read in the lanes of its tiles?  Not
 * if it is transposed there, for instance. */
bool  tile_epilogue(Fn *f, Level *v, Region *r, const Node *x);
bool  tile_rows(Fn *f, const Region *r);       /* can owners divide it by rows?               */
void  tile_lower(Lower *l, Region *r);
void  pack_lower(Lower *l, Region *r);
void  split_choose(Fn *f, Region *r);  /* owners.c                                            */
void  barriers(Fn *f);
void  plan_memory(Fn *f);
void  plan_check(const Fn *f, int n, int B);   /* bug() at the first fault                    */
void  lower_level(Fn *f, Level *v);
void  region_accesses(Fn *f, Region *r);
/* alike.c: an earlier kernel that r's would be like but for its buffers?  Sets like, buf and num. */
typedef struct Alike Alike;
bool  alike_find(Fn *f, Level *v, Region *r);
void  alike_accesses(Fn *f, Region *r);        /* from the kernel that r's is like             */
void  alike_arguments(const Fn *f, Kernel *k); /* the same                                     */
void  alike_forget(Kernel *k);                 /* what alike_find lent to a kernel that has a like */
void  alike_check(Fn *f, Region *r);           /* bug() if its own loops are not like those    */
bool  one_index(const Lower *l, Dim d);        /* has the dimension one index only?           */
Ex   *loop_var(Lower *l, Dim extent, const char *letter);
Ex   *inner_var(Lower *l, Dim extent, const char *letter);     /* of the scope that is opened next */
K    *loop_emit(Lower *l, Ex *var, Ex *from, Ex *bound, LoopKind how, K *body);
/* A loop over var in whole vectors, and its tail for the elements that are left:
 *     Lanes s = { .var = var };
 *     while (lanes_turn(l, &s))
 *             lower what is in the loop: l->lane is var, l->lanes names what is left, 0 in whole vectors
 *     lanes_emit(l, &s, from, bound); */
typedef struct { Ex *var; Sym left; K *body[2]; int turn; } Lanes;
bool  lanes_turn(Lower *l, Lanes *s);
void  lanes_emit(Lower *l, const Lanes *s, Ex *from, Ex *bound);
K    *emit(Lower *l, KKind kind);      /* a statement at the end of the open scope            */
K    *emit_at(Lower *l, int depth, KKind kind);
Scope *scope_open(Lower *l);
K    *scope_close(Lower *l);
Ex   *int_argument(Lower *l, const char *name);        /* that step.c hands to the kernel */
Ex   *let_new(Lower *l, Ex *init, bool mutable, const char *stem, int depth);
Ex   *let_index(Lower *l, Ex *index, const char *stem);        /* in the open scope: an index again */
Ex   *index_least(Lower *l, Ex *a, Ex *b);     /* the lesser of two indices                   */
void  count_uses(Lower *l, Ex *e);             /* with l->mark; then                            */
Ex   *placed(Lower *l, Ex *e);
Ex   *wide_num(Lower *l, double v, DType dt, bool wide);
Ex   *reduce_value(Lower *l, const Node *n, Ex *const *ix);
/* acc = acc op element; element in the lanes that are left, else what changes nothing. */
void  reduce_step(Lower *l, const Node *n, Ex *acc, Ex *element);
Ex   *masked(Lower *l, const Node *n, Ex *element);
/* The elements of a row, for a type whose rows are the leading n dimensions; 0: it has a batch in it. */
int64_t row_length(const Type *t, int n);
bool  rows_lower(Lower *l, Region *r); /* false: it cannot be one region; then rows_undo()      */
void  rows_undo(Region *r);
void  rows_inplace(Fn *f, Region *r);  /* finds the results that may be written over reads      */
/* Can the value of n at ix be read from memory here?  If a member of the strip at hand computes it. */
bool  rows_may_load(const Lower *l, const Node *n, Ex *const *ix);
bool  reduce_picks(const Lower *l, const Node *n);     /* does it read one term of the sum?   */
Ex   *place(Lower *l, Ex *e);          /* common and invariant parts get names                */
Ex   *place_step(Lower *l, Ex *e);
void  point_begin(Lower *l);           /* read_at computes each value of a point once ...     */
void  point_end(Lower *l);             /* ... up to here                                       */
void  outputs_at(Lower *l, Region *r, Ex *const *ix);   /* all results of a point             */
void  store_at(Lower *l, Buffer *b, Ex *const *ix, Ex *value);
Ex   *bound_value(const Lower *l, const Node *n, Ex *const *ix);
void  bind_value(Lower *l, const Node *n, Ex *const *ix, Ex *value);
Ex   *load_at(Lower *l, Buffer *b, Ex *const *ix);
Ex   *widen(Lower *l, Ex *e, const Ex *lane);  /* marks what is wide                          */
void  kernel_body(const Fn *f, Kernel *k);     /* its arguments and text, from its loops       */
void  kernel_like(const Fn *f, Kernel *k);     /* the text, from the kernel that it is like    */
void  kernel_head(const Fn *f, Kernel *k);     /* its parameters; after plan_memory            */
void  inplace_find(Fn *f, Region *r);  /* which operands it could overwrite: at_own, over      */
void  print_kernel(Out *o, const Fn *f, const Kernel *k);
void  print_line(Out *o, const char *s);
const char *elem_type(const Buffer *b);
const char *region_note(const Fn *f, Arena *a, const Region *r);   /* dump.c          */
/* First and one past the last row of this owner in a dimension of this extent. */
void  owned_range(Lower *l, Dim extent, Ex **from, Ex **bound);

#endif
