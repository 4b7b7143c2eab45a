/* fuse.h - shared by fuse.c and roots.c. */
#ifndef NNC_FUSE_H
#define NNC_FUSE_H

#include "op.h"

/* How the readers of a value reach it, through moves that cost nothing. */
typedef struct {
	int n;                         /* readers, roots included                              */
	bool root, call, guarded, reshaped, expanded, reduce;
	int closed;                    /* looked at by close_inlined, last time                */
	const Node *only;              /* the reader, if there is one                          */
	int weight;                    /* element operations when computed in place            */
	int height;                    /* nodes above each other that are read in place        */
	bool uniform;                  /* one number for all elements: of constants, knobs, B  */
} Sites;

/* A root that a node is computed for, seen through whole reshapes. */
typedef struct RootOf {
	const Root *root;
	bool through;
	struct RootOf *next;
} RootOf;

typedef struct {
	Fn *f;
	Level *v;
	Sites *site;
	const Node **tip;              /* by id of a seed or epilogue node: 0, or the seed     */
	Region **open;                 /* by id: the region whose last value so far this is    */
	const bool *save;              /* by id: kept for the backward pass                    */
	RootOf **root;                 /* by id: roots that the node may be computed into      */
	int closing;                   /* number of the walk of close_inlined                  */
} Fuse;

/* Fills u->root. */
void  find_roots(Fuse *u);
/* Needs of nodes, from the roots back. */
void  find_needs(Fuse *u);
int   root_need(const Fuse *u, RootKind k);
/* The buffer of a leaf in memory. */
void  leaf_buffer(Fuse *u, const Node *n);
Buffer *root_buffer(Fuse *u, const Root *r, const Type *t);
/* Marks n as stored: in the place of its root if it has one alone, else in scratch. */
void  store_node(Fuse *u, const Node *n, const char *reason);
/* A root whose value lies elsewhere, or is an index map, gets a movement. */
void  root_copy(Fuse *u, const Root *r);
void  add_output(Fuse *u, Region *r, const Node *n, Buffer *b);
/* rows.c: strips of rows among the regions of the level. */
void  rows_form(Fuse *u);
/* Lists everything that is computed inside the region for n. */
void  collect(Fuse *u, Region *r, const Node *n);

#endif
