/* graph.h - types and the tensor graph.
 *
 *     type.c   shapes: monomials k * B, printing
 *     graph.c  node(): the only constructor; hash-consing, folding, builders, rewriting
 *     dump.c   stable text of a graph        check.c  invariants after every pass
 *     eval.c   the reference interpreter, in double and in float
 *
 * A node is immutable and unique: two equal nodes of one graph are one pointer, so common
 * subexpressions and dead code need no passes, and creation order is topological order.
 */
#ifndef NNC_GRAPH_H
#define NNC_GRAPH_H

#include "base.h"

/* ---- types (type.c) -------------------------------------------------------------- */

/* DT_REAL is float, or double under --precision f64.  DT_U8 occurs in data columns only. */
typedef enum { DT_REAL, DT_BOOL, DT_I32, DT_U8 } DType;

/* k * B^b, b in {0, 1}: a number, or k batches.  B is the size of the batch at hand.  There are
 * very many of them, hence the bits. */
typedef struct { uint32_t k : 31, b : 1; } Dim;

enum { MAXRANK = 8, MAXLABEL = 16, MAXARITY = 3, MAXCONCAT = 16 };

/* Unused dims are zero, so types compare by memcmp. */
typedef struct {
	DType dt;
	int32_t classes;               /* DT_I32: class(K) if above 0                          */
	int32_t rank;
	Dim dim[MAXRANK];
} Type;

static inline Dim dim_num(int32_t k) { return (Dim){ (uint32_t)k & INT32_MAX, 0 }; }
static inline Dim dim_batch(int32_t k) { return (Dim){ (uint32_t)k & INT32_MAX, 1 }; }
static inline Dim dim_with(Dim d, int32_t k) { return d.b ? dim_batch(k) : dim_num(k); }
/* a / b, which divides it. */
static inline Dim dim_over(Dim a, Dim b) { return a.b > b.b ? dim_batch(a.k / b.k) : dim_num(a.k / b.k); }
static inline bool dim_eq(Dim a, Dim b) { return a.k == b.k && a.b == b.b; }
static inline bool dim_is(Dim a, int32_t k) { return a.k == k && a.b == 0; }
/* The number of elements for a batch of B. */
static inline int64_t dim_at(Dim d, int B) { return d.b ? (int64_t)d.k * B : d.k; }

bool  dim_mul(Dim a, Dim b, Dim *r);           /* false: N * N, or above 2^31 - 1              */
Type  type_make(DType dt, int rank, const Dim *dim);
Type  type_scalar(DType dt);
bool  type_eq(const Type *a, const Type *b);
bool  type_shape_eq(const Type *a, const Type *b);
bool  type_batched(const Type *t);             /* a dimension depends on B                    */
/* Elements as a monomial; false if it is no monomial (N * N) or too large. */
bool  type_size(const Type *t, Dim *size);
int64_t type_len(const Type *t, int B);
/* Row-major strides in elements (monomials). */
void  type_strides(const Type *t, Dim *stride);
/* "f32[N, 3, 2 N]", "class(10)[N]", "i32", "bool[4]"; in the arena. */
const char *type_text(Arena *a, const Type *t);
const char *dim_text(Arena *a, Dim d);

/* ---- nodes ----------------------------------------------------------------------- */

/* The rows of ops.def, in that order. */
typedef enum {
#define OP(id, ...) O_##id,
#include "ops.def"
#undef OP
	NOP
} Op;

/* The metrics that are no formula over sums: functions of all samples of a set, computed by the
 * runtime; and how those over classes are averaged.  In the order of nnrt.h. */
typedef enum {
	W_PRECISION, W_RECALL, W_F1, W_IOU, W_DICE, W_CONFUSION, W_AUC, W_PR_AUC, W_CALIBRATION, W_R2
} Whole;
typedef enum { AVG_MACRO, AVG_MICRO, AVG_WEIGHTED, AVG_BINARY } Average;

/* Zeroed before filling, compared by memcmp. */
typedef union Attr {
	double k;                      /* const                                                */
	struct { Sym sym; int32_t index; } leaf;       /* param buffer moment gradient input knob
	                                                  setting time acc arg carry capture   */
	struct { uint64_t stream; int32_t what; } random;
	struct { uint32_t axes; } red;                 /* bit i: axis i; reductions keep the rank  */
	struct { int32_t axis; int32_t n; } axis;      /* concat flip iota take scatter_add: n rows */
	struct { int8_t p[MAXRANK]; } perm;            /* dimension i of the result is p[i] of x   */
	struct { int32_t lo[MAXRANK]; double value; } pad;   /* pad; slice: lo only             */
	struct {                                       /* contract: label of each dimension of a, b.
	                                                 * Labels 0..rank-1 are the result's dimensions;
	                                                 * the rest is summed, innermost last,
	                                                 * numbered by first appearance in a, b  */
		int8_t a[MAXRANK], b[MAXRANK];
		int8_t nlabel, nout;                   /* all labels; those of the result      */
	} con;
	struct {                                       /* window, unwindow: the last n dimensions  */
		int32_t n, k[3], stride[3], dil[3], pad[3];
		double value;                          /* what stands outside                      */
	} win;
	struct { int32_t steps, ncarry, nseq, nemit, reverse; } scan;
	struct { int32_t index; } item;
	struct { Sym sym; int32_t index, axis, offset; } seq;
	struct {                                       /* whole                                */
		int32_t what, average;                 /* Whole, Average                       */
		int32_t classes, bins;                 /* 0 where there are none               */
		int32_t raw;                           /* scores go through softmax or sigmoid */
	} whole;
} Attr;

typedef struct Node Node;
typedef struct Graph Graph;
typedef struct { uint32_t hash; int node; } Slot;      /* of a table: id + 1; 0: free          */

struct Node {
	Op op;
	int id;                        /* inputs have smaller ids                              */
	Node **in;                     /* (what walks look at comes first)                     */
	int nin;
	uint32_t hash;                 /* of op, type, attribute, inputs and body              */
	Graph *body;                   /* O_scan: its own graph with its own numbers           */
	Sym name;                      /* layer path or value name, for dumps; may be 0        */
	Type ty;
	Span at;                       /* source of the value, a hint for comments             */
	int part;                      /* the graph's part when it was made: whose work it is  */
	Attr a;                        /* in memory as far as its op uses it: node_attr copies */
};

/* Where the nodes of a part come from: the call that was written, and its path or function. */
typedef struct { Span at; Sym name; } Origin;

/* What a graph is for: its results.  Order is kept by all passes. */
typedef enum {
	R_LOSS,                        /* scalar, index: number of the loss                    */
	R_PENALTY,                     /* scalar: the `regularize` term                        */
	R_METRIC,                      /* scalar: metric number index as written; the pass      *
	                                * `metrics` replaces it by sums                        */
	R_ACC,                         /* scalar: sum over this batch for metric accumulator   */
	R_SCORE,                       /* what metrics over the whole set need of each sample:
	                                * 2 i and 2 i + 1: scores and targets of tally i       */
	R_OUTPUT,                      /* index: number of the output                          */
	R_GRAD,                        /* index: number of the parameter                       */
	R_PARAM,                       /* next value of parameter (init)                       */
	R_BUFFER,                      /* next value of buffer number index                    */
	R_MOMENT, R_WEIGHT,            /* update graph: next moment number index, next w       */
	R_FIELD,                       /* bind graph: input or target number index             */
	R_AUGMENT,                     /* augment graph: the same, of training samples         */
	R_FIT,                         /* fit graph: what row index of `fitted` looks at       */
	R_KNOB,                        /* knobs graph: knob number index                       */
	R_CARRY, R_EMIT                /* scan body                                            */
} RootKind;

typedef struct {
	RootKind kind;
	int index;
	Sym name;
	Node *node;
	Span at;
} Root;

struct Graph {
	Job *job;
	Arena *mem;                    /* owns nodes and bodies; freed with graph_free         */
	int64_t serial;                /* of the job: an address may come again, this does not */
	Graph *outer;                  /* of a scan body                                       */
	Node **node; int n, cap;       /* topological by construction                          */
	Slot *table; int tablesize;    /* hash table of the nodes                              */
	Root *root; int nroot, caproot;
	Sym name;                      /* "grad", "eval", "init", "update", "bind"              */
	int part;                      /* given to new nodes (front/table.c); a hint, as `at`  */
	bool exact;                    /* only exact simplifications (-O0)                     */
};

/* ---- graph.c --------------------------------------------------------------------- */

Graph *graph_new(Job *j, Sym name);
Graph *graph_body(Graph *outer);               /* a body for O_scan, in outer's arena       */
void   graph_free(Graph *g);
/* The attribute, with zeros behind what its op uses. */
Attr   node_attr(const Node *n);
/* A copy of a node with room for its inputs, which stand before it: walks look at both. */
Node  *node_room(Arena *a, const Node *like);
void   graph_reserve(Graph *g, int n);         /* an empty graph: there will be about n nodes   */

/* The only constructor.  ty: the result's type, for ops whose row says `typed` (leaves, reshape,
 * expand, slice, pad, window ...), else 0.  Checks the shape rule (a violation is a bug() of the
 * caller), canonicalises, folds constants, returns an existing equal node if there is one. */
Node *node(Graph *g, Op op, const Attr *a, Node *const *in, int nin, const Type *ty);
/* The same for O_scan. */
Node *node_scan(Graph *g, const Attr *a, Node *const *in, int nin, Graph *body);
void  graph_root(Graph *g, RootKind kind, int index, Sym name, Node *n, Span at);
/* Sets span and name of a node that has none yet; returns it. */
Node *node_mark(Node *n, Span at, Sym name);

/* Builders.  MAP operands of different rank or extents are not fitted here except that a scalar
 * (rank 0) operand is reshaped to the other's rank. */
Node *n_const(Graph *g, double k);                          /* DT_REAL scalar              */
Node *n_const_as(Graph *g, double k, DType dt);
Node *n_op1(Graph *g, Op op, Node *x);
Node *n_op2(Graph *g, Op op, Node *a, Node *b);
Node *n_op3(Graph *g, Op op, Node *a, Node *b, Node *c);
Node *n_reduce(Graph *g, Op op, Node *x, uint32_t axes);   /* keeps the rank               */
Node *n_reshape(Graph *g, Node *x, const Type *shape);     /* dt, classes are x's          */
Node *n_permute(Graph *g, Node *x, const int *perm);
Node *n_expand(Graph *g, Node *x, const Type *shape);      /* equal rank, extents 1 or equal */
Node *n_slice(Graph *g, Node *x, const int *lo, const Type *shape);
Node *n_pad(Graph *g, Node *x, const int *lo, const Type *shape, double value);
Node *n_concat(Graph *g, Node *const *x, int n, int axis);
Node *n_flip(Graph *g, Node *x, int axis);
Node *n_iota(Graph *g, const Type *shape, int axis);       /* DT_I32: the index along axis */
Node *n_take(Graph *g, Node *table, Node *index);          /* table[index[..], ..]         */
Node *n_gather(Graph *g, Node *x, Node *index);            /* x[.., index[.., m]]          */
Node *n_scatter_add(Graph *g, Node *index, Node *dy, int rows);
/* Sum over the summed labels of a * b.  la, lb: any label numbers per dimension (0..15);
 * out[0..nout): the result's labels in order.  Renumbers, absorbs permutations. */
Node *n_contract(Graph *g, Node *a, Node *b, const int *la, const int *lb, const int *out, int nout);
/* Sliding windows over the last n dimensions: [.., S..] -> [.., O.., K..]. shape: the result. */
Node *n_window(Graph *g, Node *x, const Attr *win, const Type *shape);
/* The adjoint's index map: [.., O.., K..] -> [.., S.., K..] (K extents of x: 1 or the kernel's). */
Node *n_unwindow(Graph *g, Node *x, const Attr *win, const Type *shape);
Node *n_cast(Graph *g, Node *x, DType dt);
Node *n_random(Graph *g, uint64_t stream, const Type *shape);
Node *n_item(Graph *g, Node *scan, int index);
Node *n_leaf(Graph *g, Op op, Sym sym, int index, const Type *ty);
/* x with extents 1 (or missing leading dimensions) stretched to shape: reshape + expand. */
Node *n_broadcast(Graph *g, Node *x, const Type *shape);
bool  node_is_const(const Node *n, double *k);             /* through reshape and expand   */

/* Is there a path of MAPs... used by several passes: number of uses of every node by nodes and
 * roots reachable from the roots; array of g->n in a. */
int  *graph_uses(const Graph *g, Arena *a);
/* Walks over all nodes wait for memory: the node of a later turn is fetched ahead. */
static inline void graph_ahead(const Graph *g, int i)
{
	if (i >= 0 && i < g->n)
		__builtin_prefetch(g->node[i]);
}
/* reachable[id], from the roots (bodies are not entered). */
bool *graph_live(const Graph *g, Arena *a);
/* The same without what a scan is given in vain: what its body does not read, or emits and nobody takes. */
bool *graph_read(const Graph *g, Arena *a);
/* Reachable from roots of the kinds in mask only (bit RootKind). */
enum { ALL_ROOTS = -1 };
bool *graph_live_of(const Graph *g, Arena *a, int mask);

/* Rewriting: walk the live nodes in id order, map each to a node of a new graph. */
typedef struct {
	Graph *from, *to;
	Node **map;                    /* by id in from                                        */
} Rewrite;
Rewrite rewrite_begin(Graph *g);
Node *rewrite_copy(Rewrite *r, const Node *n);             /* the same node over mapped inputs  */
Graph *rewrite_end(Rewrite *r);                            /* maps the roots; frees from        */
/* A pass given by a function: returns the replacement, or 0 for a plain copy; bodies too. */
typedef Node *RewriteFn(Rewrite *r, const Node *n, void *arg);
Graph *graph_rewrite(Graph *g, RewriteFn *fn, void *arg);
/* Without the dead nodes; g itself if there are none. */
Graph *graph_compact(Graph *g);
/* Is one of the live nodes so?  If none is: are there dead ones (*dead)?  Bodies too, for both. */
bool graph_any(const Graph *g, bool (*is)(const Graph *g, Node *n), bool *dead);
/* A copy of all live nodes (roots of the kinds in mask only; mask: bit RootKind). */
Graph *graph_copy(const Graph *g, Sym name, uint32_t mask);
/* An equal graph: all nodes with their numbers, dead ones too, and all roots. */
Graph *graph_twin(const Graph *g, Sym name);

/* ---- dump.c, check.c ------------------------------------------------------------- */

/* "f1": the metric's name in the language. */
const char *whole_name(Whole w);
void graph_dump(const Graph *g, Out *o);
void graph_dump_dot(const Graph *g, Out *o);
void graph_check(const Graph *g);              /* bug() at the first broken invariant         */

/* ---- eval.c: the reference interpreter ------------------------------------------- */

typedef struct {
	int B;
	bool single;                   /* every real operation rounded to float, the scalar
	                                * functions of vmath.h; else double and libm           */
	bool strict;                   /* (reserved) */
	/* Values of the leaves: an array of the leaf's elements (B samples), or 0 if unknown. */
	const double *(*leaf)(void *arg, const Node *n);
	void *arg;
	uint64_t seed, update, sample0;
	uint64_t tick;                 /* number of the step among those of all scans around, for random */
} EvalEnv;

/* Evaluates all live nodes; returns by node id an array of elements (row-major; 0 for dead nodes
 * and scans), in a.  Bools are 0 and 1, classes and integers whole numbers. */
double **graph_eval(const Graph *g, const EvalEnv *env, Arena *a);

/* ---- ops/scan.c, ops/contract.c: for passes and lowering ------------------------- */

/* The body's root of a kind and index; the type of item(i) of a scan. */
const Root *scan_root(const Graph *body, RootKind kind, int index);
Type  scan_item_type(const Node *scan, int index);

#endif
