/* cli.h - the modes of the command that answer a question instead of compiling.
 *
 *     fmt.c      --fmt: a program in standard style
 *     explain.c  --explain: codes, layers, settings      list.c  --list: what there is
 *     summary.c  --summary: layers, parameters, work, memory
 *     build.c    --build, --run: the C compiler and the trainer
 */
#ifndef NNC_CLI_H
#define NNC_CLI_H

#include "module.h"
#include "ast.h"

/* The text of source number `file` in standard style, in the job's arena; 0 if it has syntax
 * errors, which are recorded.  Blanks, line breaks and empty lines are all that may differ. */
Out *fmt_source(Job *j, int file);

/* --explain NAME and --list KIND: print to standard output.  Return the exit status: 2, after a
 * message, for a name that is not known. */
int explain(Job *j, const char *name);
int list_names(Job *j, const char *kind);

/* paths.c: "-I" and "-L" of the runtime, and the file itself. */
extern const char include_flag[], library_flag[], library_path[];
/* What a trainer's C compiler (for that --target, 0: this machine) and linker are told: lists that end
 * with 0. */
const char *const *trainer_cflags(Arena *a, const char *target);
const char *const *trainer_libs(void);

/* said.c: a mistake of the world around nnc, as text or JSON; code: "R7" or "", help: may be 0. Returns
 * status. */
int fault(Job *j, int status, const char *code, const char *help, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* A command that is about to run. */
void say_command(Job *j, const char *command);
/* What a trainer said, as JSON. */
void say_again(Job *j, const char *text);

/* Runs the C compiler on a trainer; its command goes to standard error unless quiet.  0, or
 * exit status 5 after a message. */
int build_program(Job *j, const char *target, const char *source, const char *program, bool quiet);
/* Builds a trainer in the cache unless it is there, and becomes it.  Returns only on failure,
 * with the exit status. */
int run_program(Job *j, const char *target, const Out *text, const char *name, char *const *args,
                int nargs, bool quiet);
/* Builds a trainer in the cache unless it is there, and runs its command `data` without its table: what it
 * says of files that do not fit goes to standard error.  Returns its exit status, or another one after a
 * message. */
int data_program(Job *j, const Out *text, const char *name);
/* -MD: what the output depends on, as a rule of make.  0, or 3 after a message. */
int write_dependencies(Job *j, const char *target, const char *path);
/* --limits. */
/* The runtime's limits are the caller's to give. */
void print_limits(int most_fields, int most_moments);

/* --summary of a module after all passes; file: the program's source. */
void summary(Module *m, const Options *opt, int file, bool as_json);

#endif
