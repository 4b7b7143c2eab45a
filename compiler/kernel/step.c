/* step.c - builds a function from a graph, and prints the function that calls its kernels.
 *
 *     static void mlp_grad(nnrt_ctx *c, int tid, int n)
 *     {
 *             const int B = c->B;
 *             const nnc_real *const dense1_weight_ = (const nnc_real *)c->param;
 *             int lo0, hi0;
 *             nnrt_own(tid, n, (B + 7) / 8, &lo0, &hi0);
 *             ...
 *             mlp_grad_k0(B, lo0, hi0, x_, dense1_weight_, h_);
 *             nnrt_barrier(c->team, tid);
 *             if (tid == 0) {
 *                     mlp_grad_k1(B, h_, loss_);
 *             }
 *     }
 *
 * Panels of weights (Pack.near) are copied by all threads together where there are many.  One or two copy
 * each panel for themselves, right before they multiply with it: it is still in the cache then.  Of large
 * weights (Pack.share) each of two threads takes half the columns, and both the panel that may be left over:
 * so, on the way forward, most weights are read and copied by the thread that has updated them.
 */
#include "op.h"

#include <string.h>
#include <xxhash.h>

enum { MAXALSO = 12 };

/* ---- building ---------------------------------------------------------------------------- */

static uint64_t text_hash(const Kernel *k)
{
	return XXH3_64bits_withSeed(k->text, strlen(k->text), XXH3_64bits(k->head, strlen(k->head)));
}

typedef struct { uint64_t hash; Kernel *k; } Text;
typedef struct { Arena *mem; Text *v; int n, size; } Texts; /* an open hash table             */

static Text *text_place(const Texts *s, uint64_t hash, const Kernel *k)
{
	for (uint64_t i = hash;; i++) {
		Text *t = &s->v[i & (uint64_t)(s->size - 1)];
		if (!t->k || (t->hash == hash && !strcmp(t->k->text, k->text) &&
		              !strcmp(t->k->head, k->head)))
			return t;
	}
}

/* The first kernel with this text; enters k if there is none. */
static Kernel *same_text(Texts *s, Kernel *k)
{
	if (2 * (s->n + 1) > s->size) {
		Text *old = s->v;
		int n = s->size;
		s->size = n ? 2 * n : 64;
		s->v = NEWN(s->mem, Text, s->size);
		for (int i = 0; i < n; i++)
			if (old[i].k)
				*text_place(s, old[i].hash, old[i].k) = old[i];
	}
	uint64_t hash = text_hash(k);
	Text *t = text_place(s, hash, k);
	s->n += !t->k;
	if (!t->k)
		*t = (Text){ hash, k };
	return t->k;
}

/* The comment of a kernel says where else it stands, up to a length. */
static void also(Fn *f, Kernel *k, const Region *r)
{
	k->nalso++;
	if (k->nalso < MAXALSO)
		k->also = arena_printf(f->mem, "%s; also: %s", k->also ? k->also : "",
		                       region_note(f, f->mem, r));
}

typedef struct { XXH128_hash_t key; Sym name; } SharedName;

struct Shared {
	Arena *mem;
	SharedName *v;                 /* an open hash table                                   */
	int n, size;
};

Shared *shared_new(Arena *a)
{
	Shared *s = NEW(a, Shared);
	s->mem = a;
	return s;
}

/* The place of a text, or the free one that it is to take. */
static SharedName *shared_place(const Shared *s, XXH128_hash_t key)
{
	for (uint64_t i = key.low64;; i++) {
		SharedName *e = &s->v[i & (uint64_t)(s->size - 1)];
		if (!e->name || XXH128_isEqual(e->key, key))
			return e;
	}
}

static void shared_grow(Shared *s)
{
	SharedName *old = s->v;
	int n = s->size;
	if (2 * (s->n + 1) <= n)
		return;
	s->size = n ? 2 * n : 64;
	s->v = NEWN(s->mem, SharedName, s->size);
	for (int i = 0; i < n; i++)
		if (old[i].name)
			*shared_place(s, old[i].key) = old[i];
}

/* Takes the name of an equal kernel of an earlier function; else enters k. */
static bool shared_take(Shared *s, Kernel *k)
{
	if (!s)
		return false;
	shared_grow(s);
	XXH128_hash_t key = XXH3_128bits_withSeed(k->text, strlen(k->text),
	                                          XXH3_64bits(k->head, strlen(k->head)));
	SharedName *e = shared_place(s, key);
	if (e->name) {
		k->name = e->name;
		k->elsewhere = true;
		return true;
	}
	*e = (SharedName){ key, k->name };
	s->n++;
	return false;
}

static void name_kernels(Fn *f)
{
	int n = 0;
	Texts texts = { .mem = arena_new() };
	for (Kernel *k = f->kernel; k; k = k->next) {
		kernel_head(f, k);
		bool like = k->like && k->head == k->like->head && k->text == k->like->text;
		Kernel *first = like ? k->like : 0;
		first = first ? first->same ? first->same : first : same_text(&texts, k);
		if (first == k) {
			k->note = region_note(f, f->mem, k->region);
			k->name = job_symf(f->job, "%s_k%d", f->host->prefix, n);
			n += !shared_take(f->host->shared, k);
			continue;
		}
		k->same = first;
		k->name = first->name;
		also(f, first, k->region);
	}
	arena_free(texts.mem);
	for (Kernel *k = f->kernel; k; k = k->next)
		if (k->nalso >= MAXALSO)
			k->also = arena_printf(f->mem, "%s; also: %d more", k->also,
			                       k->nalso - MAXALSO + 1);
}

Fn *fn_build(Job *j, Graph *g, const Options *o, const FnHost *host)
{
	Arena *mem = arena_new();
	Fn *f = NEW(mem, Fn);
	f->job = j;
	f->mem = mem;
	f->buffers = arena_new();
	f->regions = arena_new();
	f->kernels = arena_new();
	f->scratch = arena_new();
	f->g = g;
	f->o = o;
	f->host = host;
	f->unit = o->level >= 2 ? UNIT_ROWS : 1;
	f->loops = arena_new();
	f->lower = lower_symbolic(j, f->mem);
	f->lower->symbolic = false;
	f->lower->mem = f->loops;
	f->lower->fn = f;
	f->top = NEW(f->mem, Level);
	f->top->g = g;
	fuse(f, f->top);
	arena_reset(f->scratch);
	lower_level(f, f->top);
	names_forget(f);
	barriers(f);
	plan_memory(f);
	name_kernels(f);
	if (j->check && !host->flat) {
		static const int threads[] = { 1, 2, 3, 8 }, batch[] = { 1, 7, 32 };
		for (int i = 0; i < 12; i++)
			plan_check(f, threads[i % 4], batch[i / 4]);
	}
	return f;
}

void fn_free(Fn *f)
{
	if (!f)
		return;
	arena_free(f->scratch);
	arena_free(f->loops);
	arena_free(f->buffers);
	arena_free(f->regions);
	arena_free(f->kernels);
	arena_free(f->mem);
}

static double flops(const Level *v, bool way_out)
{
	double s = 0;
	for (const Region *r = v->first; r; r = r->next) {
		if (r->kind == RG_SCAN)
			s += flops(r->body, way_out) * r->seed->a.scan.steps;
		else if (r->kind == RG_CONTRACT && (!way_out || !r->tiled))
			s += (double)r->flops;
	}
	return s;
}

double fn_way_out(const Fn *f)
{
	double all = flops(f->top, false);
	return all > 0 ? flops(f->top, true) / all : 0;
}

static double work(const Level *v)
{
	double s = 0;
	for (const Region *r = v->first; r; r = r->next)
		s += r->kind == RG_SCAN ? work(r->body) * r->seed->a.scan.steps : r->work;
	return s;
}

double fn_work(const Fn *f)
{
	return 1 + work(f->top);
}

/* ---- printing ---------------------------------------------------------------------------- */

typedef struct {
	Out *o;
	const Fn *f;
	Split split[32]; int nsplit;
	bool tid;                      /* `tid` occurs                                         */
	Out *line;                     /* being made                                           */
} Step;

static const char *batch_text(const Step *s)
{
	const FnHost *h = s->f->host;
	return h->batch ? "B" : arena_printf(s->f->mem, "%d", h->fixed_batch);
}

static int split_number(Step *s, Split x)
{
	for (int i = 0; i < s->nsplit; i++)
		if (dim_eq(s->split[i].rows, x.rows) && s->split[i].unit == x.unit)
			return i;
	if (s->nsplit == 32)
		bug(s->f->job, "step: too many splits");
	s->split[s->nsplit] = x;
	return s->nsplit++;
}

static void find_splits(Step *s, const Level *v)
{
	for (const Region *r = v->first; r; r = r->next) {
		if (r->kind == RG_SCAN)
			find_splits(s, r->body);
		else if (r->kernel->owned && !s->f->host->flat)
			split_number(s, r->split);
		else
			s->tid |= s->f->host->barrier != 0;
	}
}

static void add(Step *s, const char *text)
{
	out_raw(s->line, text, strlen(text));
}

/* Where a buffer begins in its arena. */
static void add_place(Step *s, const Buffer *b)
{
	const FnHost *h = s->f->host;
	bool samples = b->place == PL_ARENA;
	add(s, "(");
	add(s, elem_type(b));
	add(s, b->at ? " *)(void *)(" : " *)(void *)");
	add(s, samples ? h->arena : h->arena0);
	if (!b->at)
		return;
	add(s, samples && h->batch ? " + (size_t)B * " : " + ");
	out(s->line, "%lld)",
	    (long long)(samples && !h->batch ? b->at * h->fixed_batch : b->at));
}

static void print_pointers(Step *s)
{
	const Fn *f = s->f;
	for (int i = 0; i < f->nbuf; i++) {
		const Buffer *b = f->buf[i];
		bool write = b->passed_out, arena = b->place == PL_ARENA0 || b->place == PL_ARENA;
		if (b->of || !b->passed)
			continue;
		arena_reset(f->scratch);
		s->line->n = 0;
		add(s, write || arena ? "" : "const ");
		add(s, elem_type(b));
		add(s, " *const ");
		add(s, b->name);
		add(s, " = ");
		if (arena)
			add_place(s, b);
		else
			add(s, f->host->address(f->host->arg, f->scratch, b, write));
		out_raw(s->line, ";", 2);      /* with its end */
		print_line(s->o, s->line->text);
	}
}

static void print_splits(Step *s)
{
	Arena *a = s->f->mem;
	for (int i = 0; i < s->nsplit; i++)
		out(s->o, "int lo%d, hi%d;\n", i, i);
	for (int i = 0; i < s->nsplit; i++) {
		Split x = s->split[i];
		const char *rows = x.rows.b ? batch_text(s) : arena_printf(a, "%d", x.rows.k);
		if (x.unit == 1) {
			out(s->o, "nnrt_own(tid, n, %s, &lo%d, &hi%d);\n", rows, i, i);
			continue;
		}
		const char *units =
			x.rows.b ? arena_printf(a, "(%s + %d) / %d", rows, x.unit - 1, x.unit)
				 : arena_printf(a, "%d", (x.rows.k + x.unit - 1) / x.unit);
		out(s->o, "nnrt_own(tid, n, %s, &lo%d, &hi%d);\n", units, i, i);
		out(s->o, "lo%d *= %d;\n", i, x.unit);
		out(s->o, "hi%d = hi%d * %d < %s ? hi%d * %d : %s;\n", i, i, x.unit, rows, i,
		    x.unit, rows);
	}
}

static void add_argument(Step *s, const char *text)
{
	add(s, s->line->text[s->line->n - 1] == '(' ? "" : ", ");
	add(s, text);
}

/* range: of its rows; 0: this owner's. */
static void print_call(Step *s, const Region *r, const char *range)
{
	const Fn *f = s->f;
	const Kernel *k = r->kernel;
	s->line->n = 0;
	add(s, k->name);
	add(s, "(");
	if (k->uses_ctx)
		add_argument(s, f->host->ctx_arg);
	if (k->uses_B)
		add_argument(s, "B");
	if (k->owned && f->host->flat) {
		add_argument(s, "(int)lo, (int)hi");
	} else if (range) {
		add_argument(s, range);
	} else if (k->owned) {
		int n = split_number(s, r->split);
		add_argument(s, "");
		out(s->line, "lo%d, hi%d", n, n);
	}
	for (int i = 0; i < k->ntick; i++)
		add_argument(s, k->tick[i]);
	for (int i = 0; i < k->nscalar; i++)
		add_argument(s, k->scalar[i]);
	for (int i = 0; i < k->narg; i++)
		add_argument(s, k->arg[i]->name);
	out_raw(s->line, ");", 3);     /* with its end */
	print_line(s->o, s->line->text);
}

/* The copy of panels that threads may do for themselves. */
static void print_pack(Step *s, const Region *r)
{
	out(s->o, "if (n > %d) {\n", NEAR_THREADS);
	out(s->o, "const int first = 0;\n");
	print_call(s, r, 0);
	out(s->o, "}\n");
}

/* The panels of columns from..to-1, each copied right before `rows` are multiplied with it; the array
 * begins with column `first`, as seen by this thread. */
static void print_panels(Step *s, const Region *r, const char *from, const char *to, const char *rows)
{
	int columns = r->pack[0]->columns;
	out(s->o, "for (int from = %s; from < %s; from += step) {\n", from, to);
	out(s->o, "const int first = from - tid * step, next = from + step;\n");
	out(s->o, "const int end = next < %d ? next : %d;\n", columns, columns);
	print_call(s, r->pack[0]->by, "from, next");
	print_call(s, r, rows);
	out(s->o, "}\n");
}

/* A contraction with such panels. */
static void print_near(Step *s, const Region *r)
{
	int columns = r->pack[0]->columns;
	const char *all = arena_printf(s->f->mem, "0, %s", batch_text(s));
	const char *end = arena_printf(s->f->mem, "%d", columns);
	out(s->o, "if (n > %d) {\n", NEAR_THREADS);
	out(s->o, "const int first = 0, from = 0, end = %d;\n", columns);
	print_call(s, r, 0);
	out(s->o, "} else {\n");
	out(s->o, "const int step = NNC_VL * 2;\n");
	if (r->pack[0]->share) {
		out(s->o, "const int mine = (%d + step - 1) / step / n * step;\n", columns);
		print_panels(s, r, "tid * mine", "(tid + 1) * mine", all);
	}
	print_panels(s, r, r->pack[0]->share ? "n * mine" : "0", end, 0);
	out(s->o, "}\n");
}

static const char *condition(const Step *s, int need)
{
	const FnHost *h = s->f->host;
	if (need & NEED_ALWAYS)
		return 0;
	if (need == NEED_OUTPUTS)
		return h->want_outputs;
	if (need == NEED_LOSSES)
		return h->want_losses;
	return arena_printf(s->f->mem, "(%s) || (%s)", h->want_outputs, h->want_losses);
}

static void print_level(Step *s, const Level *v, int outer);

/* What surrounds the calls at hand: a condition, and thread 0 alone. */
typedef struct { int need; bool single; } Guard;

static void guard(Step *s, Guard *have, Guard want)
{
	if (have->single && (!want.single || want.need != have->need)) {
		out(s->o, "}\n");
		have->single = false;
	}
	if (have->need != want.need) {
		if (condition(s, have->need))
			out(s->o, "}\n");
		if (condition(s, want.need))
			out(s->o, "if (%s) {\n", condition(s, want.need));
		have->need = want.need;
	}
	if (want.single && !have->single) {
		out(s->o, "if (tid == 0) {\n");
		have->single = true;
	}
}

static void print_scan(Step *s, const Region *r)
{
	int steps = r->seed->a.scan.steps;
	Sym t = r->body->tname;
	if (r->seed->a.scan.reverse)
		out(s->o, "for (int %s = %d; %s >= 0; %s--) {\n", t, steps - 1, t, t);
	else
		out(s->o, "for (int %s = 0; %s < %d; %s++) {\n", t, t, steps, t);
	print_level(s, r->body, r->need);
	out(s->o, "}\n");
}

static void print_level(Step *s, const Level *v, int outer)
{
	Guard have = { outer, false }, base = { outer, false };
	for (const Region *r = v->first; r; r = r->next) {
		Guard want = { r->need, false };
		if (r->barrier && s->f->host->barrier) {
			guard(s, &have, base);
			out(s->o, "%s\n", s->f->host->barrier);
		}
		if (r->kind == RG_SCAN) {
			guard(s, &have, want);
			print_scan(s, r);
			continue;
		}
		want.single = s->f->host->barrier && !r->kernel->owned;
		guard(s, &have, want);
		if (r->kind == RG_PACK && r->pack[0]->near)
			print_pack(s, r);
		else if (r->pack[0] && r->pack[0]->near)
			print_near(s, r);
		else
			print_call(s, r, 0);
	}
	guard(s, &have, base);
}

static bool batch_used(const Step *s)
{
	const Fn *f = s->f;
	for (const Kernel *k = f->kernel; k; k = k->next)
		if (k->uses_B)
			return true;
	for (int i = 0; i < f->nbuf; i++)
		if (f->buf[i]->place == PL_ARENA && f->buf[i]->at && !f->buf[i]->of &&
		    f->buf[i]->passed)
			return true;
	return false;
}

void fn_print(Out *o, const Fn *f)
{
	Step s = { .o = o, .f = f, .line = out_new(f->mem) };
	const FnHost *h = f->host;
	for (const Kernel *k = f->kernel; k; k = k->next)
		if (!k->same && !k->elsewhere)
			print_kernel(o, f, k);
	find_splits(&s, f->top);
	bool batch = batch_used(&s);
	for (int i = 0; i < s.nsplit; i++)
		batch |= s.split[i].rows.b;
	out(o, "\n");
	print_line(o, h->head);
	out(o, "{\n");
	if (h->batch && batch)
		out(o, "const int B = %s;\n", h->batch);
	print_pointers(&s);
	print_splits(&s);
	if (h->barrier && h->ctx_arg && !f->top->first)
		out(o, "(void)%s;\n", h->ctx_arg);    /* no parameters: nothing to begin with */
	if (h->barrier && !s.tid && !s.nsplit)
		out(o, "(void)tid;\n");
	if (h->barrier && !s.nsplit)
		out(o, "(void)n;\n");
	if (h->unused)
		out(o, "%s", h->unused);
	if (h->prologue)
		out(o, "%s", h->prologue);
	print_level(&s, f->top, NEED_ALWAYS);
	out(o, "}\n\n");
}
