/* test_kernel.c - index arithmetic, fusion, owners and barriers, the memory plan, the printed C. */
#include "op.h"

#include <CUnit/Basic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a function without a program around it ------------------------------------------------- */

typedef struct { Job *j; Graph *g; Options o; FnHost h; } Fixture;

static const char *address(void *arg, Arena *a, const Buffer *b, bool write)
{
	(void)arg;
	(void)write;
	return arena_printf(a, "place%d(%d)", b->place, b->index);
}

static const char *scalar(void *arg, Arena *a, ExKind kind, int64_t i, Sym name)
{
	(void)arg;
	(void)kind;
	(void)name;
	return arena_printf(a, "knob(%lld)", (long long)i);
}

static Fixture begin(int level)
{
	Fixture f = { .j = job_new(), .o = { .level = level } };
	f.j->check = true;
	f.j->pass = "test";
	f.g = graph_new(f.j, job_sym(f.j, "grad"));
	f.h = (FnHost){
		.prefix = job_sym(f.j, "f"), .head = "void f(ctx *c, int tid, int n)",
		.ctx_param = "ctx *c", .ctx_arg = "c", .batch = "c->B", .barrier = "barrier(c);",
		.arena0 = "c->arena0", .arena = "c->arena", .seed = "c->seed", .update = "0",
		.sample0 = "0", .address = address, .scalar = scalar
	};
	return f;
}

static void end(Fixture *f)
{
	graph_free(f->g);
	job_free(f->j);
}

static Type shape(int rank, Dim a, Dim b, Dim c)
{
	return type_make(DT_REAL, rank, (Dim[]){ a, b, c });
}

static Node *leaf(Fixture *f, Op op, int index, Type t)
{
	return n_leaf(f->g, op, job_symf(f->j, "%s%d", opinfo[op].name, index), index, &t);
}

static void root(Fixture *f, RootKind kind, int index, Node *n)
{
	graph_root(f->g, kind, index, 0, n, NOWHERE);
}

static const char *printed(Fixture *f, const Fn *fn)
{
	Out *o = out_new(f->j->mem);
	fn_print(o, fn);
	return arena_strndup(f->j->mem, o->text, o->n);
}

static Node *dense(Fixture *f, Node *x, int weight, int in, int units)
{
	Node *w = leaf(f, O_param, weight, shape(2, dim_num(units), dim_num(in), dim_num(0)));
	return n_contract(f->g, x, w, (int[]){ 0, 2 }, (int[]){ 1, 2 }, (int[]){ 0, 1 }, 2);
}

/* ---- index arithmetic -------------------------------------------------------------------------- */

static Lower *lower(Job *j)
{
	Lower *l = lower_symbolic(j, j->mem);
	l->symbolic = false;
	return l;
}

static Ex *var(Lower *l, int extent)
{
	return ex_var(l, job_sym(l->job, "i"), dim_num(extent), 1);
}

static void test_split_and_join(void)
{
	Job *j = job_new();
	Lower *l = lower(j);
	Ex *x = var(l, 784), *k = ex_int(l, 28);
	Ex *q = ex_div(l, x, k), *r = ex_mod(l, x, k);
	CU_ASSERT_PTR_EQUAL(ex_add(l, ex_mul(l, q, k), r), x);
	/* one level up, with something before it */
	Ex *n = var(l, 7), *row = ex_add(l, ex_mul(l, n, k), q);
	Ex *e = ex_add(l, ex_mul(l, row, k), r);
	CU_ASSERT_PTR_EQUAL(e, ex_add(l, ex_mul(l, n, ex_int(l, 784)), x));
	CU_ASSERT(ex_affine(e));
	job_free(j);
}

static void test_division(void)
{
	Job *j = job_new();
	Lower *l = lower(j);
	Ex *y = var(l, 9), *z = var(l, 28), *k = ex_int(l, 28);
	Ex *e = ex_add(l, ex_mul(l, y, k), z);
	CU_ASSERT_PTR_EQUAL(ex_div(l, e, k), y);
	CU_ASSERT_PTR_EQUAL(ex_mod(l, e, k), z);
	CU_ASSERT_PTR_EQUAL(ex_div(l, e, ex_int(l, 252)), ex_int(l, 0));
	/* by a multiple: (y * 28 + z) / 84 = y / 3 */
	CU_ASSERT_PTR_EQUAL(ex_div(l, e, ex_int(l, 84)), ex_div(l, y, ex_int(l, 3)));
	/* by the batch */
	Ex *b = ex_dim(l, dim_batch(1)), *n = ex_var(l, 0, dim_batch(1), 1);
	e = ex_add(l, ex_mul(l, y, b), n);
	CU_ASSERT_PTR_EQUAL(ex_div(l, e, b), y);
	CU_ASSERT_PTR_EQUAL(ex_mod(l, e, b), n);
	job_free(j);
}

static void test_guards(void)
{
	Job *j = job_new();
	Lower *l = lower(j);
	Ex *x = var(l, 10), *n = ex_var(l, 0, dim_batch(2), 1);
	CU_ASSERT(ex_is(ex_lt(l, x, ex_int(l, 10)), 1));
	CU_ASSERT(ex_is(ex_le(l, ex_int(l, 10), x), 0));
	CU_ASSERT_EQUAL(ex_lt(l, x, ex_int(l, 9))->kind, E_LT);
	CU_ASSERT(ex_is(ex_lt(l, n, ex_dim(l, dim_batch(2))), 1));
	CU_ASSERT_EQUAL(ex_lt(l, n, ex_dim(l, dim_batch(1)))->kind, E_LT);
	CU_ASSERT(ex_below(n, dim_batch(2)) && !ex_below(n, dim_batch(1)));
	CU_ASSERT_PTR_EQUAL(ex_cond(l, ex_int(l, 1), x, n), x);
	job_free(j);
}

static void test_strides(void)
{
	Job *j = job_new();
	Lower *l = lower(j);
	Ex *x = var(l, 10), *y = var(l, 5);
	Dim c;
	Ex *e = ex_add(l, ex_mul(l, ex_add(l, ex_mul(l, x, ex_int(l, 5)), y), ex_dim(l, dim_batch(3))),
	               ex_int(l, 4));
	CU_ASSERT(ex_linear(e, x, &c) && dim_eq(c, dim_batch(15)));
	CU_ASSERT(ex_linear(e, y, &c) && dim_eq(c, dim_batch(3)));
	CU_ASSERT(!ex_linear(ex_div(l, x, ex_int(l, 3)), x, &c));
	CU_ASSERT_PTR_EQUAL(ex_subst(l, e, x, ex_int(l, 0)),
	                    ex_add(l, ex_mul(l, y, ex_dim(l, dim_batch(3))), ex_int(l, 4)));
	job_free(j);
}

/* ---- fusion ------------------------------------------------------------------------------------------ */

/* A reshape is an alias: no division in any index. */
static void test_reshape_is_alias(void)
{
	for (int level = 0; level < 3; level++) {
		Fixture f = begin(level);
		Node *x = leaf(&f, O_input, 0, shape(3, dim_batch(1), dim_num(28), dim_num(28)));
		Type flat = shape(2, dim_batch(1), dim_num(784), dim_num(0));
		root(&f, R_OUTPUT, 0, n_op1(f.g, O_exp, n_reshape(f.g, n_op1(f.g, O_tanh, x), &flat)));
		const char *c = printed(&f, fn_build(f.j, f.g, &f.o, &f.h));
		char *body = strchr(c, '{');
		*strstr(body, f.h.head) = 0;           /* the kernels, not the owners  */
		CU_ASSERT_PTR_NULL(strchr(body, '%'));
		CU_ASSERT_PTR_NULL(strstr(body, " / "));
		end(&f);
	}
}

static int count_regions(const Fn *fn)
{
	int n = 0;
	for (const Region *r = fn->top->first; r; r = r->next)
		n++;
	return n;
}

/* exp(tanh(x) + 1): three regions at -O0, one above. */
static void test_maps_join(void)
{
	for (int level = 0; level < 3; level++) {
		Fixture f = begin(level);
		Node *x = leaf(&f, O_input, 0, shape(2, dim_batch(1), dim_num(12), dim_num(0)));
		Node *t = n_op2(f.g, O_add, n_op1(f.g, O_tanh, x), n_const(f.g, 1));
		root(&f, R_OUTPUT, 0, n_op1(f.g, O_exp, t));
		Fn *fn = fn_build(f.j, f.g, &f.o, &f.h);
		CU_ASSERT_EQUAL(count_regions(fn), level ? 1 : 3);
		CU_ASSERT_EQUAL(fn->arena_bytes > 0, level == 0);
		end(&f);
	}
}

/* relu(x W + b): one tiled region and the packed weight. */
static void test_epilogue(void)
{
	Fixture f = begin(2);
	Node *x = leaf(&f, O_input, 0, shape(2, dim_batch(1), dim_num(784), dim_num(0)));
	Node *y = dense(&f, x, 0, 784, 256);
	Node *b = leaf(&f, O_param, 1, shape(1, dim_num(256), dim_num(0), dim_num(0)));
	y = n_op2(f.g, O_add, y, n_broadcast(f.g, b, &y->ty));
	root(&f, R_OUTPUT, 0, n_op2(f.g, O_max, y, n_const(f.g, 0)));
	Fn *fn = fn_build(f.j, f.g, &f.o, &f.h);
	CU_ASSERT_EQUAL(count_regions(fn), 2);
	CU_ASSERT_EQUAL(fn->top->first->kind, RG_PACK);
	CU_ASSERT(fn->top->first->next->tiled);
	CU_ASSERT_EQUAL(fn_way_out(fn), 0);
	CU_ASSERT_EQUAL(fn->nbarrier, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed(&f, fn), "nncv_fma"));
	end(&f);
}

/* ---- owners and barriers -------------------------------------------------------------------------------- */

/* Layers own batch rows: no barrier; a sum over the batch crosses: one. */
static void test_barriers(void)
{
	Fixture f = begin(0);
	Node *x = leaf(&f, O_input, 0, shape(2, dim_batch(1), dim_num(64), dim_num(0)));
	Node *h = n_op1(f.g, O_tanh, dense(&f, x, 0, 64, 64));
	Node *y = n_op1(f.g, O_tanh, dense(&f, h, 1, 64, 64));
	root(&f, R_OUTPUT, 0, y);
	Fn *fn = fn_build(f.j, f.g, &f.o, &f.h);
	CU_ASSERT_EQUAL(fn->nbarrier, 0);
	for (const Region *r = fn->top->first; r; r = r->next)
		CU_ASSERT(dim_is(r->split.rows, 1) || dim_eq(r->split.rows, dim_batch(1)));
	end(&f);

	f = begin(0);
	x = leaf(&f, O_input, 0, shape(2, dim_batch(1), dim_num(64), dim_num(0)));
	h = n_op1(f.g, O_tanh, x);
	/* x^T h: rows of the result, all samples of h */
	Node *d = n_contract(f.g, x, h, (int[]){ 2, 0 }, (int[]){ 2, 1 }, (int[]){ 0, 1 }, 2);
	root(&f, R_GRAD, 0, d);
	fn = fn_build(f.j, f.g, &f.o, &f.h);
	CU_ASSERT_EQUAL(fn->nbarrier, 1);
	CU_ASSERT(fn->top->last->barrier && fn->top->last->out[0].buf->place == PL_GRAD);
	CU_ASSERT(dim_is(fn->top->last->split.rows, 64));
	end(&f);
}

static Fn *chain(Fixture *f, int n)
{
	Node *x = leaf(f, O_input, 0, shape(2, dim_batch(1), dim_num(64), dim_num(0)));
	Node *first = 0;
	for (int i = 0; i < n; i++) {
		Node *s = n_reduce(f->g, O_sum, x, 1);         /* over the batch: a barrier */
		x = n_op1(f->g, O_tanh, n_op2(f->g, O_sub, x, n_expand(f->g, s, &x->ty)));
		first = i ? first : x;
	}
	root(f, R_OUTPUT, 0, n_op2(f->g, O_mul, x, first));    /* one value lives long */
	return fn_build(f->j, f->g, &f->o, &f->h);
}

/* Bytes are used again, but only behind barriers. */
static void test_memory(void)
{
	Fixture f = begin(0);
	Fn *fn = chain(&f, 10);
	int64_t all = 0;
	for (int i = 0; i < fn->nbuf; i++) {
		const Buffer *b = fn->buf[i];
		if (b->place == PL_ARENA)
			all += b->bytes;
		for (int k = 0; k < i; k++) {
			const Buffer *d = fn->buf[k];
			bool arenas = b->place == d->place && (b->place == PL_ARENA || b->place == PL_ARENA0);
			if (!arenas || b->inplace || d->inplace)
				continue;
			bool apart = b->at + b->bytes <= d->at || d->at + d->bytes <= b->at;
			CU_ASSERT(apart || b->last < d->first || d->last < b->first);
		}
	}
	CU_ASSERT(fn->arena_bytes < all / 3);
	CU_ASSERT_EQUAL(fn->arena_bytes % 64, 0);
	end(&f);
}

/* A plan with a fault is refused: 0 if the child ends as bug() does. */
static int replay_faulty(int fault)
{
	Fixture f = begin(0);
	Fn *fn = chain(&f, 3);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		for (Region *r = fn->top->first; r; r = r->next)
			r->barrier = r->barrier && fault != 0;
		for (int i = 0; i < fn->nbuf && fault == 1; i++)
			fn->buf[i]->at = 0;
		plan_check(fn, 3, 7);
		_exit(0);
	}
	int status = 0;
	waitpid(child, &status, 0);
	end(&f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_replay(void)
{
	CU_ASSERT_EQUAL(replay_faulty(0), 70);         /* a barrier is missing */
	CU_ASSERT_EQUAL(replay_faulty(1), 70);         /* all buffers at one place */
	CU_ASSERT_EQUAL(replay_faulty(2), 0);          /* as planned */
}

int main(void)
{
	static const struct { const char *name; void (*fn)(void); } test[] = {
		{ "an index split and joined is itself", test_split_and_join },
		{ "division of sums", test_division },
		{ "guards that always hold disappear", test_guards },
		{ "strides", test_strides },
		{ "a reshape is an alias", test_reshape_is_alias },
		{ "maps join their reader", test_maps_join },
		{ "a contraction takes its epilogue", test_epilogue },
		{ "barriers where owners cross", test_barriers },
		{ "bytes are used again behind barriers", test_memory },
		{ "the replay finds a faulty plan", test_replay }
	};
	CU_initialize_registry();
	CU_pSuite s = CU_add_suite("kernel", 0, 0);
	for (size_t i = 0; i < sizeof test / sizeof *test; i++)
		CU_add_test(s, test[i].name, test[i].fn);
	CU_basic_set_mode(CU_BRM_SILENT);
	CU_basic_run_tests();
	int failed = (int)CU_get_number_of_failures();
	CU_basic_show_failures(CU_get_failure_list());
	CU_cleanup_registry();
	return failed != 0;
}
