/* match.c - the algebraic rules of rules.def: matched against a node, built anew.
 *
 * In:    a node.   Out: the simpler node, or 0.
 * Holds: in an exact graph (-O0) only rules that keep every bit are used.
 *
 * Patterns are expressions of the grammar; constants match through reshape and expand.
 */
#include "ast.h"
#include "op.h"

#include <string.h>

enum { exact, inexact };

static const struct {
	int kind;
	const char *from, *to;
} rules[] = {
#define RULE(kind, from, to) { kind, from, to },
#include "rules.def"
#undef RULE
};

enum { NRULE = sizeof rules / sizeof *rules };

static Op binary_op(Sym sign)
{
	return !strcmp(sign, "+")   ? O_add
	       : !strcmp(sign, "-") ? O_sub
	       : !strcmp(sign, "*") ? O_mul
	                            : O_div;
}

static Op head(const Ast *e)
{
	if (e->kind == A_BINARY)
		return binary_op(e->u.bin.op);
	return e->kind == A_UNARY ? O_neg : op_find(e->u.call.fn);
}

/* Binds letters to nodes; a number (or -number) matches an equal constant. */
static bool match(const Ast *e, Node *n, Node **bound)
{
	double k;
	if (e->kind == A_INT || e->kind == A_FLOAT)
		return node_is_const(n, &k) && k == e->u.lit.num;
	if (e->kind == A_UNARY && e->u.bin.l->kind == A_INT)
		return node_is_const(n, &k) && k == -e->u.bin.l->u.lit.num;
	if (e->kind == A_NAME) {
		Node **b = &bound[e->u.name[0] - 'a'];
		if (*b && *b != n)
			return false;
		*b = n;
		return true;
	}
	Op op = head(e);
	if (n->op != op)
		return false;
	if (e->kind == A_UNARY)
		return match(e->u.bin.l, n->in[0], bound);
	if (e->kind == A_CALL) {
		for (int i = 0; i < n->nin; i++)
			if (!match(e->u.call.arg.v[i], n->in[i], bound))
				return false;
		return true;
	}
	Node *keep[3] = { bound[0], bound[1], bound[2] };
	if (match(e->u.bin.l, n->in[0], bound) && match(e->u.bin.r, n->in[1], bound))
		return true;
	memcpy(bound, keep, sizeof keep);
	return opinfo[op].commutes && match(e->u.bin.l, n->in[1], bound) &&
	       match(e->u.bin.r, n->in[0], bound);
}

Node *rules_apply(Graph *g, Node *n)
{
	if (n->ty.dt != DT_REAL || opinfo[n->op].kind != MAP)
		return 0;
	for (int i = 0; i < NRULE; i++) {
		Node *bound[3] = { 0 };
		if (g->exact && rules[i].kind == inexact)
			continue;
		const Ast *pattern = rule_pattern(g->job, rules[i].from);
		if (n->op != head(pattern) || !match(pattern, n, bound))
			continue;
		Node *any = bound[0] ? bound[0] : n, *in[3];
		for (int k = 0; k < 3; k++)
			in[k] = bound[k] ? bound[k] : any;
		return n_broadcast(g, rule_build(g, rules[i].to, in, 3, n, 0), &n->ty);
	}
	return 0;
}
