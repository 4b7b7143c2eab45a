/* test_ops.c - the rows of the op table in the reference interpreter.
 *
 * Three judges: values and gradients computed with PyTorch (tests/ops/torch_values.h), finite
 * differences in double on each row's own example, and the double functions against the float ones.
 */
#include "op.h"
#include "pass.h"
#include "../ops/torch_values.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <string.h>

enum { MAXIN = 3 };

/* A graph of one op, operands as leaves: parameters where real (so that the gradient pass knows
 * them), else inputs. */
typedef struct {
	Job *job;
	Module *m;
	Graph *g;
	Node *in[MAXIN], *y;           /* until a pass has run                               */
	Type type[MAXIN];
	int nin;
	const double *value[MAXIN];    /* of the operands                                    */
	const double *dy;
	double buffer[MAXIN][600], weight[600];
} One;

static const double *leaf_value(void *arg, const Node *n)
{
	const One *o = arg;
	int i = n->a.leaf.index;
	return i == MAXIN ? o->dy : o->value[i];
}

static void one_begin(One *o)
{
	memset(o, 0, sizeof *o);
	o->job = job_new();
	o->m = NEW(o->job->mem, Module);
	o->m->job = o->job;
	o->g = o->m->grad = graph_new(o->job, job_sym(o->job, "grad"));
}

static void one_end(One *o)
{
	graph_free(o->m->grad);
	job_free(o->job);
}

static Type shape_of(int rank, const int *dim, DType dt)
{
	Dim d[MAXRANK];
	for (int i = 0; i < rank; i++)
		d[i] = dim_num(dim[i]);
	return type_make(dt, rank, d);
}

static void operand(One *o, int i, const Type *t)
{
	char name[] = { 'p', (char)('0' + i), 0 };
	bool real = t->dt == DT_REAL;
	o->in[i] = n_leaf(o->g, real ? O_param : O_input, job_sym(o->job, name), i, t);
	o->type[i] = *t;
	o->nin = i + 1;
	o->m->nparam = i + 1;
	Tensor *p = NEWN(o->job->mem, Tensor, i + 1);
	for (int k = 0; k < i; k++)
		p[k] = o->m->param[k];
	p[i].path = job_sym(o->job, name);
	p[i].ty = real ? *t : type_scalar(DT_REAL);    /* an entry nobody reads */
	p[i].trained = real;
	o->m->param = p;
}

/* loss = sum(y * dy), so that the gradient pass gives the operands' gradients for dy. */
static void loss_of(One *o)
{
	Type t = o->y->ty, scalar = type_scalar(DT_REAL);
	Node *dy = n_leaf(o->g, O_input, job_sym(o->job, "dy"), MAXIN, &t);
	Node *all = n_reduce(o->g, O_sum, n_op2(o->g, O_mul, o->y, dy), (1u << t.rank) - 1);
	graph_root(o->g, R_OUTPUT, 0, job_sym(o->job, "y"), o->y, NOWHERE);
	graph_root(o->g, R_LOSS, 0, job_sym(o->job, "loss"),
	           t.rank ? n_reshape(o->g, all, &scalar) : all, NOWHERE);
}

static double **evaluate(One *o, bool single)
{
	EvalEnv env = { .B = 1, .single = single, .leaf = leaf_value, .arg = o };
	return graph_eval(o->m->grad, &env, o->job->mem);
}

static const double *root_value(One *o, double **v, RootKind kind, int index)
{
	const Graph *g = o->m->grad;
	for (int i = 0; i < g->nroot; i++)
		if (g->root[i].kind == kind && g->root[i].index == index)
			return v[g->root[i].node->id];
	return 0;
}

/* ---- builders: attributes from plain integers ------------------------------------------------------ */

static Node *build_contract(One *o, const int *attr)
{
	int letters[3][MAXRANK] = { { 0 } }, n[3] = { 0 };
	for (int part = 0; part < 3; attr++) {
		if (*attr < 0)
			part++;
		else
			letters[part][n[part]++] = *attr;
	}
	return n_contract(o->g, o->in[0], o->in[1], letters[0], letters[1], letters[2], n[2]);
}

static Node *build_window(One *o, Op op, const int *attr, const TorchTensor *out)
{
	Attr a;
	memset(&a, 0, sizeof a);
	int n = a.win.n = attr[0];
	for (int i = 0; i < n; i++) {
		a.win.k[i] = attr[1 + i];
		a.win.stride[i] = attr[1 + n + i];
		a.win.dil[i] = attr[1 + 2 * n + i];
		a.win.pad[i] = attr[1 + 3 * n + i];
	}
	Type t = shape_of(out->rank, out->dim, DT_REAL);
	return op == O_window ? n_window(o->g, o->in[0], &a, &t) : n_unwindow(o->g, o->in[0], &a, &t);
}

static Node *build_move(One *o, Op op, const TorchCase *c)
{
	Node *x = o->in[0];
	Type t = shape_of(c->out.rank, c->out.dim, x->ty.dt);
	switch (op) {
	case O_reshape: return n_reshape(o->g, x, &t);
	case O_permute: return n_permute(o->g, x, c->attr);
	case O_expand: return n_expand(o->g, x, &t);
	case O_slice: return n_slice(o->g, x, c->attr, &t);
	case O_pad: return n_pad(o->g, x, c->attr, &t, c->attr[c->nattr - 1]);
	case O_concat: return n_concat(o->g, o->in, o->nin, c->attr[0]);
	case O_flip: return n_flip(o->g, x, c->attr[0]);
	case O_gather: return n_gather(o->g, x, o->in[1]);
	case O_take: return n_take(o->g, x, o->in[1]);
	case O_window: case O_unwindow: return build_window(o, op, c->attr, &c->out);
	default: return 0;
	}
}

static Node *build_op(One *o, const TorchCase *c)
{
	Op op = op_find(c->op);
	Attr a;
	memset(&a, 0, sizeof a);
	CU_ASSERT_FATAL(op != NOP);
	switch (opinfo[op].kind) {
	case MAP:
		return o->nin == 1 ? n_op1(o->g, op, o->in[0])
		     : o->nin == 2 ? n_op2(o->g, op, o->in[0], o->in[1])
		                   : n_op3(o->g, op, o->in[0], o->in[1], o->in[2]);
	case REDUCE: return n_reduce(o->g, op, o->in[0], (uint32_t)c->attr[0]);
	case COMPOSITE:
		a.red.axes = (uint32_t)c->attr[0];
		return node(o->g, op, &a, o->in, 1, 0);
	case MOVE: return build_move(o, op, c);
	case SET: break;
	case CALL:
		return op == O_contract ? build_contract(o, c->attr)
		                        : n_scatter_add(o->g, o->in[0], o->in[1], c->attr[0]);
	case LEAF: break;
	}
	return 0;
}

/* ---- against PyTorch ---------------------------------------------------------------------------------- */

static int64_t elements(const TorchTensor *t)
{
	int64_t n = 1;
	for (int i = 0; i < t->rank; i++)
		n *= t->dim[i];
	return n;
}

/* Every rule is exact in double up to a few roundings: 1e-13 of the largest element (log1p and the
 * like differ by one rounding); in float 1e-5, some ten roundings of 6e-8 and sums of twelve. */
static void same(const TorchCase *c, const char *what, const TorchTensor *want, const double *got,
                 double bound)
{
	double top = 1e-3, worst = 0;
	CU_ASSERT_FATAL(got != 0);
	for (int64_t i = 0; i < elements(want); i++) {
		top = fmax(top, fabs(want->v[i]));
		worst = fmax(worst, isfinite(got[i]) ? fabs(want->v[i] - got[i]) : INFINITY);
	}
	if (!(worst <= bound * top))
		printf("\n    %s: %s is off by %.2e", c->op, what, worst / top);
	CU_ASSERT(worst <= bound * top);
}

static void torch_one(const TorchCase *c)
{
	static const DType dtype[] = { DT_REAL, DT_REAL, DT_I32, DT_BOOL };
	One o;
	one_begin(&o);
	for (int i = 0; i < c->nin; i++) {
		Type t = shape_of(c->in[i].rank, c->in[i].dim, dtype[c->in[i].kind]);
		operand(&o, i, &t);
		o.value[i] = c->in[i].v;
	}
	o.y = build_op(&o, c);
	CU_ASSERT_FATAL(o.y != 0);
	o.dy = c->dy.v;
	if (c->dy.kind == T_NONE) {
		graph_root(o.g, R_OUTPUT, 0, job_sym(o.job, "y"), o.y, NOWHERE);
		same(c, "the value", &c->out, root_value(&o, evaluate(&o, false), R_OUTPUT, 0), 1e-13);
		same(c, "the value in float", &c->out, root_value(&o, evaluate(&o, true), R_OUTPUT, 0), 1e-5);
		one_end(&o);
		return;
	}
	loss_of(&o);
	o.m->grad = pass_grad(o.m->grad, o.m);
	graph_check(o.m->grad);
	for (int single = 0; single < 2; single++) {
		double **v = evaluate(&o, single != 0);
		double bound = single ? 1e-5 : 1e-13;
		same(c, "the value", &c->out, root_value(&o, v, R_OUTPUT, 0), bound);
		for (int i = 0; i < c->nin; i++)
			if (c->grad[i].kind != T_NONE)
				same(c, "a gradient", &c->grad[i], root_value(&o, v, R_GRAD, i), bound);
	}
	one_end(&o);
}

static void test_torch(void)
{
	for (size_t i = 0; i < sizeof torch_case / sizeof *torch_case; i++)
		torch_one(&torch_case[i]);
}

/* ---- finite differences ----------------------------------------------------------------------------------- */

static double uniform(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return (double)(*s >> 11) / 9007199254740992.0;
}

/* Moves the example of a row into a One: its leaves become operands. */
static bool example(One *o, Op op, uint64_t *seed)
{
	Graph *g = graph_new(o->job, job_sym(o->job, "example"));
	Node *y = op_example(g, op);
	double lo = -2, hi = 2;
	if (!y) {
		graph_free(g);
		return false;
	}
	if (opinfo[op].domain)
		CU_ASSERT_FATAL(sscanf(opinfo[op].domain, "%lf..%lf", &lo, &hi) == 2);
	for (int i = 0; i < y->nin; i++) {
		operand(o, i, &y->in[i]->ty);
		CU_ASSERT_FATAL(type_len(&y->in[i]->ty, 1) <= 600);
		for (int k = 0; k < 600; k++) {
			double u = uniform(seed);
			DType dt = y->in[i]->ty.dt;
			o->buffer[i][k] = dt == DT_REAL ? lo + (hi - lo) * u : floor(u * (dt == DT_BOOL ? 2 : 4));
		}
		o->value[i] = o->buffer[i];
	}
	o->y = node(o->g, op, &y->a, o->in, o->nin, opinfo[op].typed ? &y->ty : 0);
	graph_free(g);
	return true;
}

static double loss_at(One *o, int i, int64_t k, double x)
{
	double keep = o->buffer[i][k];
	o->buffer[i][k] = x;
	double loss = *root_value(o, evaluate(o, false), R_LOSS, 0);
	o->buffer[i][k] = keep;
	return loss;
}

static bool differentiable(Op op, int i)
{
	const OpInfo *r = &opinfo[op];
	const char *rule = r->grad[i];
	return r->gradfn ? true : rule && strcmp(rule, "none");
}

/* Central differences with h = 1e-4 and one step of Richardson: their error is of the order
 * 1e-16 / 1e-4 + h^4, so 1e-6 of the largest element leaves a factor of 100 and more. */
static void difference_one(Op op, uint64_t *seed)
{
	One o;
	one_begin(&o);
	if (!example(&o, op, seed) || o.y->ty.dt != DT_REAL) {
		one_end(&o);
		return;
	}
	o.dy = o.weight;
	for (int k = 0; k < 600; k++)
		o.weight[k] = uniform(seed) - 0.5;
	CU_ASSERT_FATAL(type_len(&o.y->ty, 1) <= 600);
	loss_of(&o);
	o.m->grad = pass_grad(o.m->grad, o.m);
	double **v = evaluate(&o, false);
	for (int i = 0; i < o.nin; i++) {
		if (o.type[i].dt != DT_REAL || !differentiable(op, i))
			continue;
		const double *g = root_value(&o, v, R_GRAD, i);
		double worst = 0, top = 1e-3;
		CU_ASSERT_FATAL(g != 0);
		for (int64_t k = 0; k < type_len(&o.type[i], 1); k++) {
			double x = o.buffer[i][k], h = 1e-4;
			double d1 = (loss_at(&o, i, k, x + h) - loss_at(&o, i, k, x - h)) / (2 * h);
			double d2 = (loss_at(&o, i, k, x + 2 * h) - loss_at(&o, i, k, x - 2 * h)) / (4 * h);
			worst = fmax(worst, fabs((4 * d1 - d2) / 3 - g[k]));
			top = fmax(top, fabs(g[k]));
		}
		if (!(worst <= 1e-6 * top))
			printf("\n    %s: gradient %d is off by %.2e", opinfo[op].name, i, worst / top);
		CU_ASSERT(worst <= 1e-6 * top);
	}
	one_end(&o);
}

static void test_differences(void)
{
	uint64_t seed = 7;
	for (int op = 0; op < NOP; op++)
		for (int round = 0; round < 3; round++)
			difference_one((Op)op, &seed);
}

/* ---- the table itself ---------------------------------------------------------------------------------------- */

static void test_rows(void)
{
	Job *j = job_new();
	ops_selfcheck(j);                      /* ends the process at an incomplete row */
	job_free(j);
	CU_PASS("complete");
}

/* The expression for floats and the function in double, written independently. */
static void test_float_and_double(void)
{
	uint64_t seed = 3;
	for (int op = 0; op < NOP; op++) {
		const OpInfo *r = &opinfo[op];
		double lo = -3, hi = 3, worst = 0;
		if (r->kind != MAP)
			continue;
		if (r->domain)
			CU_ASSERT_FATAL(sscanf(r->domain, "%lf..%lf", &lo, &hi) == 2);
		for (int k = 0; k < 2000; k++) {
			float x[3];
			for (int i = 0; i < 3; i++)
				x[i] = (float)(lo + (hi - lo) * uniform(&seed));
			if (r->eg && !strncmp(r->eg, "bool", 4))
				x[0] = x[0] > 0, x[1] = op == O_where ? x[1] : x[1] > 0;
			double want = r->f(x[0], x[1], x[2]);
			worst = fmax(worst, fabs(op_single((Op)op, x[0], x[1], x[2]) - want) / fmax(fabs(want), 1e-2));
		}
		if (!(worst < 2e-6))           /* some 16 roundings of 2^-24 each */
			printf("\n    %s: float and double differ by %.2e", r->name, worst);
		CU_ASSERT(worst < 2e-6);
	}
}

int main(void)
{
	CU_initialize_registry();
	CU_pSuite s = CU_add_suite("ops", 0, 0);
	CU_add_test(s, "rows are complete", test_rows);
	CU_add_test(s, "values and gradients of PyTorch", test_torch);
	CU_add_test(s, "finite differences", test_differences);
	CU_add_test(s, "float and double", test_float_and_double);
	CU_basic_run_tests();
	int bad = (int)CU_get_number_of_failures();
	CU_cleanup_registry();
	return bad != 0;
}
