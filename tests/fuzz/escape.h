/* escape.h - lets a fuzz target survive a program's end.
 *
 * nnc's and the runtime's functions end the process when a file or an argument is wrong.  A target calls
 * them through escape_run(): exit() comes back here, what was allocated is freed, what was opened is
 * closed.  Status 70, the internal error, is a finding and aborts.
 *
 * Linked with -Wl,--wrap=exit,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free and the static forms
 * of the libraries, so that their memory is tracked too.
 */
#ifndef NNC_FUZZ_ESCAPE_H
#define NNC_FUZZ_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* Runs f(arg); the status it exits with, or -1 if it returns. */
int escape_run(void (*f)(void *), void *arg);

/* What libFuzzer gives. */
typedef struct { const uint8_t *data; size_t n; } Input;

/* escape_run(f) with an Input of 1 byte to less than 64 KiB; others are passed over.  Returns 0, as
 * LLVMFuzzerTestOneInput does. */
int escape_input(const uint8_t *data, size_t n, void (*f)(void *));

/* Between escape_begin() and escape_pause() memory is tracked; escape_end() frees what is left of it.  exit()
 * aborts there. */
void escape_begin(void);
void escape_pause(void);
void escape_end(void);

/* The bytes as a regular file in memory; its path is valid until the end of this escape_run. */
const char *escape_file(const void *data, size_t n);

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif
