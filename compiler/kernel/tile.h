/* tile.h - a contraction as columns, rows, loops around and a sum: tile.c, pack.c, gemm.c. */
#ifndef NNC_TILE_H
#define NNC_TILE_H

#include "op.h"

/* Rows of a tile across, at most: one vector for each, beside those of the operands. */
enum { ACROSS_ROWS = 12 };

enum { VECTORS_OF_ONE = 8 };           /* vectors of columns, or rows, where there is one row */

typedef struct {
	const Node *n;
	int side;                      /* of the columns                                       */
	Dim ext[MAXLABEL];
	uint32_t in[2];                /* labels of each operand                               */
	int col[MAXRANK], ncol;
	int row;                       /* label, or -1                                         */
	int outer[MAXRANK], nouter;
	int sum[MAXLABEL], nsum;
	Dim columns, sums;
	Ex *at[MAXLABEL];              /* index of each label                                  */
	Ex *c, *i, *k[MAXLABEL]; int nk;       /* variables: column, row, sum                  */
	Ex *end;                       /* of the columns at hand                               */
	Dim kext[MAXLABEL];
	Ex *b, *a;                     /* elements of the operands; loads                      */
	Dim acol[MAXLABEL], arow;      /* strides of a along k and i                           */
	Dim bk[MAXLABEL];
	Sym second;                    /* lanes of the second vector, if it is partial         */
	const char *why;               /* not taken                                            */
} Tile;

/* Which label is what; classify is false if the contraction has no such form (t->why). */
void  tile_labels(Tile *t, const Node *n);
/* dot: rows are loops around, and there may be few columns, or none. */
bool  tile_classify(Lower *l, Tile *t, bool dot);
/* Both, and as the region is planned. */
bool  tile_find(Lower *l, Tile *t, const Region *r);
/* Indices of labels v[0..n) from one index of them all. */
void  tile_spread(Lower *l, Tile *t, const int *v, int n, Ex *e);
Ex   *tile_operand(Lower *l, const Tile *t, int side);
/* Is an operand affine in the variables at hand?  Fills t->a or t->b. */
bool  tile_a_fits(Lower *l, Tile *t);
bool  tile_b_fits(Lower *l, Tile *t);
bool  tile_strides(const Tile *t, const Ex *load, Dim *along);
/* Variables of the sum: one, or one for each label. */
void  tile_sum_vars(Lower *l, Tile *t, int depth, bool nests);
bool  tile_has(const Tile *t, int side, int label);

/* constant.c: is this operand known when compiling?  Packs it for region r. */
bool  constant_operand(const Fn *f, const Ex *e);
void  constant_add(Fn *f, Region *r, const Tile *t, bool rows, const Type *ty);

/* pack.c */
Ex   *lanes_of(Lower *l, int n);               /* n * NNC_VL                                  */
Ex   *pack_base(Lower *l, const Tile *t, const Pack *p);
Ex   *panel_first(Lower *l, const Pack *p);    /* the column that the array begins with       */
Ex   *first_outer(const Tile *t, int side, Ex *other);
/* Loops over the outer labels that this operand has; side -1: all. */
bool  outer_loops(Lower *l, Tile *t, int side);
void  outer_close(Lower *l, Tile *t, int side);

#endif
