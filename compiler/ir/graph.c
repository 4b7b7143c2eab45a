/* graph.c - node(), the only constructor of tensor nodes; roots; walks over live nodes.
 *
 * In:    op, attribute, inputs.   Out: the one node that is equal to them in this graph.
 * Holds: inputs have smaller ids; equal nodes are one pointer; every node obeys its shape rule.
 *
 * The key is op, type, attribute bytes, inputs and body; not span, not name.  Folding happens
 * here: constants, moves that move nothing, moves of moves.
 */
#include "op.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { NEAR = 8 };                     /* slots of a line of the cache                         */

Graph *graph_new(Job *j, Sym name)
{
	Arena *a = arena_new();
	Graph *g = NEW(a, Graph);
	g->job = j;
	g->serial = ++j->ngraph;
	g->mem = a;
	g->name = name;
	return g;
}

Graph *graph_body(Graph *outer)
{
	Graph *g = NEW(outer->mem, Graph);
	g->job = outer->job;
	g->serial = ++outer->job->ngraph;
	g->mem = outer->mem;
	g->name = outer->name;
	g->outer = outer;
	g->exact = outer->exact;
	g->part = outer->part;
	return g;
}

void graph_free(Graph *g)
{
	if (g && !g->outer)
		arena_free(g->mem);
}

/* ---- attributes ------------------------------------------------------------------ */

/* Most nodes have none, and a graph is read from one end to the other many times. */
static size_t attr_size(Op op)
{
	const Attr *a = 0;
	switch (opinfo[op].attr) {
	case AT_NONE: return 0;
	case AT_CONST: return sizeof a->k;
	case AT_LEAF: return sizeof a->leaf;
	case AT_AXIS: case AT_ROWS: return sizeof a->axis;
	case AT_RANDOM: return sizeof a->random;
	case AT_SEQ: return sizeof a->seq;
	case AT_AXES: return sizeof a->red;
	case AT_PERM: return sizeof a->perm;
	case AT_LO: return sizeof a->pad;
	case AT_CONTRACT: return sizeof a->con;
	case AT_WINDOW: return sizeof a->win;
	case AT_SCAN: return sizeof a->scan;
	case AT_ITEM: return sizeof a->item;
	case AT_WHOLE: return sizeof a->whole;
	}
	return sizeof *a;
}

Attr node_attr(const Node *n)
{
	Attr a;
	memset(&a, 0, sizeof a);
	memcpy(&a, &n->a, attr_size(n->op));
	return a;
}

/* ---- the hash table -------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

/* (The address of a body takes no part: tables are the same in every run.) */
static uint32_t node_hash(const Node *n)
{
	uint64_t word[(sizeof n->a + 7) / 8] = { 0 };
	uint64_t h = mix((uint64_t)n->op << 32 | (uint64_t)n->ty.dt << 16 | (uint64_t)n->ty.rank,
	                 (uint64_t)(uint32_t)n->ty.classes << 32 | (uint64_t)(n->body != 0));
	for (int i = 0; i < n->ty.rank; i++)
		h = mix(h, (uint64_t)(uint32_t)n->ty.dim[i].k << 1 | (uint64_t)n->ty.dim[i].b);
	memcpy(word, &n->a, attr_size(n->op));
	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		h = word[i] ? mix(h, word[i] + i) : h;
	for (int i = 0; i < n->nin; i++)
		h = mix(h, (uint64_t)n->in[i]->id + 1);
	return (uint32_t)h;
}

static bool node_same(const Node *a, const Node *b)
{
	return a->hash == b->hash && a->op == b->op && a->nin == b->nin && a->body == b->body &&
	       type_eq(&a->ty, &b->ty) && memcmp(&a->a, &b->a, attr_size(a->op)) == 0 &&
	       (!a->nin || memcmp(a->in, b->in, sizeof *a->in * (size_t)a->nin) == 0);
}

/* The place of a node equal to key, or the free one that key is to take.
 *
 * Passes make nodes next to those that they read.  So a node is looked for beside the last of
 * its inputs first, where the table is in the cache; where that is full, by its hash. */
static Slot *find(const Graph *g, const Node *key)
{
	uint32_t mask = (uint32_t)(g->tablesize - 1), near = 0;
	for (int i = 0; i < key->nin; i++)
		near = (uint32_t)key->in[i]->id > near ? (uint32_t)key->in[i]->id : near;
	near = 2 * near & ~(uint32_t)(NEAR - 1);
	for (uint32_t i = key->nin ? 0 : NEAR;; i++) {
		Slot *s = &g->table[(i < NEAR ? near + i : key->hash + i) & mask];
		if (!s->node || (s->hash == key->hash && node_same(g->node[s->node - 1], key)))
			return s;
	}
}

static void table_grow(Graph *g)
{
	if (2 * (g->n + 1) <= g->tablesize)
		return;
	arena_drop(g->mem, g->table, sizeof *g->table * (size_t)g->tablesize);
	g->tablesize = g->tablesize ? 2 * g->tablesize : 64;
	g->table = NEWN(g->mem, Slot, g->tablesize);
	for (int i = 0; i < g->n; i++)
		*find(g, g->node[i]) = (Slot){ g->node[i]->hash, i + 1 };
}

static void push_node(Graph *g, Node *n)
{
	if (g->n == g->cap) {
		size_t have = sizeof(Node *) * (size_t)g->n;
		g->cap = g->cap ? 2 * g->cap : 32;
		g->node = arena_enlarge(g->mem, g->node, have, sizeof(Node *) * (size_t)g->cap);
	}
	g->node[g->n++] = n;
}

void graph_reserve(Graph *g, int n)
{
	g->tablesize = 64;
	while (g->tablesize < 2 * n + 2)
		g->tablesize *= 2;
	g->table = NEWN(g->mem, Slot, g->tablesize);
	g->cap = n + 1;
	g->node = NEWN(g->mem, Node *, g->cap);
}

Node *node_room(Arena *a, const Node *like)
{
	size_t size = offsetof(Node, a) + attr_size(like->op);
	Node **in = arena_alloc(a, sizeof(Node *) * (size_t)like->nin + size);
	Node *n = (Node *)(void *)(in + like->nin);
	memcpy(n, like, size);
	n->in = in;
	return n;
}

/* The node equal to key, copied into the graph if it is new. */
static Node *table_get(Graph *g, Node *key)
{
	table_grow(g);
	key->hash = node_hash(key);
	Slot *s = find(g, key);
	if (s->node)
		return g->node[s->node - 1];
	Node *n = node_room(g->mem, key);
	n->id = g->n;
	if (key->nin)
		memcpy(n->in, key->in, sizeof(Node *) * (size_t)key->nin);
	n->at = NOWHERE;
	n->part = g->part;
	push_node(g, n);
	*s = (Slot){ n->hash, g->n };
	return n;
}

/* ---- shape rules of the kinds ---------------------------------------------------- */

static bool shape_map(Type *ty, const Node *n, Why *why)
{
	const OpInfo *o = &opinfo[n->op];
	int first = n->op == O_where ? 1 : 0; /* the condition has a type of its own  */
	*ty = n->in[first]->ty;
	for (int i = 0; i < n->nin; i++) {
		const Type *t = &n->in[i]->ty;
		if (t->rank != ty->rank) {
			why->text = "ranks differ";
			return false;
		}
		if (i > first && t->dt != ty->dt) {
			why->text = "element types differ";
			return false;
		}
		for (int k = 0; k < t->rank; k++) {
			if (dim_is(ty->dim[k], 1))
				ty->dim[k] = t->dim[k];
			else if (!dim_is(t->dim[k], 1) && !dim_eq(t->dim[k], ty->dim[k])) {
				why->text = "extents differ";
				return false;
			}
		}
		if (i > first && t->classes != ty->classes)
			ty->classes = 0;
	}
	if (o->bool_result || n->op == O_real) {
		ty->dt = o->bool_result ? DT_BOOL : DT_REAL;
		ty->classes = 0;
	}
	return true;
}

static bool shape_reduce(Type *ty, const Node *n, Why *why)
{
	*ty = n->in[0]->ty;
	int64_t classes = 1;
	for (int i = 0; i < ty->rank; i++)
		if (n->a.red.axes >> i & 1) {
			classes *= ty->dim[i].b ? INT32_MAX : ty->dim[i].k;
			if (classes > INT32_MAX)
				classes = INT32_MAX;
			ty->dim[i] = dim_num(1);
		}
	if (ty->rank < 32 && n->a.red.axes >> ty->rank) {
		why->text = "no such axis";
		return false;
	}
	if (opinfo[n->op].index) {
		ty->dt = DT_I32;
		ty->classes = classes < INT32_MAX ? (int32_t)classes : 0;
	}
	return true;
}

static void shape_of(Graph *g, Node *n, const Type *ty)
{
	const OpInfo *o = &opinfo[n->op];
	Why why = { 0 };
	Dim size;
	bool ok = true;
	if (o->nin >= 0 && n->nin != o->nin)
		bug(g->job, "%s: %d inputs instead of %d", o->name, n->nin, o->nin);
	if (ty)
		n->ty = *ty;
	else if (o->typed)
		bug(g->job, "%s needs a type", o->name);
	if (o->shape)
		ok = o->shape(&n->ty, n, &why);
	else if (o->kind == MAP)
		ok = shape_map(&n->ty, n, &why);
	else if (o->kind == REDUCE)
		ok = shape_reduce(&n->ty, n, &why);
	if (ok && !type_size(&n->ty, &size)) {
		ok = false;
		why.text = "the result is too large";
	}
	if (!ok) {
		const char *s = "";
		for (int i = 0; i < n->nin; i++)
			s = arena_printf(g->mem, "%s %s", s, type_text(g->mem, &n->in[i]->ty));
		bug(g->job, "%s: %s (operands%s, result %s)", o->name, why.text, s,
		    type_text(g->mem, &n->ty));
	}
}

/* ---- folding --------------------------------------------------------------------- */

bool node_is_const(const Node *n, double *k)
{
	while (n->op == O_reshape || n->op == O_expand)
		n = n->in[0];
	if (n->op != O_const)
		return false;
	*k = n->a.k;
	return true;
}

static Node *const_node(Graph *g, double k, const Type *ty)
{
	Attr a;
	memset(&a, 0, sizeof a);
	a.k = k != k ? (double)NAN : k; /* one NaN */
	if (ty->dt == DT_I32 && ty->classes) {
		Type t = *ty;
		t.classes = 0;
		return node(g, O_const, &a, 0, 0, &t);
	}
	return node(g, O_const, &a, 0, 0, ty);
}

/* A MAP of constants, or a move that is none; 0 if nothing folds.  n: complete but not entered.
 */
static Node *fold(Graph *g, const Node *n)
{
	const OpInfo *o = &opinfo[n->op];
	double k[MAXARITY] = { 0 };
	if (o->kind == MAP && o->f) {
		for (int i = 0; i < n->nin; i++)
			if (!node_is_const(n->in[i], &k[i]))
				return 0;
		return const_node(g, o->f(k[0], k[1], k[2]), &n->ty);
	}
	if (o->kind != MOVE || n->nin != 1)
		return 0;
	Node *x = n->in[0];
	bool shape = n->op == O_reshape || n->op == O_expand;
	if (x->op == O_const &&
	    (shape || n->op == O_permute || n->op == O_slice || n->op == O_flip))
		return const_node(g, x->a.k, &n->ty);
	if ((shape || n->op == O_slice) && type_shape_eq(&n->ty, &x->ty))
		return x;
	if (n->op == x->op && (n->op == O_reshape || n->op == O_expand)) {
		Node *in = x->in[0];
		return node(g, n->op, &n->a, &in, 1, &n->ty);
	}
	return 0;
}

Node *node(Graph *g, Op op, const Attr *a, Node *const *in, int nin, const Type *ty)
{
	const OpInfo *o = &opinfo[op];
	Node *order[2];
	Node key;
	memset(&key, 0, sizeof key);
	key.op = op;
	key.nin = nin;
	key.in = (Node **)(uintptr_t)in;
	if (a)
		memcpy(&key.a, a, attr_size(op));
	if (op == O_const && key.a.k != key.a.k)
		key.a.k = (double)NAN; /* one NaN */
	if (o->commutes && nin == 2 && in[0]->id > in[1]->id) {
		order[0] = in[1];
		order[1] = in[0];
		key.in = order;
	}
	shape_of(g, &key, ty);
	Node *f = fold(g, &key);
	return f ? f : table_get(g, &key);
}

Node *node_scan(Graph *g, const Attr *a, Node *const *in, int nin, Graph *body)
{
	Node key;
	memset(&key, 0, sizeof key);
	key.op = O_scan;
	memcpy(&key.a, a, attr_size(O_scan));
	key.nin = nin;
	key.in = (Node **)(uintptr_t)in;
	key.body = body;
	key.ty = type_scalar(DT_REAL);
	shape_of(g, &key, 0);
	return table_get(g, &key);
}

Node *node_mark(Node *n, Span at, Sym name)
{
	if (n->at.file < 0)
		n->at = at;
	if (!n->name)
		n->name = name;
	return n;
}

void graph_root(Graph *g, RootKind kind, int index, Sym name, Node *n, Span at)
{
	Root r = { kind, index, name, n, at };
	PUSH(g->mem, g->root, g->nroot, g->caproot, r);
}

/* ---- walks ----------------------------------------------------------------------- */

bool *graph_live(const Graph *g, Arena *a)
{
	return graph_live_of(g, a, ALL_ROOTS);
}

bool *graph_live_of(const Graph *g, Arena *a, int mask)
{
	bool *live = NEWN(a, bool, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		live[g->root[i].node->id] |= mask >> g->root[i].kind & 1;
	for (int i = g->n - 1; i >= 0; i--) {
		graph_ahead(g, i - 8);
		for (int k = 0; live[i] && k < g->node[i]->nin; k++)
			live[g->node[i]->in[k]->id] = true;
	}
	return live;
}

int *graph_uses(const Graph *g, Arena *a)
{
	bool *live = graph_live(g, a);
	int *uses = NEWN(a, int, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		uses[g->root[i].node->id]++;
	for (int i = 0; i < g->n; i++)
		if (live[i])
			for (int k = 0; k < g->node[i]->nin; k++)
				uses[g->node[i]->in[k]->id]++;
	return uses;
}
