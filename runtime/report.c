/* report.c - the page about a run: results, curves, the table of reports, and what other files add.
 *
 * Holds: text of the program is escaped; numbers are those of the logs.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rt_feed.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_plot.h"
#include "rt_report.h"
#include "rt_show.h"

enum { MOST_ROWS = 200 };

/* ---- pieces ------------------------------------------------------------------------------- */

void rt_html_number(Str *out, double v, const char *text)
{
	if (isnan(v))
		rt_str_add(out, "<span class=\"soft\">-</span>");
	else
		rt_str_add(out, "<data value=\"%.9g\">%s</data>", v, text);
}

void rt_html_score(Str *out, double v)
{
	char text[RT_NUMBER];
	rt_html_number(out, v, rt_score(v, text));
}

void rt_html_count(Str *out, double v)
{
	char text[RT_NUMBER];
	rt_html_number(out, v, rt_grouped(v, text));
}

void rt_html_section(Str *out, const char *id, const char *heading)
{
	rt_str_add(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", id, id);
	rt_str_xml(out, heading);
	rt_str_add(out, "</h2>\n");
}

void rt_html_close(Str *out)
{
	rt_str_add(out, "</section>\n");
}

void rt_html_figure(Str *out, double width, double height, const char *words)
{
	rt_str_add(out,
	           "<figure%s>\n<svg class=\"plot\" role=\"img\" viewBox=\"0 0 %g %g\" "
	           "aria-label=\"",
	           width > PANEL_WIDTH ? " class=\"wide\"" : "", width, height);
	rt_str_xml(out, words);
	rt_str_add(out, "\">\n");
}

void rt_html_figure_end(Str *out, const char *caption)
{
	rt_str_add(out, "</svg>\n");
	if (caption) {
		rt_str_add(out, "<figcaption>");
		rt_str_xml(out, caption);
		rt_str_add(out, "</figcaption>\n");
	}
	rt_str_add(out, "</figure>\n");
}

/* ---- results ------------------------------------------------------------------------------ */

static void tile(Str *out, const char *name, double v, const char *text, const char *below)
{
	rt_str_add(out, "<div><dt>");
	rt_str_xml(out, name);
	rt_str_add(out, "</dt><dd>");
	rt_html_number(out, v, text);
	rt_str_add(out, "<small>%s</small></dd></div>\n", below);
}

/* The monitored number; the same of the test part; how long it took. */
static void tiles(Str *out, const Log *l, const LogEnd *e)
{
	char text[RT_NUMBER], below[2 * RT_NUMBER];
	Curve c[2];
	const nnrt_model *m = l->m;
	rt_curves(l, c);
	int metric = -1;
	for (int i = m->nmetric - 1; i >= 0; i--)
		if (!m->metric[i].table && !strcmp(c[1].name, m->metric[i].name))
			metric = i;
	rt_str_add(out, "<dl class=\"tiles\">\n");
	snprintf(below, sizeof below, "best, epoch %lld", (long long)e->best_epoch);
	tile(out, l->start.monitor, e->best, rt_score(e->best, text), below);
	if (e->test) {
		double v = metric >= 0 ? e->test->metric[metric] : e->test->loss;
		snprintf(below, sizeof below, "on %s rows",
		         rt_grouped((double)l->start.test, text));
		char name[RT_NUMBER];
		snprintf(name, sizeof name, "test %.36s", metric >= 0 ? c[1].name : "loss");
		char score[RT_NUMBER];
		tile(out, name, v, rt_score(v, score), below);
	}
	snprintf(below, sizeof below, "%s steps", rt_grouped((double)e->step, text));
	char epochs[RT_NUMBER];
	tile(out, "epochs", (double)e->epoch, rt_grouped((double)e->epoch, epochs), below);
	char time[RT_NUMBER];
	snprintf(below, sizeof below, "%d thread%s", l->start.threads,
	         l->start.threads == 1 ? "" : "s");
	tile(out, "time", e->seconds, rt_duration(e->seconds, time), below);
	rt_str_add(out, "</dl>\n");
}

static void scores_row(Str *out, const nnrt_model *m, const char *part, int64_t rows,
                       const Scores *s)
{
	if (!s)
		return;
	rt_str_add(out, "<tr><th scope=\"row\" class=\"l\">%s</th><td data-n=\"rows\">", part);
	rt_html_count(out, (double)rows);
	rt_str_add(out, "</td><td data-n=\"loss\">");
	rt_html_score(out, s->loss);
	rt_str_add(out, "</td>");
	for (int i = 0; m->nloss > 1 && i < m->nloss; i++) {
		rt_str_add(out, "<td data-n=\"");
		rt_str_xml(out, m->loss[i]);
		rt_str_add(out, "\">");
		rt_html_score(out, s->part[i]);
		rt_str_add(out, "</td>");
	}
	for (int i = 0; i < m->nmetric; i++) {
		if (m->metric[i].table)
			continue;
		rt_str_add(out, "<td data-n=\"");
		rt_str_xml(out, m->metric[i].name);
		rt_str_add(out, "\">");
		rt_html_score(out, s->metric[i]);
		rt_str_add(out, "</td>");
	}
	rt_str_add(out, "</tr>\n");
}

static void head_cell(Str *out, const char *name)
{
	rt_str_add(out, "<th scope=\"col\">");
	rt_str_xml(out, name);
	rt_str_add(out, "</th>");
}

static void scores(Str *out, const Log *l, const LogEnd *e)
{
	const nnrt_model *m = l->m;
	rt_str_add(out,
	           "<table class=\"stack\" id=\"scores\">\n<caption>With the best weights, "
	           "those of epoch %lld (step %lld). The training row is what the epoch itself "
	           "saw.</caption>\n"
	           "<thead><tr><th scope=\"col\" class=\"l\">part</th>",
	           (long long)e->best_epoch, (long long)e->best_step);
	head_cell(out, "rows");
	head_cell(out, "loss");
	for (int i = 0; m->nloss > 1 && i < m->nloss; i++)
		head_cell(out, m->loss[i]);
	for (int i = 0; i < m->nmetric; i++)
		if (!m->metric[i].table)
			head_cell(out, m->metric[i].name);
	rt_str_add(out, "</tr></thead>\n<tbody>\n");
	scores_row(out, m, "train", l->start.train, e->train);
	scores_row(out, m, "validation", l->start.val, e->val);
	scores_row(out, m, "test", l->start.test, e->test);
	rt_str_add(out, "</tbody></table>\n");
}

static void results(Str *out, const Log *l, const LogEnd *e)
{
	rt_html_section(out, "results", "Results");
	scores(out, l, e);
	rt_html_close(out);
}

/* ---- curves ------------------------------------------------------------------------------- */

static void curves(Str *out, const Log *l)
{
	Curve c[2];
	int n = rt_curves(l, c);
	rt_html_section(out, "curves", "Curves");
	rt_str_add(out, "<div class=\"pair\">\n");
	for (int i = 0; i < n; i++) {
		char *words = rt_curve_words(l, &c[i]);
		rt_html_figure(out, PANEL_WIDTH, PANEL_HEIGHT, words);
		rt_curve_panel(out, l, &c[i], 0, 0);
		rt_html_figure_end(out, 0);
		rt_free(words);
	}
	rt_str_add(out, "</div>\n");
	rt_html_close(out);
}

/* A cell of the table of reports: the text of the CSV as value. */
static void cell(Str *out, const double *row, int c, const char *name)
{
	char text[RT_NUMBER];
	char *full = rt_history_text(row, c);
	const char *shown = c == HISTORY_SECONDS ? rt_duration(row[c], text)
	                    : c == HISTORY_LR    ? rt_short_exp(row[c], 2, text)
	                    : c < HISTORY_SCORES ? rt_grouped(row[c], text)
	                                         : rt_score(row[c], text);
	rt_str_add(out, "<td data-n=\"");
	rt_str_xml(out, name);
	if (*full)
		rt_str_add(out, "\"><data value=\"%s\">%s</data></td>", full, shown);
	else
		rt_str_add(out, "\" class=\"none\"></td>");
	rt_free(full);
}

/* The columns of the log, and which fold it is. */
static bool has_column(const Log *l, int c)
{
	return c >= HISTORY_EPOCH || (c == HISTORY_FOLD && l->fold);
}

static void reports(Str *out, const Log *l)
{
	const History *h = &l->history;
	int64_t every = 1 + (h->n - 1) / MOST_ROWS;
	char a[RT_NUMBER];
	rt_html_section(out, "reports", "Reports");
	rt_str_add(out, "<details>\n<summary>%s report%s, as in the log",
	           rt_grouped((double)l->reports, a), l->reports == 1 ? "" : "s");
	if (every > 1 || h->stride > 1)
		rt_str_add(out, "; every %s",
		           rt_grouped((double)(every * h->stride), a));
	rt_str_add(out, "</summary>\n<table class=\"stack\" id=\"log\">\n<thead><tr>");
	for (int c = 0; c < h->columns; c++) {
		if (!has_column(l, c))
			continue;
		char *name = rt_history_name(l->m, c);
		head_cell(out, name);
		rt_free(name);
	}
	rt_str_add(out, "</tr></thead>\n<tbody>\n");
	for (int64_t i = 0; i < h->n; i++) {
		const double *row = rt_history_at(h, i);
		if (i % every && i + 1 < h->n && row != rt_history_best(h))
			continue;
		rt_str_add(out, "<tr>");
		for (int c = 0; c < h->columns; c++) {
			if (!has_column(l, c))
				continue;
			char *name = rt_history_name(l->m, c);
			cell(out, row, c, name);
			rt_free(name);
		}
		rt_str_add(out, "</tr>\n");
	}
	rt_str_add(out, "</tbody></table>\n</details>\n");
	rt_html_close(out);
}

/* ---- the page ----------------------------------------------------------------------------- */

static void head(Str *out, const Log *l, const LogEnd *e)
{
	const nnrt_model *m = l->m;
	int64_t n = 0;
	for (int i = 0; i < m->nparam; i++)
		n += m->param[i].len;
	rt_str_add(out,
	           "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	           "<meta name=\"generator\" content=\"nnc %s\">\n<title>",
	           m->nnc_version);
	rt_str_xml(out, m->name);
	rt_str_add(out, ": report of a training run</title>\n<style>\n");
	rt_report_style(out);
	rt_str_add(out, "</style>\n</head>\n<body>\n<header>\n<h1>");
	rt_str_xml(out, m->name);
	rt_str_add(out, "</h1>\n<p class=\"lead\">");
	rt_html_count(out, (double)n);
	rt_str_add(out, " parameters, trained on ");
	rt_html_count(out, (double)l->start.train);
	rt_str_add(out, " rows");
	if (l->start.val) {
		rt_str_add(out, ", validated on ");
		rt_html_count(out, (double)l->start.val);
	}
	if (l->start.test) {
		rt_str_add(out, ", tested on ");
		rt_html_count(out, (double)l->start.test);
	}
	if (l->fold)
		rt_str_add(out, "; fold %d of %d, the best", l->fold, l->start.folds);
	rt_str_add(out, ".</p>\n");
	tiles(out, l, e);
	rt_str_add(out, "</header>\n<main>\n");
}

static void foot(Str *out, const Log *l)
{
	const nnrt_model *m = l->m;
	rt_str_add(out, "</main>\n<footer>\n<p>Written by the trainer of <code>");
	rt_str_xml(out, m->source);
	rt_str_add(out, "</code>, generated by nnc %s %s.</p>\n<p>SHA-256 of the program: "
	           "<code>%s</code></p>\n</footer>\n</body>\n</html>\n",
	           m->nnc_version, m->options ? m->options : "", m->source_hash);
}

/* What the model says of rows it has not learnt from, if there are any. */
static void answers(Str *out, const LogEnd *e)
{
	const Dataset *d = e->data;
	const Rows *rows = d->test.n ? &d->test : d->val.n ? &d->val : &d->train;
	const char *part = d->test.n ? "test" : d->val.n ? "validation" : "training";
	Graded *g = rt_graded(e->run, d, rows, part);
	if (g)
		rt_report_classes(out, g);
	else
		rt_report_numbers(out, e->run, d, rows, part);
	rt_graded_free(g);
}

void rt_report_write(Log *l, const LogEnd *e)
{
	Str out = { 0 };
	if (!l->html)
		return;
	head(&out, l, e);
	results(&out, l, e);
	curves(&out, l);
	if (e->run && e->data)
		answers(&out, e);
	rt_report_layers(&out, l->m);
	rt_report_memory(&out, l->m, e->run ? e->run->room : 1);
	rt_report_settings(&out, l, e);
	reports(&out, l);
	foot(&out, l);
	Writer *w = rt_create(l->html);
	rt_write(w, out.s, out.n);
	rt_commit(w);
	rt_str_free(&out);
}
