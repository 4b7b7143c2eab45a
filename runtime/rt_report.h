/* rt_report.h - NAME.html: one page about a run that needs nothing else.
 *
 *     report.c         the page; results, curves, the table of reports
 *     report_style.c   its style sheet
 *     report_graded.c  what the outputs say of classes, compared with the targets
 *     report_class.c   confusion, ROC, calibration, classes one by one; predicted against true
 *     report_model.c   layers, the memory map, settings
 *
 * No script, no file beside it; light and dark; readable from 360 pixels on and by screen readers.
 * Every number carries its full value, with the digits of the CSV, in the `value` of a <data>.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_REPORT_H
#define NNRT_RT_REPORT_H

#include "rt_log_files.h"
#include "rt_str.h"
#include "rt_tally.h"

/* Writes the page at the end of a run. */
void rt_report_write(Log *l, const LogEnd *e);

void rt_report_style(Str *out);

/* ---- pieces that several sections need (report.c) ------------------------------------------- */

/* <data value="0.891799987">0.8918</data>; a dash for what does not exist. */
void rt_html_score(Str *out, double v);
/* The same with this text. */
void rt_html_number(Str *out, double v, const char *text);
/* <data value="10000">10 000</data>, which does not break. */
void rt_html_count(Str *out, double v);
/* A section with its heading; rt_html_close ends it. id: of one word. */
void rt_html_section(Str *out, const char *id, const char *heading);
void rt_html_close(Str *out);
/* The beginning of a picture with what it shows in words; </svg></figure> ends it. */
void rt_html_figure(Str *out, double width, double height, const char *words);
void rt_html_figure_end(Str *out, const char *caption);

/* ---- classes -------------------------------------------------------------------------------- */

/* What an output says of the classes of a target, over one part of the data. */
typedef struct {
	const Run *run;
	const char *part, *output;
	const nnrt_field *target;
	int classes;       /* at least 2 */
	bool single;       /* one score, of the positive class */
	int64_t n;         /* positions */
	double *confusion; /* classes squared, rows are the true class; 0: too many classes */
	Tally *bins;       /* by confidence, BINS of them */
	Tally *ranks;      /* all scores; 0: too many */
} Graded;
enum { GRADED_BINS = 15 };

/* Computes the outputs of these rows.  0 if no output says anything of a target's classes. */
Graded *rt_graded(Run *r, const Dataset *d, const Rows *rows, const char *part);
void rt_graded_free(Graded *g);

void rt_report_classes(Str *out, const Graded *g);
/* Predicted against true numbers, where there is one output and one target of them. */
void rt_report_numbers(Str *out, Run *r, const Dataset *d, const Rows *rows, const char *part);

/* ---- the model ------------------------------------------------------------------------------ */

void rt_report_layers(Str *out, const nnrt_model *m);
void rt_report_memory(Str *out, const nnrt_model *m, int64_t batch);
void rt_report_settings(Str *out, const Log *l, const LogEnd *e);

#endif
