/* doc.h - what --list and --explain know: the prelude's own text, and tables of the rest. */
#ifndef NNC_DOC_H
#define NNC_DOC_H

#include "base.h"

/* A definition of the prelude, or an operation that is called by its name. */
typedef struct {
	Sym name;
	const char *section;           /* the title of the prelude's part it stands in        */
	const char *kind;              /* "fn", "block", "optimizer", "built in"              */
	const char *signature;         /* "dense(x, units, bias = true)"                      */
	const char *comment;           /* "" if there is none                                 */
	const char *text;              /* the definition; 0 if it is built in                 */
} Entry;

typedef struct { Entry *v; int n, cap; } Entries;

/* All public ones, in the prelude's order. */
Entries doc_entries(Job *j);

/* A setting, or an argument of a data source. */
typedef struct { const char *owner, *name, *standard, *meaning; } SettingDoc;
extern const SettingDoc setting_docs[];        /* closed by an empty row                    */

typedef struct { const char *code, *title, *meaning, *example, *repair; } CodeDoc;
extern const CodeDoc code_docs[];              /* closed by an empty row                    */

/* Sources, parts of a program: a name, how it is written, what it is. */
typedef struct { const char *name, *signature, *meaning; } TopicDoc;
extern const TopicDoc topic_docs[];            /* closed by an empty row                    */

#endif
