/* fuzz_command.c - command lines of nnc and of a trainer: arguments parted by newlines; the first byte says whose. */
#include "escape.h"

#include <stdio.h>
#include <string.h>

#include "base.h"
#include "model.h"
#include "options.h"
/* The runtime's header has a type of the same name. */
struct nnrt_options;

enum { MOST = 40 };

void fuzz_trainer_options(const nnrt_model *m, int argc, char **argv);

typedef struct { int argc; char *argv[MOST + 2]; } Line;

static void of_nnc(void *arg)
{
	Line *l = arg;
	Job *j = job_new();
	Command c = { 0 };
	options_parse(j, &c, l->argc, l->argv);
	job_free(j);
}

static void of_trainer(void *arg)
{
	Line *l = arg;
	static const nnrt_data data = { .source = NNRT_SYNTHETIC, .kind = "random", .n = 10 };
	nnrt_model m = fuzz_model(&data);
	fuzz_trainer_options(&m, l->argc, l->argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char text[4097];
	Line l = { 1, { "nnc" } };
	if (n == 0 || n > sizeof text - 1)
		return 0;
	memcpy(text, data + 1, n - 1);
	text[n - 1] = 0;
	for (char *s = strtok(text, "\n"); s && l.argc <= MOST; s = strtok(0, "\n"))
		l.argv[l.argc++] = s;
	escape_run(data[0] % 2 ? of_trainer : of_nnc, &l);
	fflush(stdout);
	return 0;
}
