/* test_graph.c - dimensions, types, hash-consing, folding, builders, rewriting, the checker. */
#include "op.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <string.h>

typedef struct { Job *j; Graph *g; } Fixture;

static Fixture begin(void)
{
	Fixture f = { .j = job_new() };
	f.g = graph_new(f.j, job_sym(f.j, "test"));
	return f;
}

static void end(Fixture *f)
{
	graph_check(f->g);
	graph_free(f->g);
	job_free(f->j);
}

static Node *input(Fixture *f, const char *name, int rank, Dim a, Dim b)
{
	Type t = type_make(DT_REAL, rank, (Dim[]){ a, b });
	return n_leaf(f->g, O_input, job_sym(f->j, name), name[0], &t);
}

static void test_dims(void)
{
	Dim r;
	CU_ASSERT(dim_mul(dim_num(6), dim_num(7), &r) && dim_is(r, 42));
	CU_ASSERT(dim_mul(dim_batch(6), dim_num(7), &r) && dim_eq(r, dim_batch(42)));
	CU_ASSERT(!dim_mul(dim_batch(1), dim_batch(1), &r));               /* N * N */
	CU_ASSERT(!dim_mul(dim_num(65536), dim_num(32768), &r));           /* 2^31  */
	CU_ASSERT(dim_mul(dim_num(65536), dim_num(32767), &r));
	CU_ASSERT_EQUAL(dim_at(dim_batch(3), 7), 21);
	CU_ASSERT_EQUAL(dim_at(dim_num(3), 7), 3);
	CU_ASSERT(!dim_is(dim_batch(1), 1));
}

static void test_types(void)
{
	Type t = type_make(DT_REAL, 3, (Dim[]){ dim_batch(1), dim_num(28), dim_num(2) });
	Type u = t;
	Dim s[MAXRANK], size;
	CU_ASSERT(type_eq(&t, &u));
	u.dt = DT_I32;
	CU_ASSERT(!type_eq(&t, &u) && type_shape_eq(&t, &u));
	CU_ASSERT(type_batched(&t));
	CU_ASSERT_EQUAL(type_len(&t, 5), 280);
	CU_ASSERT(type_size(&t, &size) && dim_eq(size, dim_batch(56)));
	type_strides(&t, s);
	CU_ASSERT(dim_is(s[0], 56) && dim_is(s[1], 2) && dim_is(s[2], 1));
	t.dim[1] = dim_batch(1);
	CU_ASSERT(!type_size(&t, &size));
}

static void test_unique(void)
{
	Fixture f = begin();
	Node *a = input(&f, "a", 2, dim_batch(1), dim_num(4));
	Node *b = input(&f, "b", 2, dim_batch(1), dim_num(4));
	Node *s = n_op2(f.g, O_add, a, b);
	int n = f.g->n;
	CU_ASSERT_PTR_EQUAL(n_op2(f.g, O_add, a, b), s);
	CU_ASSERT_PTR_EQUAL(n_op2(f.g, O_add, b, a), s);                   /* commutes */
	CU_ASSERT_EQUAL(f.g->n, n);
	CU_ASSERT_PTR_NOT_EQUAL(n_op2(f.g, O_sub, a, b), n_op2(f.g, O_sub, b, a));
	CU_ASSERT_PTR_NOT_EQUAL(n_const(f.g, 0.0), n_const(f.g, -0.0));
	CU_ASSERT_PTR_EQUAL(n_const(f.g, NAN), n_const(f.g, -NAN));
	CU_ASSERT_PTR_NOT_EQUAL(n_random(f.g, 1, &a->ty), n_random(f.g, 2, &a->ty));
	CU_ASSERT_PTR_EQUAL(n_random(f.g, 1, &a->ty), n_random(f.g, 1, &a->ty));
	/* the place in the source is no part of what a node is */
	node_mark(s, (Span){ 0, 1, 2 }, job_sym(f.j, "sum"));
	CU_ASSERT_PTR_EQUAL(n_op2(f.g, O_add, a, b), s);
	end(&f);
}

static void test_many(void)
{
	Fixture f = begin();
	Node *x = input(&f, "x", 1, dim_num(3), dim_num(0)), *made[500];
	for (int i = 0; i < 500; i++)
		made[i] = n_op2(f.g, O_mul, x, n_const(f.g, i + 2));
	for (int i = 0; i < 500; i++)
		CU_ASSERT_PTR_EQUAL(n_op2(f.g, O_mul, n_const(f.g, i + 2), x), made[i]);
	for (int i = 0; i < f.g->n; i++)
		CU_ASSERT_EQUAL(f.g->node[i]->id, i);
	end(&f);
}

static void test_folding(void)
{
	Fixture f = begin();
	double k = 0;
	Node *x = input(&f, "x", 2, dim_batch(1), dim_num(6));
	CU_ASSERT(node_is_const(n_op2(f.g, O_mul, n_const(f.g, 6), n_const(f.g, 7)), &k) && k == 42);
	Type t = type_make(DT_REAL, 3, (Dim[]){ dim_batch(1), dim_num(2), dim_num(3) });
	Type u = type_make(DT_REAL, 2, (Dim[]){ dim_batch(2), dim_num(3) });
	Node *r = n_reshape(f.g, x, &t);
	CU_ASSERT_PTR_EQUAL(n_reshape(f.g, r, &t), r);
	CU_ASSERT_PTR_EQUAL(n_reshape(f.g, n_reshape(f.g, r, &u), &x->ty), x);
	CU_ASSERT_PTR_EQUAL(n_reshape(f.g, r, &u)->in[0], x);              /* one move, not two */
	CU_ASSERT_PTR_EQUAL(n_slice(f.g, x, (int[]){ 0, 0 }, &x->ty), x);
	CU_ASSERT(node_is_const(n_broadcast(f.g, n_const(f.g, 3), &t), &k) && k == 3);
	end(&f);
}

static void test_contract_absorbs(void)
{
	Fixture f = begin();
	Node *a = input(&f, "a", 2, dim_num(4), dim_num(3));
	Node *b = input(&f, "b", 2, dim_num(4), dim_num(5));
	Node *direct = n_contract(f.g, a, b, (int[]){ 2, 0 }, (int[]){ 2, 1 }, (int[]){ 0, 1 }, 2);
	Node *turned = n_contract(f.g, n_permute(f.g, a, (int[]){ 1, 0 }), b,
	                          (int[]){ 7, 9 }, (int[]){ 9, 8 }, (int[]){ 7, 8 }, 2);
	CU_ASSERT_PTR_EQUAL(direct, turned);
	CU_ASSERT(dim_is(direct->ty.dim[0], 3) && dim_is(direct->ty.dim[1], 5));
	end(&f);
}

static Node *halve(Rewrite *r, const Node *n, void *arg)
{
	(void)arg;
	return n->op == O_exp ? n_op2(r->to, O_mul, r->map[n->in[0]->id], n_const(r->to, 0.5)) : 0;
}

static void test_rewriting(void)
{
	Fixture f = begin();
	Node *x = input(&f, "x", 1, dim_num(3), dim_num(0));
	n_op1(f.g, O_tanh, x);                                             /* dead */
	graph_root(f.g, R_OUTPUT, 0, job_sym(f.j, "y"), n_op1(f.g, O_neg, n_op1(f.g, O_exp, x)), NOWHERE);
	f.g = graph_rewrite(f.g, halve, 0);
	CU_ASSERT_EQUAL(f.g->nroot, 1);
	const Node *y = f.g->root[0].node;
	CU_ASSERT_EQUAL(y->op, O_neg);
	CU_ASSERT_EQUAL(y->in[0]->op, O_mul);
	for (int i = 0; i < f.g->n; i++)
		CU_ASSERT(f.g->node[i]->op != O_tanh && f.g->node[i]->op != O_exp);
	end(&f);
}

static void test_uses(void)
{
	Fixture f = begin();
	Arena *a = arena_new();
	Node *x = input(&f, "x", 1, dim_num(3), dim_num(0));
	Node *e = n_op1(f.g, O_exp, x), *dead = n_op1(f.g, O_tanh, e);
	graph_root(f.g, R_OUTPUT, 0, 0, n_op2(f.g, O_mul, e, e), NOWHERE);
	graph_root(f.g, R_OUTPUT, 1, 0, e, NOWHERE);
	bool *live = graph_live(f.g, a);
	int *uses = graph_uses(f.g, a);
	CU_ASSERT(live[x->id] && live[e->id] && !live[dead->id]);
	CU_ASSERT_EQUAL(uses[e->id], 3);
	CU_ASSERT_EQUAL(uses[x->id], 1);
	arena_free(a);
	end(&f);
}

static const double *hundred(void *arg, const Node *n)
{
	const double *v = arg;
	return &v[n->a.leaf.index];
}

/* Once, operands above the 64th were taken for the 64th. */
static void test_long_concat(void)
{
	Fixture f = begin();
	Node *x[300];
	double v[300];
	Type t = type_make(DT_REAL, 1, (Dim[]){ dim_num(1) });
	for (int i = 0; i < 300; i++) {
		x[i] = n_leaf(f.g, O_input, job_symf(f.j, "x%d", i), i, &t);
		v[i] = 1000 + i;
	}
	Node *y = n_concat(f.g, x, 300, 0);
	graph_root(f.g, R_OUTPUT, 0, 0, y, NOWHERE);
	EvalEnv env = { .B = 1, .leaf = hundred, .arg = v };
	double **value = graph_eval(f.g, &env, f.j->mem);
	int wrong = 0;
	for (int i = 0; i < 300; i++)
		wrong += value[y->id][i] != v[i];
	CU_ASSERT_EQUAL(wrong, 0);
	end(&f);
}

int main(void)
{
	CU_initialize_registry();
	CU_pSuite s = CU_add_suite("graph", 0, 0);
	CU_add_test(s, "dimensions", test_dims);
	CU_add_test(s, "types", test_types);
	CU_add_test(s, "equal nodes are one", test_unique);
	CU_add_test(s, "many nodes", test_many);
	CU_add_test(s, "folding", test_folding);
	CU_add_test(s, "contract absorbs permutations", test_contract_absorbs);
	CU_add_test(s, "rewriting", test_rewriting);
	CU_add_test(s, "uses and live nodes", test_uses);
	CU_add_test(s, "concat of many", test_long_concat);
	CU_basic_run_tests();
	int bad = (int)CU_get_number_of_failures();
	CU_cleanup_registry();
	return bad != 0;
}
