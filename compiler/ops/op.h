/* op.h - what a row of the op table says.
 *
 * Adding an op is one row in ops.def, at most three functions in one family file, and one test.
 * No other file names it.
 */
#ifndef NNC_OP_H
#define NNC_OP_H

#include "graph.h"
#include "kernel.h"

typedef enum {
	LEAF,                          /* no inputs                                            */
	MAP,                           /* one element from one element of each input           */
	REDUCE,                        /* over axes, keeps the rank                            */
	MOVE,                          /* elements of the inputs at other indices              */
	CALL,                          /* a lowering of its own                                */
	SET,                           /* a number of the whole set, for metrics; taken out by
	                                * the pass metrics                                     */
	COMPOSITE                      /* replaced by its definition after differentiation     */
} OpKind;

typedef enum { FREE, CHEAP, DEAR, HEAVY } Cost;  /* architecture.md answer 4 */

/* What a leaf stands for, for those who address or replace leaves without naming rows. */
typedef enum {
	LF_NONE, LF_CONST, LF_PARAM, LF_BUFFER, LF_FITTED, LF_MOMENT, LF_GRADIENT, LF_INPUT, LF_KNOB, LF_SETTING,
	LF_TIME, LF_ACC, LF_ARG, LF_COUNT
} LeafKind;

/* Which member of Attr a row uses; drives the dumps. */
typedef enum {
	AT_NONE, AT_CONST, AT_LEAF, AT_AXIS, AT_RANDOM, AT_SEQ, AT_AXES, AT_PERM, AT_LO, AT_ROWS,
	AT_CONTRACT, AT_WINDOW, AT_SCAN, AT_ITEM, AT_WHOLE
} AttrKind;

/* Why a shape rule refuses; fixed text. */
typedef struct { const char *text; } Why;

typedef struct OpInfo {
	const char *name;              /* in dumps and messages                                */
	const char *expr;              /* MAP, REDUCE: one element as C; a b c the operands (REDUCE:
	                                * a the accumulator, b the element).  Functions nnc_X exist
	                                * as nncv_X for vectors                                */
	OpKind kind;
	int nin;                       /* arity, -1: any                                       */
	Cost cost;
	AttrKind attr;
	LeafKind leaf;
	bool typed;                    /* the caller gives the result's type                   */
	bool memory;                   /* LEAF: lives in memory (param, input ...)             */
	bool index;                    /* REDUCE: gives the position of the first best element */
	bool commutes;                 /* operands may change places                           */
	DType result;                  /* MAP: DT_BOOL for comparisons; else of the operands   */
	bool bool_result, int_ok;      /* MAP: gives bool; may work on i32                     */
	bool (*shape)(Type *ty, const Node *n, Why *why);   /* 0 for MAP, REDUCE: kind knows   */
	double (*f)(double a, double b, double c);          /* MAP: in double, by libm         */
	double init;                   /* REDUCE: the accumulator's start                      */
	const char *def;               /* COMPOSITE: in nnc; x or a b c the inputs             */
	const char *grad[MAXARITY];    /* per input, in nnc: inputs, y, dy; "none"             */
	Node *(*gradfn)(Graph *g, Node *y, Node *dy, int i);   /* instead, where attributes matter */
	Ex *(*at)(Lower *l, const Node *n, Ex *const *ix);     /* MOVE, LEAF, plain CALL        */
	void (*eval)(const Node *n, const EvalEnv *env, double *const *in, double *out);  /* CALL */
	const char *args;              /* MAP: the operands' names in the language, as "x": users
	                                * call it by its name, without a line in the prelude   */
	const char *eg;                /* example operand types, for the checks                */
	const char *domain;            /* range of example values: "lo..hi"                    */
	const char *doc;               /* one line with the formula                            */
} OpInfo;

extern const OpInfo opinfo[];          /* ops.c, by Op                                         */

/* By name: the op of this kind, or NOP. */
Op op_find(const char *name);

/* The float function of a MAP: the same expression as in generated C, compiled with nnc_real =
 * float and nnc_fma = two roundings. (opeval.c) */
float op_single(Op op, float a, float b, float c);

/* rules.c: formulas as nodes.  text: an expr over the names x | a b c, y, dy, d0 (attribute axes).
 * in[0..nin): the inputs. */
Node *rule_build(Graph *g, const char *text, Node *const *in, int nin, Node *y, Node *dy);

/* match.c: what an algebraic rule makes of n, or 0. */
Node *rules_apply(Graph *g, Node *n);

/* Is there one? */
bool rules_match(const Graph *g, Node *n);

/* A formula made ready to be built or matched. */
typedef enum { FORM_NUMBER, FORM_INPUT, FORM_RESULT, FORM_GRADIENT, FORM_CALL } FormulaKind;
typedef struct Formula Formula;
struct Formula {
	FormulaKind kind;
	Op op; Formula *in[MAXARITY]; int nin;    /* FORM_CALL                                    */
	bool infix;                    /* written between its operands                         */
	bool swap;                     /* its operands change places when built: a > b         */
	bool single;                   /* FORM_INPUT: x, the only input                        */
	int input;
	double num;
};
/* Made of its text once a job. */
const Formula *rule_form(Job *j, const char *text);

/* Every row complete?  Parses and type-checks every rule on its example; bug() otherwise. */
void ops_selfcheck(Job *j);
/* Leaves of the types in opinfo[op].eg, then the op itself; 0 if the row has no example. */
Node *op_example(Graph *g, Op op);

#endif
