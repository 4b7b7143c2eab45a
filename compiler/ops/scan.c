/* scan.c - a body repeated for t = 0, 1, ..., and its results.
 *
 * A scan node has one body graph.  Its inputs are first values of the carries, then sequences,
 * then captured values, as the body's leaves carry(i), seq(i), capture(i) name them.  The
 * body's roots are R_CARRY i (the next value) and R_EMIT i.  item(i) of a scan: i < ncarry the
 * last carry, else emit i - ncarry stacked over t as dimension 1 (0 for a scalar).
 */
#include "family.h"

#include <string.h>

static bool refuse(Why *why, const char *text)
{
	why->text = text;
	return false;
}

const Root *scan_root(const Graph *body, RootKind kind, int index)
{
	/* where it is if the carries stand first, and the emits behind them, all in order */
	int n = body->nroot, at = index;
	if (kind == R_EMIT && n)
		at = n - 1 - body->root[n - 1].index + index;
	if (at >= 0 && at < n && body->root[at].kind == kind && body->root[at].index == index)
		return &body->root[at];
	for (int i = 0; i < n; i++)
		if (body->root[i].kind == kind && body->root[i].index == index)
			return &body->root[i];
	bug(body->job, "scan: a result of the body is missing");
}

Type scan_item_type(const Node *scan, int index)
{
	if (index < scan->a.scan.ncarry)
		return scan->in[index]->ty;
	Type t = scan_root(scan->body, R_EMIT, index - scan->a.scan.ncarry)->node->ty;
	int axis = t.rank ? 1 : 0;
	for (int i = t.rank; i > axis; i--)
		t.dim[i] = t.dim[i - 1];
	t.dim[axis] = dim_num(scan->a.scan.steps);
	t.rank++;
	return t;
}

bool shape_scan(Type *ty, const Node *n, Why *why)
{
	const Attr *a = &n->a;
	*ty = type_scalar(DT_REAL);
	if (!n->body || n->nin < a->scan.ncarry + a->scan.nseq)
		return refuse(why, "inputs are missing");
	for (int i = 0; i < a->scan.ncarry; i++)
		if (!type_eq(&scan_root(n->body, R_CARRY, i)->node->ty, &n->in[i]->ty))
			return refuse(why, "a carry changes its type");
	for (int i = 0; i < a->scan.nemit; i++)
		if (scan_root(n->body, R_EMIT, i)->node->ty.rank >= MAXRANK)
			return refuse(why, "the rank of an emit is too large");
	return true;
}

bool shape_item(Type *ty, const Node *n, Why *why)
{
	const Node *scan = n->in[0];
	if (scan->op != O_scan || n->a.item.index >= scan->a.scan.ncarry + scan->a.scan.nemit)
		return refuse(why, "no such result");
	*ty = scan_item_type(scan, n->a.item.index);
	return true;
}

/* Does the body of a scan read its input number k?  inside: of the body, as graph_read gives it. */
static bool body_reads(const Node *scan, const bool *inside, int k)
{
	int seq = k - scan->a.scan.ncarry, capture = seq - scan->a.scan.nseq;
	if (seq < 0)
		return true;
	for (int i = 0; i < scan->body->n; i++) {
		const Node *n = scan->body->node[i];
		if (inside[i] && ((n->op == O_seq && capture < 0 && n->a.seq.index == seq) ||
		                  (n->op == O_capture && n->a.leaf.index == capture)))
			return true;
	}
	return false;
}

/* Item n of a scan is read: the emit it is counts. */
static void take_emit(const Node *n, bool **taken, Arena *a)
{
	const Node *scan = n->in[0];
	int emit = n->a.item.index - scan->a.scan.ncarry;
	if (!taken[scan->id])
		taken[scan->id] = NEWN(a, bool, scan->a.scan.nemit + 1);
	if (emit >= 0)
		taken[scan->id][emit] = true;
}

/* counts: the emits that do, where g is the body of a scan. */
static bool *read_for(const Graph *g, const bool *counts, Arena *a)
{
	bool *read = NEWN(a, bool, g->n + 1), **taken = NEWN(a, bool *, g->n + 1);
	for (int i = 0; i < g->nroot; i++)
		if (!counts || g->root[i].kind != R_EMIT || counts[g->root[i].index])
			read[g->root[i].node->id] = true;
	for (int i = g->n - 1; i >= 0; i--) {
		const Node *n = g->node[i];
		if (!read[i])
			continue;
		if (n->op == O_item)
			take_emit(n, taken, a);
		const bool *inside = n->body ? read_for(n->body, taken[i], a) : 0;
		for (int k = 0; k < n->nin; k++)
			read[n->in[k]->id] |= !inside || body_reads(n, inside, k);
	}
	return read;
}

bool *graph_read(const Graph *g, Arena *a)
{
	return read_for(g, 0, a);
}

/* The driver (pass/grad.c) differentiates scans as a whole. */
Node *grad_scan(Graph *g, Node *y, Node *dy, int i)
{
	(void)dy;
	(void)i;
	bug(g->job, "%s is differentiated by the driver", opinfo[y->op].name);
}

Node *grad_item(Graph *g, Node *y, Node *dy, int i)
{
	return grad_scan(g, y, dy, i);
}

/* ---- the interpreter ------------------------------------------------------------- */

struct frame {
	const Node *scan;
	const EvalEnv *env;
	double *const *in;
	double **carry;
	int64_t t;
	double tick;
	Arena *mem;
};

/* This step's slice of a sequence: index t + offset along axis. */
static const double *slice(struct frame *f, const Node *n)
{
	const Type *x = &f->scan->in[f->scan->a.scan.ncarry + n->a.seq.index]->ty;
	const double *from = f->in[f->scan->a.scan.ncarry + n->a.seq.index];
	int64_t outer = 1, inner = 1, len = dim_at(x->dim[n->a.seq.axis], f->env->B);
	for (int i = 0; i < x->rank; i++)
		if (i != n->a.seq.axis)
			*(i < n->a.seq.axis ? &outer : &inner) *= dim_at(x->dim[i], f->env->B);
	double *v = NEWN(f->mem, double, outer *inner + 1);
	for (int64_t o = 0; o < outer; o++)
		memcpy(v + o * inner, from + (o * len + f->t + n->a.seq.offset) * inner,
		       sizeof *v * (size_t)inner);
	return v;
}

static const double *frame_leaf(void *arg, const Node *n)
{
	struct frame *f = arg;
	const Attr *a = &f->scan->a;
	if (n->op == O_carry)
		return f->carry[n->a.leaf.index];
	if (n->op == O_seq)
		return slice(f, n);
	if (n->op == O_capture)
		return f->in[a->scan.ncarry + a->scan.nseq + n->a.leaf.index];
	if (n->op == O_tick)
		return &f->tick;
	return f->env->leaf(f->env->arg, n);
}

/* Stacks one emit: dimension 1 of the result is t. */
static void stack(const Type *t, int B, int64_t steps, int64_t at, const double *v, double *out)
{
	int64_t outer = t->rank ? dim_at(t->dim[0], B) : 1,
		inner = type_len(t, B) / (outer ? outer : 1);
	for (int64_t o = 0; o < outer; o++)
		memcpy(out + (o * steps + at) * inner, v + o * inner,
		       sizeof *v * (size_t)inner);
}

/* out: all results one after another, in the order of item. */
void eval_scan(const Node *n, const EvalEnv *env, double *const *in, double *out)
{
	int nc = n->a.scan.ncarry, ne = n->a.scan.nemit, B = env->B;
	Arena *mem = arena_new();
	struct frame f = { .scan = n, .env = env, .in = in, .mem = mem };
	double **item = NEWN(mem, double *, nc + ne + 1);
	for (int i = 0; i < nc + ne; i++) {
		Type t = scan_item_type(n, i);
		item[i] = out;
		if (i < nc)
			memcpy(out, in[i], sizeof *out * (size_t)type_len(&t, B));
		out += type_len(&t, B);
	}
	f.carry = item;
	for (int s = 0; s < n->a.scan.steps; s++) {
		Arena *step = arena_new();
		f.t = n->a.scan.reverse ? n->a.scan.steps - 1 - s : s;
		f.tick = (double)f.t;
		f.mem = step;
		EvalEnv e = *env;
		e.leaf = frame_leaf;
		e.arg = &f;
		e.tick = env->tick * (uint64_t)n->a.scan.steps + (uint64_t)f.t;
		double **v = graph_eval(n->body, &e, step);
		for (int i = 0; i < ne; i++) {
			const Node *r = scan_root(n->body, R_EMIT, i)->node;
			stack(&r->ty, B, n->a.scan.steps, f.t, v[r->id], item[nc + i]);
		}
		for (int i = 0; i < nc; i++) {
			const Node *r = scan_root(n->body, R_CARRY, i)->node;
			/* a carry may be another one's leaf: copy through the step's arena */
			size_t bytes = sizeof(double) * (size_t)type_len(&r->ty, B);
			double *next = arena_alloc(step, bytes + 1);
			memcpy(next, v[r->id], bytes);
			v[r->id] = next;
		}
		for (int i = 0; i < nc; i++) {
			const Node *r = scan_root(n->body, R_CARRY, i)->node;
			memcpy(item[i], v[r->id], sizeof(double) * (size_t)type_len(&r->ty, B));
		}
		arena_free(step);
	}
	arena_free(mem);
}

void eval_item(const Node *n, const EvalEnv *env, double *const *in, double *out)
{
	const double *from = in[0];
	for (int i = 0; i < n->a.item.index; i++) {
		Type t = scan_item_type(n->in[0], i);
		from += type_len(&t, env->B);
	}
	memcpy(out, from, sizeof *out * (size_t)type_len(&n->ty, env->B));
}
