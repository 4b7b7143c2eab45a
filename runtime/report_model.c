/* report_model.c - layers, the memory map of a training step, settings.
 *
 * The memory map: from left to right the stretches of a step between barriers, forward then
 * backward; from bottom to top the bytes of scratch, first those that do not depend on the batch.
 * A box is an array, as long as it is needed.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rt_feed.h"
#include "rt_plot.h"
#include "rt_report.h"
#include "rt_show.h"

/* ---- numbers ------------------------------------------------------------------------------ */

static const char *bytes_text(double n, char text[RT_NUMBER])
{
	double k = n / 1024;
	if (n < 1024)
		snprintf(text, RT_NUMBER, "%.0f B", n);
	else if (k < 1000)
		snprintf(text, RT_NUMBER, "%.1f KiB", k);
	else if (k < 1000.0 * 1024)
		snprintf(text, RT_NUMBER, "%.1f MiB", k / 1024);
	else
		snprintf(text, RT_NUMBER, "%.2f GiB", k / 1024 / 1024);
	return text;
}

static const char *work_text(double work, char text[RT_NUMBER])
{
	char a[RT_NUMBER];
	double m = work * 1e-6;
	if (m > 0 && m < 0.001)
		rt_short_exp(m, 1, text);
	else if (m < 10)
		snprintf(text, RT_NUMBER, "%.3f", m);
	else
		snprintf(text, RT_NUMBER, "%s", rt_grouped(m, a));
	return text;
}

/* ---- layers ------------------------------------------------------------------------------- */

static void layer_row(Str *out, const nnrt_layer *l)
{
	char a[RT_NUMBER];
	rt_str_add(out, "<tr><th scope=\"row\" class=\"l\" data-n=\"layer\">");
	rt_str_xml(out, l->path);
	rt_str_add(out, "</th><td class=\"l w\" data-n=\"operation\">");
	rt_str_xml(out, l->text);
	rt_str_add(out, "</td><td class=\"l\" data-n=\"output\">");
	rt_str_xml(out, l->shape);
	rt_str_add(out, "</td><td data-n=\"parameters\">");
	rt_html_count(out, (double)l->params);
	rt_str_add(out, "</td><td data-n=\"MFLOP\">");
	rt_html_number(out, l->work * 1e-6, work_text(l->work, a));
	rt_str_add(out, "</td><td data-n=\"activations\">");
	rt_html_number(out, (double)l->bytes, bytes_text((double)l->bytes, a));
	rt_str_add(out, "</td></tr>\n");
}

void rt_report_layers(Str *out, const nnrt_model *m)
{
	const nnrt_about *b = m->about;
	char a[RT_NUMBER], c[RT_NUMBER];
	int64_t trained = 0, all = 0;
	if (!b)
		return;
	for (int i = 0; i < m->nparam; i++) {
		all += m->param[i].len;
		trained += m->param[i].trained ? m->param[i].len : 0;
	}
	rt_html_section(out, "model", "Model");
	rt_str_add(out, "<p>");
	rt_html_count(out, (double)all);
	rt_str_add(out, " parameters, ");
	if (trained == all)
		rt_str_add(out, "all");
	else
		rt_html_count(out, (double)trained);
	rt_str_add(out, " trained");
	if (b->regularised) {
		rt_str_add(out, ", ");
		rt_html_count(out, (double)b->regularised);
		rt_str_add(out, " regularised");
	}
	rt_str_add(out, ". One sample takes %s MFLOP forward, %s in a training step.</p>\n",
	           work_text(b->forward, a), work_text(b->step, c));
	if (b->nlayer) {
		rt_str_add(out, "<table class=\"stack\" id=\"layers\">\n<caption>%s%d of %d lines: "
		                "outputs and activations of one sample.</caption>\n<thead><tr>"
		                "<th scope=\"col\" class=\"l\">layer</th><th scope=\"col\" class=\"l\">"
		                "operation</th><th scope=\"col\" class=\"l\">output</th>"
		                "<th scope=\"col\">parameters</th><th scope=\"col\">MFLOP</th>"
		                "<th scope=\"col\">activations</th></tr></thead>\n<tbody>\n",
		           b->nlayer < b->layers ? "The first " : "", b->nlayer, b->layers);
		for (int i = 0; i < b->nlayer; i++)
			layer_row(out, &b->layer[i]);
		rt_str_add(out, "</tbody></table>\n");
	}
	rt_html_close(out);
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Windows that are wide or narrow get a map each, as letters shrink with it. */
enum { MAP_WIDE = 960, MAP_NARROW = PANEL_WIDTH, MAP_HEIGHT = 360, MAP_LEFT = 76, MAP_RIGHT = 10,
       MAP_TOP = 14, MAP_BELOW = 44 };

/* "panels__2" -> "panels 2" */
static void room_name(const nnrt_room *r, char *to, size_t most)
{
	size_t n = 0;
	const char *s = *r->path ? r->path : r->name;
	for (; *s && n + 1 < most; s++)
		if (*s != '_')
			to[n++] = *s;
		else if (n && to[n - 1] != ' ')
			to[n++] = ' ';
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = 0;
}

static void room_box(Str *out, const nnrt_about *b, const nnrt_room *r, double batch, double scale,
                     int width)
{
	char name[64], a[RT_NUMBER];
	double wide = (double)(width - MAP_LEFT - MAP_RIGHT) / b->stretches;
	double times = r->sampled ? batch : 1;
	double at = (double)r->at * times + (r->sampled ? (double)b->arena0 : 0);
	double w = wide * (r->last - r->first + 1), h = (double)r->bytes * times * scale;
	double x = MAP_LEFT + wide * r->first;
	double y = MAP_HEIGHT - MAP_BELOW - (at + (double)r->bytes * times) * scale;
	room_name(r, name, sizeof name);
	if (h < 0.3)
		return;
	rt_str_add(out, "<rect%s x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
	           r->sampled ? "" : " class=\"f\"", x, y, w, h);
	rt_str_xml(out, name);
	rt_str_add(out, ", %s</title></rect>\n", bytes_text((double)r->bytes * times, a));
	if (h >= 15 && 7.2 * (double)strlen(name) + 8 <= w) {
		rt_str_add(out, "<text x=\"%.1f\" y=\"%.1f\">", x + 5, y + h / 2 + 4);
		rt_str_xml(out, name);
		rt_str_add(out, "</text>\n");
	}
}

/* Lines at round numbers of bytes. */
static void map_axis(Str *out, double total, double scale, int width)
{
	char a[RT_NUMBER];
	double unit = 1024;
	while (unit * 8 < total)
		unit *= 2;
	for (double v = 0; v <= total; v += unit) {
		double y = MAP_HEIGHT - MAP_BELOW - v * scale;
		rt_str_add(out,
		           "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"end t\" x=\"%d\" "
		           "y=\"%.1f\">%s</text>\n",
		           MAP_LEFT, y, width - MAP_RIGHT, MAP_LEFT - 8, y + 4, bytes_text(v, a));
	}
	rt_str_add(out,
	           "<text class=\"t\" x=\"%d\" y=\"%d\">forward</text><text class=\"end t\" "
	           "x=\"%d\" y=\"%d\">backward</text>\n",
	           MAP_LEFT, MAP_HEIGHT - 18, width - MAP_RIGHT, MAP_HEIGHT - 18);
}

static void map(Str *out, const nnrt_about *b, double batch, int width)
{
	double total = (double)b->arena0 + (double)b->arena * batch;
	double scale = (MAP_HEIGHT - MAP_TOP - MAP_BELOW) / total;
	char caption[240];
	rt_html_figure(out, width, MAP_HEIGHT, "Memory map of a training step");
	map_axis(out, total, scale, width);
	rt_str_add(out, "<g class=\"map\">\n");
	for (int i = 0; i < b->nroom; i++)
		room_box(out, b, &b->room[i], batch, scale, width);
	rt_str_add(out, "</g>\n");
	snprintf(caption, sizeof caption,
	         "%s%d arrays over %d stretch%s of a step; grey: independent of the batch.%s",
	         b->nroom < b->rooms ? "The largest " : "", b->nroom, b->stretches,
	         b->stretches == 1 ? "" : "es",
	         b->nroom < b->rooms ? " Smaller ones are left out." : "");
	rt_html_figure_end(out, caption);
}

static void memory_row(Str *out, const char *what, double n)
{
	char a[RT_NUMBER];
	rt_str_add(out, "<tr><th scope=\"row\" class=\"l\">%s</th><td>", what);
	rt_html_number(out, n, bytes_text(n, a));
	rt_str_add(out, "</td></tr>\n");
}

void rt_report_memory(Str *out, const nnrt_model *m, int64_t batch)
{
	const nnrt_about *b = m->about;
	char a[RT_NUMBER];
	if (!b)
		return;
	double real = m->real_bytes, params = (double)m->param_len * real, n = (double)batch;
	rt_html_section(out, "memory-heading", "Memory");
	rt_str_add(out, "<table class=\"narrow\" id=\"memory\">\n<caption>Of a training step with "
	                "batches of %s, without the data.</caption>\n<tbody>\n",
	           rt_grouped(n, a));
	memory_row(out, "parameters", params);
	memory_row(out, "gradients", params);
	memory_row(out, "state of the optimizer", params * m->nmoment);
	memory_row(out, "scratch, independent of the batch", (double)b->arena0);
	memory_row(out, "scratch of the batch", (double)b->arena * n);
	memory_row(out, "of that kept for the backward pass",
	           (double)b->saved0 + (double)b->saved * n);
	rt_str_add(out, "</tbody></table>\n");
	if (b->nroom && b->stretches && (double)b->arena0 + (double)b->arena * n > 0) {
		rt_str_add(out, "<div class=\"is-wide\">\n");
		map(out, b, n, MAP_WIDE);
		rt_str_add(out, "</div>\n<div class=\"is-narrow\">\n");
		map(out, b, n, MAP_NARROW);
		rt_str_add(out, "</div>\n");
	}
	rt_html_close(out);
}

/* ---- settings ----------------------------------------------------------------------------- */

static void setting_text(Str *out, const char *name, const char *value, bool given)
{
	rt_str_add(out, "<tr><th scope=\"row\" class=\"l\">");
	rt_str_xml(out, name);
	rt_str_add(out, "</th><td>");
	rt_str_xml(out, value);
	rt_str_add(out, "</td><td class=\"l soft\">%s</td></tr>\n", given ? "given" : "program");
}

static void setting(Str *out, const char *name, double value, bool given)
{
	char text[40];
	if (isnan(value))
		return;
	snprintf(text, sizeof text, "%.9g", value);
	setting_text(out, name, text, given);
}

void rt_report_settings(Str *out, const Log *l, const LogEnd *e)
{
	static const char *const number[NNRT_NUMBERS] = { "clip_value", "clip_norm", "accumulate",
		                                          "ema" };
	const nnrt_model *m = l->m;
	const Options *o = l->o;
	nnrt_time end = rt_time_end(m, o);
	char seed[32];
	snprintf(seed, sizeof seed, "%llu", (unsigned long long)l->start.seed);
	rt_html_section(out, "settings-heading", "Settings");
	rt_str_add(out, "<table class=\"narrow\" id=\"settings\">\n<thead><tr><th scope=\"col\" "
	                "class=\"l\">setting</th><th scope=\"col\">value</th><th scope=\"col\" "
	                "class=\"l\">from</th></tr></thead>\n<tbody>\n");
	setting(out, end.in_steps > 0 ? "steps" : "epochs", end.end, o->epochs > 0 || o->steps > 0);
	if (e->run)
		setting(out, "batch", (double)e->run->room, o->batch != 0);
	setting_text(out, "seed", seed, o->seed_given);
	if (m->about && m->about->optimizer)
		setting_text(out, "optimizer", m->about->optimizer, false);
	setting_text(out, "monitor", l->start.monitor, false);
	for (int i = 0; i < m->nsetting; i++)
		setting(out, m->setting[i].name, o->setting[i],
		        o->setting[i] != m->setting[i].value);
	for (int i = 0; i < NNRT_NUMBERS && e->run; i++)
		setting(out, number[i], rt_run_number(e->run, i), !isnan(o->number[i]));
	if (o->time_limit > 0)
		setting(out, "time limit in seconds", o->time_limit, true);
	if (e->why)
		setting_text(out, "stopped early by", e->why, false);
	rt_str_add(out, "</tbody></table>\n");
	rt_html_close(out);
}
