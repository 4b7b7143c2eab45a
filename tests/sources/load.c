/* load.c - prints the rows of a data file as a trainer reads them.
 *
 *     load SOURCE PATH [mmap] [single]      SOURCE: a name of models.h
 *
 * A line holds the columns of one row one after the other: numbers with 17 digits, texts as they are.
 */
#include <stdio.h>

#include "models.h"
#include "rt_data.h"
#include "rt_mem.h"
#include "rt_real.h"

static void print_row(const Dataset *d, uint32_t row)
{
	for (int i = 0; i < d->ncolumn; i++) {
		const Column *c = &d->column[i];
		void *at = rt_alloc(1, c->stride, "a row");
		rt_data_rows(d, i, &row, 1, at);
		for (int64_t k = 0; k < c->field->len; k++) {
			double v = rt_value(at, k, c->field->kind, d->real_bytes);
			if (c->field->kind == NNRT_WORD)
				printf("%s ", c->word[(int)v]);
			else
				printf("%.17g ", v);
		}
		rt_free(at);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	nnrt_data data;
	nnrt_model m;
	if (argc < 3 || !source_model(argv[1], &data, &m))
		return 2;
	for (int i = 3; i < argc; i++) {
		data.mapped |= !strcmp(argv[i], "mmap");
		if (!strcmp(argv[i], "single"))
			m.real_bytes = 4;
		if (!strcmp(argv[i], "drop"))
			data.missing = "drop";
	}
	Dataset *d = rt_data_load(&m, argv[2], ".", false);
	for (int64_t i = 0; i < d->rows; i++)
		print_row(d, (uint32_t)i);
	rt_data_free(d);
	return 0;
}
