/* ops.c - the table made of ops.def, lookup by name, examples, and the self-check of the rows.
 */
#include "family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const OpInfo opinfo[] = {
#define OP(id, expr_, ...) [O_##id] = { .name = #id, .expr = #expr_, __VA_ARGS__ },
#include "ops.def"
#undef OP
};

Op op_find(const char *name)
{
	for (int i = 0; i < NOP; i++)
		if (*opinfo[i].name == *name && !strcmp(opinfo[i].name, name))
			return (Op)i;
	return NOP;
}

/* ---- examples -------------------------------------------------------------------- */

/* Reads one type of an example: "f32[3,4]", "bool[2]", "i32[4,2]". */
static const char *eg_type(const char *s, Type *t)
{
	DType dt = !strncmp(s, "bool", 4) ? DT_BOOL : !strncmp(s, "i32", 3) ? DT_I32 : DT_REAL;
	*t = type_scalar(dt);
	for (s += strcspn(s, "[;"); *s == '[' || *s == ',';) {
		char *end;
		t->dim[t->rank++] = dim_num((int32_t)strtol(s + 1, &end, 10));
		s = end;
	}
	s += strcspn(s, ";");
	return *s ? s + 1 + strspn(s + 1, " ") : s;
}

/* Attribute and result type that suit the example of a row. */
static Node *example_node(Graph *g, Op op, Node **in, int n)
{
	const OpInfo *o = &opinfo[op];
	Type *x = &in[0]->ty, t = *x;
	Attr a;
	memset(&a, 0, sizeof a);
	if (op == O_contract)
		return n_contract(g, in[0], in[1], (int[]){ 0, 1 }, (int[]){ 1, 2 },
		                  (int[]){ 2, 0 }, 2);
	if (op == O_scatter_add)
		return n_scatter_add(g, in[0], in[1], 5);
	if (op == O_window || op == O_unwindow) {
		int first = op == O_window ? x->rank - 2 : x->rank - 4;
		a.win.n = 2;
		for (int i = 0; i < 2; i++) {
			a.win.k[i] = 3;
			a.win.stride[i] = 2;
			a.win.dil[i] = a.win.pad[i] = 1;
		}
		for (int i = 0; i < 2; i++) {
			int extent = x->dim[first + i].k;
			t.dim[first + i] = dim_num(op == O_window ? (extent - 1) / 2 + 1
			                                          : 2 * extent - 1 + i);
			t.dim[first + 2 + i] = dim_num(3);
		}
		t.rank = first + 4;
		return node(g, op, &a, in, n, &t);
	}
	if (op == O_reshape)
		t = type_make(
			x->dt, 3,
			(Dim[]){ { 2, 0 }, { 3, 0 }, dim_num(x->dim[0].k * x->dim[1].k / 6) });
	else if (op == O_expand)
		t.dim[1] = dim_num(4);
	else if (op == O_slice || op == O_pad) {
		a.pad.lo[0] = op == O_pad;
		a.pad.lo[1] = 1;
		t.dim[1] = dim_num(t.dim[1].k + (op == O_pad ? 2 : -2));
		t.dim[0] = dim_num(t.dim[0].k + (op == O_pad));
	} else if (op == O_permute) {
		a.perm.p[0] = 1;
	} else if (op == O_concat || op == O_flip) {
		a.axis.axis = 1;
	} else if (o->kind == REDUCE || o->kind == COMPOSITE) {
		a.red.axes = 2;
	}
	return node(g, op, &a, in, n, o->typed ? &t : 0);
}

Node *op_example(Graph *g, Op op)
{
	const char *s = opinfo[op].eg;
	Node *in[MAXARITY];
	int n = 0;
	if (!s)
		return 0;
	while (*s && n < MAXARITY) {
		Type t;
		s = eg_type(s, &t);
		in[n] = n_leaf(g, O_input, job_symf(g->job, "%c", 'a' + n), n, &t);
		n++;
	}
	return example_node(g, op, in, n);
}

/* ---- the self-check -------------------------------------------------------------- */

static void check_rules(Job *j, Op op)
{
	const OpInfo *o = &opinfo[op];
	Graph *g = graph_new(j, job_sym(j, "check"));
	Node *y = op_example(g, op);
	if (o->def) {
		Node *d = rule_build(g, o->def, y->in, y->nin, y, 0);
		if (!type_shape_eq(&d->ty, &y->ty))
			bug(j, "op %s: the definition has another shape", o->name);
	}
	for (int i = 0; i < y->nin; i++) {
		if (!o->grad[i] || !strcmp(o->grad[i], "none"))
			continue;
		rule_build(g, o->grad[i], y->in, y->nin, y,
		           n_leaf(g, O_input, job_sym(j, "dy"), 9, &y->ty));
	}
	graph_free(g);
}

void ops_selfcheck(Job *j)
{
	for (int i = 0; i < NOP; i++) {
		const OpInfo *o = &opinfo[i];
		if (!o->doc)
			bug(j, "op %s: no documentation", o->name);
		if (o->kind == LEAF)
			continue;
		if (!o->gradfn)
			for (int k = 0; k < o->nin; k++)
				if (!o->grad[o->kind == REDUCE || o->kind == COMPOSITE ? 0 : k])
					bug(j,
					    "op %s: no gradient; say \"none\" if it has none",
					    o->name);
		if ((o->kind == MAP || o->kind == REDUCE) && (!o->f || !strcmp(o->expr, "0")))
			bug(j, "op %s: no expression or no function in double", o->name);
		if (o->kind == MOVE && (!o->shape || !o->at))
			bug(j, "op %s: no shape rule or no index map", o->name);
		if (o->kind == COMPOSITE && !o->def)
			bug(j, "op %s: no definition", o->name);
		if (!o->eg && o->kind != CALL && o->kind != SET)
			bug(j, "op %s: no example", o->name);
		if (o->eg)
			check_rules(j, (Op)i);
	}
}
