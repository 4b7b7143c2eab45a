/* match.c - the algebraic rules of rules.def: matched against a node, built anew.
 *
 * In:    a node.   Out: the simpler node, or 0.
 * Holds: in an exact graph (-O0) only rules that keep every bit are used.
 *
 * Patterns are expressions of the grammar; constants match through reshape and expand.
 */
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
_Static_assert(NRULE < 256, "numbers of rules are bytes");

/* The rules by the op at their head: lists, in the order of rules.def; 0 ends. */
typedef struct Heads Heads;
struct Heads {
	const Formula *form[NRULE + 1], *to[NRULE + 1];
	uint8_t first[NOP], next[NRULE + 1];
};

static const Heads *heads(Job *j)
{
	Heads *h = j->heads;
	if (h)
		return h;
	h = j->heads = NEW(j->mem, Heads);
	for (int i = NRULE; i > 0; i--) {
		h->form[i] = rule_form(j, rules[i - 1].from);
		h->to[i] = rule_form(j, rules[i - 1].to);
		h->next[i] = h->first[h->form[i]->op];
		h->first[h->form[i]->op] = (uint8_t)i;
	}
	return h;
}

/* The letters of a rule, and the reduction that its pattern has. */
enum { REDUCTION = MAXARITY, NBOUND };

/* Binds letters to nodes; a number (or -number) matches an equal constant. */
static bool match(const Formula *f, Node *n, Node **bound)
{
	double k;
	if (f->kind == FORM_NUMBER)
		return node_is_const(n, &k) && k == f->num;
	if (f->kind == FORM_CALL && f->op == O_neg && f->in[0]->kind == FORM_NUMBER)
		return node_is_const(n, &k) && k == -f->in[0]->num;
	if (f->kind != FORM_CALL) {
		Node **b = &bound[f->input];
		if (*b && *b != n)
			return false;
		*b = n;
		return true;
	}
	if (n->op != f->op)
		return false;
	if (opinfo[f->op].kind == REDUCE)
		bound[REDUCTION] = n;
	Node *keep[NBOUND];
	memcpy(keep, bound, sizeof keep);
	bool all = true;
	for (int i = 0; i < f->nin && all; i++)
		all = match(f->in[i], n->in[i], bound);
	if (all || !f->infix || !opinfo[f->op].commutes)
		return all;
	memcpy(bound, keep, sizeof keep);
	return match(f->in[0], n->in[1], bound) && match(f->in[1], n->in[0], bound);
}

/* The first rule that fits n, from 1; 0: none. */
static int rule_for(const Graph *g, Node *n, Node **bound)
{
	if (n->ty.dt != DT_REAL || opinfo[n->op].kind != MAP)
		return 0;
	const Heads *h = heads(g->job);
	int i = h->first[n->op];
	for (; i; i = h->next[i]) {
		memset(bound, 0, sizeof *bound * NBOUND);
		if (!(g->exact && rules[i - 1].kind == inexact) && match(h->form[i], n, bound))
			break;
	}
	return i;
}

bool rules_match(const Graph *g, Node *n)
{
	Node *bound[NBOUND];
	return rule_for(g, n, bound) != 0;
}

Node *rules_apply(Graph *g, Node *n)
{
	Node *bound[NBOUND], *in[MAXARITY];
	int i = rule_for(g, n, bound);
	if (!i)
		return 0;
	Node *axes = bound[REDUCTION] ? bound[REDUCTION] : n;
	Node *any = bound[0] ? bound[0] : n;
	for (int k = 0; k < MAXARITY; k++)
		in[k] = bound[k] ? bound[k] : any;
	return n_broadcast(g, rule_build(g, rules[i - 1].to, in, MAXARITY, axes, 0), &n->ty);
}
