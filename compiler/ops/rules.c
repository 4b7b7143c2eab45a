/* rules.c - formulas of the op table as nodes: "dy * (1 - y * y)".
 *
 * In:    a text (one expr of the grammar), the nodes its names stand for.   Out: a node.
 *
 * The grammar's own parser reads the text; each text becomes a form once a job.  Names: x, or a b c,
 * the inputs; y the op's result; dy its gradient.  A reduction runs over the axes of y.  Functions
 * are rows of the table.
 */
#include "ast.h"
#include "op.h"

#include <string.h>

/* ---- forms ------------------------------------------------------------------------------- */

enum { PLACES = 1024 };                /* more than twice the formulas of the table            */

typedef struct Rules Rules;
struct Rules {
	struct { const char *text; const Formula *form; } v[PLACES];
	int n;
};

static Formula *make(Job *j, const char *text, const Ast *e);

static Formula *form_of_name(Job *j, const char *text, Formula *f, Sym s)
{
	if (!strcmp(s, "y"))
		f->kind = FORM_RESULT;
	else if (!strcmp(s, "dy"))
		f->kind = FORM_GRADIENT;
	else if (!s[1] && (*s == 'x' || (*s >= 'a' && *s < 'a' + MAXARITY)))
		f->input = *s == 'x' ? 0 : *s - 'a';
	else
		bug(j, "rule \"%s\": unknown name %s", text, s);
	f->single = *s == 'x';
	return f;
}

static Formula *form_of_call(Job *j, const char *text, Formula *f, const Ast *e)
{
	const AstList *arg = &e->u.call.arg;
	f->op = op_find(e->u.call.fn);
	if (f->op == NOP || arg->n > MAXARITY)
		bug(j, "rule \"%s\": unknown function %s", text, e->u.call.fn);
	/* (a second argument of a reduction says `axes`, which it has anyway) */
	f->nin = opinfo[f->op].kind == REDUCE || opinfo[f->op].kind == COMPOSITE ? 1 : arg->n;
	for (int i = 0; i < f->nin; i++)
		f->in[i] = make(j, text, arg->v[i]);
	return f;
}

static Formula *form_of_binary(Job *j, const char *text, Formula *f, const Ast *e)
{
	static const struct { const char *sign; Op op; bool swap; } table[] = {
		{ "+", O_add, false }, { "-", O_sub, false },  { "*", O_mul, false },
		{ "/", O_div, false }, { "**", O_pow, false }, { "==", O_eq, false },
		{ "!=", O_ne, false }, { "<", O_lt, false },   { "<=", O_le, false },
		{ ">", O_lt, true },   { ">=", O_le, true },
	};
	f->nin = 2;
	f->infix = true;
	f->in[0] = make(j, text, e->u.bin.l);
	f->in[1] = make(j, text, e->u.bin.r);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strcmp(e->u.bin.op, table[i].sign)) {
			f->op = table[i].op;
			f->swap = table[i].swap;
			return f;
		}
	bug(j, "rule \"%s\": operator %s", text, e->u.bin.op);
}

static Formula *make(Job *j, const char *text, const Ast *e)
{
	Formula *f = NEW(j->mem, Formula);
	f->kind = FORM_CALL;
	if (e->kind == A_CALL)
		return form_of_call(j, text, f, e);
	if (e->kind == A_BINARY)
		return form_of_binary(j, text, f, e);
	if (e->kind == A_UNARY) {
		f->op = O_neg;
		f->nin = 1;
		f->in[0] = make(j, text, e->u.bin.l);
		return f;
	}
	f->kind = FORM_INPUT;
	if (e->kind == A_NAME)
		return form_of_name(j, text, f, e->u.name);
	if (e->kind != A_INT && e->kind != A_FLOAT)
		bug(j, "rule \"%s\": %s", text, ast_kind_name(e->kind));
	f->kind = FORM_NUMBER;
	f->num = e->u.lit.num;
	return f;
}

/* The text parsed; a form outlives the program's tree, its tree does not have to. */
static const Formula *parsed(Job *j, const char *text)
{
	Arena *tree = j->tree;
	j->tree = arena_new();
	const Ast *e = parse_expr(j, source_add(j, "rule", text, strlen(text), true));
	if (!e)
		bug(j, "rule \"%s\" does not parse", text);
	const Formula *f = make(j, text, e);
	arena_free(j->tree);
	j->tree = tree;
	return f;
}

const Formula *rule_form(Job *j, const char *text)
{
	Rules *r = j->rules;
	if (!r)
		r = j->rules = NEW(j->mem, Rules);
	uint64_t i = (uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15u >> 32;
	while (r->v[i % PLACES].text && r->v[i % PLACES].text != text)
		i++;
	if (!r->v[i % PLACES].text) {
		if (2 * ++r->n > PLACES)
			bug(j, "rules: more than %d formulas", PLACES / 2);
		r->v[i % PLACES].text = text;
		r->v[i % PLACES].form = parsed(j, text);
	}
	return r->v[i % PLACES].form;
}

/* ---- nodes ------------------------------------------------------------------------------- */

typedef struct {
	Graph *g;
	const char *text;
	Node *const *in;
	int nin;
	Node *y, *dy;
} Rule;

static Node *build(const Rule *r, const Formula *f);

static Node *build_call(const Rule *r, const Formula *f)
{
	Node *in[MAXARITY];
	for (int i = 0; i < f->nin; i++)
		in[i] = build(r, f->in[i]);
	if (opinfo[f->op].kind == REDUCE)
		return n_reduce(r->g, f->op, in[0], r->y->a.red.axes);
	if (opinfo[f->op].kind == COMPOSITE)
		return node(r->g, f->op, &r->y->a, in, 1, 0);
	return f->nin == 1   ? n_op1(r->g, f->op, in[0])
	       : f->nin == 2 ? n_op2(r->g, f->op, in[f->swap], in[!f->swap])
	                     : n_op3(r->g, f->op, in[0], in[1], in[2]);
}

static Node *build(const Rule *r, const Formula *f)
{
	switch (f->kind) {
	case FORM_NUMBER:
		return n_const(r->g, f->num);
	case FORM_CALL:
		return build_call(r, f);
	case FORM_RESULT:
		if (r->y)
			return r->y;
		break;
	case FORM_GRADIENT:
		if (r->dy)
			return r->dy;
		break;
	case FORM_INPUT:
		if (f->input < r->nin && (!f->single || r->nin == 1))
			return r->in[f->input];
		break;
	}
	bug(r->g->job, "rule \"%s\": a name that stands for nothing", r->text);
}

Node *rule_build(Graph *g, const char *text, Node *const *in, int nin, Node *y, Node *dy)
{
	Rule r = { g, text, in, nin, y, dy };
	return build(&r, rule_form(g->job, text));
}
