/* pass.h - passes over graphs.  Each takes the old graph, returns the new one and frees the old.
 *
 *     grad.c      adds d loss / d parameter               scangrad.c   the gradient of scan
 *     simplify.c  rules.def to a fixed point              expand.c     composites -> primitives
 *     knobs.c     scalars of settings and time -> knobs   metrics.c    metrics -> sums over the data
 *     constants.c the order of constant weights (inference)
 */
#ifndef NNC_PASS_H
#define NNC_PASS_H

#include "module.h"

/* Needs:  R_LOSS roots.   Gives: R_GRAD for every parameter of the module (zeros where no loss
 * depends on it), of the sum of all losses and of R_PENALTY. */
Graph *pass_grad(Graph *g, const Module *m);

/* Algebraic rules; g->exact: only those that keep every bit. */
Graph *pass_simplify(Graph *g);

/* Needs: gradients taken.   Gives: no COMPOSITE nodes. */
Graph *pass_expand(Graph *g);

/* Scalars that depend on settings and time alone become knobs, computed once a step in double:
 * every graph of the module is rewritten, m->knobs and m->nknob are filled. */
void pass_knobs(Module *m);
/* The same graphs with knobs replaced by the program's own values, for inference. */
Graph *pass_knobs_fixed(Graph *g, const Module *m);

/* Cuts the optimizer's reductions out of update: m->stage (stages.c).  False: there are more than
 * MAXSTAGE. */
bool pass_stages(Module *m);

/* Cuts every R_METRIC of grad and eval at its sums over the batch: R_ACC roots stay in the graph,
 * the scalar formula over the sums goes to m->metrics. */
void pass_metrics(Module *m);

/* Constant weights in the order that their readers want (constants.c).  Entry i of the list stands
 * behind the param leaf number m->nparam + i: dimension k of it is dimension perm[k] of the
 * parameter. */
typedef struct { int param; int perm[MAXRANK]; } Reordered;
Graph *pass_constants(Graph *g, const Module *m, Reordered **list, int *n);

/* ---- grad.c, for scangrad.c ------------------------------------------------------ */

/* A scan that must stack more of its values, and the body that does. */
typedef struct { Node *scan; Attr a; Graph *body; } Longer;

typedef struct {
	Graph *g;
	Node **adjoint;                /* by node id; 0: none                                  */
	int cap;
	bool *wanted;                  /* by node id: a leaf we differentiate for is below     */
	int nwanted;
	Longer *longer; int nlonger, caplonger;
} Sweep;

/* Adds dy to the adjoint of n, fitted to n's type. */
void  sweep_add(Sweep *s, Node *n, Node *dy);
/* From node number `from` down to 0: hands every adjoint to the inputs. */
void  sweep_run(Sweep *s, int from);
/* Fills s->wanted for the nodes that exist now: those above the leaves of op `leaf`. */
void  sweep_wanted(Sweep *s, bool (*leaf)(const Node *n));
/* dy: by item number of the scan, 0 where none.  Adds to the adjoints of the scan's inputs. */
void  sweep_scan(Sweep *s, Node *scan, Node *const *dy);

/* raw.c: columns that an input of the model is made of; and the outputs as a graph over columns: the
 * inputs of `to`, whose buffers buffer[i] stand for the numbers O_fitted i. */
bool *raw_columns(const Module *m);
Graph *pass_raw(const Module *from, const Module *to, const int *buffer);
/* nhwc.c: does the model read images; the module with their channels last. */
bool nhwc_applies(const Module *m);
Module *pass_nhwc(const Module *m);

#endif
