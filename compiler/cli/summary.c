/* summary.c - --summary: layers, parameters, work and memory of a model.
 *
 * In:    a module after all passes.   Out: a table, or one JSON object, on standard output.
 *
 * Layers and work are account.c's.  Memory is the plan's: bytes whatever the batch is, and bytes
 * for each sample.
 */
#include "account.h"
#include "cli.h"
#include "emit.h"
#include "kernel.h"
#include "op.h"
#include "pass.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHORTEST = 10 };

typedef struct {
	Module *m;
	const Options *opt;
	Fn *run, *train; /* outputs only; grad, 0 without losses                 */
	const Account *a;
	const char **structural;
	int nstructural, capstructural;
	int line;        /* of the model                                         */
} Summary;

/* ---- what is not in an Account --------------------------------------------------------------- */

/* The consts of the program that no run can change; the line of the model. */
static void from_program(Summary *s, int file)
{
	Job *j = s->m->job;
	const Program *p = parse_program(j, file);
	int column;
	for (int i = 0; i < p->item.n; i++) {
		const Ast *item = p->item.v[i];
		if (item->kind == A_MODEL)
			source_place(j, file, item->at.beg, &s->line, &column);
		if (item->kind != A_CONST)
			continue;
		const char *name = item->u.decl.name;
		bool setting = false;
		for (int k = 0; k < s->m->nsetting; k++)
			setting |= !strcmp(s->m->setting[k].name, name);
		if (!setting)
			PUSH(j->mem, s->structural, s->nstructural, s->capstructural, name);
	}
}

/* Stands for the function of inference C, one sample a call; its text goes nowhere. */
static FnHost *single_host(const Module *m)
{
	FnHost *h = NEW(m->job->mem, FnHost);
	h->prefix = m->name;
	h->head = "";
	h->fixed_batch = 1;
	h->arena0 = h->arena = "";
	h->seed = h->update = h->sample0 = "0";
	return h;
}

static void count(Summary *s, int file)
{
	Module *m = s->m;
	s->a = account_new(m, s->opt);
	Graph *outputs = account_outputs(m);
	if (m->nloss)
		s->train = train_fn(m, s->opt, "grad");
	Reordered *order = 0;
	int norder = 0;
	if (s->opt->level >= 2) /* as inference C has its weights              */
		outputs = pass_constants(outputs, m, &order, &norder);
	s->run = fn_build(m->job, outputs, s->opt, single_host(m));
	from_program(s, file);
}

/* ---- as text -------------------------------------------------------------------------------
 */

static const char *bytes_text(Arena *a, int64_t n)
{
	double k = (double)n / 1024;
	return k < 1000 ? arena_printf(a, "%.1f KiB", k)
	                : arena_printf(a, "%.1f MiB", k / 1024);
}

/* The same with three digits, for what is large. */
static const char *size_text(Arena *a, int64_t n)
{
	double k = (double)n / 1024;
	return k < 1000 ? arena_printf(a, "%.*f KiB", k < 10, k) : bytes_text(a, n);
}

static const char *mflop_text(Arena *a, double work)
{
	double m = work * 1e-6;
	return m < 0.001 ? arena_printf(a, "%.0f FLOP", work)
	       : m < 0.1 ? arena_printf(a, "%.2g MFLOP", m)
	       : m < 10 ? arena_printf(a, "%.2f MFLOP", m)
	                : arena_printf(a, "%s MFLOP", arena_grouped(a, (int64_t)(m + 0.5)));
}

static const char *fields(const Summary *s, bool inputs)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	const char *r = "";
	for (int i = 0; i < (inputs ? m->nin : m->nout); i++) {
		const Field *f = inputs ? &m->in[i] : &m->out[i];
		if (!inputs || !f->target)
			r = arena_printf(a, "%s%s%s %s", r, *r ? ", " : "", f->name,
			                 type_text(a, &f->ty));
	}
	return r;
}

/* The width that the column of operations may have; on a terminal the table fits into COLUMNS.
 */
static int operation_width(int widest, int rest)
{
	const char *columns = getenv("COLUMNS");
	int n = columns && isatty(1) ? atoi(columns) : 0;
	if (n <= 0 || widest + rest <= n)
		return widest;
	return n - rest > SHORTEST ? n - rest : SHORTEST;
}

static int wider(int n, const char *s)
{
	return (int)strlen(s) > n ? (int)strlen(s) : n;
}

/* Prints the table with the head above it; the source stands at its right edge. */
static void table(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	int path = 5, call = 9, shape = 15;
	for (int i = 0; i < s->a->nrow; i++) {
		path = wider(path, s->a->row[i].path);
		call = wider(call, s->a->row[i].text);
		shape = wider(shape, account_shape(a, &s->a->row[i].out));
	}
	call = operation_width(call, path + shape + 46);
	const char *head = arena_printf(a, "%s   %s  ->  %s", m->name, fields(s, true),
	                                m->nout ? fields(s, false) : "-");
	const char *source = arena_printf(a, "%s:%d", m->source, s->line);
	int left = path + call + shape + 45 - (int)strlen(head) - (int)strlen(source);
	printf("%s%*s%s\n\n", head, left > 3 ? left : 3, "", source);
	printf(" %-*s  %-*s  %-*s  %12s  %9s  %12s\n", path, "layer", call, "operation", shape,
	       "output [N, ...]", "parameters", "MFLOP", "activations");
	for (int i = 0; i < s->a->nrow; i++) {
		const AccountRow *r = &s->a->row[i];
		bool cut = (int)strlen(r->text) > call;
		printf(" %-*s  %-*.*s%s  %-*s  %12s  %9.3f  %12s\n", path, r->path,
		       cut ? call - 2 : call, cut ? call - 2 : call, r->text, cut ? ".." : "",
		       shape, account_shape(a, &r->out), arena_grouped(a, r->params), r->work * 1e-6,
		       bytes_text(a, account_activation(s->a, r)));
	}
}

/* "1.2 KiB + 3.4 KiB per sample" */
static const char *memory_text(Arena *a, const Fn *f)
{
	return arena_printf(a, "%s + %s per sample", bytes_text(a, f->arena0_bytes),
	                    bytes_text(a, f->arena_bytes));
}

/* The batch is one number: neither "all" nor a schedule. */
static bool fixed_batch(const Module *m)
{
	return m->train.batch > 0 && !m->train.batch_number;
}

static void memory(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	const Fn *f = s->train;
	if (m->nout)
		printf("\n inference    %s scratch at batch 1: %s",
		       bytes_text(a, s->run->arena0_bytes + s->run->arena_bytes),
		       memory_text(a, s->run));
	if (!f)
		return;
	int64_t fixed, saved = saved_bytes(f, &fixed), state = account_state(s->a);
	if (fixed_batch(m))
		printf("\n training     %s at batch %lld: %s of weights, gradients, moments; activations %s",
		       size_text(a, state + f->arena0_bytes + m->train.batch * f->arena_bytes),
		       (long long)m->train.batch, size_text(a, state), memory_text(a, f));
	else
		printf("\n training     %s of weights, gradients, moments; activations %s",
		       size_text(a, state), memory_text(a, f));
	printf(",\n              of that saved for the backward pass %s + %s per sample; no plan needs less than"
	       "\n              %s + %s per sample",
	       bytes_text(a, fixed), bytes_text(a, saved), bytes_text(a, f->arena0_least),
	       bytes_text(a, f->arena_least));
}

/* What `--set` takes, or the options of these names. */
static const char *run_time(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	const char *r = m->train.steps > 0 ? "steps" : "epochs";
	if (fixed_batch(m))
		r = arena_printf(a, "%s, batch <= %lld", r, (long long)m->train.batch);
	else
		r = arena_printf(a, "%s, batch", r);
	r = arena_printf(a, "%s, seed", r);
	for (int i = 0; i < m->nsetting; i++)
		r = arena_printf(a, "%s, %s", r, m->setting[i].name);
	for (int i = 0; i < NTRAINNUMBER; i++)
		if (m->train.number[i])
			r = arena_printf(a, "%s, %s", r, train_number_name((TrainNumber)i));
	return r;
}

/* " by l2(5e-4)"; nothing if there are several. */
static const char *regularisers(const Module *m)
{
	Sym one = 0;
	for (int i = 0; i < m->nparam; i++) {
		if (m->param[i].regular && one && m->param[i].regular != one)
			return "";
		one = m->param[i].regular ? m->param[i].regular : one;
	}
	return arena_printf(m->job->mem, " by %s", one);
}

static void text(const Summary *s)
{
	const Module *m = s->m;
	Arena *a = m->job->mem;
	table(s);
	printf("\n parameters   %s (%s as %s, %s as int8), ", arena_grouped(a, s->a->params),
	       size_text(a, s->a->params * account_real(s->opt)), s->opt->f64 ? "f64" : "f32",
	       size_text(a, s->a->params));
	if (s->a->trained == s->a->params)
		printf("all trained");
	else
		printf("%s trained", arena_grouped(a, s->a->trained));
	if (s->a->regular)
		printf("; %s regularised%s", arena_grouped(a, s->a->regular), regularisers(m));
	putchar('\n');
	if (s->a->buffers)
		printf(" buffers      %s\n", arena_grouped(a, s->a->buffers));
	printf(" one sample   %s forward (2 per multiply-add)", mflop_text(a, s->a->forward));
	if (s->train)
		printf(", about %s for a training step", mflop_text(a, s->a->step));
	memory(s);
	const char *list = s->nstructural ? "" : "none";
	for (int i = 0; i < s->nstructural; i++)
		list = arena_printf(a, "%s%s%s", list, i ? ", " : "", s->structural[i]);
	printf("\n constants    structural: %s%*sat run time (--set): %s\n", list,
	       strlen(list) < 24 ? 26 - (int)strlen(list) : 2, "", run_time(s));
}

/* ---- as JSON -------------------------------------------------------------------------------
 */

/* Text of a program may hold quotes and anything but control characters. */
static void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar((unsigned char)*s < ' ' ? ' ' : *s);
	}
	putchar('"');
}

static void json_fields(const Summary *s, const char *name, const Field *f, int n, int target)
{
	Arena *a = s->m->job->mem;
	const char *comma = "";
	printf("\"%s\":[", name);
	for (int i = 0; i < n; i++) {
		if (target >= 0 && f[i].target != target)
			continue;
		printf("%s{\"name\":\"%s\",\"type\":\"%s\"}", comma, f[i].name,
		       type_text(a, &f[i].ty));
		comma = ",";
	}
	printf("],");
}

static void json_memory(const char *name, const Fn *f)
{
	printf("\"%s\":{\"bytes\":%lld,\"bytes_per_sample\":%lld}", name,
	       (long long)f->arena0_bytes, (long long)f->arena_bytes);
}

static void json(const Summary *s)
{
	const Module *m = s->m;
	printf("{\"model\":\"%s\",\"source\":", m->name);
	json_string(m->source);
	printf(",\"line\":%d,", s->line);
	json_fields(s, "inputs", m->in, m->nin, 0);
	json_fields(s, "targets", m->in, m->nin, 1);
	json_fields(s, "outputs", m->out, m->nout, -1);
	printf("\"layers\":[");
	for (int i = 0; i < s->a->nrow; i++) {
		const AccountRow *l = &s->a->row[i];
		printf("%s{\"layer\":\"%s\",\"operation\":", i ? "," : "", l->path);
		json_string(l->text);
		printf(",\"output\":\"%s\",\"parameters\":%lld,\"mflop\":%.6f,\"activations\":%"
		       "lld}",
		       type_text(m->job->mem, &l->out), (long long)l->params, l->work * 1e-6,
		       (long long)account_activation(s->a, l));
	}
	printf("],\"parameters\":%lld,\"trained\":%lld,\"regularised\":%lld,\"buffers\":%lld,",
	       (long long)s->a->params, (long long)s->a->trained, (long long)s->a->regular,
	       (long long)s->a->buffers);
	printf("\"mflop_forward\":%.6f,", s->a->forward * 1e-6);
	if (s->train) {
		printf("\"mflop_step\":%.6f,\"state_bytes\":%lld,", s->a->step * 1e-6,
		       (long long)account_state(s->a));
		int64_t fixed, saved = saved_bytes(s->train, &fixed);
		json_memory("training", s->train);
		printf(",\"batch\":%lld,\"saved\":{\"bytes\":%lld,\"bytes_per_sample\":%lld},"
		       "\"least\":{\"bytes\":%lld,\"bytes_per_sample\":%lld},",
		       (long long)(fixed_batch(m) ? m->train.batch : 0), (long long)fixed,
		       (long long)saved, (long long)s->train->arena0_least,
		       (long long)s->train->arena_least);
	}
	if (m->nout) {
		json_memory("inference", s->run);
		putchar(',');
	}
	printf("\"constants\":{\"structural\":[");
	for (int i = 0; i < s->nstructural; i++)
		printf("%s\"%s\"", i ? "," : "", s->structural[i]);
	printf("],\"run_time\":[");
	printf("\"%s\",\"batch\",\"seed\"", m->train.steps > 0 ? "steps" : "epochs");
	for (int i = 0; i < m->nsetting; i++)
		printf(",\"%s\"", m->setting[i].name);
	for (int i = 0; i < NTRAINNUMBER; i++)
		if (m->train.number[i])
			printf(",\"%s\"", train_number_name((TrainNumber)i));
	printf("]}}\n");
}

void summary(Module *m, const Options *opt, int file, bool as_json)
{
	Summary s = { .m = m, .opt = opt };
	count(&s, file);
	if (as_json)
		json(&s);
	else
		text(&s);
	fn_free(s.run);
	fn_free(s.train);
}
