/* rt_log_files.h - what log.c and the formats share.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_LOG_FILES_H
#define NNRT_RT_LOG_FILES_H

#include "rt_history.h"
#include "rt_log.h"

/* One file that events are appended to. */
typedef struct {
	char *path;    /* 0: not asked for */
	int64_t bytes; /* written */
} LogFile;

struct Log {
	const nnrt_model *m;
	const Options *o;
	char *dir, *base; /* --out; DIR/NAME */
	LogFile csv, json, board;
	char *svg, *html; /* paths; 0: not asked for */
	LogStart start;   /* monitor: owned */
	History history;
	int64_t reports, ends;
	int fold;
	double plotted, plotting; /* when a picture was drawn last, and the seconds that took */
	char *names;
};

/* Makes the file anew with this content; adds to it. */
void rt_log_make(LogFile *f, const void *from, size_t n);
void rt_log_add(LogFile *f, const Str *text);

/* ---- log_place.c: bytes up to where a checkpoint left a log; -1: it does not hold that much --- */

/* Also puts the seconds of its lines into the rows of the history. */
int64_t rt_log_place_csv(const char *path, History *h, int64_t reports);
int64_t rt_log_place_json(const char *path, int64_t reports, int64_t ends);
int64_t rt_log_place_board(const char *path, int64_t reports);

/* ---- log_json.c: one line each -------------------------------------------------------------- */

void rt_json_start(const Log *l, Str *out);
void rt_json_epoch(const Log *l, const LogLine *line, Str *out);
void rt_json_end(const Log *l, const LogEnd *e, Str *out);

/* ---- log_tb.c ------------------------------------------------------------------------------- */

/* events.out.tfevents.TIME.HOST.nnc under dir, where there is no file of this name yet. */
char *rt_board_path(const char *dir);
/* Records as bytes; wall: seconds since 1970. */
void rt_board_start(Str *out, double wall);
void rt_board_row(const nnrt_model *m, const double *row, Str *out, double wall);

#endif
