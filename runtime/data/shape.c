/* shape.c - does a row of a file have the shape that the trainer was compiled for?
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_fail.h"
#include "rt_help.h"
#include "rt_mem.h"
#include "rt_size.h"
#include "source.h"

char *rt_shape_text(const int64_t *dim, int rank)
{
	char *s = rt_text(rank ? "" : "one number");
	for (int i = 0; i < rank; i++) {
		char *longer = rt_text("%s%s%lld", s, i ? " x " : "", (long long)dim[i]);
		rt_free(s);
		s = longer;
	}
	return s;
}

static bool same_shape(const int64_t *a, int na, const int32_t *b, int nb)
{
	while (na && *a == 1)
		a++, na--;
	while (nb && *b == 1)
		b++, nb--;
	if (na != nb)
		return false;
	for (int i = 0; i < na; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static bool as_many(const int64_t *dim, int rank, const nnrt_field *want)
{
	int64_t len;
	return rt_size_product(dim, rank, &len) && len == want->len;
}

bool rt_shape_fits(const int64_t *dim, int rank, const nnrt_field *want)
{
	return same_shape(dim, rank, want->dim, want->rank) || (want->flat && as_many(dim, rank, want));
}

/* The only input of the model with the shape that a column was compiled for; 0: several, or the
 * data section changes the shape. */
static const nnrt_field *input_of(const nnrt_model *m, const nnrt_field *column)
{
	const nnrt_field *found = 0;
	for (int i = 0; i < m->nin; i++) {
		const nnrt_field *f = &m->in[i];
		bool same = f->kind == NNRT_REAL && !f->target && f->rank == column->rank;
		for (int k = 0; k < f->rank && same; k++)
			same = f->dim[k] == column->dim[k];
		if (same && found)
			return 0;
		if (same)
			found = f;
	}
	return found;
}

void rt_wrong_shape(const nnrt_model *m, const char *path, const nnrt_field *want,
                    const int64_t *dim, int rank)
{
	int64_t model[8];
	const nnrt_field *in = input_of(m, want);
	for (int i = 0; i < want->rank; i++)
		model[i] = want->dim[i];
	rt_error(RT_FILE, "R1", "%s: %s are %s, but this trainer was compiled for %s", path,
	         want->name, rt_shape_text(dim, rank),
	         in ? rt_field_type(m, in, 1) : rt_shape_text(model, want->rank));
	if (want->rank == 1 && as_many(dim, rank, want))
		rt_help("write `flatten(%s)` in the data section of %s and compile again", want->name,
		        m->source);
	else if (in)
		rt_help("change `input %s` in %s and compile again, or resize the data", in->name,
		        m->source);
	else
		rt_help("change the inputs in %s and compile again, or resize the data",
		        m->source);
	rt_exit(RT_FILE);
}
