/* cmd.c - the program: which command runs, and what several of them begin with.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_feed.h"
#include "rt_help.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_weights.h"

void rt_need_loss(const nnrt_model *m, const char *command)
{
	if (m->nloss && m->grad)
		return;
	rt_error(RT_USAGE, "E0502", "`%s` needs a loss, and %s has none", command, m->source);
	rt_note("without a loss there are predict, info and bench");
	rt_exit(RT_USAGE);
}

Dataset *rt_need_data(const nnrt_model *m, const Options *o, const char *command)
{
	if (m->data && m->data->source != NNRT_NO_DATA) {
		/* of predict, --out is a file */
		const char *out = o->out && o->command != C_PREDICT ? o->out : ".";
		Dataset *d = rt_data_load(m, o->data, out, o->quiet);
		if (o->fold > 1)
			rt_data_deal(d, m->data, o->fold);
		return d;
	}
	rt_error(RT_USAGE, "E0502", "`%s` needs data, and %s has no `data` section", command,
	         m->source);
	rt_note("without it there are gradients, selftest, bench, info and predict --in "
	        "BATCH.safetensors");
	rt_exit(RT_USAGE);
}

const Rows *rt_split(const nnrt_model *m, const Options *o, const Dataset *d, const char **name)
{
	const char *s = o->split ? o->split : d->test.n ? "test" : d->val.n ? "val" : "train";
	const Rows *rows = !strcmp(s, "test") ? &d->test : !strcmp(s, "val") ? &d->val : &d->train;
	if (rows->n == 0)
		rt_fail(RT_USAGE, "E0502", "--split %s: %s has no such part", s, m->source);
	*name = s;
	return rows;
}

static void freeze(Run *r, const char *pattern)
{
	int n = 0;
	for (int i = 0; i < r->m->nparam; i++)
		if (fnmatch(pattern, r->m->param[i].path, 0) == 0)
			r->frozen[i] = 1, n++;
	if (n == 0) {
		rt_error(RT_USAGE, "E0502", "--freeze %s: no parameter has such a path",
		         pattern);
		rt_help("`%s info` lists the parameters; `*` stands for any text",
		        program_invocation_name);
		rt_exit(RT_USAGE);
	}
	rt_run_segments(r);
}

Run *rt_begin_run(const nnrt_model *m, const Options *o)
{
	Run *r = rt_run_new(m);
	rt_run_threads(r, rt_options_threads(o, m));
	memcpy(r->setting, o->setting, (size_t)m->nsetting * sizeof *r->setting);
	memcpy(r->given, o->number, sizeof r->given);
	/* Initialisers may use run-time numbers. */
	nnrt_time start = rt_time_begin(m, o);
	rt_run_knobs(r, &start);
	rt_run_init(r, rt_options_seed(o, m));
	if (o->command == C_EVAL || o->command == C_PREDICT) {
		/* a trained model is used as training left it */
		nnrt_time end = rt_time_end(m, o);
		rt_run_knobs(r, &end);
	}
	if (o->weights)
		rt_weights_load(r, o->weights, o->partial);
	if (o->freeze)
		freeze(r, o->freeze);
	rt_run_start(r);
	return r;
}

char *rt_weights_path(const nnrt_model *m, const Options *o)
{
	return o->weights ? rt_text("%s", o->weights) : rt_text("%s.safetensors", m->name);
}

static int run_command(const nnrt_model *m, const Options *o)
{
	switch (o->command) {
	case C_TRAIN:
		return rt_train(m, o);
	case C_EVAL:
		return rt_eval(m, o);
	case C_PREDICT:
		return rt_predict(m, o);
	case C_INFO:
		rt_print_info(m);
		return RT_DONE;
	case C_SELFTEST:
		return rt_selftest(m, o);
	case C_GRADIENTS:
		return rt_gradients(m, o);
	case C_BENCH:
		return rt_bench(m, o);
	case C_DATA:
		return rt_look(m, o);
	}
	rt_bug("command %d", (int)o->command);
}

/* A data file must never become descriptor 0, 1 or 2. */
static void open_standard(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int nnrt_main(const nnrt_model *m, int argc, char **argv)
{
	open_standard();
	Options *o = rt_options(m, argc, argv);
	Once once = { .early = 0 };
	int status = run_command(rt_once(&once, m, o), o);
	rt_free(once.early);
	rt_free(o->setting);
	rt_free(o->given);
	rt_free(o);
	if ((fflush(stdout) || ferror(stdout)) && status == RT_DONE)
		rt_fail(RT_FILE, "R7", "standard output: cannot write: %s", strerror(errno));
	return status;
}
