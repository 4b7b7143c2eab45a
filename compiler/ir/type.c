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

static char *put_text(char *to, const char *s)
{
	size_t n = strlen(s);
	memcpy(to, s, n);
	return to + n;
}

static char *put_int(char *to, int32_t k)
{
	char digit[12];
	int n = 0;
	do
		digit[n++] = (char)('0' + k % 10);
	while (k /= 10);
	while (n)
		*to++ = digit[--n];
	return to;
}

/* (Each kernel's comment has some of them: without a format, in one piece.) */
const char *type_text(Arena *a, const Type *t)
{
	static const char *const name[] = { "f32", "bool", "i32", "u8" };
	char text[32 + MAXRANK * 20], *p = text;
	if (t->dt == DT_I32 && t->classes)
		p = put_text(put_int(put_text(p, "class("), t->classes), ")");
	else
		p = put_text(p, name[t->dt]);
	for (int i = 0; i < t->rank; i++) {
		Dim d = t->dim[i];
		p = put_text(p, i ? ", " : "[");
		if (!d.b || d.k != 1)
			p = put_int(p, d.k);
		if (d.b)
			p = put_text(p, d.k == 1 ? "N" : " * N");
	}
	if (t->rank)
		p = put_text(p, "]");
	return arena_strndup(a, text, (size_t)(p - text));
}
