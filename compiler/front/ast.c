/* ast.c - constructors of the syntax tree: one for each kind of rule in nn.y.
 *
 * In:    tokens and trees.   Out: a tree in the job's arena for them, with the span of its text.
 * Holds: no tree is higher than MAX_NEST, so that passes may recurse; what would be is reported
 * once and becomes a leaf.
 */
#include <string.h>

#include "parse.h"
#include "nn.tab.h"

Ast *ast_new(Job *j, AstKind kind, Span at)
{
	Ast *a = NEW(j->tree, Ast);
	a->kind = kind;
	a->at = a->name_at = at;
	a->height = 1;
	return a;
}

void ast_push(Job *j, AstList *l, Ast *a)
{
	PUSH(j->tree, l->v, l->n, l->cap, a);
}

AstList ast_append(Parse *p, AstList l, Ast *a)
{
	if (a)
		ast_push(p->j, &l, a);
	return l;
}

/* ---- height ----------------------------------------------------------------------------- */

static void over(Ast *a, const Ast *child)
{
	if (child && child->height >= a->height)
		a->height = child->height + 1;
}

static void over_list(Ast *a, AstList l)
{
	for (int i = 0; i < l.n; i++)
		over(a, l.v[i]);
}

/* The finished node, or a leaf in its place if the tree has become too high. */
static Ast *finish(Parse *p, Ast *a)
{
	if (a->height <= MAX_NEST)
		return a;
	if (!p->cut)
		syntax_too_deep(p, a->name_at);
	p->cut = true;
	Ast *leaf = ast_new(p->j, A_NAME, a->at);
	leaf->u.name = job_sym(p->j, "");
	return leaf;
}

/* ---- expressions ------------------------------------------------------------------------ */

Ast *ast_literal(Parse *p, AstKind k, Span at, const Token *t)
{
	Ast *a = ast_new(p->j, k, at);
	if (k == A_STRING) {
		a->u.str = t->sym;
	} else if (k == A_BOOL) {
		a->u.lit.i = t->kind == TRUE;
		a->u.lit.num = (double)a->u.lit.i;
	} else if (k == A_INT || k == A_FLOAT) {
		a->u.lit.i = t->i;
		a->u.lit.num = t->num;
	}
	return a;
}

Ast *ast_loss(Parse *p, Span at, const Token *t)
{
	if (t->section != TRAIN && t->section != SEARCH) {
		Diag *d = error(p->j, at, "E0105",
		                "`loss` as a value is known only in `train` and `search`");
		diag_help(d,
		          "in a model, name the value that you need:   l = cross_entropy(...)");
	}
	return ast_new(p->j, A_LOSS, at);
}

Ast *ast_name(Parse *p, Span at, const Token *t)
{
	Ast *a = ast_new(p->j, A_NAME, at);
	a->u.name = t->sym;
	return a;
}

Ast *ast_call(Parse *p, Span at, const Token *name, AstList args, bool bare)
{
	Ast *a = ast_new(p->j, A_CALL, at);
	a->name_at = name->at;
	a->u.call.fn = name->sym;
	a->u.call.arg = args;
	a->u.call.label_at = NOWHERE;
	a->u.call.bare = bare;
	over_list(a, args);
	return finish(p, a);
}

Ast *ast_stage(Parse *p, const Token *label, Ast *call)
{
	(void)p;
	/* Not if the call was too deep and is a leaf now. */
	if (call->kind == A_CALL) {
		call->u.call.label = label->sym;
		call->u.call.label_at = label->at;
	}
	return call;
}

Ast *ast_arg(Parse *p, Span at, const Token *name, Ast *value)
{
	Ast *a = ast_new(p->j, A_ARG, at);
	a->name_at = name->at;
	a->u.arg.name = name->sym;
	a->u.arg.value = value;
	over(a, value);
	return finish(p, a);
}

Ast *ast_binary(Parse *p, Span at, Ast *l, const Token *op, Ast *r)
{
	Ast *a = ast_new(p->j, A_BINARY, at);
	a->name_at = op->at;
	a->u.bin.op = op->sym;
	a->u.bin.l = l;
	a->u.bin.r = r;
	over(a, l);
	over(a, r);
	return finish(p, a);
}

Ast *ast_unary(Parse *p, Span at, const Token *op, Ast *l)
{
	Ast *a = ast_new(p->j, A_UNARY, at);
	a->name_at = op->at;
	a->u.bin.op = op->sym;
	a->u.bin.l = l;
	over(a, l);
	return finish(p, a);
}

Ast *ast_pipe(Parse *p, Span at, Ast *from, const Token *op, Ast *stage)
{
	if (!from->paren && (from->kind == A_BINARY || from->kind == A_UNARY))
		syntax_pipe_after(p, from, op->at);
	Ast *a = ast_new(p->j, A_PIPE, at);
	a->name_at = op->at;
	a->u.pipe.from = from;
	a->u.pipe.stage = stage;
	over(a, from);
	over(a, stage);
	return finish(p, a);
}

Ast *ast_index(Parse *p, Span at, Ast *of, Span brackets, AstList sub)
{
	Ast *a = ast_new(p->j, A_INDEX, at);
	a->name_at = brackets;
	a->u.index.of = of;
	a->u.index.sub = sub;
	over(a, of);
	over_list(a, sub);
	return finish(p, a);
}

Ast *ast_field(Parse *p, Span at, Ast *of, const Token *name)
{
	Ast *a = ast_new(p->j, A_FIELD, at);
	a->name_at = name->at;
	a->u.field.of = of;
	a->u.field.name = name->sym;
	over(a, of);
	return finish(p, a);
}

Ast *ast_list(Parse *p, Span at, AstList item)
{
	Ast *a = ast_new(p->j, A_LIST, at);
	a->u.list.item = item;
	over_list(a, item);
	return finish(p, a);
}

Ast *ast_slice(Parse *p, Span at, Ast *lo, const Token *colon, Ast *hi)
{
	Ast *a = ast_new(p->j, A_SLICE, at);
	/* Without a lower bound the rule begins where the token before ends. */
	if (!lo)
		a->at.beg = colon->at.beg;
	if (!hi)
		a->at.end = colon->at.end;
	a->name_at = colon->at;
	a->u.slice.lo = lo;
	a->u.slice.hi = hi;
	over(a, lo);
	over(a, hi);
	return finish(p, a);
}

Ast *ast_paren(Ast *a)
{
	a->paren = true;
	return a;
}

Ast *ast_type(Parse *p, Span at, const Token *name, Ast *arg, AstList dim)
{
	Ast *a = ast_new(p->j, A_TYPE, at);
	a->name_at = name->at;
	a->u.type.name = name->sym;
	a->u.type.arg = arg;
	a->u.type.dim = dim;
	a->u.type.has_dims = dim.n > 0;
	over(a, arg);
	over_list(a, dim);
	return finish(p, a);
}

/* ---- statements ------------------------------------------------------------------------- */

Ast *ast_assign(Parse *p, Span at, AstList names, Ast *value)
{
	Ast *a = ast_new(p->j, A_ASSIGN, at);
	a->name_at = names.v[0]->at;
	a->u.assign.n = names.n;
	a->u.assign.name = NEWN(p->j->tree, Sym, names.n);
	a->u.assign.at = NEWN(p->j->tree, Span, names.n);
	for (int i = 0; i < names.n; i++) {
		a->u.assign.name[i] = names.v[i]->u.name;
		a->u.assign.at[i] = names.v[i]->at;
	}
	a->u.assign.value = value;
	over(a, value);
	return finish(p, a);
}

Ast *ast_decl(Parse *p, AstKind k, Span at, const Token *name, Ast *type, Ast *value)
{
	Ast *a = ast_new(p->j, k, at);
	a->name_at = name->at;
	a->u.decl.name = name->sym;
	a->u.decl.type = type;
	a->u.decl.value = value;
	over(a, type);
	over(a, value);
	return finish(p, a);
}

Ast *ast_tagged(Parse *p, AstKind k, Span at, const Token *key, Tagged t)
{
	Ast *a = ast_decl(p, k, at, t.name ? t.name : key, 0, t.value);
	if (a->kind == k && !t.name)
		a->u.decl.name = 0;
	return a;
}

Ast *ast_return(Parse *p, Span at, const Token *key, AstList value)
{
	Ast *a = ast_new(p->j, A_RETURN, at);
	a->name_at = key->at;
	a->u.ret.value = value;
	over_list(a, value);
	return finish(p, a);
}

Ast *ast_repeat(Parse *p, Span at, const Token *name, Ast *lo, Ast *hi, AstList body)
{
	Ast *a = ast_new(p->j, A_REPEAT, at);
	a->name_at = name ? name->at : hi->at;
	a->u.repeat.var = name ? name->sym : 0;
	a->u.repeat.lo = lo;
	a->u.repeat.hi = hi;
	a->u.repeat.body = body;
	over(a, lo);
	over(a, hi);
	over_list(a, body);
	return finish(p, a);
}

Ast *ast_scan(Parse *p, Span at, const Token *var, Ast *lo, Ast *hi, AstList carry,
              AstList body)
{
	Ast *a = ast_new(p->j, A_SCAN, at);
	a->name_at = var->at;
	a->u.scan.var = var->sym;
	a->u.scan.lo = lo;
	a->u.scan.hi = hi;
	a->u.scan.carry = carry;
	a->u.scan.body = body;
	over(a, lo);
	over(a, hi);
	over_list(a, carry);
	over_list(a, body);
	return finish(p, a);
}

Ast *ast_if(Parse *p, Span at, const Token *key, Ast *cond, AstList then)
{
	Ast *a = ast_new(p->j, A_IF, at);
	a->name_at = key->at;
	a->u.cond.cond = cond;
	a->u.cond.then = then;
	over(a, cond);
	over_list(a, then);
	return finish(p, a);
}

Ast *ast_else(Parse *p, Ast *branch, Span at, AstList other)
{
	if (branch->kind != A_IF)
		return branch;
	branch->at = at;
	branch->u.cond.other = other;
	branch->u.cond.has_else = true;
	over_list(branch, other);
	return finish(p, branch);
}

/* ---- items ------------------------------------------------------------------------------ */

Ast *ast_def(Parse *p, AstKind k, Span at, const Token *name, AstList formal, AstList body)
{
	Ast *a = ast_new(p->j, k, at);
	a->name_at = name->at;
	a->u.def.name = name->sym;
	a->u.def.formal = formal;
	a->u.def.body = body;
	over_list(a, formal);
	over_list(a, body);
	return finish(p, a);
}

Ast *ast_result(Parse *p, Ast *def, Ast *type)
{
	if (def->kind != A_BLOCK)
		return def;
	def->u.def.result = type;
	over(def, type);
	return finish(p, def);
}

Ast *ast_fn(Parse *p, Span at, const Token *name, AstList formal, Ast *value)
{
	Ast *a = ast_new(p->j, A_FN, at);
	a->name_at = name->at;
	a->u.def.name = name->sym;
	a->u.def.formal = formal;
	a->u.def.value = value;
	over_list(a, formal);
	over(a, value);
	return finish(p, a);
}

Ast *ast_section(Parse *p, AstKind k, Span at, const Token *key, Ast *call)
{
	Ast *a = ast_new(p->j, k, at);
	a->name_at = key->at;
	a->u.section.call = call;
	over(a, call);
	return finish(p, a);
}

Ast *ast_settings(Parse *p, Ast *section, AstList setting)
{
	if (section->kind == A_NAME)
		return section;
	section->u.section.setting = setting;
	section->u.section.has_settings = true;
	over_list(section, setting);
	return finish(p, section);
}
