/* plot.c - axes and lines as SVG.
 *
 *      title                      - train - validation
 *      up |
 *      1  |........................
 *      0  |________________________
 *         0       5       10  along
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt_plot.h"

/* Of a panel: what surrounds the axes. */
enum { LEFT = 54, RIGHT = 14, ABOVE = 38, BELOW = 44, TICKS = 7, DECADES = 6 };

/* A range this wide is shown on a logarithmic axis. */
#define NEEDS_LOGARITHM 50.0

void rt_str_xml(Str *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&': rt_str_add(out, "&amp;"); break;
		case '<': rt_str_add(out, "&lt;"); break;
		case '>': rt_str_add(out, "&gt;"); break;
		case '"': rt_str_add(out, "&quot;"); break;
		default:
			/* XML has no other control characters */
			rt_str_add(out, "%c", (unsigned char)*text < ' ' ? ' ' : *text);
		}
	}
}

void rt_plot_style(Str *out, const char *root)
{
	rt_str_add(out,
	           "%s{--paper:#fff;--card:#fff;--ink:#1d2733;--soft:#566270;--line:#dfe4e9;"
	           "--a:#1b68ad;--b:#ad4e08;--c:#2c7a3f;--heat:27,104,173}\n"
	           "@media(prefers-color-scheme:dark){%s{--paper:#12161b;--card:#181d23;"
	           "--ink:#e7ebef;--soft:#a2adb9;--line:#303943;"
	           "--a:#6fb4ec;--b:#f2a663;--c:#7fcb90;--heat:111,180,236}}\n",
	           root, root);
	rt_str_add(out,
	           ".plot{font:12px system-ui,-apple-system,'Segoe UI',sans-serif}\n"
	           ".plot text{fill:var(--soft);font-variant-numeric:tabular-nums}\n"
	           ".plot .head{fill:var(--ink);font-size:14px;font-weight:600}\n"
	           ".plot .end{text-anchor:end}.plot .mid{text-anchor:middle}\n"
	           ".plot .halo{fill:var(--ink);paint-order:stroke;stroke:var(--card);"
	           "stroke-width:4px;stroke-linejoin:round}\n"
	           ".plot path{fill:none;stroke-linejoin:round;stroke-linecap:round}\n"
	           ".plot .grid{stroke:var(--line)}.plot .axis{stroke:var(--soft)}\n"
	           ".plot .a{stroke:var(--a);stroke-width:1.75}"
	           ".plot .b{stroke:var(--b);stroke-width:2.25}"
	           ".plot .c{stroke:var(--c);stroke-width:1.75}\n"
	           ".plot text.a{fill:var(--a);stroke:none}.plot text.b{fill:var(--b);stroke:none}"
	           ".plot text.c{fill:var(--c);stroke:none}\n"
	           ".plot .mark{stroke:var(--soft);stroke-dasharray:3 4}"
	           ".plot path.faint{stroke-width:1;opacity:.55}\n"
	           ".plot circle{fill:var(--card)}\n");
}

/* ---- ranges ------------------------------------------------------------------------------- */

Panel rt_panel_new(double left, double top, const char *title, const char *along)
{
	return (Panel){ .left = left, .top = top, .title = title, .along = along,
		        .x0 = INFINITY, .x1 = -INFINITY, .y0 = INFINITY, .y1 = -INFINITY };
}

void rt_panel_fit(Panel *p, const double *x, const double *y, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		if (!isfinite(x[i]) || !isfinite(y[i]))
			continue;
		p->x0 = fmin(p->x0, x[i]);
		p->x1 = fmax(p->x1, x[i]);
		p->y0 = fmin(p->y0, y[i]);
		p->y1 = fmax(p->y1, y[i]);
	}
}

/* A little room around what is shown, and some where all is equal. */
static void widen(Panel *p)
{
	if (p->x0 > p->x1)
		p->x0 = 0, p->x1 = 1, p->y0 = 0, p->y1 = 1;
	if (p->x0 == p->x1)
		p->x0 -= 1, p->x1 += 1;
	if (p->exact)
		return;
	p->logarithm = p->y0 > 0 && p->y1 / p->y0 >= NEEDS_LOGARITHM;
	if (p->logarithm) {
		double by = pow(p->y1 / p->y0, 0.05);
		p->y0 /= by;
		p->y1 *= by;
		return;
	}
	double by = 0.06 * (p->y1 - p->y0), most = fmax(fabs(p->y0), fabs(p->y1));
	if (by <= 1e-9 * most)
		by = most > 0 ? 0.1 * most : 1;
	bool positive = p->y0 >= 0;
	p->y0 -= by;
	p->y1 += by;
	if (positive && p->y0 < 0)
		p->y0 = 0;
}

double rt_panel_x(const Panel *p, double x)
{
	return p->left + LEFT +
	       (PANEL_WIDTH - LEFT - RIGHT) * (x - p->x0) / (p->x1 - p->x0);
}

double rt_panel_y(const Panel *p, double y)
{
	double part = p->logarithm ? log(y / p->y0) / log(p->y1 / p->y0)
	                           : (y - p->y0) / (p->y1 - p->y0);
	return p->top + ABOVE + (PANEL_HEIGHT - ABOVE - BELOW) * (1 - part);
}

/* ---- ticks -------------------------------------------------------------------------------- */

/* 0.25, 1200, 3e-5: at most MOST characters, as there is room for. */
static void number(Str *out, double v)
{
	enum { MOST = 7 };
	char text[32];
	snprintf(text, sizeof text, "%.6g", v);
	if (strlen(text) > MOST || strchr(text, 'e'))
		snprintf(text, sizeof text, "%.3g", v);
	if (strlen(text) > MOST - 1 && !strchr(text, 'e'))
		snprintf(text, sizeof text, "%.2e", v);
	char *e = strchr(text, 'e');
	if (!e) {
		rt_str_add(out, "%s", text);
		return;
	}
	/* 9.50e-04 -> 9.5e-4 */
	int power = (int)strtol(e + 1, 0, 10);
	*e = 0;
	for (char *end = e - 1; strchr(text, '.') && (*end == '0' || *end == '.'); end--) {
		bool dot = *end == '.';
		*end = 0;
		if (dot)
			break;
	}
	rt_str_add(out, "%se%d", text, power);
}

static void tick_x(Str *out, const Panel *p, double v)
{
	rt_str_add(out, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">", rt_panel_x(p, v),
	           p->top + PANEL_HEIGHT - BELOW + 17);
	number(out, v);
	rt_str_add(out, "</text>\n");
}

static void tick_y(Str *out, const Panel *p, double v)
{
	double y = rt_panel_y(p, v);
	rt_str_add(out,
	           "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/><text class=\"end\" x=\"%.1f\" "
	           "y=\"%.1f\">",
	           p->left + LEFT, y, p->left + PANEL_WIDTH - RIGHT, p->left + LEFT - 7, y + 4);
	number(out, v);
	rt_str_add(out, "</text>\n");
}

/* 1, 2 or 5 times a power of ten, such that few fit into the range. */
static double nice_step(double range, bool integer)
{
	double unit = pow(10, floor(log10(range / TICKS)));
	double step = range / TICKS <= unit       ? unit
	              : range / TICKS <= 2 * unit ? 2 * unit
	              : range / TICKS <= 5 * unit ? 5 * unit
	                                          : 10 * unit;
	return integer && step < 1 ? 1 : step;
}

static void ticks(Str *out, const Panel *p, double from, double to, bool integer,
                  void (*tick)(Str *, const Panel *, double))
{
	double step = nice_step(to - from, integer);
	for (double k = ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++)
		tick(out, p, k == 0 ? 0 : k * step);
}

static void ticks_logarithm(Str *out, const Panel *p)
{
	int from = (int)floor(log10(p->y0)), to = (int)ceil(log10(p->y1));
	int every = 1 + (to - from) / DECADES;
	for (int e = from; e <= to; e++)
		for (int k = 1; k <= 5; k += k == 1 ? 1 : 3) {
			double v = k * pow(10, e);
			if (v < p->y0 || v > p->y1 || e % every || (k > 1 && to - from > 2))
				continue;
			tick_y(out, p, v);
		}
}

/* ---- a panel ------------------------------------------------------------------------------ */

void rt_panel_open(Str *out, Panel *p)
{
	widen(p);
	rt_str_add(out, "<text class=\"head\" x=\"%.1f\" y=\"%.1f\">", p->left + LEFT, p->top + 20);
	rt_str_xml(out, p->title);
	rt_str_add(out, "</text>\n");
	if (p->logarithm)
		ticks_logarithm(out, p);
	else
		ticks(out, p, p->y0, p->y1, false, tick_y);
	ticks(out, p, p->x0, p->x1, p->integer, tick_x);
	double bottom = p->top + PANEL_HEIGHT - BELOW;
	rt_str_add(out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", p->left + LEFT, bottom,
	           p->left + PANEL_WIDTH - RIGHT);
	rt_str_add(out, "<text class=\"mid\" x=\"%.1f\" y=\"%.1f\">",
	           p->left + LEFT + (PANEL_WIDTH - LEFT - RIGHT) / 2.0, bottom + 35);
	rt_str_xml(out, p->along);
	rt_str_add(out, "</text>\n");
	if (p->up) {
		rt_str_add(out,
		           "<text class=\"mid\" transform=\"translate(%.1f %.1f)rotate(-90)\">",
		           p->left + 13, (p->top + ABOVE + bottom) / 2);
		rt_str_xml(out, p->up);
		rt_str_add(out, "</text>\n");
	}
}

static bool shown(const Panel *p, double x, double y)
{
	return isfinite(x) && isfinite(y) && (!p->logarithm || y > 0);
}

void rt_panel_line(Str *out, const Panel *p, const char *class, const double *x, const double *y,
                   int64_t n)
{
	bool pen = false;
	rt_str_add(out, "<path class=\"%s\" d=\"", class);
	for (int64_t i = 0; i < n; i++) {
		if (!shown(p, x[i], y[i])) {
			pen = false;
			continue;
		}
		rt_str_add(out, "%s%.1f %.1f", pen ? "L" : "M", rt_panel_x(p, x[i]),
		           rt_panel_y(p, y[i]));
		/* a point alone is a dot, as the ends of lines are round */
		if (!pen && (i + 1 == n || !shown(p, x[i + 1], y[i + 1])))
			rt_str_add(out, "h.01");
		pen = true;
	}
	rt_str_add(out, "\"/>\n");
}

void rt_panel_dot(Str *out, const Panel *p, const char *class, double x, double y)
{
	if (shown(p, x, y))
		rt_str_add(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", class,
		           rt_panel_x(p, x), rt_panel_y(p, y));
}

void rt_panel_legend(Str *out, const Panel *p, const char *const *class, const char *const *name,
                     int n)
{
	double x = p->left + PANEL_WIDTH - RIGHT;
	for (int i = n - 1; i >= 0; i--) {
		double wide = 6.4 * (double)strlen(name[i]) + 9;
		rt_str_add(out,
		           "<text class=\"end %s\" x=\"%.1f\" y=\"%.1f\">", class[i], x, p->top + 20);
		rt_str_xml(out, name[i]);
		rt_str_add(out, "</text><path class=\"%s\" d=\"M%.1f %.1fh-16\"/>\n", class[i],
		           x - wide - 5, p->top + 16);
		x -= wide + 34;
	}
}
