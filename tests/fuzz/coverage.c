/* coverage.c - see coverage.h.
 *
 * The names come from the library's own text and from the op table, so that what is added there and
 * not generated is found.
 */
#include "coverage.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "op.h"

extern const char prelude_text[];

enum { MOST_NAMES = 1200, MOST_ARGS = 16 };

typedef struct {
	char name[40];
	int narg, first;               /* options: entries first .. first + narg - 1           */
	unsigned long n;
	bool now;                      /* in the program at hand                               */
} Name;

typedef struct { Name v[MOST_NAMES]; int n, nfn; } Names;

/* What no program can have, and why. */
static const struct { const char *name, *why; } excepted[] = {
	{ "checkpoint", "refused: not built" },
	{ "keep", "refused: not built" },
};
static const struct { const char *name, *why; } excepted_op[] = {
	{ "moment", "in the update graph of an optimizer with state only after lowering" },
};

static const char *const word[] = {
	/* statements */
	"import", "const", "fn", "block", "layer", "optimizer", "model", "data", "train", "search", "export", "input", "target",
	"param", "buffer", "update", "loss", "metric", "output", "return", "repeat", "scan", "carry", "emit", "in", "if", "else",
	"and", "or", "not", "true", "false", "training", "none", "initialiser", "int", "float", "f32", "i32", "bool", "class",
	/* settings of train */
	"epochs", "steps", "batch", "regularize", "clip_norm", "clip_value", "accumulate", "ema", "stop", "monitor", "validate",
	"checkpoint", "seed", "shuffle", "drop_last", "decay_all", "on_nonfinite", "keep", "quantize", "early_stopping", "elapsed",
	"step", "epoch", "progress", "multiple",
	/* arguments of every layer */
	"init", "bias_init", "lr_scale", "trainable",
	/* data, search, export */
	"synthetic", "idx", "csv", "npy", "npz", "raw", "libsvm", "text", "cifar10", "cifar100", "type", "level", "context", "cache",
	"balance", "columns", "column", "others", "header", "sep", "missing", "images", "labels", "noise", "val", "test", "split", "holdout", "kfold", "time", "stratify", "random",
	"linear", "sequence", "kind", "grid", "halving", "trials", "minimize", "maximize", "choice", "uniform", "log_uniform",
	"prefix", "api", "weights", "preprocess", "input_layout", "libm", "std", "stream",
};
static const char *const sign[] = {
	"|>", "==", "!=", " < ", "<=", " > ", ">=", " + ", " - ", " * ", " / ", " @ ", "**", "(-", "[:", "[...", ", ...]", "..", ".weight",
	"->", "f32[...", "f32[N", ":]", "[-", "\"same\"", "\"valid\"", "x: ", "] = ", "fan_in", "N)", "/ N",
};

static Name *add(Names *t, const char *name, size_t n)
{
	if (t->n == MOST_NAMES)
		abort();
	Name *k = &t->v[t->n++];
	memset(k, 0, sizeof *k);
	snprintf(k->name, sizeof k->name, "%.*s", (int)n, name);
	return k;
}

static size_t word_length(const char *p)
{
	size_t n = 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static int find(const Names *t, const char *name, size_t n)
{
	for (int i = 0; i < t->nfn; i++)
		if (strlen(t->v[i].name) == n && !memcmp(t->v[i].name, name, n))
			return i;
	return -1;
}

/* The arguments in the head of function number f, from after its parenthesis. */
static void head(Names *t, int f, const char *p)
{
	int deep = 1;
	t->v[f].first = t->n;
	bool begins = true;
	for (; deep; p++) {
		size_t k = word_length(p);
		if (begins && k) {
			Name *a = add(t, t->v[f].name, strlen(t->v[f].name));
			size_t m = strlen(a->name);
			snprintf(a->name + m, sizeof a->name - m, ".%.*s", (int)k, p);
			t->v[f].narg++;
			begins = false;
		}
		deep += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
		begins |= deep == 1 && *p == ',';
	}
}

static void library(Names *t)
{
	static const char *const kind[] = { "fn ", "block ", "optimizer " };
	const char *at[MOST_NAMES];
	for (const char *p = prelude_text; *p; p++)
		for (int k = 0; k < 3; k++) {
			size_t n = strlen(kind[k]);
			if ((p != prelude_text && p[-1] != '\n') || strncmp(p, kind[k], n) || p[n] == '_')
				continue;
			at[t->n] = p + n;
			add(t, p + n, word_length(p + n));
		}
	t->nfn = t->n;
	for (int i = 0; i < t->nfn; i++)
		head(t, i, at[i] + strlen(t->v[i].name) + 1);
	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		add(t, word[i], strlen(word[i]));
	for (size_t i = 0; i < sizeof sign / sizeof *sign; i++)
		add(t, sign[i], strlen(sign[i]));
}

/* The call whose arguments begin at p: which of them are given. */
static void arguments(Names *t, Name *f, const char *p, bool piped)
{
	/* a regulariser's w, an optimizer's w and g come from elsewhere */
	bool w = f->narg && strstr(t->v[f->first].name, ".w") && !strstr(t->v[f->first].name, ".w_");
	bool g = w && f->narg > 1 && !strcmp(strchr(t->v[f->first + 1].name, '.'), ".g");
	int deep = 1, place = (int)piped + w + g;
	bool begins = *p != ')';
	if (piped && f->narg)
		t->v[f->first].now = true;
	for (; deep && *p; p++) {
		size_t k = word_length(p);
		if (begins && *p != ' ' && *p != '\n') {
			const char *after = p + k;
			bool named = k && !strncmp(after, " = ", 3);
			for (int i = 0; i < f->narg; i++) {
				const char *name = strchr(t->v[f->first + i].name, '.') + 1;
				if (named ? strlen(name) == k && !memcmp(name, p, k) : i == place)
					t->v[f->first + i].now = true;
			}
			place += !named;
			begins = false;
		}
		deep += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
		begins |= deep == 1 && *p == ',';
	}
}

static bool after_pipe(const char *text, const char *p)
{
	while (p > text && p[-1] == ' ')
		p--;
	if (p > text && p[-1] == ':')
		return true;
	return p > text + 1 && p[-1] == '>' && p[-2] == '|';
}

static void look(Names *t, const char *text)
{
	for (const char *p = text; *p;) {
		size_t k = word_length(p);
		if (!k || isdigit((unsigned char)*p)) {
			p += k ? k : 1;
			continue;
		}
		int f = find(t, p, k);
		bool piped = after_pipe(text, p);
		if (f >= 0 && (p[k] == '(' || piped)) {
			t->v[f].now = true;
			if (p[k] == '(')
				arguments(t, &t->v[f], p + k + 1, piped);
			else if (t->v[f].narg)
				t->v[t->v[f].first].now = true;
		}
		for (int i = t->nfn; i < t->n; i++)
			if (strlen(t->v[i].name) == k && !memcmp(t->v[i].name, p, k))
				t->v[i].now = true;
		p += k;
	}
	for (int i = t->nfn; i < t->n; i++)
		if (t->v[i].name[word_length(t->v[i].name)])
			t->v[i].now |= strstr(text, t->v[i].name) != 0;
	for (int i = 0; i < t->n; i++) {
		t->v[i].n += t->v[i].now;
		t->v[i].now = false;
	}
}

static const char *excuse(const char *name)
{
	for (size_t i = 0; i < sizeof excepted / sizeof *excepted; i++)
		if (!strcmp(excepted[i].name, name))
			return excepted[i].why;
	return 0;
}

int coverage_words(uint64_t seed, uint64_t count, int size)
{
	static Names t;
	int missing = 0;
	library(&t);
	for (uint64_t s = seed; s < seed + count; s++) {
		char *text = generate(s, size, 0);
		look(&t, text);
		free(text);
	}
	for (int i = 0; i < t.n; i++) {
		const char *why = t.v[i].n ? 0 : excuse(t.v[i].name);
		/* an optimizer's w and g, and a regulariser's w, are not given in calls; `sizes` have names of their own */
		const char *dot = strchr(t.v[i].name, '.');
		bool own = dot && dot > t.v[i].name && (!strcmp(dot, ".w") || !strcmp(dot, ".g") || !strcmp(dot, ".sizes"));
		bool gone = !t.v[i].n && !why && !own;
		if (own)
			continue;
		printf("%8lu  %s%s%s\n", t.v[i].n, t.v[i].name, gone ? "   NEVER" : why ? "   " : "", why ? why : "");
		missing += gone;
		t.v[i].now = gone;
	}
	for (int i = 0; i < t.n; i++)
		if (t.v[i].now)
			printf("never generated: %s\n", t.v[i].name);
	printf("%d names over %llu programs, %d never\n", t.n, (unsigned long long)count, missing);
	return missing;
}

int coverage_ops(const Report *r)
{
	int missing = 0;
	for (int i = 0; i < NOP; i++) {
		const char *why = 0;
		for (size_t k = 0; k < sizeof excepted_op / sizeof *excepted_op; k++)
			if (!strcmp(excepted_op[k].name, opinfo[i].name))
				why = excepted_op[k].why;
		bool gone = !r->op[i] && !why;
		printf("%8lu  op %s%s%s\n", r->op[i], opinfo[i].name, gone ? "   NEVER" : !r->op[i] ? "   " : "",
		       !r->op[i] && why ? why : "");
		missing += gone;
	}
	return missing;
}
