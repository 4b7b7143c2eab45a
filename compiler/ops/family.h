/* family.h - the functions that rows of ops.def name, by family file. */
#ifndef NNC_FAMILY_H
#define NNC_FAMILY_H

#include "op.h"

/* leaf.c */
Ex *at_knob(Lower *l, const Node *n, Ex *const *ix);
Ex *at_arg(Lower *l, const Node *n, Ex *const *ix);
Ex *at_count(Lower *l, const Node *n, Ex *const *ix);
Ex *at_iota(Lower *l, const Node *n, Ex *const *ix);
Ex *at_random(Lower *l, const Node *n, Ex *const *ix);

/* map.c: one element in double */
double f_neg(double a, double b, double c);
double f_add(double a, double b, double c);
double f_sub(double a, double b, double c);
double f_mul(double a, double b, double c);
double f_div(double a, double b, double c);
double f_pow(double a, double b, double c);
double f_max(double a, double b, double c);
double f_min(double a, double b, double c);
double f_exp(double a, double b, double c);
double f_log(double a, double b, double c);
double f_sqrt(double a, double b, double c);
double f_rsqrt(double a, double b, double c);
double f_abs(double a, double b, double c);
double f_sign(double a, double b, double c);
double f_floor(double a, double b, double c);
double f_ceil(double a, double b, double c);
double f_round(double a, double b, double c);
double f_log1p(double a, double b, double c);
double f_expm1(double a, double b, double c);
double f_sin(double a, double b, double c);
double f_cos(double a, double b, double c);
double f_erf(double a, double b, double c);
double f_tanh(double a, double b, double c);
double f_sigmoid(double a, double b, double c);
double f_lt(double a, double b, double c);
double f_gt(double a, double b, double c);
double f_le(double a, double b, double c);
double f_eq(double a, double b, double c);
double f_ne(double a, double b, double c);
double f_and(double a, double b, double c);
double f_or(double a, double b, double c);
double f_not(double a, double b, double c);
double f_where(double a, double b, double c);
double f_real(double a, double b, double c);

/* reduce.c */
Node *grad_extreme(Graph *g, Node *y, Node *dy, int i);
Node *grad_product(Graph *g, Node *y, Node *dy, int i);

/* move.c */
bool shape_same(Type *ty, const Node *n, Why *why);
bool shape_reshape(Type *ty, const Node *n, Why *why);
bool shape_permute(Type *ty, const Node *n, Why *why);
bool shape_expand(Type *ty, const Node *n, Why *why);
bool shape_slice(Type *ty, const Node *n, Why *why);
bool shape_pad(Type *ty, const Node *n, Why *why);
bool shape_concat(Type *ty, const Node *n, Why *why);
Node *grad_reshape(Graph *g, Node *y, Node *dy, int i);
Node *grad_permute(Graph *g, Node *y, Node *dy, int i);
Node *grad_expand(Graph *g, Node *y, Node *dy, int i);
Node *grad_slice(Graph *g, Node *y, Node *dy, int i);
Node *grad_pad(Graph *g, Node *y, Node *dy, int i);
Node *grad_concat(Graph *g, Node *y, Node *dy, int i);
Node *grad_flip(Graph *g, Node *y, Node *dy, int i);
Ex *at_reshape(Lower *l, const Node *n, Ex *const *ix);
Ex *at_permute(Lower *l, const Node *n, Ex *const *ix);
Ex *at_expand(Lower *l, const Node *n, Ex *const *ix);
Ex *at_slice(Lower *l, const Node *n, Ex *const *ix);
Ex *at_pad(Lower *l, const Node *n, Ex *const *ix);
Ex *at_concat(Lower *l, const Node *n, Ex *const *ix);
Ex *at_flip(Lower *l, const Node *n, Ex *const *ix);

/* window.c */
bool shape_window(Type *ty, const Node *n, Why *why);
bool shape_unwindow(Type *ty, const Node *n, Why *why);
Node *grad_window(Graph *g, Node *y, Node *dy, int i);
Node *grad_unwindow(Graph *g, Node *y, Node *dy, int i);
Ex *at_window(Lower *l, const Node *n, Ex *const *ix);
Ex *at_unwindow(Lower *l, const Node *n, Ex *const *ix);

/* gather.c */
bool shape_take(Type *ty, const Node *n, Why *why);
bool shape_scatter(Type *ty, const Node *n, Why *why);
Node *grad_take(Graph *g, Node *y, Node *dy, int i);
Node *grad_scatter(Graph *g, Node *y, Node *dy, int i);
bool shape_gather(Type *ty, const Node *n, Why *why);
Node *grad_gather(Graph *g, Node *y, Node *dy, int i);
Ex *at_gather(Lower *l, const Node *n, Ex *const *ix);
Ex *at_take(Lower *l, const Node *n, Ex *const *ix);
Ex *at_scatter(Lower *l, const Node *n, Ex *const *ix);
void eval_scatter(const Node *n, const EvalEnv *env, double *const *in, double *out);

/* contract.c */
bool shape_contract(Type *ty, const Node *n, Why *why);
Node *grad_contract(Graph *g, Node *y, Node *dy, int i);
Ex *at_contract(Lower *l, const Node *n, Ex *const *ix);
void eval_contract(const Node *n, const EvalEnv *env, double *const *in, double *out);

/* scan.c */
bool shape_scan(Type *ty, const Node *n, Why *why);
bool shape_item(Type *ty, const Node *n, Why *why);
Node *grad_scan(Graph *g, Node *y, Node *dy, int i);
Node *grad_item(Graph *g, Node *y, Node *dy, int i);
void eval_scan(const Node *n, const EvalEnv *env, double *const *in, double *out);
void eval_item(const Node *n, const EvalEnv *env, double *const *in, double *out);

/* A function that belongs to one row alone bears the row's name: a new row needs no line here. */
#define OP(id, ...) \
	double f_##id(double a, double b, double c); \
	bool shape_##id(Type *ty, const Node *n, Why *why); \
	Node *grad_##id(Graph *g, Node *y, Node *dy, int i); \
	Ex *at_##id(Lower *l, const Node *n, Ex *const *ix); \
	void eval_##id(const Node *n, const EvalEnv *env, double *const *in, double *out);
#include "ops.def"
#undef OP

#endif
