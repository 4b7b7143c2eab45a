/* rt_plot.h - pictures as SVG: axes and lines, and the curves of a run.
 *
 * Shapes carry classes, no colours: those are in a style sheet of custom properties, one for light
 * and one for dark, which NAME.svg and NAME.html share.  Text is text.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_PLOT_H
#define NNRT_RT_PLOT_H

#include "rt_history.h"
#include "rt_str.h"

/* Size of a panel with its title, ticks and labels. */
enum { PANEL_WIDTH = 440, PANEL_HEIGHT = 300 };

/* One pair of axes.  Ranges grow by rt_panel_fit before rt_panel_open. */
typedef struct {
	double left, top;              /* where in the picture                                */
	const char *title, *along, *up; /* its name; what x and y count: "epoch"; up may be 0 */
	double x0, x1, y0, y1;         /* ranges; empty while x0 > x1                         */
	bool integer;                  /* x takes whole numbers                               */
	bool logarithm;                /* of y; set by rt_panel_open where the range needs it */
	bool exact;                    /* the range is as given, never a logarithm            */
} Panel;

Panel rt_panel_new(double left, double top, const char *title, const char *along);
/* n points; what is not finite counts nothing. */
void rt_panel_fit(Panel *p, const double *x, const double *y, int64_t n);
/* Grid, ticks, labels, title. */
void rt_panel_open(Str *out, Panel *p);
/* A line through n points with this class; a point that is not finite parts it. */
void rt_panel_line(Str *out, const Panel *p, const char *class, const double *x, const double *y,
                   int64_t n);
/* A dot. */
void rt_panel_dot(Str *out, const Panel *p, const char *class, double x, double y);
/* Names of lines at the top right, from the right; class[i] of each. */
void rt_panel_legend(Str *out, const Panel *p, const char *const *class, const char *const *name,
                     int n);
/* Where x and y are in the picture. */
double rt_panel_x(const Panel *p, double x);
double rt_panel_y(const Panel *p, double y);

/* Text with &, <, > and quotes escaped. */
void rt_str_xml(Str *out, const char *text);

/* The rules that pictures need, without a selector for the properties: `:root` or `svg`. */
void rt_plot_style(Str *out, const char *root);

/* ---- curves.c ----------------------------------------------------------------------------- */

/* What a panel of curves shows: a number of training and validation part. */
typedef struct {
	const char *name;   /* "loss", owned by the model */
	int train, val;     /* columns of the history; val -1: none */
} Curve;

/* The loss; the monitored metric, else the first, else the learning rate. Returns how many, 2. */
int rt_curves(const Log *l, Curve curve[2]);
/* One panel of it within a picture. */
void rt_curve_panel(Str *out, const Log *l, const Curve *c, double left, double top);
/* A sentence that says what the panel shows, for those who do not see it; new memory. */
char *rt_curve_words(const Log *l, const Curve *c);

/* Writes NAME.svg if that has not been done a moment ago, or `always`. */
void rt_curves_write(Log *l, bool always);

#endif
