/* explain.c - --explain NAME and --list KIND.
 *
 * In:    a name.   Out: text on standard output, or a message with what it could have been.
 */
#include "cli.h"
#include "doc.h"
#include "elab.h"

#include <string.h>

enum { WIDTH = 96, COLUMN = 38, MAXNAMES = 512 };

/* Paragraphs of at most WIDTH columns, each line after `margin`. */
static void paragraph(const char *margin, const char *s)
{
	int at = 0, room = WIDTH - (int)strlen(margin);
	while (*s) {
		int n = (int)strcspn(s, " ");
		if (at && at + 1 + n > room) {
			printf("\n");
			at = 0;
		}
		printf("%s%.*s", at ? " " : margin, n, s);
		at += n + (at > 0);
		s += n;
		s += *s == ' ';
	}
	printf("\n");
}

/* Lines as they are, each after `margin`. */
static void lines(const char *margin, const char *s)
{
	while (*s) {
		int n = (int)strcspn(s, "\n");
		printf("%s%.*s\n", n ? margin : "", n, s);
		s += n;
		s += *s == '\n';
	}
}

/* ---- --list --------------------------------------------------------------------------------
 */

/* A kind, and how the titles of the prelude's parts begin that belong to it. */
static const struct {
	const char *kind, *parts;
} kinds[] = {
	{ "layers", "layers|recurrent layers" },
	{ "functions", "element by element|activations|over dimensions|shapes|classes, masks" },
	{ "activations", "activations" },
	{ "initialisers", "initialisers" },
	{ "losses", "losses" },
	{ "fields", "functions of data" },
	{ "metrics", "metrics" },
	{ "optimizers", "optimizers" },
	{ "schedules", "schedules" },
	{ "regularisers", "regularisers" },
	{ "sources", "" },
	{ "settings", "" },
	{ "codes", "" },
	{ "kinds", "" },
};
enum { NKIND = sizeof kinds / sizeof *kinds };

static bool in_parts(const char *section, const char *parts)
{
	for (const char *s = parts; *s; s += strcspn(s, "|"), s += *s == '|')
		if (!strncmp(section, s, strcspn(s, "|")))
			return true;
	return false;
}

/* The head in the prelude of what the runtime computes. */
static const char whole_section[] = "metrics of the whole set";

static void row(const char *left, const char *right)
{
	if ((int)strlen(left) > COLUMN && *right)
		printf("%s\n%*s  %s\n", left, COLUMN, "", right);
	else if (*right)
		printf("%-*s  %s\n", COLUMN, left, right);
	else
		printf("%s\n", left);
}

static int list_entries(Job *j, const char *kind, const char *parts)
{
	Entries all = doc_entries(j);
	bool metrics = !strcmp(kind, "metrics"), schedules = !strcmp(kind, "schedules");
	int n = 0;
	for (int i = 0; i < all.n; i++) {
		const LossRow *l = loss_find(all.v[i].name);
		bool same_number = schedules && !strcmp(all.v[i].name, "constant");
		if (!in_parts(all.v[i].section, parts) && !(metrics && l && l->metric) && !same_number)
			continue;
		n++;
		/* one function of the prelude, in two tables of the reference */
		if (same_number) {
			row(all.v[i].signature, "v throughout");
			continue;
		}
		bool whole = in_parts(all.v[i].section, whole_section);
		row(all.v[i].signature, whole ? job_symf(j, "%s (built in)", all.v[i].comment)
		                              : all.v[i].comment);
	}
	if (n)
		return 0;
	error(j, NOWHERE, "E0405", "%s are not implemented yet", kind);
	return 2;
}

static void list_sources(void)
{
	row("idx(dir)", "images and labels of MNIST and Fashion-MNIST, also .gz");
	row("cifar10(dir)", "CIFAR-10, binary version");
	row("cifar100(dir)", "CIFAR-100, binary version");
	row("images(dir, size)", "pictures (PNG, PGM, PPM) in a folder for each class");
	row("csv(file)", "a table of text: columns by name");
	row("npy(x = file, y = file)", "NumPy arrays");
	row("npz(file)", "an archive of NumPy arrays");
	row("raw(x = file, type)", "rows of numbers without a header");
	row("libsvm(file)", "sparse lines: LABEL INDEX:VALUE ...");
	row("text(file, level, context)", "windows of bytes or characters");
	row("synthetic(kind, n, noise = 0.1)", "samples made in memory");
}

int list_names(Job *j, const char *kind)
{
	const char *names[NKIND], *near;
	int k = -1;
	for (int i = 0; i < NKIND; i++) {
		names[i] = kinds[i].kind;
		if (!strcmp(kind, kinds[i].kind))
			k = i;
	}
	if (k < 0) {
		near = nearest(kind, names, NKIND);
		Diag *d = error(j, NOWHERE, "E0502", "`--list` does not know `%s`", kind);
		const char *list = "";
		for (int i = 0; i < NKIND; i++)
			list = arena_printf(j->mem, "%s%s%s", list, i ? ", " : "", names[i]);
		if (near)
			diag_help(d, "did you mean `%s`?", near);
		else
			diag_help(d, "%s", list);
		return 2;
	}
	if (*kinds[k].parts)
		return list_entries(j, kind, kinds[k].parts);
	if (!strcmp(kind, "sources"))
		list_sources();
	for (const CodeDoc *c = code_docs; !strcmp(kind, "codes") && c->code; c++)
		row(c->code, c->title);
	for (const SettingDoc *s = setting_docs; !strcmp(kind, "settings") && s->owner; s++)
		printf("%-10s %-12s %-14s %s\n", s->owner, s->name, s->standard, s->meaning);
	for (int i = 0; !strcmp(kind, "kinds") && i < NKIND; i++)
		printf("%s\n", kinds[i].kind);
	return 0;
}

/* ---- --explain -----------------------------------------------------------------------------
 */

static void explain_code(const CodeDoc *c)
{
	printf("%s: %s\n\n", c->code, c->title);
	paragraph("  ", c->meaning);
	printf("\nFor example\n\n");
	lines("    ", c->example);
	printf("\nInstead\n\n");
	lines("    ", c->repair);
}

static bool is_source(const char *name)
{
	static const char *const no[] = { "train", "data", "early_stopping", "search", "export" };
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (!strcmp(name, no[i]))
			return false;
	return true;
}

static void explain_topic(const TopicDoc *t)
{
	printf("%s\n\n", t->signature);
	paragraph("  ", t->meaning);
	printf("\n");
	for (const SettingDoc *s = setting_docs; s->owner; s++)
		if (!strcmp(s->owner, t->name))
			printf("    %-14s %-12s %s\n", s->name, s->standard, s->meaning);
	if (!strcmp(t->name, "train"))
		printf("\n  The second column is the value of a setting that is not given.  A "
		       "setting that\n"
		       "  this version does not have is refused with E0405.\n");
	if (is_source(t->name))
		printf("\n  Also the arguments of every source: nnc --explain data\n");
}

static void explain_entry(const Entry *e)
{
	printf("%s\n", e->signature);
	if (*e->comment) {
		printf("\n");
		paragraph("  ", e->comment);
	}
	if (e->text) {
		printf("\nIts definition, in the language itself:\n\n");
		lines("    ", e->text);
		if (in_parts(e->section, whole_section))
			printf("\n  The number itself is built in: it is computed from all samples of a "
			       "set at once.\n");
	} else {
		printf("\nBuilt in.\n");
	}
}

/* A setting of `train`, `data` ... by its own name; false: there is none. */
static bool explain_setting(const char *name)
{
	bool any = false;
	for (const SettingDoc *s = setting_docs; s->owner; s++) {
		if (strcmp(s->name, name))
			continue;
		/* arguments of the header, but for the settings of train */
		const char *call = !strcmp(s->owner, "export") ? " c(" : !strcmp(s->owner, "data") ? " SOURCE(" : 0;
		printf("%s%s%s%s = ...%s\n\n", any ? "\n" : "", s->owner, call ? call : " { ", s->name,
		       call ? ")" : " }");
		paragraph("  ", s->meaning);
		printf("\n  Without it: %s.  All of them: nnc --explain %s\n", s->standard, s->owner);
		any = true;
	}
	return any;
}

static int unknown_topic(Job *j, const char *name, const Entries *all)
{
	const char *names[MAXNAMES], *near = 0;
	int n = 0;
	Foreign f;
	for (const CodeDoc *c = code_docs; c->code && n < MAXNAMES; c++)
		names[n++] = c->code;
	for (const TopicDoc *t = topic_docs; t->name && n < MAXNAMES; t++)
		names[n++] = t->name;
	for (int i = 0; i < all->n && n < MAXNAMES; i++)
		names[n++] = all->v[i].name;
	bool foreign = foreign_find(j->mem, name, &f);
	if (foreign)
		near = f.ours;
	if (!near && !foreign)
		near = nearest(name, names, n);
	Diag *d = error(j, NOWHERE, "E0502", "nothing is known of `%s`", name);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	else if (foreign)
		diag_help(d, "%s", f.advice);
	else
		diag_help(d, "a code (E0301), a layer (dense), `train`, `data` or a source; "
		             "`nnc --list kinds`");
	return 2;
}

int explain(Job *j, const char *name)
{
	name += strncmp(name, "-W", 2) ? 0 : 2;        /* as messages show it */
	for (const CodeDoc *c = code_docs; c->code; c++)
		if (!strcmp(c->code, name)) {
			explain_code(c);
			return 0;
		}
	for (const TopicDoc *t = topic_docs; t->name; t++)
		if (!strcmp(t->name, name)) {
			explain_topic(t);
			return 0;
		}
	Entries all = doc_entries(j);
	for (int i = 0; i < all.n; i++)
		if (!strcmp(all.v[i].name, name)) {
			explain_entry(&all.v[i]);
			return 0;
		}
	if (explain_setting(name))
		return 0;
	const char *what;
	if (later_name(name, &what)) {
		diag_help(error(j, NOWHERE, "E0405", "%s `%s` is not implemented yet", what, name),
		          "`nnc --list kinds` says what this version can list");
		return 2;
	}
	return unknown_topic(j, name, &all);
}
