/* scangrad.c - the gradient of scan: a scan over reversed t.
 *
 * In:    a scan, the gradients of its results.   Out: gradients added to its inputs.
 *
 * The reverse body holds the gradient nodes of one step.  Its carries are the adjoints of the
 * carries.  Values of the forward body that it needs are stacked by a longer copy of the
 * forward scan (which then replaces it); moves are made again instead.  A captured value whose
 * gradient is a contraction of values of the step is not carried: the reverse scan emits the
 * operands, and one contraction after the loop sums over t too.  Any other captured gradient is
 * a carry that adds up.
 */
#include "op.h"
#include "pass.h"

#include <string.h>

enum { MAXTERM = 64 };

/* A list of outer nodes, as sequences or captures of the reverse scan. */
typedef struct {
	Node **v;
	int *axis;
	int n, cap, capaxis;
} Inputs;

typedef struct {
	Sweep *s;
	Node *scan;
	Graph *g, *body; /* body: of the reverse scan                            */
	Node **map;      /* forward body node -> node in body                    */
	bool *forward;   /* by body id: a copy of a forward node                 */
	int nforward;
	Inputs carry, seq, capture;
	Graph *longer; /* the forward body with more emits                     */
	Node **copy;   /* forward body node -> node of longer                  */
	int nemit;
	Root *next;
	int nnext, capnext; /* R_CARRY of the reverse body                      */
	Node **emit;
	int nout, capout; /* R_EMIT of the reverse body                       */
} Reverse;

static int input_add(Arena *a, Inputs *l, Node *n, int axis)
{
	for (int i = 0; i < l->n; i++)
		if (l->v[i] == n && l->axis[i] == axis)
			return i;
	int k = l->n;
	PUSH(a, l->axis, k, l->capaxis, axis);
	PUSH(a, l->v, l->n, l->cap, n);
	return l->n - 1;
}

static Node *seq_leaf(Graph *body, int index, int axis, int offset, const Type *slice)
{
	Attr a;
	memset(&a, 0, sizeof a);
	a.seq.index = index;
	a.seq.axis = axis;
	a.seq.offset = offset;
	return node(body, O_seq, &a, 0, 0, slice);
}

/* The axis along which values of a type are stacked. */
static int stack_axis(const Type *t)
{
	return t->rank ? 1 : 0;
}

/* A new emit of the longer forward scan; its stack is a sequence of the reverse scan.  The
 * stack is the item of a node that does not exist yet: it is noted by number in seq.v as 0. */
static Node *saved(Reverse *r, const Node *forward)
{
	int e = r->nemit++;
	graph_root(r->longer, R_EMIT, e, 0, r->copy[forward->id], NOWHERE);
	int k = r->seq.n;
	PUSH(r->g->mem, r->seq.axis, k, r->seq.capaxis, -1 - e);
	PUSH(r->g->mem, r->seq.v, r->seq.n, r->seq.cap, (Node *)0);
	return seq_leaf(r->body, r->seq.n - 1, stack_axis(&forward->ty), 0, &forward->ty);
}

/* ---- the reverse body: copies of forward nodes ----------------------------------- */

/* Copies the forward body, leaves renumbered: carries become placeholders that are saved later
 * if needed, sequences and captures the reverse scan's own. */
static void copy_forward(Reverse *r)
{
	const Graph *f = r->scan->body;
	const Attr *a = &r->scan->a;
	int ncarry = a->scan.ncarry;
	r->map = NEWN(r->g->mem, Node *, f->n + 1);
	bool *live = graph_live(f, r->g->mem);
	for (int i = 0; i < f->n; i++) {
		const Node *n = f->node[i];
		if (!live[i])
			continue;
		if (n->op == O_seq) {
			int k = input_add(r->g->mem, &r->seq,
			                  r->scan->in[ncarry + n->a.seq.index], n->a.seq.axis);
			r->map[i] =
				seq_leaf(r->body, k, n->a.seq.axis, n->a.seq.offset, &n->ty);
		} else if (n->op == O_capture) {
			Node *x = r->scan->in[ncarry + a->scan.nseq + n->a.leaf.index];
			int k = input_add(r->g->mem, &r->capture, x, 0);
			r->map[i] = n_leaf(r->body, O_capture, 0, k, &n->ty);
		} else if (n->op == O_carry) {
			/* out of the way of the adjoints' own carries; replaced in `finish` */
			r->map[i] =
				n_leaf(r->body, O_carry, 0, 100000 + n->a.leaf.index, &n->ty);
		} else {
			Rewrite w = { (Graph *)(uintptr_t)f, r->body, r->map };
			r->map[i] = rewrite_copy(&w, n);
		}
	}
	r->nforward = r->body->n;
}

static bool step_leaf(const Node *n)
{
	return n->op == O_carry || n->op == O_seq || n->op == O_capture;
}

/* Adjoint of result number k of the scan at this step. */
static Node *result_adjoint(Reverse *r, int k, Node *dy)
{
	const Attr *a = &r->scan->a;
	if (k < a->scan.ncarry)
		return n_leaf(r->body, O_carry, 0, k, &r->scan->in[k]->ty);
	const Root *e = scan_root(r->scan->body, R_EMIT, k - a->scan.ncarry);
	int axis = stack_axis(&e->node->ty);
	return seq_leaf(r->body, input_add(r->g->mem, &r->seq, dy, axis), axis, 0,
	                &e->node->ty);
}

/* ---- gradients of captures ------------------------------------------------------- */

/* One summand c of a captured gradient, a contraction of values of the step: emitted operands.
 */
typedef struct {
	int capture, emit[2];
	Node *fixed[2];
	Attr a;
	Type ty[2], shape;
	int rank;
} Term;

typedef struct {
	Term v[MAXTERM];
	int n;
	struct {
		int capture, carry;
	} sum[MAXTERM];
	int nsum;
} Later;

static int emit_add(Reverse *r, Node *n)
{
	for (int i = 0; i < r->nout; i++)
		if (r->emit[i] == n)
			return i;
	PUSH(r->g->mem, r->emit, r->nout, r->capout, n);
	return r->nout - 1;
}

static bool take_contraction(Reverse *r, Later *l, int capture, Node *c, const Type *shape)
{
	while (c->op == O_reshape)
		c = c->in[0];
	if (c->op == O_add && l->n + 2 < MAXTERM) {
		int n0 = l->n;
		if (take_contraction(r, l, capture, c->in[0], shape) &&
		    take_contraction(r, l, capture, c->in[1], shape))
			return true;
		l->n = n0;
		return false;
	}
	if (c->op != O_contract || c->a.con.nlabel >= MAXLABEL || l->n == MAXTERM)
		return false;
	for (int i = 0; i < 2; i++)
		if (c->in[i]->ty.rank >= MAXRANK || c->in[i]->op == O_capture ||
		    c->in[i]->op == O_const)
			return false;
	Term *t = &l->v[l->n++];
	t->capture = capture;
	t->a = node_attr(c);
	t->shape = *shape;
	t->rank = c->ty.rank;
	for (int i = 0; i < 2; i++) {
		t->emit[i] = emit_add(r, c->in[i]);
		t->ty[i] = c->in[i]->ty;
	}
	return true;
}

/* The contraction after the loop: label t joins the summed ones, first of them. */
static Node *after_loop(Reverse *r, const Term *t, Node *rev)
{
	int la[MAXRANK], lb[MAXRANK], out[MAXRANK], time = t->a.con.nlabel;
	Node *in[2];
	for (int i = 0; i < 2; i++) {
		const int8_t *from = i ? t->a.con.b : t->a.con.a;
		int *to = i ? lb : la, axis = stack_axis(&t->ty[i]), k = 0;
		for (int d = 0; d < t->ty[i].rank + 1; d++)
			to[d] = d == axis ? time : from[k++];
		in[i] = n_item(r->g, rev, r->nnext + t->emit[i]);
	}
	for (int i = 0; i < t->rank; i++)
		out[i] = i;
	return n_reshape(r->g, n_contract(r->g, in[0], in[1], la, lb, out, t->rank), &t->shape);
}

/* ---- putting it together --------------------------------------------------------- */

/* Is n a copy of a forward value, to be replaced by its saved stack?  Moves are cheaper made again. */
static bool is_replaced(const Node *n, const Node *forward)
{
	bool carry = n->op == O_carry && n->a.leaf.index >= 100000;
	bool again = opinfo[n->op].kind == LEAF ||
	             (opinfo[n->op].kind == MOVE && opinfo[n->op].cost == FREE);
	return forward && (carry || !again);
}

/* n over finished inputs. */
static Node *finish_one(Reverse *r, Graph *to, Node **done, const Node *n, const Node *forward)
{
	Node *m;
	if (is_replaced(n, forward)) {
		Graph *keep = r->body;
		r->body = to;
		m = saved(r, forward);
		r->body = keep;
	} else {
		/* A scan in the body: its reverse scan, and its longer copy, which runs again here on
		 * the saved values of the step. */
		Rewrite w = { r->body, to, done };
		m = rewrite_copy(&w, n);
	}
	return node_mark(m, n->at, n->name);
}

/* A node of the reverse body with every copy of a forward value replaced by its saved stack;
 * inputs first, without recursion: a body may be deep. */
static Node *finish_node(Reverse *r, Graph *to, Node **done, Node *last, const Node *const *origin)
{
	Node **stack = 0;
	int n = 0, cap = 0;
	PUSH(to->mem, stack, n, cap, last);
	while (n) {
		Node *top = stack[n - 1], *missing = 0;
		bool replaced = is_replaced(top, origin[top->id]);
		for (int i = 0; i < top->nin && !replaced && !missing; i++)
			missing = done[top->in[i]->id] ? 0 : top->in[i];
		if (missing) {
			PUSH(to->mem, stack, n, cap, missing);
			continue;
		}
		if (!done[top->id])
			done[top->id] = finish_one(r, to, done, top, origin[top->id]);
		n--;
	}
	return done[last->id];
}

/* The reverse body without forward computations; r->next and r->emit point into it afterwards.
 */
static Graph *finish(Reverse *r)
{
	Graph *to = graph_body(r->g);
	Node **done = NEWN(to->mem, Node *, r->body->n + 1);
	const Node **origin = NEWN(to->mem, const Node *, r->body->n + 1);
	const Graph *f = r->scan->body;
	for (int i = 0; i < f->n; i++)
		if (r->map[i])
			origin[r->map[i]->id] = f->node[i];
	for (int i = 0; i < r->nnext; i++)
		graph_root(to, R_CARRY, i, 0, finish_node(r, to, done, r->next[i].node, origin),
		           NOWHERE);
	for (int i = 0; i < r->nout; i++)
		graph_root(to, R_EMIT, i, 0, finish_node(r, to, done, r->emit[i], origin),
		           NOWHERE);
	return to;
}

static void copy_longer(Reverse *r)
{
	const Graph *f = r->scan->body;
	r->longer = graph_body(r->g);
	r->copy = NEWN(r->g->mem, Node *, f->n + 1);
	Rewrite w = { (Graph *)(uintptr_t)f, r->longer, r->copy };
	bool *live = graph_live(f, r->g->mem);
	for (int i = 0; i < f->n; i++)
		if (live[i])
			r->copy[i] = rewrite_copy(&w, f->node[i]);
	for (int i = 0; i < f->nroot; i++) {
		const Root *t = &f->root[i];
		graph_root(r->longer, t->kind, t->index, t->name, r->copy[t->node->id], t->at);
	}
	r->nemit = r->scan->a.scan.nemit;
}

static void add_next(Reverse *r, Node *n, Node *first)
{
	Root next = { R_CARRY, r->nnext, 0, n, NOWHERE };
	PUSH(r->g->mem, r->next, r->nnext, r->capnext, next);
	int k = r->carry.n;
	PUSH(r->g->mem, r->carry.axis, k, r->carry.capaxis, 0);
	PUSH(r->g->mem, r->carry.v, r->carry.n, r->carry.cap, first);
}

static Node *zeros(Graph *g, const Type *t)
{
	return n_broadcast(g, n_const(g, 0), t);
}

static Node *adjoint_of(Sweep *in, Reverse *r, const Node *forward)
{
	Node *m = r->map[forward->id], *d = m->id < in->nwanted ? in->adjoint[m->id] : 0;
	return d ? d : zeros(r->body, &m->ty);
}

/* Does anyone want the gradient of what a sequence or captured leaf stands for? */
static bool outer_wanted(const Reverse *r, const Node *leaf)
{
	const Attr *a = &r->scan->a;
	int i = leaf->op == O_seq ? leaf->a.seq.index : a->scan.nseq + leaf->a.leaf.index;
	const Node *x = r->scan->in[a->scan.ncarry + i];
	return x->id < r->s->nwanted && r->s->wanted[x->id];
}

/* Runs the sweep inside the body; collects next carries, emits and captured gradients. */
static void differentiate(Reverse *r, Node *const *dy, Later *later, int *seq_emit)
{
	const Graph *f = r->scan->body;
	const Attr *a = &r->scan->a;
	Sweep in = { .g = r->body };
	sweep_wanted(&in, step_leaf);
	for (int k = 0; k < a->scan.ncarry + a->scan.nemit; k++) {
		bool carry = k < a->scan.ncarry;
		if (r->scan->in[carry ? k : 0]->ty.dt != DT_REAL && carry)
			continue;
		if (!carry && !dy[k])
			continue;
		const Root *root =
			scan_root(f, carry ? R_CARRY : R_EMIT, carry ? k : k - a->scan.ncarry);
		sweep_add(&in, r->map[root->node->id], result_adjoint(r, k, dy[k]));
	}
	sweep_run(&in, r->nforward - 1);
	for (int i = 0; i < a->scan.ncarry; i++) {
		Node *d = 0;
		for (int n = 0; n < f->n && !d; n++)
			if (r->map[n] && f->node[n]->op == O_carry &&
			    f->node[n]->a.leaf.index == i)
				d = adjoint_of(&in, r, f->node[n]);
		const Type *t = &r->scan->in[i]->ty;
		add_next(r, d ? d : zeros(r->body, t), dy[i] ? dy[i] : zeros(r->g, t));
	}
	for (int n = 0; n < f->n; n++) {
		const Node *x = f->node[n];
		seq_emit[n] = -1;
		if (!r->map[n] || x->ty.dt != DT_REAL || !in.adjoint[r->map[n]->id])
			continue;
		if ((x->op == O_seq || x->op == O_capture) && !outer_wanted(r, x))
			continue;
		Node *d = in.adjoint[r->map[n]->id];
		if (x->op == O_seq)
			seq_emit[n] = emit_add(r, d);
		if (x->op != O_capture ||
		    take_contraction(r, later, x->a.leaf.index, d, &x->ty))
			continue;
		if (later->nsum == MAXTERM)
			bug(r->g->job, "scan: more than %d captured values with gradients",
			    MAXTERM);
		Node *acc = n_leaf(r->body, O_carry, 0, r->nnext, &x->ty);
		later->sum[later->nsum].capture = x->a.leaf.index;
		later->sum[later->nsum++].carry = r->nnext;
		add_next(r, n_op2(r->body, O_add, acc, d), zeros(r->g, &x->ty));
	}
}

static Node *longer_scan(Reverse *r)
{
	Attr a = node_attr(r->scan);
	a.scan.nemit = r->nemit;
	Node *n = node_scan(r->g, &a, r->scan->in, r->scan->nin, r->longer);
	Sweep *s = r->s;
	Longer entry = { r->scan, a, r->longer };
	PUSH(r->g->mem, s->longer, s->nlonger, s->caplonger, entry);
	return n;
}

static Node *reverse_scan(Reverse *r, Graph *body, Node *longer)
{
	int n = r->carry.n + r->seq.n + r->capture.n, k = 0;
	Node **in = NEWN(r->g->mem, Node *, n + 1);
	for (int i = 0; i < r->carry.n; i++)
		in[k++] = r->carry.v[i];
	for (int i = 0; i < r->seq.n; i++)
		in[k++] = r->seq.v[i] ? r->seq.v[i]
		                      : n_item(r->g, longer,
		                               r->scan->a.scan.ncarry - 1 - r->seq.axis[i]);
	for (int i = 0; i < r->capture.n; i++)
		in[k++] = r->capture.v[i];
	Attr a;
	memset(&a, 0, sizeof a);
	a.scan.steps = r->scan->a.scan.steps;
	a.scan.reverse = !r->scan->a.scan.reverse;
	a.scan.ncarry = r->nnext;
	a.scan.nseq = r->seq.n;
	a.scan.nemit = r->nout;
	return node_scan(r->g, &a, in, n, body);
}

/* The gradient of a sequence from the stacked gradients of its slices: the slice at t + offset
 * along axis.  The stack has t as dimension 1 (0 for scalars). */
static Node *unslice(Reverse *r, const Node *leaf, Node *stack)
{
	Graph *g = r->g;
	const Type *x = &r->scan->in[r->scan->a.scan.ncarry + leaf->a.seq.index]->ty;
	int from = stack_axis(&leaf->ty), to = leaf->a.seq.axis, perm[MAXRANK], k = 0;
	int lo[MAXRANK] = { 0 };
	for (int i = 0; i < x->rank; i++) {
		if (i == to) {
			perm[i] = from;
			continue;
		}
		if (k == from)
			k++;
		perm[i] = k++;
	}
	lo[to] = leaf->a.seq.offset;
	return n_pad(g, n_permute(g, stack, perm), lo, x, 0);
}

void sweep_scan(Sweep *s, Node *scan, Node *const *dy)
{
	const Attr *a = &scan->a;
	Reverse r = { .s = s, .scan = scan, .g = s->g, .body = graph_body(s->g) };
	Later *later = NEW(s->g->mem, Later);
	int *seq_emit = NEWN(s->g->mem, int, scan->body->n + 1);
	copy_longer(&r);
	copy_forward(&r);
	differentiate(&r, dy, later, seq_emit);
	Graph *body = finish(&r);
	Node *rev = reverse_scan(&r, body, longer_scan(&r));
	for (int i = 0; i < a->scan.ncarry; i++)
		sweep_add(s, scan->in[i], n_item(s->g, rev, i));
	for (int n = 0; n < scan->body->n; n++) {
		const Node *x = scan->body->node[n];
		if (seq_emit[n] >= 0)
			sweep_add(s, scan->in[a->scan.ncarry + x->a.seq.index],
			          unslice(&r, x, n_item(s->g, rev, r.nnext + seq_emit[n])));
	}
	Node *const *capture = scan->in + a->scan.ncarry + a->scan.nseq;
	for (int i = 0; i < later->n; i++)
		sweep_add(s, capture[later->v[i].capture], after_loop(&r, &later->v[i], rev));
	for (int i = 0; i < later->nsum; i++)
		sweep_add(s, capture[later->sum[i].capture],
		          n_item(s->g, rev, later->sum[i].carry));
}
