/* log.c - which logs a run writes, and what each event of the run puts into them.
 *
 * Holds: a file that an event was added to ends with that event, whole; a log goes on from where
 *        rt_log_state was called, whatever was added since.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>
#include <time.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_log_files.h"
#include "rt_mem.h"
#include "rt_plot.h"
#include "rt_report.h"

/* ---- files -------------------------------------------------------------------------------- */

void rt_log_make(LogFile *f, const void *from, size_t n)
{
	Writer *w = rt_create(f->path);
	rt_write(w, from, n);
	rt_commit(w);
	f->bytes = (int64_t)n;
}

void rt_log_add(LogFile *f, const Str *text)
{
	f->bytes = rt_append(f->path, text->s, text->n);
}

static double wall(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

Log *rt_log_new(const nnrt_model *m, const Options *o)
{
	Log *l = rt_alloc(1, sizeof *l, "logs");
	l->m = m;
	l->o = o;
	l->dir = rt_text("%s", o->out ? o->out : ".");
	l->base = rt_join(l->dir, m->name);
	l->history = rt_history_new(m);
	if (o->no_save)
		return l;
	if (o->csv)
		l->csv.path = rt_text("%s.csv", l->base);
	if (o->jsonl)
		l->json.path = rt_text("%s.jsonl", l->base);
	if (!o->no_plot) {
		l->svg = rt_text("%s.svg", l->base);
		l->html = rt_text("%s.html", l->base);
	}
	return l;
}

void rt_log_free(Log *l)
{
	char *text[] = { l->dir, l->base, l->csv.path, l->json.path, l->board.path, l->svg, l->html,
		         l->names };
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		rt_free(text[i]);
	rt_free((void *)(uintptr_t)l->start.monitor);
	rt_history_free(&l->history);
	rt_free(l);
}

static void set_start(Log *l, const LogStart *s)
{
	l->start = *s;
	l->start.monitor = rt_text("%s", s->monitor ? s->monitor : "loss");
}

/* A log that is not there yet. */
static void begin_csv(Log *l)
{
	char *head = rt_csv_head(l->m);
	rt_log_make(&l->csv, head, strlen(head));
	rt_free(head);
}

static void begin_json(Log *l)
{
	Str t = { 0 };
	rt_json_start(l, &t);
	rt_log_make(&l->json, t.s, t.n);
	rt_str_free(&t);
}

static void begin_board(Log *l)
{
	Str t = { 0 };
	l->board.path = rt_board_path(l->dir);
	rt_board_start(&t, wall());
	rt_log_make(&l->board, t.s, t.n);
	rt_str_free(&t);
}

void rt_log_start(Log *l, const LogStart *s)
{
	set_start(l, s);
	if (l->csv.path)
		begin_csv(l);
	if (l->json.path)
		begin_json(l);
	if (l->o->tb && !l->o->no_save)
		begin_board(l);
}

/* ---- events ------------------------------------------------------------------------------- */

void rt_log_fold(Log *l, int fold)
{
	l->fold = fold;
}

void rt_log_epoch(Log *l, const LogLine *line)
{
	Str t = { 0 };
	double *row = rt_history_add(&l->history, l->reports++);
	rt_history_row(l->m, line, row);
	row[HISTORY_FOLD] = l->fold;
	if (l->csv.path) {
		char *text = rt_csv_line(l->m, line);
		rt_str_add(&t, "%s", text);
		rt_free(text);
		rt_log_add(&l->csv, &t);
		rt_str_clear(&t);
	}
	if (l->json.path) {
		rt_json_epoch(l, line, &t);
		rt_log_add(&l->json, &t);
		rt_str_clear(&t);
	}
	if (l->board.path) {
		rt_board_row(l->m, row, &t, wall());
		rt_log_add(&l->board, &t);
	}
	rt_str_free(&t);
	rt_curves_write(l, false);
}

void rt_log_end(Log *l, const LogEnd *e)
{
	Str t = { 0 };
	l->ends++;
	if (l->json.path) {
		rt_json_end(l, e, &t);
		rt_log_add(&l->json, &t);
	}
	rt_str_free(&t);
	rt_curves_write(l, true);
	if (e->page)
		rt_report_write(l, e);
}

void rt_log_stop(Log *l)
{
	if (l->history.n)
		rt_curves_write(l, true);
}

const char *rt_log_names(Log *l)
{
	const char *const file[] = { l->csv.path, l->json.path, l->board.path, l->svg, l->html };
	Str t = { 0 };
	rt_str_add(&t, "%s", "");
	for (size_t i = 0; i < sizeof file / sizeof *file; i++)
		if (file[i])
			rt_str_add(&t, ", %s", file[i]);
	rt_free(l->names);
	return l->names = t.s;
}

/* ---- checkpoints -------------------------------------------------------------------------- */

/* What rt_log_state writes: this, then the rows of the history with zeros as seconds.  Nothing of it
 * depends on the clock: where a log is to be cut, and the seconds, are found in the logs. */
typedef struct {
	int64_t columns, rows, stride, reports, fold, ends, files;
} State;

/* Which logs there are, in State.files. */
enum { CSV = 1, JSON = 2, BOARD = 4 };

void rt_log_state(const Log *l, Str *to)
{
	const History *h = &l->history;
	State s = { h->columns, h->n, h->stride, l->reports, l->fold, l->ends, 0 };
	s.files = (l->csv.path ? CSV : 0) | (l->json.path ? JSON : 0) | (l->board.path ? BOARD : 0);
	rt_str_bytes(to, &s, sizeof s);
	double *row = rt_alloc((size_t)h->columns, sizeof *row, "reports");
	for (int64_t i = 0; i < h->n; i++) {
		memcpy(row, rt_history_at(h, i), (size_t)h->columns * sizeof *row);
		row[HISTORY_SECONDS] = 0;
		rt_str_bytes(to, row, (size_t)h->columns * sizeof *row);
	}
	rt_free(row);
}

/* Cuts a log back; one that is gone or was cut by others begins anew, and one that was not there. */
static bool goes_on(LogFile *f, int64_t bytes, bool there)
{
	if (!there)
		return false;
	if (bytes >= 0 && rt_cut(f->path, bytes)) {
		f->bytes = bytes;
		return true;
	}
	rt_warn(0, "%s is not what the checkpoint left: it begins anew", f->path);
	return false;
}

static bool read_state(const Log *l, const void *state, size_t bytes, State *s)
{
	if (bytes < sizeof *s)
		return false;
	memcpy(s, state, sizeof *s);
	if (s->columns != l->history.columns || s->rows < 0 || s->rows > (int64_t)bytes ||
	    s->stride < 1 || s->reports < 0 || s->fold < 0 || s->fold > INT32_MAX || s->ends < 0)
		return false;
	return bytes == sizeof *s + (size_t)(s->rows * s->columns) * sizeof(double);
}

/* The newest event file: names have the time. */
static char *board_there(const Log *l)
{
	int n;
	char **name = rt_list(l->dir, "events.out.tfevents.", &n);
	char *path = n ? rt_join(l->dir, name[n - 1]) : 0;
	rt_list_free(name, n);
	return path;
}

static void resume_board(Log *l, bool there)
{
	l->board.path = there ? board_there(l) : 0;
	if (l->board.path &&
	    goes_on(&l->board, rt_log_place_board(l->board.path, l->reports), true))
		return;
	rt_free(l->board.path);
	begin_board(l);
}

bool rt_log_resume(Log *l, const LogStart *start, const void *state, size_t bytes, bool own)
{
	State s;
	const char *at = (const char *)state + sizeof s;
	if (!read_state(l, state, bytes, &s))
		return false;
	set_start(l, start);
	l->reports = s.reports;
	l->fold = (int)s.fold;
	l->ends = s.ends;
	for (int64_t i = 0; i < s.rows; i++) {
		size_t row = (size_t)s.columns * sizeof(double);
		memcpy(rt_history_add(&l->history, 0), at + (size_t)i * row, row);
	}
	l->history.stride = s.stride;
	if (l->csv.path && !goes_on(&l->csv, rt_log_place_csv(l->csv.path, &l->history, s.reports),
	                            s.files & CSV))
		begin_csv(l);
	if (l->json.path && !goes_on(&l->json, rt_log_place_json(l->json.path, s.reports, s.ends),
	                             s.files & JSON))
		begin_json(l);
	if (l->o->tb && !l->o->no_save)
		resume_board(l, own && s.files & BOARD);
	return true;
}

double rt_log_seconds(const Log *l)
{
	const History *h = &l->history;
	return h->n ? rt_history_at(h, h->n - 1)[HISTORY_SECONDS] : 0;
}
