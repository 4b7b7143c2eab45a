/* rules.c - formulas of the op table as nodes: "dy * (1 - y * y)".
 *
 * In:    a text (one expr of the grammar), the nodes its names stand for.   Out: a node.
 *
 * The grammar's own parser reads the text; each text is parsed once a job.  Names: x, or a b c,
 * the inputs; y the op's result; dy its gradient; `axes` as the second argument of a reduction:
 * the attribute of y.  Functions are rows of the table.
 */
#include "ast.h"
#include "op.h"

#include <string.h>

typedef struct Parsed Parsed;
struct Parsed {
	const char *text;
	Ast *ast;
	Parsed *next;
};

Ast *rule_pattern(Job *j, const char *text)
{
	for (Parsed *p = j->rules; p; p = p->next)
		if (p->text == text)
			return p->ast;
	Parsed *p = NEW(j->mem, Parsed);
	p->text = text;
	Arena *tree = j->tree;
	j->tree = j->mem;              /* a rule outlives the program's tree */
	p->ast = parse_expr(j, source_add(j, "rule", text, strlen(text), true));
	j->tree = tree;
	if (!p->ast)
		bug(j, "rule \"%s\" does not parse", text);
	p->next = j->rules;
	j->rules = p;
	return p->ast;
}

typedef struct {
	Graph *g;
	const char *text;
	Node *const *in;
	int nin;
	Node *y, *dy;
} Rule;

static Node *build(const Rule *r, const Ast *e);

static Node *by_name(const Rule *r, Sym s)
{
	static const char letter[] = "abc";
	if (!strcmp(s, "y") && r->y)
		return r->y;
	if (!strcmp(s, "dy") && r->dy)
		return r->dy;
	if (!strcmp(s, "x") && r->nin == 1)
		return r->in[0];
	for (int i = 0; i < r->nin; i++)
		if (s[0] == letter[i] && !s[1])
			return r->in[i];
	bug(r->g->job, "rule \"%s\": unknown name %s", r->text, s);
}

static Node *call(const Rule *r, const Ast *e)
{
	Op op = op_find(e->u.call.fn);
	const AstList *arg = &e->u.call.arg;
	Node *in[MAXARITY];
	if (op == NOP || arg->n > MAXARITY)
		bug(r->g->job, "rule \"%s\": unknown function %s", r->text, e->u.call.fn);
	if (opinfo[op].kind == REDUCE)
		return n_reduce(r->g, op, build(r, arg->v[0]), r->y->a.red.axes);
	for (int i = 0; i < arg->n; i++)
		in[i] = build(r, arg->v[i]);
	if (opinfo[op].kind == COMPOSITE)
		return node(r->g, op, &r->y->a, in, 1, 0);
	return arg->n == 1   ? n_op1(r->g, op, in[0])
	       : arg->n == 2 ? n_op2(r->g, op, in[0], in[1])
	                     : n_op3(r->g, op, in[0], in[1], in[2]);
}

static Node *binary(const Rule *r, const Ast *e)
{
	static const struct {
		const char *sign;
		Op op;
		bool swap;
	} table[] = {
		{ "+", O_add, false }, { "-", O_sub, false },  { "*", O_mul, false },
		{ "/", O_div, false }, { "**", O_pow, false }, { "==", O_eq, false },
		{ "!=", O_ne, false }, { "<", O_lt, false },   { "<=", O_le, false },
		{ ">", O_lt, true },   { ">=", O_le, true },
	};
	Node *a = build(r, e->u.bin.l), *b = build(r, e->u.bin.r);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (*e->u.bin.op == *table[i].sign && !strcmp(e->u.bin.op, table[i].sign))
			return table[i].swap ? n_op2(r->g, table[i].op, b, a)
			                     : n_op2(r->g, table[i].op, a, b);
	bug(r->g->job, "rule \"%s\": operator %s", r->text, e->u.bin.op);
}

static Node *build(const Rule *r, const Ast *e)
{
	if (e->kind == A_INT || e->kind == A_FLOAT)
		return n_const(r->g, e->u.lit.num);
	if (e->kind == A_NAME)
		return by_name(r, e->u.name);
	if (e->kind == A_CALL)
		return call(r, e);
	if (e->kind == A_BINARY)
		return binary(r, e);
	if (e->kind == A_UNARY)
		return n_op1(r->g, O_neg, build(r, e->u.bin.l));
	bug(r->g->job, "rule \"%s\": %s", r->text, ast_kind_name(e->kind));
}

Node *rule_build(Graph *g, const char *text, Node *const *in, int nin, Node *y, Node *dy)
{
	Rule r = { g, text, in, nin, y, dy };
	return build(&r, rule_pattern(g->job, text));
}
