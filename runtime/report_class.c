/* report_class.c - how well classes were told apart: confusion, ROC, calibration, one by one; and
 * for numbers, predicted against true.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rt_dictionary.h"
#include "rt_mem.h"
#include "rt_plot.h"
#include "rt_real.h"
#include "rt_report.h"
#include "rt_show.h"

enum { TABLE_MOST = 12, PICTURE_MOST = 64, PAIRS = 10, LISTED = 100, POINTS = 200, LINES = 20,
       DOTS = 600 };

static double cell_of(const Graded *g, int is, int as)
{
	return g->confusion[is * g->classes + as];
}

/* The number of class k, and its name where the data have one. */
static void class_text(Str *out, const Graded *g, int k)
{
	const char *name = rt_class_name(g->run, g->target, k);
	rt_str_add(out, "%d", k);
	if (name) {
		rt_str_add(out, " ");
		rt_str_xml(out, name);
	}
}

/* How often class k was true; how often it was named. */
static double trues(const Graded *g, int k)
{
	double n = 0;
	for (int i = 0; i < g->classes; i++)
		n += cell_of(g, k, i);
	return n;
}

static double nameds(const Graded *g, int k)
{
	double n = 0;
	for (int i = 0; i < g->classes; i++)
		n += cell_of(g, i, k);
	return n;
}

/* ---- confusion ---------------------------------------------------------------------------- */

static const char confusion_words[] = "Rows are the true class, columns the class named; the "
                                      "shade is the share of the row.";

/* Letters shrink such that all columns fit into the width there is. */
static void matrix(Str *out, const Graded *g)
{
	int k = g->classes, digits = 2;
	for (int i = 0; i < k * k; i++) {
		int n = snprintf(0, 0, "%.0f", g->confusion[i]);
		digits = n > digits ? n : digits;
	}
	double fit = 100.0 / ((k + 1) * (0.62 * digits + 0.55));
	rt_str_add(out,
	           "<div class=\"matrix\" style=\"--fit:%.2fcqw\">\n<table id=\"confusion\">\n"
	           "<caption>%s</caption>\n<thead><tr><td></td>",
	           fit, confusion_words);
	for (int j = 0; j < k; j++)
		rt_str_add(out, "<th scope=\"col\">%d</th>", j);
	rt_str_add(out, "</tr></thead>\n<tbody>\n");
	for (int i = 0; i < k; i++) {
		double all = trues(g, i);
		rt_str_add(out, "<tr><th scope=\"row\">%d</th>", i);
		for (int j = 0; j < k; j++)
			rt_str_add(out, "<td style=\"--p:%.3f\"><data value=\"%.0f\">%.0f</data></td>",
			           all > 0 ? cell_of(g, i, j) / all : 0, cell_of(g, i, j),
			           cell_of(g, i, j));
		rt_str_add(out, "</tr>\n");
	}
	rt_str_add(out, "</tbody></table>\n</div>\n");
}

/* More classes: squares instead of numbers. */
static void heat(Str *out, const Graded *g)
{
	enum { SIDE = 420, EDGE = 40 };
	int k = g->classes, every = 1 + (k - 1) / 16;
	double size = (double)(SIDE - EDGE) / k;
	rt_html_figure(out, SIDE, SIDE, "Confusion matrix as shades");
	rt_str_add(out, "<g class=\"heat\">\n");
	for (int i = 0; i < k; i++) {
		double all = trues(g, i);
		for (int j = 0; j < k; j++)
			if (cell_of(g, i, j) > 0)
				rt_str_add(out,
				           "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" "
				           "opacity=\"%.3f\"/>\n",
				           EDGE + j * size, EDGE + i * size, size, size,
				           0.05 + 0.95 * cell_of(g, i, j) / all);
	}
	rt_str_add(out, "</g>\n");
	for (int i = 0; i < k; i += every)
		rt_str_add(out,
		           "<text class=\"end\" x=\"%d\" y=\"%.2f\">%d</text><text class=\"mid\" "
		           "x=\"%.2f\" y=\"%d\">%d</text>\n",
		           EDGE - 6, EDGE + (i + 0.5) * size + 4, i, EDGE + (i + 0.5) * size,
		           EDGE - 8, i);
	rt_html_figure_end(out, confusion_words);
}

typedef struct {
	double n;
	int is, as;
} Mistake;

static int by_number(const void *a, const void *b)
{
	const Mistake *x = a, *y = b;
	return x->n != y->n     ? (x->n < y->n ? 1 : -1)
	       : x->is != y->is ? x->is - y->is
	                        : x->as - y->as;
}

static void mistakes(Str *out, const Graded *g)
{
	int k = g->classes, n = 0;
	Mistake *v = rt_alloc((size_t)k * (size_t)k, sizeof *v, "the report");
	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			if (i != j && cell_of(g, i, j) > 0)
				v[n++] = (Mistake){ cell_of(g, i, j), i, j };
	qsort(v, (size_t)n, sizeof *v, by_number);
	if (n) {
		rt_str_add(out, "<table class=\"narrow\" id=\"mistakes\">\n<caption>The classes most "
		                "often taken for another.</caption>\n<thead><tr><th scope=\"col\">true"
		                "</th><th scope=\"col\">named</th><th scope=\"col\">times</th></tr>"
		                "</thead>\n<tbody>\n");
		for (int i = 0; i < n && i < PAIRS; i++) {
			rt_str_add(out, "<tr><td>");
			class_text(out, g, v[i].is);
			rt_str_add(out, "</td><td>");
			class_text(out, g, v[i].as);
			rt_str_add(out, "</td><td>");
			rt_html_count(out, v[i].n);
			rt_str_add(out, "</td></tr>\n");
		}
		rt_str_add(out, "</tbody></table>\n");
	}
	rt_free(v);
}

/* ---- one class after the other ------------------------------------------------------------ */

static void class_row(Str *out, const Graded *g, int k, double area)
{
	double tp = cell_of(g, k, k), is = trues(g, k), named = nameds(g, k);
	double v[] = { named > 0 ? tp / named : 0, is > 0 ? tp / is : 0,
		       named + is > 0 ? 2 * tp / (named + is) : 0, area };
	static const char *const name[] = { "precision", "recall", "f1", "auc" };
	rt_str_add(out, "<tr><th scope=\"row\" class=\"l\" data-n=\"class\">");
	class_text(out, g, k);
	rt_str_add(out, "</th><td data-n=\"rows\">");
	rt_html_count(out, is);
	rt_str_add(out, "</td>");
	for (int i = 0; i < 4; i++) {
		rt_str_add(out, "<td data-n=\"%s\">", name[i]);
		rt_html_score(out, v[i]);
		rt_str_add(out, "</td>");
	}
	rt_str_add(out, "</tr>\n");
}

static void class_table(Str *out, const Graded *g, const double *area)
{
	rt_str_add(out, "<table class=\"stack\" id=\"classes\">\n<caption>Each class against the "
	                "rest");
	if (g->classes > LISTED)
		rt_str_add(out, "; the first %d of %d", LISTED, g->classes);
	rt_str_add(out, ".</caption>\n<thead><tr><th scope=\"col\" class=\"l\">class</th>"
	                "<th scope=\"col\">rows</th><th scope=\"col\">precision</th>"
	                "<th scope=\"col\">recall</th><th scope=\"col\">f1</th>"
	                "<th scope=\"col\">auc</th></tr></thead>\n<tbody>\n");
	for (int k = 0; k < g->classes && k < LISTED; k++)
		class_row(out, g, k, area[k]);
	rt_str_add(out, "</tbody></table>\n");
}

/* ---- ROC ---------------------------------------------------------------------------------- */

/* The height of a curve at x, between its points. */
static double height(const double *xs, const double *ys, int n, double x)
{
	int i = 1;
	while (i < n - 1 && xs[i] < x)
		i++;
	double wide = xs[i] - xs[i - 1];
	return wide > 0 ? ys[i - 1] + (ys[i] - ys[i - 1]) * (x - xs[i - 1]) / wide : ys[i];
}

/* area[k]: of each class; NaN: it has none. */
static void roc(Str *out, const Graded *g, double *area)
{
	double x[POINTS], y[POINTS], gx[101], gy[101] = { 0 };
	static const char *const class[] = { "a faint", "b" };
	static const char *const name[] = { "each class", "mean" };
	Panel p = rt_panel_new(0, 0, "ROC", "false positives");
	int curves = 0;
	Ranks *ranks = rt_ranks_new(g->ranks);
	p.exact = true;
	p.x0 = p.y0 = 0;
	p.x1 = p.y1 = 1;
	p.up = "true positives";
	rt_html_figure(out, PANEL_WIDTH, PANEL_HEIGHT,
	               "ROC: true positives over false positives as the threshold falls");
	rt_panel_open(out, &p);
	rt_panel_line(out, &p, "mark", (const double[]){ 0, 1 }, (const double[]){ 0, 1 }, 2);
	for (int k = g->classes == 2 ? 1 : 0; k < g->classes; k++) {
		int n = rt_ranks_curve(ranks, k, x, y, POINTS, &area[k]);
		if (!n)
			continue;
		curves++;
		if (g->classes == 2)
			rt_panel_line(out, &p, "b", x, y, n);
		else if (g->classes <= LINES)
			rt_panel_line(out, &p, "a faint", x, y, n);
		for (int i = 0; i <= 100; i++)
			gx[i] = i / 100.0, gy[i] += height(x, y, n, gx[i]);
	}
	rt_ranks_free(ranks);
	for (int i = 0; i <= 100 && curves; i++)
		gy[i] /= curves;
	if (g->classes > 2 && curves)
		rt_panel_line(out, &p, "b", gx, gy, 101);
	if (g->classes > 2)
		rt_panel_legend(out, &p, class, name, 2);
	if (g->classes == 2)
		area[0] = area[1];
	rt_html_figure_end(out, 0);
}

/* ---- calibration -------------------------------------------------------------------------- */

static void calibration(Str *out, const Graded *g)
{
	char caption[160], a[RT_NUMBER];
	double x[GRADED_BINS], y[GRADED_BINS];
	int n = 0;
	Panel p = rt_panel_new(0, 0, "Calibration", "confidence");
	p.exact = true;
	p.x0 = p.y0 = 0;
	p.x1 = p.y1 = 1;
	p.up = g->single ? "share of positives" : "accuracy";
	for (int i = 0; i < GRADED_BINS; i++) {
		const double *bin = &g->bins->sum[3 * i];
		if (bin[0] > 0) {
			x[n] = bin[1] / bin[0];
			y[n++] = bin[2] / bin[0];
		}
	}
	rt_html_figure(out, PANEL_WIDTH, PANEL_HEIGHT,
	               "Calibration: how often the model was right over how sure it was");
	rt_panel_open(out, &p);
	rt_panel_line(out, &p, "mark", (const double[]){ 0, 1 }, (const double[]){ 0, 1 }, 2);
	rt_panel_line(out, &p, "b", x, y, n);
	for (int i = 0; i < n; i++)
		rt_panel_dot(out, &p, "b", x[i], y[i]);
	double error = rt_tally_score(g->bins, &(nnrt_statistic){ .what = NNRT_CALIBRATION });
	snprintf(caption, sizeof caption, "Calibration error %s, over %d bins of equal width.",
	         rt_score(error, a), GRADED_BINS);
	rt_html_figure_end(out, caption);
}

void rt_report_classes(Str *out, const Graded *g)
{
	double *area = rt_alloc((size_t)g->classes, sizeof *area, "the report");
	for (int k = 0; k < g->classes; k++)
		area[k] = NAN;
	rt_html_section(out, "classes-heading", "Classes");
	rt_str_add(out, "<p>The output <code>");
	rt_str_xml(out, g->output);
	rt_str_add(out, "</code> against the target <code>");
	rt_str_xml(out, g->target->name);
	rt_str_add(out, "</code>, over ");
	rt_html_count(out, (double)g->n);
	rt_str_add(out, " rows of the %s part, with the best weights.</p>\n", g->part);
	rt_str_add(out, "<div class=\"pair\">\n");
	if (g->ranks)
		roc(out, g, area);
	calibration(out, g);
	rt_str_add(out, "</div>\n");
	if (g->confusion) {
		rt_str_add(out, "<h3>Confusion</h3>\n");
		if (g->classes <= TABLE_MOST)
			matrix(out, g);
		else if (g->classes <= PICTURE_MOST)
			heat(out, g);
		if (g->classes > TABLE_MOST)
			mistakes(out, g);
		rt_str_add(out, "<h3>Class by class</h3>\n");
		class_table(out, g, area);
	}
	rt_html_close(out);
	rt_free(area);
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* The only output and the only target that are numbers of one shape; or false. */
static bool numbers(const nnrt_model *m, int *o, int *t)
{
	int pairs = 0;
	for (int i = 0; i < m->nout; i++)
		for (int k = 0; k < m->nin; k++)
			if (m->out[i].kind == NNRT_REAL && m->out[i].batched && m->in[k].target &&
			    m->in[k].kind == NNRT_REAL && m->in[k].len == m->out[i].len) {
				*o = i;
				*t = k;
				pairs++;
			}
	return pairs == 1;
}

void rt_report_numbers(Str *out, Run *r, const Dataset *d, const Rows *rows, const char *part)
{
	const nnrt_model *m = r->m;
	int o = 0, t = 0, n = (int)(rows->n < r->room ? rows->n : r->room);
	if (!numbers(m, &o, &t) || n == 0)
		return;
	rt_run_bind(r, d, rows->row, n);
	rt_run_eval(r, NNRT_WANT_OUTPUTS);
	int64_t all = n * m->in[t].len, dots = all < DOTS ? all : DOTS;
	double *x = rt_alloc((size_t)dots, 2 * sizeof *x, "the report"), *y = x + dots;
	for (int64_t i = 0; i < dots; i++) {
		x[i] = rt_real(r->c.in[t], i * all / dots, m->real_bytes);
		y[i] = rt_real(r->c.out[o], i * all / dots, m->real_bytes);
	}
	Panel p = rt_panel_new(0, 0, "Predicted against true", "true");
	p.up = "predicted";
	rt_panel_fit(&p, x, y, dots);
	p.exact = true;
	p.x0 = p.y0 = fmin(p.x0, p.y0);
	p.x1 = p.y1 = fmax(p.x1, p.y1);
	if (!(p.x1 > p.x0))
		p.x0 = p.y0 = p.x0 - 1, p.x1 = p.y1 = p.x1 + 1;
	rt_html_section(out, "numbers", "Predictions");
	rt_html_figure(out, PANEL_WIDTH, PANEL_HEIGHT, "Predicted against true values");
	rt_panel_open(out, &p);
	rt_panel_line(out, &p, "mark", (const double[]){ p.x0, p.x1 },
	              (const double[]){ p.x0, p.x1 }, 2);
	rt_str_add(out, "<g class=\"points\">\n");
	for (int64_t i = 0; i < dots; i++)
		rt_str_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", rt_panel_x(&p, x[i]),
		           rt_panel_y(&p, y[i]));
	rt_str_add(out, "</g>\n");
	char caption[120], a[RT_NUMBER];
	snprintf(caption, sizeof caption, "%s values of the %s part, with the best weights.",
	         rt_grouped((double)dots, a), part);
	rt_html_figure_end(out, caption);
	rt_html_close(out);
	rt_free(x);
}
