/* build.c - what follows the compiler: the C compiler, the trainer, the dependency file of
 * make.
 *
 * In:    a finished C file.   Out: a program, or its run; each command is printed before.
 * Holds: no shell is involved, so names may hold anything; the cache holds whole programs only.
 *
 * Environment: NNC_CC, else CC, else cc, which may be several words; NNC_CFLAGS, more words;
 * NNC_CACHE, the folder of --run and of --check --with-data.
 */
#include "cli.h"
#include "parse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

static const char *const libs[] = { library_flag, "-lnnrt", "-ljansson", "-lxxhash", "-lz",
	                            "-lopenblas", "-lm", "-fopenmp", 0 };

/* What each --target lets the C compiler use; the C itself is the same.  Of generic C the machine
 * that compiles it is not asked what it can do. */
static const struct {
	const char *target, *flag;
} machine[] = { { "native", "-march=native" }, { "generic", 0 }, { "x86-64-v3", "-march=x86-64-v3" },
	        { "armv8", "-march=armv8-a" } };

const char *const *trainer_libs(void)
{
	return libs;
}

const char *const *trainer_cflags(Arena *a, const char *target)
{
	const char *const flag[] = { "-O2", 0, "-ffp-contract=off", "-fno-math-errno",
		                     "-fno-trapping-math", "-fopenmp", include_flag };
	enum { FLAGS = sizeof flag / sizeof *flag, MACHINE = 1 };
	const char **list = NEWN(a, const char *, FLAGS + 1);
	int n = 0;
	for (int i = 0; i < FLAGS; i++) {
		const char *f = flag[i];
		for (size_t k = 0; i == MACHINE && k < sizeof machine / sizeof *machine; k++)
			if (!strcmp(machine[k].target, target ? target : "native"))
				f = machine[k].flag;
		if (f)
			list[n++] = f;
	}
	return list;
}

typedef struct {
	Arena *mem;
	const char **v;
	int n, cap;
} Words;

static void word(Words *w, const char *s)
{
	PUSH(w->mem, w->v, w->n, w->cap, s);
}

static void words(Words *w, const char *s)
{
	while (s && *(s += strspn(s, " \t\n"))) {
		size_t n = strcspn(s, " \t\n");
		word(w, arena_strndup(w->mem, s, n));
		s += n;
	}
}

/* The C compiler's command, without the files. */
static Words c_compiler(Arena *a, const char *target, const char *source, const char *program)
{
	const char *const *flags = trainer_cflags(a, target);
	const char *nnc_cc = getenv("NNC_CC"), *cc = getenv("CC");
	Words w = { .mem = a };
	words(&w, nnc_cc && *nnc_cc ? nnc_cc : cc);
	if (!w.n)
		word(&w, "cc");
	for (int i = 0; flags[i]; i++)
		word(&w, flags[i]);
	words(&w, getenv("NNC_CFLAGS"));
	word(&w, source);
	for (int i = 0; libs[i]; i++)
		word(&w, libs[i]);
	word(&w, "-o");
	word(&w, program);
	return w;
}

/* As one would type it; to standard error, since standard output may be the trainer's. */
static void show(Job *j, const Words *w)
{
	const char *s = "";
	for (int i = 0; i < w->n; i++) {
		bool plain =
			w->v[i][strspn(w->v[i],
		                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		                       "0123456789_-+=./,:@%")] == 0 &&
			*w->v[i];
		s = arena_printf(j->mem, plain ? "%s%s%s" : "%s%s'%s'", s, i ? " " : "", w->v[i]);
	}
	say_command(j, s);
}

/* Runs the command; 0, or 5 after a message. */
static int run_compiler(Job *j, Words *w, bool quiet)
{
	if (!quiet)
		show(j, w);
	word(w, 0);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		execvp(w->v[0], (char *const *)w->v);
		_exit(fault(j, 127, "", "set NNC_CC to a C compiler", "%s: %s", w->v[0],
		            strerror(errno)));
	}
	int status = -1;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return fault(j, 5, "", 0, "the C compiler `%s` failed", w->v[0]);
}

int build_program(Job *j, const char *target, const char *source, const char *program, bool quiet)
{
	Words w = c_compiler(j->mem, target, source, program);
	return run_compiler(j, &w, quiet);
}

/* ---- --run ---------------------------------------------------------------------------------
 */

/* Makes a folder and those above it. */
static bool make_folders(Arena *a, const char *path)
{
	char *p = arena_printf(a, "%s", path);
	for (char *s = p + 1;; s++) {
		char c = *s;
		if (c && c != '/')
			continue;
		*s = 0;
		if (mkdir(p, 0700) && errno != EEXIST)
			return false;
		if (!(*s = c))
			return true;
	}
}

static const char *cache_folder(Arena *a)
{
	const char *own = getenv("NNC_CACHE"), *xdg = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");
	if (own && *own)
		return own;
	if (xdg && *xdg)
		return arena_printf(a, "%s/nnc", xdg);
	return home && *home ? arena_printf(a, "%s/.cache/nnc", home) : ".nnc-cache";
}

/* A name for this text built by this command and this nnc. */
static const char *key_of(Job *j, const char *target, const Out *text)
{
	Words w = c_compiler(j->mem, target, "", "");
	XXH3_state_t *x = XXH3_createState();
	if (!x)
		out_of_memory();
	XXH3_64bits_reset(x);
	XXH3_64bits_update(x, text->text, text->n);
	for (int i = 0; i < w.n; i++)
		XXH3_64bits_update(x, w.v[i], strlen(w.v[i]) + 1);
	/* A library built anew makes another program. */
	struct stat lib;
	if (!stat(library_path, &lib))
		XXH3_64bits_update(x, &lib.st_mtim, sizeof lib.st_mtim);
	unsigned long long h = (unsigned long long)XXH3_64bits_digest(x);
	XXH3_freeState(x);
	return arena_printf(j->mem, "%016llx", h);
}

static int cannot(Job *j, const char *path)
{
	return fault(j, 3, "R7", 0, "%s: cannot be written: %s", path, strerror(errno));
}

/* The program in the cache, built if need be; 0 after a message, with the exit status. */
static const char *cached(Job *j, const char *target, const Out *text, const char *name, bool quiet,
                          int *status)
{
	const char *folder = cache_folder(j->mem);
	const char *program = arena_printf(j->mem, "%s/%s-%s", folder, name,
	                                   key_of(j, target, text));
	*status = 0;
	if (!access(program, X_OK))
		return program;
	const char *source = arena_printf(j->mem, "%s.c", program);
	const char *made = arena_printf(j->mem, "%s.%ld", program, (long)getpid());
	if (!make_folders(j->mem, folder))
		*status = cannot(j, folder);
	else if (out_save(text, source))
		*status = cannot(j, source);
	else
		*status = build_program(j, target, source, made, quiet);
	if (!*status && rename(made, program))
		*status = cannot(j, program);
	return *status ? 0 : program;
}

int run_program(Job *j, const char *target, const Out *text, const char *name, char *const *args,
                int nargs, bool quiet)
{
	int status;
	const char *program = cached(j, target, text, name, quiet, &status);
	if (!program)
		return status;
	Words w = { .mem = j->mem };
	word(&w, program);
	for (int i = 0; i < nargs; i++)
		word(&w, args[i]);
	if (!quiet)
		show(j, &w);
	word(&w, 0);
	fflush(stdout);
	execv(program, (char *const *)w.v);
	return fault(j, 3, "R7", 0, "%s: %s", program, strerror(errno));
}

/* ---- --check --with-data --------------------------------------------------------------------
 */

/* Removes the files of a folder, and it. */
static void remove_folder(Arena *a, const char *path)
{
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		unlink(arena_printf(a, "%s/%s", path, e->d_name));
	if (d)
		closedir(d);
	rmdir(path);
}

/* Its messages are nnc's.  Rows of tables go into a folder of their own, as nothing is to be left. */
static _Noreturn void look_at_data(Job *j, const char *program, const char *folder, int out)
{
	char *const args[] = { "nnc", "data", "-q", "--out", (char *)folder, 0 };
	int null = open("/dev/null", O_WRONLY);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	if (out >= 0)
		dup2(out, STDERR_FILENO);
	execv(program, args);
	_exit(fault(j, 3, "R7", 0, "%s: %s", program, strerror(errno)));
}

/* All that comes from fd. */
static const char *read_all(Job *j, int fd)
{
	Out *o = out_new(j->mem);
	char part[4096];
	ssize_t n;
	while ((n = read(fd, part, sizeof part)) > 0 || (n < 0 && errno == EINTR))
		out_raw(o, part, n > 0 ? (size_t)n : 0);
	out_raw(o, "", 1);
	return o->text;
}

int data_program(Job *j, const Out *text, const char *name)
{
	int status;
	const char *program = cached(j, 0, text, name, true, &status);
	if (!program)
		return status;
	const char *folder = arena_printf(j->mem, "%s/data.%ld", cache_folder(j->mem), (long)getpid());
	if (!make_folders(j->mem, folder))
		return cannot(j, folder);
	int ends[2] = { -1, -1 };      /* what it says, if that is to be JSON */
	if (j->json && pipe(ends))
		return fault(j, 3, "R7", 0, "pipe: %s", strerror(errno));
	fflush(stdout);
	/* as system() does: who stops nnc stops the other, and the folder is removed */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before[2];
	const int kinds[] = { SIGINT, SIGQUIT };
	for (int i = 0; i < 2; i++)
		sigaction(kinds[i], &ignore, &before[i]);
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 2; i++)
			sigaction(kinds[i], &before[i], 0);
		look_at_data(j, program, folder, ends[1]);
	}
	if (j->json) {
		close(ends[1]);
		say_again(j, read_all(j, ends[0]));
		close(ends[0]);
	}
	status = -1;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	for (int i = 0; i < 2; i++)
		sigaction(kinds[i], &before[i], 0);
	remove_folder(j->mem, folder);
	if (pid > 0 && WIFSIGNALED(status))
		raise(WTERMSIG(status));
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

/* ---- -MD -----------------------------------------------------------------------------------
 */

/* A name as make reads it. */
static void make_name(Out *o, const char *s)
{
	for (; *s; s++) {
		if (*s == ' ' || *s == '#' || *s == '\\')
			out_raw(o, "\\", 1);
		if (*s == '$')
			out_raw(o, "$", 1);
		out_raw(o, s, 1);
	}
}

int write_dependencies(Job *j, const char *target, const char *path)
{
	Out *o = out_new(j->mem);
	make_name(o, target);
	out_raw(o, ":", 1);
	for (int i = 0; i < j->nsource; i++) {
		bool again = j->source[i].builtin || access(j->source[i].name, F_OK);
		for (int k = 0; k < i && !again; k++)
			again = !strcmp(j->source[k].name, j->source[i].name);
		if (again)
			continue;
		out_raw(o, " ", 1);
		make_name(o, j->source[i].name);
	}
	out_raw(o, "\n", 1);
	return out_save(o, path) ? cannot(j, path) : 0;
}

/* ---- --limits ------------------------------------------------------------------------------
 */

void print_limits(int most_fields, int most_moments)
{
	const struct {
		const char *what;
		long long limit;
	} limits[] = {
		{ "nesting of brackets, height of any expression", MAX_NEST },
		{ "statements, blocks and repeat expanded", MAXSTMTS },
		{ "calls, blocks and functions expanded", MAXCALLS },
		{ "blocks and functions inside each other", MAXNEST },
		{ "inputs and targets; outputs", most_fields },
		{ "buffers of an optimizer", most_moments },
		{ "bytes of a source file", SOURCE_BYTES },
		{ "bytes of a line", MAX_LINE },
		{ "letters of a name", MAX_NAME },
		{ "dimensions of a tensor", MAXRANK },
		{ "elements of a tensor for one sample", INT32_MAX },
		{ "parameters of a model", INT32_MAX },
		{ "classes", 1 << 24 },
		{ "samples of a batch (--batch)", 1 << 30 },
		{ "errors that are printed (--max-errors)", 20 },
	};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		printf("%-48s %12lld\n", limits[i].what, limits[i].limit);
}
