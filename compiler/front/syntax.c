/* syntax.c - what is said about a syntax error.
 *
 * In:    the token that cannot stand where it is, and the names of those that could.
 * Out:   one diagnostic, E0101 to E0105, with the repair.
 * Holds: newlines mean nothing to the parser, so a mistake is often noticed one line late: if
 * the token is the first on its line, the message points at the end of the token before.
 *
 * Special cases first, each a function that returns true if it took the case; the last one,
 * general(), puts the set of expected tokens into words.
 */
#include <string.h>

#include "foreign.h"
#include "parse.h"
#include "nn.tab.h"

/* The expected tokens, by the names that nn.y gives them. */
typedef struct { const char *const *name; int n; } Expected;

static bool has(Expected e, const char *name)
{
	for (int i = 0; i < e.n; i++)
		if (!strcmp(e.name[i], name))
			return true;
	return false;
}

static int kind_at(const Parse *p, int i)
{
	return i >= 0 && i < p->ntok ? p->tok[i].kind : 0;
}

/* An empty span behind tok[i], where something is to be inserted. */
static Span behind(const Parse *p, int i)
{
	int end = i >= 0 ? p->tok[i].at.end : p->tok[0].at.beg;
	return (Span){p->file, end, end};
}

static bool keyword_token(const Token *t)
{
	return t->kind >= IMPORT && t->kind <= FALSE;
}

/* The token as messages call it: the keyword `loss`. */
static const char *words(Parse *p, int i)
{
	const Token *t = &p->tok[i];
	if (i == p->ntok - 1)
		return "the end of the file";
	if (t->kind == STRING)
		return "a string";
	/* Cut where nobody reads on. */
	const char *text = source_text(p->j, t->at);
	const char *what = "";
	if (keyword_token(t) || t->kind == WHILE)
		what = "the keyword ";
	else if (t->kind == NAME)
		what = "the name ";
	else if (t->kind == INT || t->kind == FLOAT)
		what = "the number ";
	return arena_printf(p->j->mem, "%s`%.60s`", what, text);
}

/* What an operator's value is called: this sum, this product. */
static const char *result_word(const char *op)
{
	static const char *const word[][2] = {
		{"+", "sum"}, {"-", "difference"}, {"*", "product"}, {"/", "quotient"},
		{"@", "product"}, {"**", "power"}, {"and", "condition"}, {"or", "condition"},
		{"not", "condition"},
	};
	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		if (!strcmp(word[i][0], op))
			return word[i][1];
	return "comparison";
}

static bool operator_token(int kind)
{
	switch (kind) {
	case '+': case '-': case '*': case '/': case '@': case '<': case '>':
	case POW: case EQ: case NE: case LE: case GE: case AND: case OR:
		return true;
	default:
		return false;
	}
}

/* ---- pipes ------------------------------------------------------------------------------ */

/* One past the last token of the pipeline whose `|>` is tok[i]. */
static int pipeline_end(const Parse *p, int i)
{
	while (kind_at(p, i) == PIPE) {
		i++;
		if (kind_at(p, i) == NAME && kind_at(p, i + 1) == ':')
			i += 2;
		if (kind_at(p, i) != NAME)
			return i;
		i++;
		if (kind_at(p, i) != '(')
			continue;
		for (int open = 0; i < p->ntok - 1;) {
			int k = kind_at(p, i++);
			open += (k == '(') - (k == ')');
			if (open == 0)
				break;
		}
	}
	return i;
}

/* The first token of the expression that ends before tok[i]. */
static int expression_start(const Parse *p, int i)
{
	int open = 0;
	for (i--; i >= 0; i--) {
		int k = p->tok[i].kind;
		if (k == ')' || k == ']')
			open++;
		else if ((k == '(' || k == '[') && open > 0)
			open--;
		else if (open > 0)
			continue;
		else if (k == ':' && kind_at(p, i - 1) == NAME && kind_at(p, i - 2) == PIPE)
			continue;
		else if (k == '(' || k == '[' || k == '{' || k == '}' || k == '=' || k == ',' ||
		         k == ';' || k == ':' || k == IN || k == RANGE || parse_keyword(k))
			break;
	}
	return i + 1;
}

/* `name = ` if tok[i] is the value of an assignment or setting, to be put before a repair. */
static const char *before_value(Parse *p, int i)
{
	if (kind_at(p, i - 1) != '=' || p->tok[i - 1].depth > 0)
		return "";
	return arena_printf(p->j->mem, "%s ", parse_text(p, i - 2, i));
}

/* What putting the pipeline in parentheses means, in words. */
static const char *intention(Parse *p, const Ast *from, const char *left)
{
	const char *op = from->u.bin.op;
	const char *l =
		strlen(left) > 30 ? "the left operand" : arena_printf(p->j->mem, "`%s`", left);
	if (from->kind == A_UNARY)
		return arena_printf(p->j->mem, "to apply `%s` to the result:", op);
	if (!strcmp(op, "+"))
		return arena_printf(p->j->mem,
		                    "to add the result to %s (a residual connection):", l);
	if (!strcmp(op, "-"))
		return arena_printf(p->j->mem, "to subtract the result from %s:", l);
	if (!strcmp(op, "/"))
		return arena_printf(p->j->mem, "to divide %s by the result:", l);
	if (!strcmp(op, "*") || !strcmp(op, "@"))
		return arena_printf(p->j->mem, "to multiply %s by the result:", l);
	return arena_printf(p->j->mem, "to use the result on the right of `%s`:", op);
}

void syntax_pipe_after(Parse *p, const Ast *from, Span pipe)
{
	Job *j = p->j;
	const char *op = from->u.bin.op;
	const char *what = from->kind == A_UNARY && *op == '-' ? "negation" : result_word(op);
	Diag *d = error(j, pipe, "E0103",
	                "`|>` and `%s` need parentheses to say which goes first", op);
	diag_span(d, from->at, "this %s would be the input", what);
	int first = parse_index(p, from->at.beg), sign = parse_index(p, from->name_at.beg);
	int bar = parse_index(p, pipe.beg), end = pipeline_end(p, bar);
	const char *head = before_value(p, first);
	const char *left = parse_text(p, first, sign), *all = parse_text(p, first, bar);
	const char *one = intention(p, from, left);
	const char *two = arena_printf(j->mem, "to pipe the %s:", what);
	int width = (int)(strlen(one) > strlen(two) ? strlen(one) : strlen(two));
	bool word = p->tok[sign].at.end < p->tok[sign + 1].at.beg;
	diag_help(d, "%-*s   %s%s%s(%s)", width, one, head, parse_text(p, first, sign + 1),
	          word ? " " : "", parse_text(p, sign + 1, end));
	/* A blank between the operands, if there was one, is part of neither. */
	diag_help(d, "%-*s   %s(%s) %s", width, two, head, all, parse_text(p, bar, end));
}

/* `x |> f + y`: the pipeline has ended, an operator cannot follow. */
static bool pipe_before(Parse *p, Expected e)
{
	const Token *t = &p->tok[p->now];
	if (!operator_token(t->kind) || !has(e, "|>") || has(e, "+") || has(e, "="))
		return false;
	int first = expression_start(p, p->now);
	Span line = span_join(p->tok[first].at, p->tok[p->now - 1].at);
	Diag *d = error(p->j, t->at, "E0103",
	                "unexpected `%s` after a pipeline: `|>` and `%s` need "
	                "parentheses to say which goes first",
	                t->sym, t->sym);
	diag_span(d, line, "this pipeline would be the left operand");
	diag_help(d, "to go on with the result:   %s(%s) %s ...", before_value(p, first),
	          parse_text(p, first, p->now), t->sym);
	return true;
}

/* `x |>` and then something that is no layer. */
static bool dangling_pipe(Parse *p)
{
	int pipe = p->now - 1, found = p->now;
	bool statement = p->tok[p->now].kind == '=' && kind_at(p, pipe) == NAME &&
	                 p->tok[pipe].first && kind_at(p, pipe - 1) == PIPE;
	/* The name of the next statement was taken for a layer. */
	if (statement) {
		found = pipe;
		pipe--;
	}
	if (kind_at(p, pipe) != PIPE)
		return false;
	p->bad = found;
	Diag *d = error(p->j, p->tok[pipe].at, "E0102", "unfinished pipeline");
	diag_label(d, "a layer or function must follow");
	if (statement)
		diag_span(d, p->tok[found].at, "found the next statement instead");
	else if (found < p->ntok - 1)
		diag_span(d, p->tok[found].at, "found %s instead", words(p, found));
	else
		diag_note(d, "the file ends here");
	diag_help(d, "remove the last `|>`, or add a layer: `|> dense(10)`");
	return true;
}

void syntax_bare(Parse *p, Span at)
{
	int i = parse_index(p, at.beg),
	    end = parse_index(p, at.end > at.beg ? at.end - 1 : at.end) + 1;
	Diag *d = error(p->j, p->tok[i].at, "E0104", "a statement must name its value");
	diag_label(d, "this value is computed and then lost");
	/* Most often it is the result of the network that lacks its usual name. */
	const char *name = "y";
	for (int k = end; k < p->ntok; k++)
		if (p->tok[k].kind == NAME && !strcmp(p->tok[k].sym, "logits"))
			name = "logits";
	diag_help(d, "give it a name:   %s = %s", name, parse_text(p, i, end));
}

/* ---- brackets --------------------------------------------------------------------------- */

/* Index of the bracket that is open before tok[i]; -1 if none is in this statement. */
static int open_bracket(const Parse *p, int i)
{
	int open = 0;
	for (i--; i >= 0; i--) {
		int k = p->tok[i].kind;
		if (k == ')' || k == ']')
			open++;
		else if ((k == '(' || k == '[') && open-- == 0)
			return i;
		else if (k == '{' || k == '}')
			return -1;
	}
	return -1;
}

/* True if tok[i] looks like the next statement: what is open was not closed. */
static bool next_statement(const Parse *p, int i)
{
	const Token *t = &p->tok[i];
	if (i == p->ntok - 1 || t->kind == '}' || t->kind == '{' || t->kind == ';')
		return true;
	if (!t->first)
		return false;
	if (parse_keyword(t->kind) || parse_item_starts(p, i))
		return true;
	int k = kind_at(p, i + 1);
	int from = parse_statement(p, i - 1);
	return (t->kind == NAME || t->kind == OPTIMIZER) && (k == '=' || k == ',') &&
	       parse_column(p, i) <= parse_column(p, from);
}

static bool starts_value(int kind)
{
	switch (kind) {
	case NAME: case INT: case FLOAT: case STRING: case TRUE: case FALSE: case LOSS:
	case NOT: case '(': case '[':
		return true;
	default:
		return false;
	}
}

/* Inside ( ) or [ ]: a separator or the closing bracket is missing. */
static bool in_brackets(Parse *p, Expected e)
{
	int i = p->now, open = open_bracket(p, i);
	if (open < 0)
		return false;
	const char *close = p->tok[open].kind == '(' ? ")" : "]";
	if (!has(e, close))
		return false;
	bool comma = has(e, ","), call = *close == ')' && kind_at(p, open - 1) == NAME;
	int head = kind_at(p, open - 2);
	bool header = call && (head == FN || head == BLOCK || head == OPTIMIZER);
	const char *of = !call ? ""
	                       : arena_printf(p->j->mem,
	                                      header ? " in the parameters of `%s`"
	                                             : " in the arguments of `%s`",
	                                      p->tok[open - 1].sym);
	bool end = next_statement(p, i);
	bool insert = end || (comma && starts_value(p->tok[i].kind)) || p->tok[i].first;
	const char *what = comma ? arena_printf(p->j->mem, "`,` or `%s`", close) :
	                   arena_printf(p->j->mem, "`%s`", close);
	Diag *d =
		error(p->j, insert ? behind(p, i - 1) : p->tok[i].at,
	              comma && call && !header ? "E0101" : "E0105", "expected %s%s", what, of);
	if (end || (insert && !comma)) {
		diag_label(d, "insert `%s` here", close);
		diag_span(d, p->tok[open].at, "this `%c` is not closed", p->tok[open].kind);
	} else if (insert) {
		diag_label(d, "insert `,` here");
	} else {
		diag_label(d, "found %s instead", words(p, i));
	}
	return true;
}

/* A section or the end of the file inside { }. */
static bool unclosed_brace(Parse *p, Expected e)
{
	int i = p->now, open = 0;
	if (!has(e, "}") || (i < p->ntok - 1 && !parse_item_starts(p, i)))
		return false;
	int k = i - 1;
	for (; k >= 0; k--) {
		int kind = p->tok[k].kind;
		if (kind == '}')
			open++;
		else if (kind == '{' && open-- == 0)
			break;
	}
	if (k < 0)
		return false;
	Diag *d = error(p->j, behind(p, i - 1), "E0105", "expected `}`, found %s", words(p, i));
	diag_label(d, "insert `}` here");
	diag_span(d, p->tok[k].at, "this `{` is not closed");
	return true;
}

/* ---- everything else -------------------------------------------------------------------- */

/* `nn.Linear(3)`, `F.relu(x)`, `x.relu()`: a dot and a call. */
static bool method_call(Parse *p)
{
	int i = p->now;
	int dot = kind_at(p, i) == '.' ? i : i > 1 && kind_at(p, i) == '(' ? i - 2 : -1;
	if (dot < 1 || kind_at(p, dot) != '.' || kind_at(p, dot + 1) != NAME ||
	    kind_at(p, dot + 2) != '(')
		return false;
	const char *of = p->tok[dot - 1].sym, *name = p->tok[dot + 1].sym;
	int first = dot - 1;
	while (first > 1 && kind_at(p, first - 1) == '.' && kind_at(p, first - 2) == NAME)
		first -= 2;
	of = p->tok[first].sym;
	static const char *const modules[] = { "nn", "F", "torch", "keras", "tf", "layers", "np",
		                               "jax", "flax", "self", "optim", "functional" };
	bool module = false;
	for (size_t k = 0; k < sizeof modules / sizeof *modules; k++)
		module |= kind_at(p, first) == NAME && !strcmp(of, modules[k]);
	Span at = span_join(p->tok[first].at, p->tok[dot + 1].at);
	Diag *d = error(p->j, at, "E0105", module ? "there are no modules in the language"
	                                          : "values have no methods");
	Foreign f;
	bool known = foreign_find(p->j->mem, name, &f);
	if (module && known && f.advice)
		diag_help(d, "%s", f.advice);
	else if (module)
		diag_help(d, "write the bare name: `%s(...)`", known ? f.ours : name);
	else
		diag_help(d, "call it, `%s(%s)`, or pipe into it: `%s |> %s`", name,
		          parse_text(p, first, dot), parse_text(p, first, dot), name);
	return true;
}

/* Words of other languages, and what says the same here. */
static const char *other_word(const Parse *p)
{
	static const char *const row[][2] = {
		{ "for", "a fixed number of times: `repeat i in 0..n { ... }`" },
		{ "def", "an expression is `fn f(x) = ...`, a layer `block f(x: f32[N, C]) { ... }`" },
		{ "function", "an expression is `fn f(x) = ...`, a layer `block f(x: f32[N, C]) { ... "
		              "}`" },
		{ "func", "an expression is `fn f(x) = ...`, a layer `block f(x: f32[N, C]) { ... }`" },
		{ "class", "a layer is `block f(x: f32[N, C]) { ... }`, a network `model NAME { ... }`" },
		{ "let", "leave the word out: `name = ...`" },
		{ "var", "leave the word out: `name = ...`" },
		{ "elif", "write `else { if condition { ... } }`" },
		{ "from", "layers are known without an import; files are `import \"blocks.nn\"`" },
		{ "import", "layers are known without an import; files are `import \"blocks.nn\"`" },
		{ "network", "write `model NAME { ... }`" },
		{ "net", "write `model NAME { ... }`" },
		{ "dataset", "write `data SOURCE(...) { ... }`" },
		{ "fit", "write `train { epochs = 10 }`" },
	};
	for (int i = p->now; i >= 0 && i >= p->now - 1; i--)
		for (size_t k = 0; k < sizeof row / sizeof *row; k++)
			if ((p->tok[i].kind == NAME || p->tok[i].kind == IMPORT) &&
			    !strcmp(p->tok[i].sym, row[k][0]))
				return row[k][1];
	return 0;
}

/* `x + y` as a statement: an operator behind the first name. */
static bool lost_value(Parse *p, Expected e)
{
	int i = p->now, first = i - 1;
	int k = kind_at(p, i);
	if (first < 0 || p->tok[first].kind != NAME || !has(e, "=") || !has(e, "|>") ||
	    !has(e, ","))
		return false;
	if (!operator_token(k) && k != '[' && k != '.')
		return false;
	Diag *d = error(p->j, p->tok[first].at, "E0104", "a statement must name its value");
	diag_label(d, "this value is computed and then lost");
	diag_help(d, "give it a name:   y = %s ...", parse_text(p, first, i + 1));
	return true;
}

/* A misspelt keyword: `modle mlp {`, `ouput y`. */
static const char *meant(const Parse *p, Expected e)
{
	int i = p->now;
	bool top = has(e, "model");
	if (!top)
		i--;
	if (kind_at(p, i) != NAME || (!top && !has(e, "=")))
		return 0;
	static const char *const items[] = {
		"import", "const", "fn",    "block",  "optimizer",
		"model",  "data",  "train", "search", "export",
	};
	static const char *const stmts[] = {
		"layer",  "input",  "target", "param",  "buffer", "update", "loss",
		"metric", "output", "return", "repeat", "scan",   "emit",   "if",
	};
	return top ? nearest(p->tok[i].sym, items, sizeof items / sizeof *items)
	           : nearest(p->tok[i].sym, stmts, sizeof stmts / sizeof *stmts);
}

/* `y = a b`: something stands behind what is a whole statement already. */
static bool run_on(Parse *p, Expected e)
{
	int i = p->now;
	bool item = has(e, "model"), stmt = has(e, "layer"),
	     setting = !item && has(e, "optimizer");
	/* A name there was taken for the beginning of the next one. */
	bool late = !item && !stmt && !setting && i > 1 && has(e, "=") &&
	            p->tok[i - 1].kind == NAME;
	if (late)
		i--;
	else if (!item && !stmt && !setting)
		return false;
	int before = kind_at(p, i - 1);
	if (i == 0 || i == p->ntok - 1 || p->tok[i].first || before == '{' || before == '}' ||
	    before == ';' || before == ',' || parse_keyword(before) || p->tok[i].kind == '}')
		return false;
	bool in_settings = setting || (late && !has(e, ","));
	p->bad = i;
	Diag *d = error(p->j, p->tok[i].at, "E0105",
	                "expected an operator or the end of the %s, found %s",
	                item || in_settings ? "value" : "statement", words(p, i));
	const char *hint = late && !in_settings ? meant(p, e) : 0;
	if (hint)
		diag_help(d, "did you mean `%s`?", hint);
	return true;
}

/* `y = 3 +` and on the next line `z = 4`: the name was taken for the operand. */
static bool missing_value(Parse *p)
{
	int i = p->now - 1;
	if (i < 2 || kind_at(p, i + 1) != '=' || kind_at(p, i) != NAME || !p->tok[i].first ||
	    open_bracket(p, i) >= 0)
		return false;
	int before = kind_at(p, i - 1);
	if (!operator_token(before) && before != '=' && before != NOT && before != RETURN &&
	    before != ',')
		return false;
	p->bad = i;
	Diag *d = error(p->j, behind(p, i - 1), "E0105", "expected an expression behind %s",
	                words(p, i - 1));
	diag_span(d, p->tok[i].at, "found the next statement instead");
	return true;
}

/* `a < b < c`. */
static bool chained(Parse *p, Expected e)
{
	const Token *t = &p->tok[p->now];
	if (!operator_token(t->kind) || !has(e, "and") || has(e, t->sym) || has(e, "="))
		return false;
	Diag *d = error(p->j, t->at, "E0105", "comparisons cannot be chained");
	diag_help(d, "compare twice: `a < b and b < c`");
	return true;
}

/* A reserved word where a name must stand. */
static bool keyword_for_name(Parse *p, Expected e)
{
	int i = p->now;
	const Token *t = &p->tok[i];
	if (t->kind == WHILE) {
		Diag *d = error(p->j, t->at, "E0105", "`while` is reserved for later");
		diag_help(d, "a fixed number of times: `repeat n { ... }`; over steps: `scan t "
		             "in 0..T "
		             "carry h = ... { ... }`");
		return true;
	}
	/* `input = ...`: the keyword was taken as one. */
	if (t->kind == '=' && has(e, "name") && i > 0 && keyword_token(t - 1)) {
		i--;
		t--;
	} else if (!keyword_token(t) || !has(e, "name") || t->first) {
		return false;
	}
	if (t->kind == LOSS && has(e, "number"))
		return false;
	bool value = has(e, "number") && i == p->now;
	Diag *d = error(p->j, t->at, "E0105", "expected %s, found the keyword `%s`",
	                value ? "an expression" : "a name", t->sym);
	diag_note(d, "`%s` is a word of the language and cannot name anything else", t->sym);
	return true;
}

/* Adds "`x`" or "a name" to the words so far. */
static const char *add(Parse *p, const char *list, const char *item, bool quoted)
{
	const char *q = quoted ? "`" : "";
	return *list ? arena_printf(p->j->mem, "%s, %s%s%s", list, q, item, q) :
	       arena_printf(p->j->mem, "%s%s%s", q, item, q);
}

/* Continuations of a value, which are possible almost everywhere and help nobody. */
static bool minor(const char *name)
{
	static const char *const names[] = {
		"+",        "-",      "*",    "/",     "@",           "**",   "==",   "!=",
		"<",        ">",      "<=",   ">=",    "and",         "or",   "not",  "|>",
		"[",        "(",      ".",    ";",     "end of file", "else", "name", "number",
		"fraction", "string", "true", "false", "loss",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* The expected tokens in words: "`:`", "an expression or `]`". */
static const char *expected_words(Parse *p, Expected e)
{
	bool item = has(e, "model"), stmt = has(e, "layer");
	bool setting = !item && has(e, "optimizer"), value = has(e, "number") && has(e, "(");
	const char *list = "";
	if (item)
		list = add(p, list, "a section such as `model` or `train`", false);
	if (stmt)
		list = add(p, list, "a statement", false);
	if (setting)
		list = add(p, list, "a setting", false);
	else if (value)
		list = add(p, list, "an expression", false);
	else if (has(e, "name") && !stmt)
		list = add(p, list, "a name", false);
	else if (has(e, "string") && !value)
		list = add(p, list, "a file name in quotes", false);
	for (int i = 0; i < e.n; i++) {
		const char *s = e.name[i];
		bool word = s[0] >= 'a' && s[0] <= 'z';
		if (minor(s) || (word && (item || stmt || setting)))
			continue;
		list = add(p, list, s, true);
	}
	for (int i = 0; i < e.n && !*list; i++)
		if (has(e, "(") && !has(e, "+"))
			list = add(p, list, "(", true);
	if (!*list)
		list = has(e, "+") ? "an operator" : "the end of the file";
	const char *comma = strrchr(list, ',');
	/* "a, b" reads "a or b"; the comma of "`,`" is no separator. */
	while (comma && (comma[1] != ' '))
		comma = comma > list ? memrchr(list, ',', (size_t)(comma - list)) : 0;
	if (comma)
		list = arena_printf(p->j->mem, "%.*s or %s", (int)(comma - list), list,
		                    comma + 2);
	return list;
}

static void general(Parse *p, Expected e)
{
	int i = p->now;
	const Token *t = &p->tok[i];
	bool late =
		i > 0 && (t->first || i == p->ntok - 1) && !has(e, "model") && !has(e, "layer");
	const char *want = expected_words(p, e), *hint = meant(p, e);
	Span at = late ? behind(p, i - 1) : t->at;
	/* At the end of the file there is nothing to underline. */
	if (!late && i == p->ntok - 1 && i > 0)
		at = behind(p, i - 1);
	Diag *d = error(p->j, at, "E0105", "expected %s, found %s", want, words(p, i));
	/* A single sign that is missing can be put in. */
	if (late && want[0] == '`' && !strchr(want, ' '))
		diag_label(d, "insert %s here", want);
	if (late && i < p->ntok - 1)
		diag_span(d, t->at, "found this instead");
	const char *other = other_word(p);
	if (other)
		diag_help(d, "%s", other);
	else if (hint)
		diag_help(d, "did you mean `%s`?", hint);
}

void syntax_error(Parse *p, const char *const *expected, int n)
{
	Expected e = {expected, n};
	p->bad = p->now;
	const Token *t = &p->tok[p->now];
	/* Said by the scanner; or what recovery chose did not fit: the mistake before is
	 * enough. */
	if (t->flawed || (p->now > 0 && t[-1].flawed) || p->closing || p->now == p->resumed ||
	    (p->cut && p->now == p->ntok - 1))
		return;
	if (method_call(p) || dangling_pipe(p) || pipe_before(p, e) || keyword_for_name(p, e) ||
	    missing_value(p) || in_brackets(p, e) || unclosed_brace(p, e) || lost_value(p, e) ||
	    chained(p, e) || run_on(p, e))
		return;
	general(p, e);
}

void syntax_too_deep(Parse *p, Span at)
{
	Diag *d = error(p->j, at, "E0105", "this is nested more than %d levels deep", MAX_NEST);
	diag_help(d, "give parts of the expression names");
}
