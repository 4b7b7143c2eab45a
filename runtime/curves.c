/* curves.c - the curves of a run, two panels: the loss, and the monitored metric; NAME.svg.
 *
 * Holds: pictures cost at most a hundredth of a run: after each, as much time as a hundred of them
 *        took must pass before the next, but the last is always drawn.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <string.h>

#include "rt_io.h"
#include "rt_log_files.h"
#include "rt_mem.h"
#include "rt_plot.h"
#include "rt_show.h"

#define COST 0.01

/* The metric that the run is judged by, else the first; -1: there is none. */
static int shown_metric(const Log *l)
{
	const nnrt_model *m = l->m;
	const char *name = l->start.monitor;
	const char *bare = strncmp(name, "val_", 4) ? name : name + 4;
	int first = -1;
	for (int i = m->nmetric - 1; i >= 0; i--)
		if (!m->metric[i].table) {
			first = i;
			if (!strcmp(m->metric[i].name, bare))
				return i;
		}
	return first;
}

int rt_curves(const Log *l, Curve curve[2])
{
	int i = shown_metric(l);
	bool val = l->start.val > 0;
	curve[0] = (Curve){ "loss", rt_history_score(l->m, -1, false),
		            val ? rt_history_score(l->m, -1, true) : -1 };
	if (i >= 0)
		curve[1] = (Curve){ l->m->metric[i].name, rt_history_score(l->m, i, false),
			            val ? rt_history_score(l->m, i, true) : -1 };
	else
		curve[1] = (Curve){ "learning rate", HISTORY_LR, -1 };
	return 2;
}

/* ---- one panel ---------------------------------------------------------------------------- */

/* A column of the history from row `from`; of validation only where there was one. */
static int64_t column(const Log *l, int c, int64_t from, double fold, int x, double *xs,
                      double *ys)
{
	int64_t n = 0;
	for (int64_t i = from; i < l->history.n; i++) {
		const double *row = rt_history_at(&l->history, i);
		if (row[HISTORY_FOLD] != fold)
			break;
		if (isnan(row[c]))
			continue;
		xs[n] = row[x];
		ys[n++] = row[c];
	}
	return n;
}

/* Epochs, or steps where the run is counted in them. */
static int along(const Log *l)
{
	return l->m->train && l->m->train->steps > 0 && !(l->o->epochs > 0) ? HISTORY_STEP
	       : l->o->steps > 0                                            ? HISTORY_STEP
	                                                                    : HISTORY_EPOCH;
}

static void mark_best(Str *out, const Log *l, const Panel *p, const Curve *c)
{
	const double *best = rt_history_best(&l->history);
	int x = along(l);
	bool val = !strncmp(l->start.monitor, "val_", 4) && c->val >= 0;
	if (!best || !strcmp(c->name, "learning rate"))
		return;
	char text[RT_NUMBER];
	double v = best[val ? c->val : c->train], at = rt_panel_x(p, best[x]);
	double low = rt_panel_y(p, p->y0), high = rt_panel_y(p, p->y1), y = rt_panel_y(p, v);
	bool left = at > p->left + PANEL_WIDTH / 2.0, below = y < (low + high) / 2;
	rt_str_add(out, "<path class=\"mark\" d=\"M%.1f %.1fV%.1f\"/>\n", at,
	           low, high);
	rt_panel_dot(out, p, val ? "b" : "a", best[x], v);
	rt_str_add(out, "<text class=\"halo%s\" x=\"%.1f\" y=\"%.1f\">best: %s %.0f, %s</text>\n",
	           left ? " end" : "", at + (left ? -7 : 7), below ? low - 9 : high + 12,
	           x == HISTORY_STEP ? "step" : "epoch", best[x], rt_score(v, text));
}

/* Lines of all folds; the last one is the strongest. */
static void lines(Str *out, const Log *l, Panel *p, const Curve *c, bool fit)
{
	size_t room = (size_t)l->history.n + 1;
	double *xs = rt_alloc(room, 2 * sizeof *xs, "curves"), *ys = xs + room;
	for (int64_t i = 0; i < l->history.n;) {
		double fold = rt_history_at(&l->history, i)[HISTORY_FOLD];
		bool last = rt_history_at(&l->history, l->history.n - 1)[HISTORY_FOLD] == fold;
		for (int val = 0; val < 2; val++) {
			int col = val ? c->val : c->train;
			if (col < 0)
				continue;
			int64_t n = column(l, col, i, fold, along(l), xs, ys);
			if (fit)
				rt_panel_fit(p, xs, ys, n);
			else
				rt_panel_line(out, p, last ? (val ? "b" : "a")
				                           : val ? "b faint" : "a faint", xs, ys, n);
		}
		while (i < l->history.n && rt_history_at(&l->history, i)[HISTORY_FOLD] == fold)
			i++;
	}
	rt_free(xs);
}

void rt_curve_panel(Str *out, const Log *l, const Curve *c, double left, double top)
{
	static const char *const class[] = { "a", "b" };
	static const char *const name[] = { "train", "validation" };
	Panel p = rt_panel_new(left, top, c->name, along(l) == HISTORY_STEP ? "step" : "epoch");
	p.integer = true;
	lines(out, l, &p, c, true);
	rt_panel_open(out, &p);
	lines(out, l, &p, c, false);
	mark_best(out, l, &p, c);
	if (strcmp(c->name, "learning rate"))
		rt_panel_legend(out, &p, class, name, c->val >= 0 ? 2 : 1);
}

char *rt_curve_words(const Log *l, const Curve *c)
{
	char a[RT_NUMBER], b[RT_NUMBER];
	const History *h = &l->history;
	if (!h->n)
		return rt_text("%s: no report yet.", c->name);
	const double *first = rt_history_at(h, 0), *last = rt_history_at(h, h->n - 1);
	char *words = rt_text("%s over %.0f %s: training from %s to %s", c->name, last[along(l)],
	                      along(l) == HISTORY_STEP ? "steps" : "epochs",
	                      rt_score(first[c->train], a), rt_score(last[c->train], b));
	if (c->val < 0 || isnan(last[c->val]))
		return words;
	char *longer = rt_text("%s; validation at the end %s", words, rt_score(last[c->val], a));
	rt_free(words);
	return longer;
}

/* ---- NAME.svg ----------------------------------------------------------------------------- */

static void picture(Str *out, const Log *l)
{
	enum { MARGIN = 12 };
	Curve curve[2];
	int n = rt_curves(l, curve), width = 2 * MARGIN + n * PANEL_WIDTH;
	rt_str_add(out,
	           "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" "
	           "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n<title>",
	           width, PANEL_HEIGHT + 2 * MARGIN, width, PANEL_HEIGHT + 2 * MARGIN);
	rt_str_xml(out, l->m->name);
	rt_str_add(out, ": curves of the run</title>\n<desc>");
	for (int i = 0; i < n; i++) {
		char *words = rt_curve_words(l, &curve[i]);
		rt_str_xml(out, words);
		rt_str_add(out, i + 1 < n ? ". " : ".");
		rt_free(words);
	}
	rt_str_add(out, "</desc>\n<style>\n");
	rt_plot_style(out, "svg");
	rt_str_add(out, "svg{background:var(--card)}\n</style>\n");
	for (int i = 0; i < n; i++)
		rt_curve_panel(out, l, &curve[i], MARGIN + i * PANEL_WIDTH, MARGIN);
	rt_str_add(out, "</svg>\n");
}

void rt_curves_write(Log *l, bool always)
{
	double begin = rt_now();
	if (!l->svg || (!always && begin - l->plotted < l->plotting / COST))
		return;
	Str out = { 0 };
	picture(&out, l);
	Writer *w = rt_create(l->svg);
	rt_write(w, out.s, out.n);
	rt_commit_unsynced(w);
	rt_str_free(&out);
	l->plotted = rt_now();
	l->plotting = l->plotted - begin;
}
