/* test_scan.c - the gradient of a recurrence against finite differences in double.
 *
 *     h = tanh(x[:, t] + h @ transpose(u) + b);  c = c * g + h;  emit y = h * c
 *
 * with loss = sum(y * r) + sum(h_last * q): every way a gradient takes through a scan - sequences,
 * carries, a captured matrix (one contraction after the loop), a captured vector and scalar
 * (carried), emits and last carries.
 */
#include "op.h"
#include "pass.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <string.h>

enum { B = 3, T = 5, H = 4, NP = 5 };

typedef struct { Job *j; Module *m; double x[NP][128]; } Case;

static Type shape(int rank, const Dim *d)
{
	return type_make(DT_REAL, rank, d);
}

static const double *leaf(void *arg, const Node *n)
{
	Case *c = arg;
	return c->x[n->a.leaf.index];
}

static Node *body_leaf(Graph *b, Op op, int index, const Type *t)
{
	return n_leaf(b, op, 0, index, t);
}

/* The body: carries h, c; one sequence; captures u, b, g. */
static Graph *make_body(Graph *g, const Type *state)
{
	Graph *b = graph_body(g);
	Type u = shape(2, (Dim[]){ { H, 0 }, { H, 0 } }), v = shape(1, (Dim[]){ { H, 0 } });
	Type s = type_scalar(DT_REAL);
	Attr a;
	memset(&a, 0, sizeof a);
	a.seq.axis = 1;
	Node *h = body_leaf(b, O_carry, 0, state), *c = body_leaf(b, O_carry, 1, state);
	Node *x = node(b, O_seq, &a, 0, 0, state);
	Node *w = body_leaf(b, O_capture, 0, &u), *bias = body_leaf(b, O_capture, 1, &v);
	Node *gain = body_leaf(b, O_capture, 2, &s);
	Node *z = n_contract(b, h, w, (int[]){ 0, 2 }, (int[]){ 1, 2 }, (int[]){ 0, 1 }, 2);
	z = n_op2(b, O_add, n_op2(b, O_add, x, z), n_broadcast(b, bias, state));
	Node *h1 = n_op1(b, O_tanh, z);
	Node *c1 = n_op2(b, O_add, n_op2(b, O_mul, c, gain), h1);
	graph_root(b, R_CARRY, 0, 0, h1, NOWHERE);
	graph_root(b, R_CARRY, 1, 0, c1, NOWHERE);
	graph_root(b, R_EMIT, 0, 0, n_op2(b, O_mul, h1, c1), NOWHERE);
	return b;
}

static Node *total(Graph *g, Node *x)
{
	Type s = type_scalar(DT_REAL);
	return n_reshape(g, n_reduce(g, O_sum, x, (1u << x->ty.rank) - 1), &s);
}

/* Parameters: 0 x [N, T, H], 1 first h [N, H], 2 u, 3 b, 4 gain. */
static void make(Case *c, int reverse)
{
	Job *j = c->j = job_new();
	Module *m = c->m = NEW(j->mem, Module);
	Graph *g = m->grad = graph_new(j, job_sym(j, "grad"));
	Type ty[NP] = { shape(3, (Dim[]){ { 1, 1 }, { T, 0 }, { H, 0 } }),
	                shape(2, (Dim[]){ { 1, 1 }, { H, 0 } }), shape(2, (Dim[]){ { H, 0 }, { H, 0 } }),
	                shape(1, (Dim[]){ { H, 0 } }), type_scalar(DT_REAL) };
	Node *p[NP];
	m->job = j;
	m->nparam = NP;
	m->param = NEWN(j->mem, Tensor, NP);
	uint64_t seed = 5;
	for (int i = 0; i < NP; i++) {
		m->param[i].ty = ty[i];
		m->param[i].path = job_symf(j, "p%d", i);
		p[i] = n_leaf(g, O_param, m->param[i].path, i, &ty[i]);
		for (int k = 0; k < 128; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			c->x[i][k] = (double)(seed >> 40) / (1 << 24) - 0.5;
		}
	}
	Node *in[6] = { p[1], n_broadcast(g, n_const(g, 0.25), &ty[1]), p[0], p[2], p[3], p[4] };
	Attr a;
	memset(&a, 0, sizeof a);
	a.scan.steps = T;
	a.scan.ncarry = 2;
	a.scan.nseq = a.scan.nemit = 1;
	a.scan.reverse = reverse;
	Node *s = node_scan(g, &a, in, 6, make_body(g, &ty[1]));
	Node *y = n_item(g, s, 2), *last = n_item(g, s, 0);
	Node *r = n_op1(g, O_sin, n_op2(g, O_add, n_cast(g, n_iota(g, &y->ty, 2), DT_REAL),
	                                n_cast(g, n_iota(g, &y->ty, 1), DT_REAL)));
	Node *loss = n_op2(g, O_add, total(g, n_op2(g, O_mul, y, r)), total(g, n_op1(g, O_exp, last)));
	graph_root(g, R_LOSS, 0, job_sym(j, "loss"), loss, NOWHERE);
	m->grad = pass_grad(g, m);
	graph_check(m->grad);
}

static double **run(Case *c, Arena *a)
{
	EvalEnv env = { .B = B, .leaf = leaf, .arg = c };
	return graph_eval(c->m->grad, &env, a);
}

static double loss_of(Case *c)
{
	Arena *a = arena_new();
	double v = run(c, a)[c->m->grad->root[0].node->id][0];
	arena_free(a);
	return v;
}

static void check(int reverse)
{
	Case c;
	make(&c, reverse);
	double **v = run(&c, c.j->mem);
	const Graph *g = c.m->grad;
	for (int k = 0; k < g->nroot; k++) {
		if (g->root[k].kind != R_GRAD)
			continue;
		int i = g->root[k].index;
		double worst = 0, top = 1e-3;
		for (int64_t e = 0; e < type_len(&c.m->param[i].ty, B); e++) {
			double x = c.x[i][e], h = 1e-4, d[4];
			const double at[4] = { x + h, x - h, x + 2 * h, x - 2 * h };
			for (int n = 0; n < 4; n++) {
				c.x[i][e] = at[n];
				d[n] = loss_of(&c);
			}
			c.x[i][e] = x;
			double slope = (4 * (d[0] - d[1]) / (2 * h) - (d[2] - d[3]) / (4 * h)) / 3;
			double got = v[g->root[k].node->id][e];
			worst = fmax(worst, fabs(got - slope));
			top = fmax(top, fabs(got));
		}
		if (!(worst <= 1e-6 * top))
			printf("\n    parameter %d: the gradient is off by %.2e", i, worst / top);
		CU_ASSERT(worst <= 1e-6 * top);
	}
	graph_free(c.m->grad);
	job_free(c.j);
}

static void test_forward(void) { check(0); }
static void test_reverse(void) { check(1); }

int main(void)
{
	CU_initialize_registry();
	CU_pSuite s = CU_add_suite("scan", 0, 0);
	CU_add_test(s, "gradient of a scan", test_forward);
	CU_add_test(s, "gradient of a reversed scan", test_reverse);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	unsigned bad = CU_get_number_of_failures();
	CU_cleanup_registry();
	return bad ? 1 : 0;
}
