/* type.c - dimensions as monomials k * B, types, their texts.
 *
 * In:    numbers.   Out: types by value.
 * Holds: unused dimensions are zero bytes, so that types compare and hash as memory.
 *
 * A monomial is closed under everything a network does to the batch axis (reshape to B * T,
 * flatten, products of one sample's extents); a product of two batch axes has no type.
 */
#include "graph.h"

#include <string.h>

bool dim_mul(Dim a, Dim b, Dim *r)
{
	int64_t k;
	if (a.b + b.b > 1 || !size_mul(a.k, b.k, INT32_MAX, &k))
		return false;
	*r = a.b || b.b ? dim_batch((int32_t)k) : dim_num((int32_t)k);
	return true;
}

Type type_make(DType dt, int rank, const Dim *dim)
{
	Type t;
	memset(&t, 0, sizeof t);
	t.dt = dt;
	t.rank = rank;
	for (int i = 0; i < rank; i++)
		t.dim[i] = dim[i];
	return t;
}

Type type_scalar(DType dt)
{
	return type_make(dt, 0, 0);
}

bool type_eq(const Type *a, const Type *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

bool type_shape_eq(const Type *a, const Type *b)
{
	return a->rank == b->rank && memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

bool type_batched(const Type *t)
{
	for (int i = 0; i < t->rank; i++)
		if (t->dim[i].b)
			return true;
	return false;
}

bool type_size(const Type *t, Dim *size)
{
	*size = dim_num(1);
	for (int i = 0; i < t->rank; i++)
		if (!dim_mul(*size, t->dim[i], size))
			return false;
	return true;
}

int64_t type_len(const Type *t, int B)
{
	int64_t n = 1;
	for (int i = 0; i < t->rank; i++)
		n *= dim_at(t->dim[i], B);
	return n;
}

void type_strides(const Type *t, Dim *stride)
{
	Dim s = dim_num(1);
	for (int i = t->rank - 1; i >= 0; i--) {
		stride[i] = s;
		if (!dim_mul(s, t->dim[i], &s))
			s = dim_num(0); /* checked at the type's making               */
	}
}

const char *dim_text(Arena *a, Dim d)
{
	if (!d.b)
		return arena_printf(a, "%d", d.k);
	return d.k == 1 ? "N" : arena_printf(a, "%d * N", d.k);
}

const char *type_text(Arena *a, const Type *t)
{
	static const char *const name[] = { "f32", "bool", "i32", "u8" };
	const char *s = t->dt == DT_I32 && t->classes ? arena_printf(a, "class(%d)", t->classes)
	                                              : name[t->dt];
	if (!t->rank)
		return s;
	for (int i = 0; i < t->rank; i++)
		s = arena_printf(a, "%s%s%s", s, i ? ", " : "[", dim_text(a, t->dim[i]));
	return arena_printf(a, "%s]", s);
}
