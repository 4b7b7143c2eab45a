/* dump.c - plan and loop IR as text, for people and golden tests; the notes above kernels.
 *
 * In:    a built function.   Out: the same text for the same program: no addresses, no dates.
 */
#include "op.h"

#include <string.h>

static const char *const kind_name[] = {
	[RG_MAP] = "map", [RG_REDUCE] = "row reduction", [RG_COLUMN] = "column reduction",
	[RG_CONTRACT] = "contraction", [RG_MOVE] = "movement", [RG_PACK] = "pack",
	[RG_SCATTER] = "scatter", [RG_SCAN] = "scan", [RG_ROWS] = "row strip"
};

static const char *place_name(const Buffer *b)
{
	static const char *const name[] = { [PL_ARENA0] = "arena0",
		                            [PL_ARENA] = "arena",
		                            [PL_PARAM] = "param",
		                            [PL_GRAD] = "grad",
		                            [PL_MOMENT] = "moment",
		                            [PL_BUFFER] = "buffer",
		                            [PL_BUFFER_NEXT] = "next buffer",
		                            [PL_FITTED] = "fitted",
		                            [PL_INPUT] = "input",
		                            [PL_OUTPUT] = "output",
		                            [PL_FIELD] = "field",
		                            [PL_LOSS] = "loss",
		                            [PL_PENALTY] = "penalty",
		                            [PL_ACC] = "acc",
		                            [PL_SCORE] = "score",
		                            [PL_KNOB] = "knob",
		                            [PL_METRIC] = "metric",
		                            [PL_ROW] = "row",
		                            [PL_CONST] = "constant",
		                            [PL_SETTING] = "setting",
		                            [PL_TIME] = "time" };
	return name[b->place];
}

/* ---- notes above kernels ----------------------------------------------------------------- */

static const char *place_of(const Fn *f, Arena *a, Span at)
{
	int line, column;
	if (at.file < 0 || at.file >= f->job->nsource)
		return "";
	source_place(f->job, at.file, at.beg, &line, &column);
	const char *name = f->job->source[at.file].name, *slash = strrchr(name, '/');
	return arena_printf(a, "%s:%d  ", slash ? slash + 1 : name, line);
}

/* The source place and name that say most about a region. */
static const Node *speaker(const Region *r)
{
	const Node *best = r->seed ? r->seed : r->nout ? r->out[0].node : 0;
	for (int i = 0; best && best->at.file < 0 && i < r->ninlined; i++)
		if (r->inlined[i]->at.file >= 0)
			best = r->inlined[i];
	return best;
}

static const char *operands(Arena *a, const Node *n)
{
	const char *s = "";
	for (int i = 0; i < n->nin && i < 3; i++)
		s = arena_printf(a, "%s%s%s", s, i ? ", " : "", type_text(a, &n->in[i]->ty));
	return s;
}

const char *region_note(const Fn *f, Arena *a, const Region *r)
{
	const Node *n = speaker(r);
	if (r->kind == RG_ROWS) {
		const char *all = "";
		for (int i = 0; i < r->nmember; i++)
			all = arena_printf(a, "%s%s%s", all, i ? "; " : "",
			                   region_note(f, a, r->member[i]));
		return all;
	}
	if (r->kind == RG_PACK)
		n = r->pack[0]->contract;
	if (!n)
		return arena_printf(a, "%s: %s", kind_name[r->kind], r->reason);
	const Node *last = r->nout ? r->out[r->nout - 1].node : 0;
	const Origin *from = n->part >= 0 && n->part < f->host->norigin ? &f->host->origin[n->part] : 0;
	const char *s = place_of(f, a, n->at.file < 0 && from ? from->at : n->at);
	Sym name = last && last->name ? last->name : n->name ? n->name : from ? from->name : 0;
	if (name)
		s = arena_printf(a, "%s%s: ", s, name);
	if (r->kind == RG_PACK)
		return arena_printf(a, "%soperand %s in %s", s,
		                    type_text(a, &n->in[r->pack[0]->side]->ty),
		                    r->pack[0]->rows ? "rows" : "panels");
	const Node *main = r->seed ? r->seed : last ? last : n;
	s = arena_printf(a, "%s%s(%s) -> %s", s, opinfo[main->op].name, operands(a, main),
	                 type_text(a, &main->ty));
	int shown = 0;
	for (int i = 0; i < r->ninlined && shown < 8; i++) {
		const OpInfo *o = &opinfo[r->inlined[i]->op];
		if (o->kind != MAP || r->inlined[i] == main)
			continue;
		s = arena_printf(a, "%s%s%s", s, shown++ ? " " : ", with ", o->name);
	}
	return s;
}

/* ---- the plan ---------------------------------------------------------------------------- */

static const char *split_text(Arena *a, const Fn *f, const Region *r)
{
	if (r->kind == RG_SCAN || !f->host->barrier)
		return "one thread";
	if (!r->split.rows.k)
		return "thread 0";
	if (r->split.rows.b)
		return arena_printf(a, "batch rows, units of %d", r->split.unit);
	return arena_printf(a, "%d rows, units of %d", r->split.rows.k, r->split.unit);
}

static void dump_level(const Fn *f, Arena *a, const Level *v, FILE *out)
{
	int in = 2 * v->depth;
	for (const Region *r = v->first; r; r = r->next) {
		if (r->barrier)
			fprintf(out, "%*s---- barrier ----\n", in, "");
		if (r->kind == RG_SCAN) {
			fprintf(out, "%*sscan %d steps%s\n", in, "", r->seed->a.scan.steps,
			        r->seed->a.scan.reverse ? ", backwards" : "");
			dump_level(f, a, r->body, out);
			continue;
		}
		fprintf(out, "%*s%-3d %s%s%s, epoch %d: %s\n", in, "", r->id,
		        kind_name[r->kind], r->tiled ? ", tiled" : "",
		        r->way_out ? ", WAY OUT" : "", r->epoch, region_note(f, a, r));
		fprintf(out, "%*s    owners: %s\n", in, "", split_text(a, f, r));
		fprintf(out, "%*s    why: %s\n", in, "", r->reason);
		for (int i = 0; i < r->naccess; i++)
			fprintf(out, "%*s    %s %s%s\n", in, "",
			        r->access[i].write ? "writes" : "reads ",
			        r->access[i].buf->name, r->access[i].slice ? ", own rows" : "");
	}
}

/* Terms of the sum of a contraction: the extents of its labels behind those of the result. */
static Dim summed(const Node *n)
{
	Dim all = dim_num(1);
	for (int label = n->a.con.nout; label < n->a.con.nlabel; label++)
		for (int side = 0, hit = 0; side < 2 && !hit; side++)
			for (int i = 0; i < n->in[side]->ty.rank && !hit; i++)
				if ((side ? n->a.con.b : n->a.con.a)[i] == label) {
					Dim d = n->in[side]->ty.dim[i];
					all.k *= d.k;
					all.b |= d.b;
					hit = 1;
				}
	return all;
}

static const char *product_text(const Region *r)
{
	return !r->tiled || r->way_out ? "plain loops" :
	       r->dot                  ? "dot products" :
	       r->across               ? "tiles across" : "tiles";
}

static const char *packed_text(const Region *r)
{
	const Pack *p = r->pack[0] ? r->pack[0] : r->pack[1];
	if (r->pack[0] && r->pack[1])
		return ", packed: both operands";
	return !p ? "" : p->rows ? ", packed: rows" : ", packed: columns";
}

/* What computes each contraction. */
static void dump_products(const Fn *f, Arena *a, const Level *v, bool *any, FILE *out)
{
	for (const Region *r = v->first; r; r = r->next) {
		if (r->kind == RG_SCAN)
			dump_products(f, a, r->body, any, out);
		if (r->kind != RG_CONTRACT)
			continue;
		if (!*any)
			fprintf(out,
			        "\nproducts (generated kernels; none by OpenBLAS)\n"
			        "  %-6s %-24s %-10s %s\n",
			        "region", "result", "sum over", "computed by");
		*any = true;
		Type terms = type_make(DT_REAL, 1, (Dim[]){ summed(r->seed) });
		const char *sum = type_text(a, &terms) + 4;    /* without "f32[" */
		fprintf(out, "  %-6d %-24s %-10s %s%s\n", r->id, type_text(a, &r->seed->ty),
		        arena_printf(a, "%.*s", (int)strcspn(sum, "]"), sum), product_text(r),
		        packed_text(r));
	}
}

static void dump_joined(const Fn *f, const Level *v, FILE *out)
{
	for (int i = 0; i < v->g->n; i++) {
		const Node *n = v->g->node[i];
		const NodeInfo *x = &v->info[i];
		if (!x->live || opinfo[n->op].kind == LEAF || opinfo[n->op].kind == MOVE)
			continue;
		fprintf(out, "  %%%d %s: %s\n", i, opinfo[n->op].name,
		        x->stored   ? (x->reason ? x->reason : "stored")
		        : x->region ? "epilogue of what it follows"
		                    : "computed where it is read");
	}
	for (const Region *r = v->first; r; r = r->next)
		if (r->kind == RG_SCAN) {
			fprintf(out, "  scan %%%d:\n", r->seed->id);
			dump_joined(f, r->body, out);
		}
}

void fn_dump_plan(const Fn *f, FILE *out)
{
	Arena *a = arena_new();
	fprintf(out,
	        "plan of %s, -O%d: %d regions, %d barriers, scratch %lld + %lld bytes per "
	        "sample\n",
	        f->host->prefix, f->o->level, f->nregion, f->nbarrier,
	        (long long)f->arena0_bytes, (long long)f->arena_bytes);
	int64_t fixed, sample = saved_bytes(f, &fixed);
	if (sample || fixed)
		fprintf(out, "saved for backward: %lld + %lld bytes per sample\n", (long long)fixed,
		        (long long)sample);
	fprintf(out, "\nvalues\n");
	dump_joined(f, f->top, out);
	fprintf(out, "\nregions\n");
	dump_level(f, a, f->top, out);
	bool any = false;
	dump_products(f, a, f->top, &any, out);
	fprintf(out, "\nmemory\n");
	for (int i = 0; i < f->nbuf; i++) {
		const Buffer *b = f->buf[i];
		bool arena = b->place == PL_ARENA0 || b->place == PL_ARENA;
		if (b->of || (!b->read && !b->written))
			continue;
		fprintf(out, "  %-24s %-20s %-10s", b->name, type_text(a, &b->ty),
		        place_name(b));
		if (arena)
			fprintf(out, " at %lld%s, %lld bytes, epochs %d-%d%s%s",
			        (long long)b->at, b->place == PL_ARENA ? " B" : "",
			        (long long)b->bytes, b->first, b->last,
			        b->inplace ? ", in place of " : "",
			        b->inplace ? b->inplace->name : "");
		fprintf(out, "\n");
	}
	arena_free(a);
}

/* ---- loop IR ----------------------------------------------------------------------------- */

static void dump_regions(const Fn *f, Arena *a, const Level *v, FILE *out)
{
	for (const Region *r = v->first; r; r = r->next) {
		if (r->kind == RG_SCAN) {
			fprintf(out, "scan %d steps {\n", r->seed->a.scan.steps);
			dump_regions(f, a, r->body, out);
			fprintf(out, "}\n");
			continue;
		}
		fprintf(out, "%s%d: %s%s\n", r->barrier ? "barrier\n" : "", r->id,
		        region_note(f, a, r), r->kernel->same ? " (as above)" : "");
		for (int i = 0; i < r->kernel->narg; i++)
			fprintf(out, "  %s%d = %s\n", r->kernel->argwrite[i] ? "out" : "in", i,
			        r->kernel->arg[i]->name);
		if (!r->kernel->same)
			fprintf(out, "%s", r->kernel->text);
	}
}

/* The statements in the form that the printer gives them. */
void fn_dump_ir(const Fn *f, FILE *out)
{
	Arena *a = arena_new();
	fprintf(out, "loops of %s\n", f->host->prefix);
	dump_regions(f, a, f->top, out);
	arena_free(a);
}
