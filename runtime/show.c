/* show.c - what a person sees: the table of epochs, the bar, the last table.
 *
 * Holds: the bar is cleared before anything else is printed; without a terminal there are no
 *        control characters in the output.
 *
 *  epoch       lr     loss   accuracy   val_loss   val_accuracy    samples/s    time
 *      1   1.0e-3   0.5127     0.8204     0.4210         0.8497      118 000    0.5s
 *
 * A column is three blanks and its name, at least six wide.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "rt_dictionary.h"
#include "rt_show.h"

enum { BAR_CELLS = 24, BAR_LEAST = 4, LINE_SECONDS = 30 };
#define BAR_SECONDS 0.1

/* The first of the three variables that is set decides, as in POSIX. */
static bool is_utf8(void)
{
	static const char *const name[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (int i = 0; i < 3; i++) {
		const char *v = getenv(name[i]);
		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

Show rt_show_new(const nnrt_model *m, const Options *o)
{
	Show s = { .m = m, .quiet = o->quiet, .verbose = o->verbose && !o->quiet };
	bool terminal = isatty(STDERR_FILENO);
	const char *no_color = getenv("NO_COLOR");
	s.bar = terminal && !o->quiet && (o->progress == P_AUTO || o->progress == P_BAR);
	s.lines = !s.bar && !o->quiet && o->progress != P_NONE;
	s.utf8 = is_utf8();
	s.color = !no_color || !*no_color;
	s.line = rt_now();
	return s;
}

void rt_show_head(const Show *s, const Dataset *d, int threads, uint64_t seed)
{
	char a[RT_NUMBER];
	int64_t n = 0;
	if (s->quiet)
		return;
	for (int i = 0; i < s->m->nparam; i++)
		n += s->m->param[i].len;
	printf("%s  %s parameters  |  ", s->m->name, rt_grouped((double)n, a));
	printf("%s train", rt_grouped((double)d->train.n, a));
	if (d->val.n)
		printf(", %s val", rt_grouped((double)d->val.n, a));
	if (d->test.n)
		printf(", %s test", rt_grouped((double)d->test.n, a));
	printf("  |  %d thread%s  |  seed %llu\n\n", threads, threads == 1 ? "" : "s",
	       (unsigned long long)seed);
	fflush(stdout);
}

void rt_show_details(const Show *s, const Run *r, int64_t batch)
{
	const nnrt_model *m = s->m;
	if (!s->verbose)
		return;
	printf("memory %.1f MiB at batch %lld, without the data\n",
	       rt_run_bytes(m, batch) / 1048576, (long long)batch);
	for (int i = 0; i < m->nsetting; i++)
		printf("%s%s = %g", i ? ", " : "settings ", m->setting[i].name, r->setting[i]);
	printf("%s\n", m->nsetting ? "\n" : "");
	fflush(stdout);
}

static int width(const char *name, const char *prefix)
{
	int n = (int)(strlen(prefix) + strlen(name));
	return 3 + (n < 6 ? 6 : n);
}

static void head_cell(const char *prefix, const char *name)
{
	printf("%*s%s%s", width(name, prefix) - (int)(strlen(prefix) + strlen(name)), "",
	       prefix, name);
}

/* Tables stand below, not in a column. */
static bool has_column(const nnrt_model *m, int i)
{
	return m->metric[i].table == 0;
}

static void cell(const char *prefix, const char *name, double v)
{
	char a[RT_NUMBER];
	/* a blank at least before a large number */
	printf(" %*s", width(name, prefix) - 1, isnan(v) ? "-" : rt_score(v, a));
}

void rt_show_columns(const Show *s)
{
	if (s->quiet)
		return;
	printf(" epoch%9s", "lr");
	for (int val = 0; val < 2; val++) {
		const char *prefix = val ? "val_" : "";
		head_cell(prefix, "loss");
		for (int i = 0; i < s->m->nmetric; i++)
			if (has_column(s->m, i))
				head_cell(prefix, s->m->metric[i].name);
	}
	printf("%13s%8s\n", "samples/s", "time");
	fflush(stdout);
}

static void score_cells(const nnrt_model *m, const char *prefix, const Scores *scores)
{
	cell(prefix, "loss", scores ? scores->loss : NAN);
	for (int i = 0; i < m->nmetric; i++)
		if (has_column(m, i))
			cell(prefix, m->metric[i].name, scores ? scores->metric[i] : NAN);
}

/* A permanent line follows; done: batches, as the next rt_show_tick will count them. */
static void begin_line(Show *s, int64_t done)
{
	rt_show_clear(s);
	s->line = rt_now();
	s->before = done;
}

void rt_show_epoch(Show *s, const Report *r)
{
	char a[RT_NUMBER], b[RT_NUMBER];
	begin_line(s, 0);
	if (s->quiet)
		return;
	printf("%6lld%9s", (long long)r->epoch, isnan(r->lr) ? "-" : rt_short_exp(r->lr, 1, a));
	score_cells(s->m, "", r->train);
	score_cells(s->m, "val_", r->val);
	printf("%13s", rt_grouped(r->rate, a));
	printf("%8s%s", rt_duration(r->seconds, a), r->best ? "   best" : "");
	if (s->verbose)
		printf("   norm %s  %s ms a step", rt_score(r->norm, a),
		       rt_score(r->step_seconds * 1e3, b));
	putchar('\n');
	fflush(stdout);
}

/* Tokens of a sample: of the first input, where that is a row of classes; else 0. */
static int64_t tokens_of(const nnrt_model *m)
{
	for (int i = 0; i < m->nin; i++)
		if (!m->in[i].target)
			return m->in[i].kind == NNRT_CLASS && m->in[i].rank == 1 ? m->in[i].len : 0;
	return 0;
}

void rt_show_step(Show *s, const Report *r)
{
	char a[RT_NUMBER];
	begin_line(s, r->step);
	if (s->quiet)
		return;
	printf("step %lld/%lld  loss %s  norm %.2f", (long long)r->step, (long long)r->steps,
	       rt_score(r->train->loss, a), r->norm);
	if (!isnan(r->lr))
		printf("  lr %s", rt_short_exp(r->lr, 2, a));
	double ms = r->step_seconds * 1e3;
	int64_t tokens = tokens_of(s->m);
	printf("  %.*f ms  %s %s/s", ms < 10 ? 2 : 0, ms,
	       rt_grouped(r->rate * (double)(tokens ? tokens : 1), a), tokens ? "tok" : "samples");
	for (int i = 0; i < s->m->nmetric; i++)
		if (has_column(s->m, i))
			printf("  %s %s", s->m->metric[i].name, rt_score(r->train->metric[i], a));
	if (r->val) {
		printf("  val_loss %s", rt_score(r->val->loss, a));
		for (int i = 0; i < s->m->nmetric; i++)
			if (has_column(s->m, i))
				printf("  val_%s %s", s->m->metric[i].name,
				       rt_score(r->val->metric[i], a));
	}
	printf("%s\n", r->best ? "  best" : "");
	fflush(stdout);
}

/* ━━━━╸━━━━ in two shades where the locale is UTF-8; ####---- elsewhere. */
static void draw_cells(const Show *s, int cells, double part)
{
	int full = (int)(part * cells);
	for (int i = 0; i < cells; i++) {
		if (s->utf8 && s->color && i == full + 1)
			fputs("\033[2m", stderr);
		if (s->utf8)
			fputs(i == full ? "\u2578" : "\u2501", stderr);
		else
			fputc(i < full ? '#' : '-', stderr);
	}
	if (s->utf8 && s->color && full + 1 < cells)
		fputs("\033[22m", stderr);
}

/* Columns of the terminal. */
static int columns(void)
{
	struct winsize w;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	const char *c = getenv("COLUMNS");
	int n = c ? atoi(c) : 0;
	return n > 0 ? n : 80;
}

/* A line that is cut must not wrap: it could not be cleared. */
static void draw_bar(const Show *s, int64_t epoch, int64_t done, int64_t of, double loss,
                     double rate, double left)
{
	char a[RT_NUMBER], b[RT_NUMBER], head[32], tail[160];
	int h = snprintf(head, sizeof head, "%6lld  ", (long long)epoch);
	int n = snprintf(tail, sizeof tail, "  %lld/%lld   loss %s   %s/s   eta %d:%02d",
	                 (long long)done, (long long)of, rt_score(loss, a), rt_grouped(rate, b),
	                 (int)(left / 60), (int)fmod(left, 60));
	int room = columns() - 1, cells = room - h - n;
	cells = cells > BAR_CELLS ? BAR_CELLS : cells < BAR_LEAST ? BAR_LEAST : cells;
	if (h + cells + n > room)
		n = room - h - cells;
	fprintf(stderr, "\r%.*s", room, head);
	if (n >= 0) {
		draw_cells(s, cells, (double)done / (double)of);
		fprintf(stderr, "%.*s", n, tail);
	}
	fputs("\033[K", stderr);
	fflush(stderr);
}

void rt_show_tick(Show *s, int64_t epoch, int64_t done, int64_t of, double loss, double rate)
{
	if (!s->bar && !s->lines)
		return;
	double now = rt_now();
	if (s->bar && now - s->drawn >= BAR_SECONDS) {
		/* from what was done since the last line */
		int64_t since = done - s->before;
		double per_step = since > 0 && s->line < now ? (now - s->line) / (double)since : 0;
		double left = per_step * (double)(of - done);
		draw_bar(s, epoch, done, of, loss, rate, left < 1e6 ? left : 1e6);
		s->drawn = now;
		s->there = true;
	} else if (s->lines && now - s->line >= LINE_SECONDS) {
		printf("epoch %lld  step %lld/%lld  loss %.4f  %.0f/s\n", (long long)epoch,
		       (long long)done, (long long)of, loss, rate);
		fflush(stdout);
		s->line = now;
		s->before = done;
	}
}

void rt_show_clear(Show *s)
{
	if (!s->there)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	s->there = false;
}

static void head_of(const char *what, const nnrt_model *m)
{
	printf(" %-6s", what);
	head_cell("", "loss");
	for (int i = 0; i < m->nmetric; i++)
		if (has_column(m, i))
			head_cell("", m->metric[i].name);
	putchar('\n');
}

void rt_show_split_head(const nnrt_model *m)
{
	head_of("split", m);
}

void rt_show_split(const nnrt_model *m, const char *split, const Scores *scores)
{
	printf(" %-6s", split);
	cell("", "loss", scores->loss);
	for (int i = 0; i < m->nmetric; i++)
		if (has_column(m, i))
			cell("", m->metric[i].name, scores->metric[i]);
	putchar('\n');
}

/* The widest of the numbers of a table and of its largest class. */
static int table_width(const double *v, int n)
{
	double most = n - 1;
	for (int i = 0; i < n * n; i++)
		most = fmax(most, v[i]);
	return snprintf(0, 0, "%.0f", most);
}

static void show_table(const Run *r, const char *name, const char *split, const double *v, int n)
{
	const nnrt_field *f = rt_named_classes(r->m, n, false);
	int w = table_width(v, n) + 2;
	printf("\n %s on %s: rows are the true class, columns the class named\n %6s", name, split,
	       "");
	for (int k = 0; k < n; k++)
		printf("%*d", w, k);
	putchar('\n');
	for (int i = 0; i < n; i++) {
		printf(" %6d", i);
		for (int k = 0; k < n; k++)
			printf("%*.0f", w, v[i * n + k]);
		const char *text = f ? rt_class_name(r, f, i) : 0;
		printf("%s%.40s\n", text ? "  " : "", text ? text : "");
	}
}

void rt_show_tables(const Run *r, const char *split, const Scores *scores)
{
	const nnrt_model *m = r->m;
	for (int i = 0; i < m->nmetric; i++) {
		int n = m->metric[i].table;
		if (n > RT_TABLE_MOST)
			printf("\n %s on %s: %d classes are too many to print (at most %d)\n",
			       m->metric[i].name, split, n, RT_TABLE_MOST);
		else if (n)
			show_table(r, m->metric[i].name, split, rt_scores_table(m, scores, i), n);
	}
}

/* ---- k-fold
 * ------------------------------------------------------------------------------------- */

static void mean_cell(const Scores *s, int n, int metric)
{
	char a[RT_NUMBER], b[RT_NUMBER];
	double sum = 0, squares = 0;
	for (int i = 0; i < n; i++)
		sum += metric < 0 ? s[i].loss : s[i].metric[metric];
	double mean = sum / n;
	for (int i = 0; i < n; i++) {
		double d = (metric < 0 ? s[i].loss : s[i].metric[metric]) - mean;
		squares += d * d;
	}
	/* as PyTorch's std: divided by n - 1 */
	printf("   %s +- %s", isnan(mean) ? "-" : rt_score(mean, a),
	       n < 2 || isnan(mean) ? "-" : rt_score(sqrt(squares / (n - 1)), b));
}

static void mean_row(const nnrt_model *m, const char *name, const Scores *s, int n)
{
	printf(" %s", name);
	for (int i = -1; i < m->nmetric; i++)
		if (i < 0 || has_column(m, i))
			mean_cell(s, n, i);
	putchar('\n');
}

void rt_show_folds(const nnrt_model *m, const Scores *val, const Scores *test, int n)
{
	char name[RT_NUMBER];
	putchar('\n');
	head_of("fold", m);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%d", i + 1);
		rt_show_split(m, name, &val[i]);
	}
	mean_row(m, "mean", val, n);
	if (test)
		mean_row(m, "test mean", test, n);
	fflush(stdout);
}
