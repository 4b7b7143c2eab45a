/* rt_io.h - the only place of the runtime that opens, reads, writes and renames files.
 *
 * Every failure ends the program with one line that names the file, what was tried and the
 * system's reason, exit 3.  Reading takes regular files only.  Writing goes to a temporary
 * name in the same folder, is synced, then renamed over the old file: there is never half a
 * file.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_IO_H
#define NNRT_RT_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- reading -------------------------------------------------------------------------------
 */

typedef struct Reader Reader;

/* Opens a regular file. gz: a gzip file is decompressed (the content decides, not the name).
 * code: the R code of its errors ("R6" weights, "R7" others); kept, not copied. */
Reader *rt_open(const char *path, bool gz, const char *code);

/* Exactly n bytes, or the program ends: "ends after 9 bytes, inside WHAT". */
void rt_read(Reader *f, void *to, size_t n, const char *what);

/* Up to n bytes; fewer only at the end of the file. */
size_t rt_read_some(Reader *f, void *to, size_t n);

/* Exactly n bytes from byte `at` on, of a file that is not decompressed.  A file that has become
 * shorter ends the program like any other. */
void rt_read_at(Reader *f, uint64_t at, void *to, size_t n);

/* The same, but true if it went well; with wait false only if the bytes are in the system's memory.
 * May be called by several threads. */
bool rt_try_read_at(const Reader *f, uint64_t at, void *to, size_t n, bool wait);

/* The time at which the file was last changed, in nanoseconds. */
int64_t rt_file_time(const Reader *f);

/* Size of the file on disk in bytes, and whether it is gzip. */
size_t rt_file_bytes(const Reader *f);
bool rt_is_gzip(const Reader *f);
const char *rt_path(const Reader *f);
void rt_close(Reader *f);

/* ---- writing -------------------------------------------------------------------------------
 */

typedef struct Writer Writer;

/* Begins a file; "-" is standard output. Devices and pipes are written to directly. */
Writer *rt_create(const char *path);
/* The same for a file that takes long to make, from data that may turn out bad: until rt_commit it has
 * no name, so that nothing is left of it however the program ends. */
Writer *rt_create_unnamed(const char *path);
void rt_write(Writer *f, const void *from, size_t n);
void rt_print(Writer *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts the finished file in place and frees f. */
void rt_commit(Writer *f);

/* The same for what can be made again, as a picture: not synced. */
void rt_commit_unsynced(Writer *f);

/* Adds n bytes to the end of a file that rt_create made, or none of them.  Returns its size. */
int64_t rt_append(const char *path, const void *from, size_t n);
/* Keeps the first `bytes` of a file; false if it is not there or shorter. */
bool rt_cut(const char *path, int64_t bytes);

/* ---- names ---------------------------------------------------------------------------------
 */

bool rt_exists(const char *path);
bool rt_is_folder(const char *path);
/* Renames; never replaces an existing file. */
void rt_rename(const char *from, const char *to);
/* Ends the program unless files can be made in this folder. */
void rt_check_folder(const char *path);
/* Makes a folder unless there is one; the folder around it must exist. */
void rt_make_folder(const char *path);
/* (folder.c) Names in a folder that begin with `prefix`, sorted; none if it cannot be read. */
char **rt_list(const char *dir, const char *prefix, int *n);
void rt_list_free(char **list, int n);
/* Whether both names are there and mean one file. */
bool rt_same_file(const char *a, const char *b);
/* Removes a file; none is fine. */
void rt_remove(const char *path);
/* A file gets a second name, which replaces what has it; the file may be about to be replaced. */
void rt_keep_as(const char *path, const char *as);

/* (lock.c) The file at path is made and locked until this process ends, which removes it.  If another
 * process has the lock the program ends with one line that names it.  A second call does nothing. */
void rt_lock(const char *path);
/* For a process that ends without exit(). */
void rt_unlock(void);

/* DIR/NAME in new memory; just NAME if it is absolute or dir is "" or ".". */
char *rt_join(const char *dir, const char *name);

#endif
