/* pattern.c - rearrange, reduce and einsum: patterns that are checked at compile time.
 *
 * In:    "n t (h d) -> n h t d" and sizes by name.   Out: reshape, permute, reshape; for
 *        reduce a reduction between; for einsum contractions from left to right.
 * Holds: einops' grammar: names, ( ), `...`, and 1; every name once on a side.
 */
#include "elab.h"

#include <ctype.h>
#include <string.h>

enum { MAXNAME = 16, DOTS = -1, ONE = -2 };

/* One side of a pattern: dimensions, each a group of names. */
typedef struct {
	int n;                         /* dimensions                                          */
	int len[MAXNAME];              /* names in each                                       */
	int name[MAXNAME][MAXNAME];    /* number of the name, DOTS or ONE                     */
	int beg[MAXNAME], end[MAXNAME]; /* of each in the pattern                             */
	bool dots;
} Side;

typedef struct {
	Elab *e;
	Frame *f;
	const Value *pattern;
	Sym name[MAXNAME]; int nname;
	Dim size[MAXNAME]; bool known[MAXNAME];
	const Value *given[MAXNAME];   /* the size's argument                                 */
	Side l, r;
} Pattern;

static bool bad(Pattern *p, const char *why, const char *what)
{
	Diag *d = fail(p->e, p->pattern->at, "E0207", "the pattern of `%s` %s%s",
	               p->f->def->name, why, what);
	diag_help(d, "a pattern looks like \"n t (h d) -> n h t d\"");
	return false;
}

static int name_number(Pattern *p, const char *s, size_t n)
{
	Sym name = symbols_get(p->e->j->symbols, s, n);
	for (int i = 0; i < p->nname; i++)
		if (p->name[i] == name)
			return i;
	if (p->nname == MAXNAME)
		return -3;
	p->name[p->nname] = name;
	return p->nname++;
}

static bool parse_side(Pattern *p, const char *s, const char *end, Side *out)
{
	bool open = false;
	memset(out, 0, sizeof *out);
	while (s < end) {
		int k;
		size_t n = 1;
		if (*s == ' ') {
			s++;
			continue;
		}
		if (*s == '(' || *s == ')') {
			if (open == (*s == '('))
				return bad(p, "has parentheses that do not match", "");
			open = *s == '(';
			s++;
			if (!open)
				out->end[out->n++] = (int)(s - p->pattern->str);
			else
				out->beg[out->n] = (int)(s - 1 - p->pattern->str);
			continue;
		}
		if (end - s >= 3 && !strncmp(s, "...", 3)) {
			k = DOTS;
			n = 3;
			if (open || out->dots)
				return bad(p, "has `...` in a group or twice", "");
			out->dots = true;
		} else if (*s == '1' && !isalnum((unsigned char)s[1])) {
			k = ONE;
		} else if (isalpha((unsigned char)*s) || *s == '_') {
			while (s + n < end && (isalnum((unsigned char)s[n]) || s[n] == '_'))
				n++;
			k = name_number(p, s, n);
		} else {
			return bad(p, "has a character that is no name: ",
			           arena_printf(p->e->mem, "`%c`", *s));
		}
		if (k < -2 || out->n >= MAXNAME - 1 || out->len[out->n] >= MAXNAME - 1)
			return bad(p, "has too many names", "");
		out->name[out->n][out->len[out->n]++] = k;
		if (!open)
			out->beg[out->n] = (int)(s - p->pattern->str);
		s += n;
		if (!open)
			out->end[out->n++] = (int)(s - p->pattern->str);
	}
	return !open || bad(p, "has parentheses that do not match", "");
}

static int count_name(const Side *s, int k)
{
	int n = 0;
	for (int i = 0; i < s->n; i++)
		for (int j = 0; j < s->len[i]; j++)
			n += s->name[i][j] == k;
	return n;
}

static bool parse_pattern(Pattern *p, bool reduce)
{
	const char *s = p->pattern->str, *arrow = strstr(s, "->");
	if (!arrow)
		return bad(p, "needs `->`", "");
	if (!parse_side(p, s, arrow, &p->l) || !parse_side(p, arrow + 2, s + strlen(s), &p->r))
		return false;
	for (int i = 0; i < p->nname; i++) {
		int l = count_name(&p->l, i), r = count_name(&p->r, i);
		if (l > 1 || r > 1)
			return bad(p, "names a dimension twice: ", p->name[i]);
		if (l == 0 || (r == 0 && !reduce))
			return bad(p,
			           l ? "has a name on the left only: "
			             : "has a name on the right only: ",
			           p->name[i]);
	}
	if (p->r.dots && !p->l.dots)
		return bad(p, "has `...` on the right only", "");
	if (p->l.dots && !p->r.dots && !reduce)
		return bad(p, "has `...` on the left only", "");
	return true;
}

/* Sizes given by name. */
static bool given_sizes(Pattern *p, const Value *sizes)
{
	for (int i = 0; i < sizes->nitem; i++) {
		int k = 0;
		while (k < p->nname && p->name[k] != sizes->item[i].key)
			k++;
		if (k == p->nname) {
			Diag *d = fail(p->e, sizes->item[i].at, "E0202",
			               "the pattern has no name `%s`", sizes->item[i].key);
			diag_span(d, user_place(p->e, p->pattern->at), "%s", "");
			return false;
		}
		if (!need_dim(p->e, &sizes->item[i],
		              arena_printf(p->e->mem, "`%s`", p->name[k]), false, &p->size[k]))
			return false;
		p->known[k] = true;
		p->given[k] = &sizes->item[i];
	}
	return true;
}

/* The place of dimension i of the left side inside the string. */
static Span dimension_place(Pattern *p, int i)
{
	Span at = p->pattern->at;
	const char *text = source_text(p->e->j, at);
	if (in_prelude(p->e, at) || at.file < 0 || strlen(text) != strlen(p->pattern->str) + 2)
		return at;
	at.end = at.beg + 1 + p->l.end[i];
	at.beg += 1 + p->l.beg[i];
	return at;
}

/* The whole argument `h = heads` that gave the value. */
static Span argument_place(const Frame *f, const Value *v)
{
	const AstList *l = &f->call->u.call.arg;
	for (int i = 0; i < l->n; i++)
		if (l->v[i]->at.file == v->at.file && l->v[i]->at.beg <= v->at.beg &&
		    l->v[i]->at.end >= v->at.end)
			return l->v[i]->at;
	return v->at;
}

/* Message 17: dimension i of d elements has no k-th part of its own beside `by`. */
static bool cannot_split(Pattern *p, int i, Dim d, Dim by, int k)
{
	Elab *e = p->e;
	const Value *size = 0;
	for (int j = 0; j < p->l.len[i]; j++)
		if (p->l.name[i][j] >= 0 && p->given[p->l.name[i][j]])
			size = p->given[p->l.name[i][j]];
	const char *n = dim_text(e->mem, d), *parts = dim_text(e->mem, by);
	const Const *c = size ? const_behind(e, size) : 0;
	if (c && told(e, "E0308 %s %s %s", n, parts, c->name))
		return false;
	Diag *m = fail_bare(e, dimension_place(p, i), "E0308",
	                    "cannot split a dimension of %s into %s equal parts", n, parts);
	diag_label(m, "%s = %s * %s has no whole solution", n, parts, p->name[k]);
	/* what a constant of the whole program says does not depend on the block */
	if (!c)
		note_blocks(e, m);
	if (size) {
		Span at = user_place(e, size->at);
		const char *name = source_text(e->j, at);
		diag_span(m, argument_place(p->f, size), "%s", number_source(e, size));
		if (is_word(name) || !in_prelude(e, size->at))
			diag_help(m, "choose `%s` from %s", is_word(name) ? name : size->key,
			          divisors(e, d.k));
	}
	return false;
}

static bool divide(Pattern *p, int i, Dim d, Dim by, int k)
{
	if (by.k && d.k % by.k == 0 && d.b >= by.b) {
		p->size[k] = dim_over(d, by);
		p->known[k] = true;
		return true;
	}
	return cannot_split(p, i, d, by, k);
}

/* Sizes of the names of one dimension on the left. */
static bool solve(Pattern *p, int i, Dim d)
{
	Dim known = dim_num(1);
	int hole = -1;
	for (int j = 0; j < p->l.len[i]; j++) {
		int k = p->l.name[i][j];
		if (k == ONE)
			continue;
		if (p->known[k]) {
			if (!dim_mul(known, p->size[k], &known))
				return bad(p, "multiplies two batch dimensions", "");
		} else if (hole >= 0) {
			return bad(p, "leaves two sizes of a group open: ", p->name[k]);
		} else {
			hole = k;
		}
	}
	if (hole >= 0)
		return divide(p, i, d, known, hole);
	if (dim_eq(known, d))
		return true;
	Diag *m = fail(p->e, p->pattern->at, "E0308",
	               "dimension %d has %s elements, but the pattern says "
	               "%s",
	               i, dim_text(p->e->mem, d), dim_text(p->e->mem, known));
	show_value(p->e, m, &p->f->formal[0]);
	return false;
}

/* Names of the left side one by one: [N, T, h, d]; order[i]: the name of dimension i, dots as
 * names from MAXNAME on. */
static Node *flat(Pattern *p, const Value *x, int *order, int *norder)
{
	const Type *t = &x->n->ty;
	int fixed = p->l.n - p->l.dots, dots = t->rank - fixed, axis = 0, n = 0;
	Type ft = *t;
	memset(ft.dim, 0, sizeof ft.dim);
	if (dots < 0 || (dots && !p->l.dots)) {
		Diag *d = fail(p->e, p->pattern->at, "E0303",
		               "the pattern has %d dimensions, but the tensor "
		               "has %d",
		               fixed, t->rank);
		show_value(p->e, d, x);
		return 0;
	}
	for (int i = 0; i < p->l.n; i++) {
		if (p->l.len[i] == 1 && p->l.name[i][0] == DOTS) {
			for (int k = 0; k < dots && n < MAXRANK; k++) {
				ft.dim[n] = t->dim[axis++];
				order[n++] = MAXNAME + k;
			}
			continue;
		}
		if (!solve(p, i, t->dim[axis++]))
			return 0;
		for (int j = 0; j < p->l.len[i]; j++) {
			if (p->l.name[i][j] == ONE)
				continue;
			if (n == MAXRANK) {
				bad(p, "has too many names", "");
				return 0;
			}
			ft.dim[n] = p->size[p->l.name[i][j]];
			order[n++] = p->l.name[i][j];
		}
	}
	ft.rank = *norder = n;
	return n_reshape(p->e->g, value_node(p->e, x), &ft);
}

/* The dimensions of the right side in order, as places in order[]; and the final shape. */
static bool target(Pattern *p, const Node *x, const int *order, int n, int *perm, int *nperm,
                   Type *t)
{
	*nperm = 0;
	memset(t->dim, 0, sizeof t->dim);
	t->rank = 0;
	for (int i = 0; i < p->r.n; i++) {
		Dim d = dim_num(1);
		for (int j = 0; j < p->r.len[i] || (!p->r.len[i] && j == 0); j++) {
			int k = p->r.len[i] ? p->r.name[i][j] : ONE;
			for (int a = 0; a < n; a++) {
				if (k == DOTS ? order[a] < MAXNAME : order[a] != k)
					continue;
				perm[(*nperm)++] = a;
				if (k == DOTS && t->rank < MAXRANK)
					t->dim[t->rank++] = x->ty.dim[a];
				else if (!dim_mul(d, x->ty.dim[a], &d))
					return bad(p, "multiplies two batch dimensions", "");
			}
		}
		bool dots = p->r.len[i] == 1 && p->r.name[i][0] == DOTS;
		if (!dots && t->rank < MAXRANK)
			t->dim[t->rank++] = d;
	}
	return true;
}

static bool begin(Pattern *p, Elab *e, Frame *f, bool reduce, const Value **x)
{
	memset(p, 0, sizeof *p);
	p->e = e;
	p->f = f;
	p->pattern = formal(f, 1);
	Sym s;
	*x = need_tensor(e, f, 0);
	return *x && need_string(e, p->pattern, "the pattern", &s) &&
	       parse_pattern(p, reduce) && given_sizes(p, formal(f, reduce ? 3 : 2));
}

static Value b_rearrange(Elab *e, Frame *f)
{
	Pattern p;
	const Value *x;
	int order[MAXRANK], perm[MAXRANK], n, np;
	if (!begin(&p, e, f, false, &x))
		return v_poison();
	Node *y = flat(&p, x, order, &n);
	if (!y)
		return v_poison();
	Type t = y->ty;
	if (!target(&p, y, order, n, perm, &np, &t))
		return v_poison();
	Value v = v_tensor(e, n_reshape(e->g, n_permute(e->g, y, perm), &t), f->at);
	v.mark = x->mark;
	return v;
}

static Value b_reduce(Elab *e, Frame *f)
{
	Pattern p;
	const Value *x;
	Sym how;
	int order[MAXRANK], perm[MAXRANK], kept[MAXRANK], n, np, nk = 0;
	uint32_t axes = 0;
	if (!need_string(e, formal(f, 2), "the third argument of `reduce`", &how) ||
	    !begin(&p, e, f, true, &x))
		return v_poison();
	Node *y = flat(&p, x, order, &n);
	if (!y)
		return v_poison();
	for (int i = 0; i < n; i++) {
		bool stays = order[i] >= MAXNAME ? p.r.dots : count_name(&p.r, order[i]) > 0;
		if (stays)
			kept[nk++] = order[i];
		else
			axes |= 1u << i;
	}
	bool known = strcmp(how, "argmax") && strcmp(how, "argmin");
	Node *r = known ? reduce_kept(e, how, real_of(e, y), axes) : 0;
	if (!r) {
		Diag *d = fail(e, formal(f, 2)->at, "E0207", "`reduce` does not know \"%s\"",
		               how);
		diag_help(d, "it knows mean, sum, max, min, prod, var and unbiased_var");
		return v_poison();
	}
	r = drop_axes(e, r, axes);
	Type t = r->ty;
	if (!target(&p, r, kept, nk, perm, &np, &t))
		return v_poison();
	return v_tensor(e, n_reshape(e->g, n_permute(e->g, r, perm), &t), f->at);
}

/* ---- einsum ------------------------------------------------------------------------------ */

typedef struct { Node *n; int label[MAXRANK]; } Operand;

static uint32_t labels_of(const Operand *o)
{
	uint32_t m = 0;
	for (int i = 0; i < o->n->ty.rank; i++)
		m |= 1u << o->label[i];
	return m;
}

/* Sums o over the labels that are in no set. */
static void sum_out(Elab *e, Operand *o, uint32_t keep)
{
	uint32_t axes = 0;
	int n = 0;
	for (int i = 0; i < o->n->ty.rank; i++)
		if (!(keep >> o->label[i] & 1))
			axes |= 1u << i;
	for (int i = 0; i < o->n->ty.rank; i++)
		if (!(axes >> i & 1))
			o->label[n++] = o->label[i];
	o->n = drop_axes(e, n_reduce(e->g, O_sum, o->n, axes), axes);
}

/* A letter twice in one operand takes the diagonal: elsewhere 0, then a sum over the second. */
static bool diagonals(Pattern *p, Operand *o)
{
	Graph *g = p->e->g;
	for (int i = 0; i < o->n->ty.rank; i++)
		for (int k = i + 1; k < o->n->ty.rank; k++) {
			if (o->label[i] != o->label[k])
				continue;
			if (o->n->ty.dim[i].b)
				return bad(p, "names the batch twice: ", p->name[o->label[i]]);
			Node *same = n_op2(g, O_eq, n_iota(g, &o->n->ty, i),
			                   n_iota(g, &o->n->ty, k));
			Node *x = n_op3(g, O_where, same, o->n, n_const(g, 0));
			o->n = drop_axes(p->e, n_reduce(g, O_sum, x, 1u << k), 1u << k);
			for (int r = k; r < o->n->ty.rank; r++)
				o->label[r] = o->label[r + 1];
			k--;
		}
	return true;
}

/* Letters of one operand against its dimensions; false after a message. */
static bool operand(Pattern *p, const char **s, const Value *v, Operand *o)
{
	int n = 0;
	o->n = value_real(p->e, v);
	for (; **s && **s != ',' && strncmp(*s, "->", 2); ++*s) {
		if (**s == ' ')
			continue;
		if (!isalpha((unsigned char)**s))
			return bad(p, "has a character that is no letter: ",
			           arena_printf(p->e->mem, "`%c`", **s));
		int k = name_number(p, *s, 1);
		if (k < 0 || n >= MAXRANK)
			return bad(p, "has too many letters", "");
		o->label[n++] = k;
		if (n > o->n->ty.rank)
			continue;
		Dim d = o->n->ty.dim[n - 1];
		if (p->known[k] && !dim_eq(p->size[k], d)) {
			Diag *m = fail(p->e, p->pattern->at, "E0301",
			               "`%s` is %s in one operand and %s in "
			               "another",
			               p->name[k], dim_text(p->e->mem, p->size[k]),
			               dim_text(p->e->mem, d));
			show_value(p->e, m, v);
			return false;
		}
		p->known[k] = true;
		p->size[k] = d;
	}
	if (n == o->n->ty.rank)
		return diagonals(p, o);
	Diag *d = fail(p->e, p->pattern->at, "E0303",
	               "the pattern has %d letters for a tensor of rank %d", n, o->n->ty.rank);
	show_value(p->e, d, v);
	return false;
}

static bool einsum_result(Pattern *p, const char *s, uint32_t have, int *out, int *nout,
                          Type *t)
{
	*nout = 0;
	*t = type_scalar(DT_REAL);
	for (; *s; s++) {
		if (*s == ' ')
			continue;
		int k = name_number(p, s, 1);
		if (k < 0 || !(have >> k & 1))
			return bad(p,
			           "has a letter on the right only: ", k < 0 ? "" : p->name[k]);
		for (int i = 0; i < *nout; i++)
			if (out[i] == k)
				return bad(p, "names a dimension twice: ", p->name[k]);
		if (*nout == MAXRANK)
			return bad(p, "has too many letters", "");
		t->dim[t->rank++] = p->size[k];
		out[(*nout)++] = k;
	}
	return shape_ok(p->e, t, p->f->at);
}

static Node *einsum_product(Pattern *p, Operand *o, int n, const int *out, int nout)
{
	uint32_t result = 0;
	Elab *e = p->e;
	for (int i = 0; i < nout; i++)
		result |= 1u << out[i];
	Operand a = o[0];
	for (int i = 1; i < n; i++) {
		uint32_t rest = result, la, lb;
		int keep[MAXNAME], nkeep = 0;
		for (int k = i + 1; k < n; k++)
			rest |= labels_of(&o[k]);
		sum_out(e, &a, rest | labels_of(&o[i]));
		sum_out(e, &o[i], rest | labels_of(&a));
		la = labels_of(&a);
		lb = labels_of(&o[i]);
		if (i == n - 1)
			for (int k = 0; k < nout; k++)
				keep[nkeep++] = out[k];
		else
			for (int k = 0; k < MAXNAME; k++)
				if ((la | lb) & rest & 1u << k)
					keep[nkeep++] = k;
		if (nkeep > MAXRANK)
			return 0;
		Type t = type_scalar(DT_REAL);
		for (int k = 0; k < nkeep; k++)
			t.dim[t.rank++] = p->size[keep[k]];
		if (!shape_ok(e, &t, p->f->at))
			return 0;
		a.n = n_contract(e->g, a.n, o[i].n, a.label, o[i].label, keep, nkeep);
		for (int k = 0; k < nkeep; k++)
			a.label[k] = keep[k];
	}
	if (n > 1)
		return a.n;
	sum_out(e, &a, result);
	int perm[MAXRANK];
	for (int i = 0; i < nout; i++)
		for (int k = 0; k < nout; k++)
			if (a.label[k] == out[i])
				perm[i] = k;
	return n_permute(e->g, a.n, perm);
}

/* einsum(pattern, operands...) */
static Value b_einsum(Elab *e, Frame *f)
{
	Pattern p;
	Operand o[8];
	Sym s;
	Type t;
	int out[MAXRANK], nout, n = 0;
	memset(&p, 0, sizeof p);
	p.e = e;
	p.f = f;
	p.pattern = formal(f, 0);
	const Value *l = formal(f, 1);
	if (!need_string(e, p.pattern, "the pattern", &s))
		return v_poison();
	uint32_t have = 0;
	for (const char *q = s;; q++) {
		if (n == 8 || n == l->nitem) {
			bad(&p, "names more operands than are given", "");
			return v_poison();
		}
		if (l->item[n].kind != V_TENSOR) {
			fail(e, l->item[n].at, "E0310",
			     "`einsum` multiplies tensors, but this is %s",
			     value_text(e, &l->item[n]));
			return v_poison();
		}
		if (!operand(&p, &q, &l->item[n], &o[n]))
			return v_poison();
		have |= labels_of(&o[n++]);
		if (!*q) {
			bad(&p, "needs `->`", "");
			return v_poison();
		}
		if (*q == ',')
			continue;
		if (n != l->nitem) {
			bad(&p, "names fewer operands than are given", "");
			return v_poison();
		}
		if (!einsum_result(&p, q + 2, have, out, &nout, &t))
			return v_poison();
		break;
	}
	Node *r = einsum_product(&p, o, n, out, nout);
	return r ? v_tensor(e, r, f->at) : v_poison();
}

const BuiltinRow pattern_rows[] = {
	{ "rearrange", b_rearrange }, { "reduce", b_reduce }, { "einsum", b_einsum }, { 0, 0 },
};
