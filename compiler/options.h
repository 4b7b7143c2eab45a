/* options.h - the command line of nnc: one table gives parsing and help. */
#ifndef NNC_OPTIONS_H
#define NNC_OPTIONS_H

#include "module.h"

typedef enum {
	MODE_TRAINER, MODE_INFER, MODE_CHECK, MODE_DUMP_TOKENS, MODE_DUMP_AST, MODE_DUMP_GRAPH,
	MODE_DUMP_IR, MODE_DUMP_PLAN, MODE_FMT,
	MODE_EXPLAIN, MODE_LIST, MODE_SUMMARY,
	MODE_BUILD, MODE_RUN, MODE_FLAGS,        /* --cflags, --libs                           */
	MODE_DONE          /* everything asked for is printed      */
} Mode;

typedef struct {
	Mode mode;
	Options opt;
	const char *file;              /* the .nn file                                         */
	const char *output, *header, *weights;
	const char *dump_pass;         /* --dump-graph=PASS; "dot"                             */
	Define *define; int ndefine, capdefine;
	const char **include; int ninclude, capinclude;
	bool time_passes, quiet, verbose;
	const char *topic;             /* --explain, --list                                     */
	char *const *args; int nargs;  /* --run: what stands behind `--`                       */
	bool depend;                   /* -MD                                                  */
	const char *depend_file;       /* -MF                                                  */
	bool cflags, libs;             /* --cflags, --libs                                     */
	bool json;                     /* --summary=json                                       */
	bool api_given, weights_as_given, quantize_given;      /* they win over `export`      */
	bool limits;                   /* --limits                                             */
	bool check, in_place;          /* --check also given, with --fmt; -i                    */
	bool with_data;                /* --check: the data files, too                          */
} Command;

/* Parses the command line.  Returns 0, or the exit status after a message (2: wrong usage). */
int options_parse(Job *j, Command *c, int argc, char **argv);

#endif
