/* nn.y - the grammar of language.md section 3, rule by rule under the same names.
 *
 * In:    the tokens of one file (nn_lex hands them out).   Out: p->program or p->expr.
 * Holds: no conflicts; solve new ones by precedence or by rewriting a rule, never by %expect n.
 *
 * Every action is one ast_*() call.  `program error`, `stmts error` and `setting_list error`
 * are where parsing goes on after a mistake; `bare` accepts a statement without a
 * name to say so.
 */
%require "3.8"
%expect 0
%define api.pure full
%define api.prefix {nn_}
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%locations
%param { Parse *p }

%code requires {
#include "parse.h"
}

%code provides {
int nn_lex(NN_STYPE *value, Span *at, Parse *p);
}

%code {
static void nn_error(const Span *at, Parse *p, const char *text);

/* From the first symbol to the last; an empty rule stands at the end of what is before it. */
#define YYLLOC_DEFAULT(Cur, Rhs, N) \
	((Cur).file = p->file, \
	 (Cur).beg = (N) ? YYRHSLOC(Rhs, 1).beg : YYRHSLOC(Rhs, 0).end, \
	 (Cur).end = YYRHSLOC(Rhs, N).end)
/* Both stacks may be moved by memcpy; without this bison would not let them grow. */
#define NN_LTYPE_IS_TRIVIAL 1
#define YYMAXDEPTH 20000
#define RECOVER(level) \
	do { \
		if (!parse_recover(p, (level))) \
			YYABORT; \
		yyclearin; \
		yyerrok; \
	} while (0)
}

%union {
	const Token *tok;
	Ast *ast;
	AstList list;
	Tagged tagged;
}

%token END 0 "end of file"
%token START_PROGRAM START_EXPR WHILE "while" BAD
%token <tok> NAME "name" INT "number" FLOAT "fraction" STRING "string"
%token <tok> IMPORT "import" CONST "const" FN "fn" BLOCK "block" LAYER "layer"
%token <tok> OPTIMIZER "optimizer" MODEL "model" DATA "data" TRAIN "train" SEARCH "search"
%token <tok> EXPORT "export" INPUT "input" TARGET "target" PARAM "param" BUFFER "buffer"
%token <tok> UPDATE "update" LOSS "loss" METRIC "metric" OUTPUT "output" RETURN "return"
%token <tok> REPEAT "repeat" SCAN "scan" CARRY "carry" EMIT "emit" IN "in" IF "if" ELSE "else"
%token <tok> AND "and" OR "or" NOT "not" TRUE "true" FALSE "false"
%token <tok> PIPE "|>" ARROW "->" EQ "==" NE "!=" LE "<=" GE ">=" POW "**" RANGE ".."
%token <tok> ELLIPSIS "..." '<' '>' '+' '-' '*' '/' '@' ':'

%left OR
%left AND
%precedence NOT
%nonassoc EQ NE '<' '>' LE GE
%left '+' '-'
%left '*' '/' '@'
%precedence UMINUS
%right POW

%type <ast> item const parm result type dim stmt setting expr stage arith postfix primary call
%type <ast> arg sub bound
%type <list> const_list params param_list dims_opt dims body stmts names settings setting_list
%type <list> carries exprs args arg_list list_opt subs
%type <tagged> tagged

%start start
%%

start: START_PROGRAM program
    | START_EXPR expr                       { p->expr = $2; }
    ;
program: %empty
    | program item
                        { p->program->item = ast_append(p, p->program->item, $2); }
    | program error                         { RECOVER(AT_TOP); }
    ;
item: IMPORT STRING semi                    { $$ = ast_decl(p, A_IMPORT, @$, $2, 0, 0); }
    | CONST const_list semi                 { $$ = 0; }
    | FN NAME '(' params ')' '=' expr semi  { $$ = ast_fn(p, @$, $2, $4, $7); }
    | BLOCK NAME '(' params ')' result body
                        { $$ = ast_result(p, ast_def(p, A_BLOCK, @$, $2, $4, $7), $6); }
    | MODEL NAME body
                        { $$ = ast_def(p, A_MODEL, @$, $2, (AstList){0}, $3); }
    | OPTIMIZER NAME '(' params ')' body    { $$ = ast_def(p, A_OPTIMIZER, @$, $2, $4, $6); }
    | DATA call settings
                        { $$ = ast_settings(p, ast_section(p, A_DATA, @$, $1, $2), $3); }
    | DATA call semi                        { $$ = ast_section(p, A_DATA, @$, $1, $2); }
    | TRAIN settings
                        { $$ = ast_settings(p, ast_section(p, A_TRAIN, @$, $1, 0), $2); }
    | SEARCH call settings
                        { $$ = ast_settings(p, ast_section(p, A_SEARCH, @$, $1, $2), $3); }
    | EXPORT call semi                      { $$ = ast_section(p, A_EXPORT, @$, $1, $2); }
    ;
semi: %empty | ';' ;
/* Each constant is an item of its own. */
const_list: const
                        { p->program->item = ast_append(p, p->program->item, $1); }
    | const_list ',' const
                        { p->program->item = ast_append(p, p->program->item, $3); }
    ;
const: NAME '=' expr                        { $$ = ast_decl(p, A_CONST, @$, $1, 0, $3); }
    | NAME ':' type '=' expr                { $$ = ast_decl(p, A_CONST, @$, $1, $3, $5); }
    ;
params: %empty                              { $$ = (AstList){0}; }
    | param_list
    | param_list ','
    ;
param_list: parm                            { $$ = ast_append(p, (AstList){0}, $1); }
    | param_list ',' parm                   { $$ = ast_append(p, $1, $3); }
    ;
parm: NAME                                  { $$ = ast_decl(p, A_FORMAL, @$, $1, 0, 0); }
    | NAME '=' expr                         { $$ = ast_decl(p, A_FORMAL, @$, $1, 0, $3); }
    | NAME ':' type                         { $$ = ast_decl(p, A_FORMAL, @$, $1, $3, 0); }
    | NAME ':' type '=' expr                { $$ = ast_decl(p, A_FORMAL, @$, $1, $3, $5); }
    ;
result: %empty                              { $$ = 0; }
    | ARROW type                            { $$ = $2; }
    ;
type: NAME dims_opt                         { $$ = ast_type(p, @$, $1, 0, $2); }
    | NAME '(' expr ')' dims_opt            { $$ = ast_type(p, @$, $1, $3, $5); }
    ;
dims_opt: %empty                            { $$ = (AstList){0}; }
    | '[' dims ']'                          { $$ = $2; }
    ;
dims: dim                                   { $$ = ast_append(p, (AstList){0}, $1); }
    | dims ',' dim                          { $$ = ast_append(p, $1, $3); }
    ;
dim: arith
    | ELLIPSIS                              { $$ = ast_literal(p, A_ELLIPSIS, @$, $1); }
    ;
body: '{' stmts '}'                         { $$ = $2; }
    ;
stmts: %empty                               { $$ = (AstList){0}; }
    | stmts stmt semi                       { $$ = ast_append(p, $1, $2); }
    | stmts error                           { $$ = $1; RECOVER(IN_BODY); }
    ;
stmt: names '=' expr                        { $$ = ast_assign(p, @$, $1, $3); }
    | LAYER NAME '=' call                   { $$ = ast_decl(p, A_LAYER, @$, $2, 0, $4); }
    | INPUT NAME ':' type                   { $$ = ast_decl(p, A_INPUT, @$, $2, $4, 0); }
    | TARGET NAME ':' type                  { $$ = ast_decl(p, A_TARGET, @$, $2, $4, 0); }
    | PARAM NAME ':' type                   { $$ = ast_decl(p, A_PARAM, @$, $2, $4, 0); }
    | PARAM NAME ':' type '=' expr          { $$ = ast_decl(p, A_PARAM, @$, $2, $4, $6); }
    | LOSS tagged                           { $$ = ast_tagged(p, A_LOSSES, @$, $1, $2); }
    | METRIC tagged                         { $$ = ast_tagged(p, A_METRIC, @$, $1, $2); }
    | OUTPUT tagged                         { $$ = ast_tagged(p, A_OUTPUT, @$, $1, $2); }
    | RETURN exprs                          { $$ = ast_return(p, @$, $1, $2); }
    | BUFFER NAME ':' type                  { $$ = ast_decl(p, A_BUFFER, @$, $2, $4, 0); }
    | BUFFER NAME ':' type '=' expr         { $$ = ast_decl(p, A_BUFFER, @$, $2, $4, $6); }
    | BUFFER NAME '=' expr                  { $$ = ast_decl(p, A_BUFFER, @$, $2, 0, $4); }
    | UPDATE NAME '=' expr                  { $$ = ast_decl(p, A_UPDATE, @$, $2, 0, $4); }
    | EMIT NAME '=' expr                    { $$ = ast_decl(p, A_EMIT, @$, $2, 0, $4); }
    | SCAN NAME IN arith RANGE arith CARRY carries body
                                            { $$ = ast_scan(p, @$, $2, $4, $6, $8, $9); }
    | REPEAT arith body                     { $$ = ast_repeat(p, @$, 0, 0, $2, $3); }
    | REPEAT NAME IN arith RANGE arith body { $$ = ast_repeat(p, @$, $2, $4, $6, $7); }
    | IF arith body                         { $$ = ast_if(p, @$, $1, $2, $3); }
    | IF arith body ELSE body
                        { $$ = ast_else(p, ast_if(p, @$, $1, $2, $3), @$, $5); }
    | bare                                  { $$ = 0; syntax_bare(p, @$); }
    ;
/* Not in the language: accepted to say E0104. */
bare: NAME PIPE stage | call | bare PIPE stage ;
names: NAME
                        { $$ = ast_append(p, (AstList){0}, ast_name(p, @1, $1)); }
    | names ',' NAME                        { $$ = ast_append(p, $1, ast_name(p, @3, $3)); }
    ;
tagged: expr                                { $$ = (Tagged){0, $1}; }
    | NAME '=' expr                         { $$ = (Tagged){$1, $3}; }
    ;
settings: '{' setting_list '}'              { $$ = $2; }
    ;
setting_list: %empty                        { $$ = (AstList){0}; }
    | setting_list setting sep              { $$ = ast_append(p, $1, $2); }
    | setting_list error                    { $$ = $1; RECOVER(IN_SETTINGS); }
    ;
sep: %empty | ',' | ';' ;
setting: NAME '=' expr                      { $$ = ast_decl(p, A_SETTING, @$, $1, 0, $3); }
    | NAME ':' type '=' expr                { $$ = ast_decl(p, A_SETTING, @$, $1, $3, $5); }
    | OPTIMIZER '=' expr                    { $$ = ast_decl(p, A_SETTING, @$, $1, 0, $3); }
    ;
carries: NAME '=' expr
            { $$ = ast_append(p, (AstList){0}, ast_decl(p, A_SETTING, @$, $1, 0, $3)); }
    | carries ',' NAME '=' expr
            { $$ = ast_append(p, $1, ast_decl(p, A_SETTING, span_join(@3, @5), $3, 0, $5)); }
    ;
exprs: expr                                 { $$ = ast_append(p, (AstList){0}, $1); }
    | exprs ',' expr                        { $$ = ast_append(p, $1, $3); }
    ;
expr: arith
    | expr PIPE stage                       { $$ = ast_pipe(p, @$, $1, $2, $3); }
    ;
stage: NAME                                 { $$ = ast_call(p, @$, $1, (AstList){0}, true); }
    | call
    | NAME ':' NAME
                        { $$ = ast_stage(p, $1, ast_call(p, @3, $3, (AstList){0}, true)); }
    | NAME ':' call                         { $$ = ast_stage(p, $1, $3); }
    ;
arith: arith '+' arith                      { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith '-' arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith '*' arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith '/' arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith '@' arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith POW arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | '-' arith %prec UMINUS                { $$ = ast_unary(p, @$, $1, $2); }
    | arith EQ arith                        { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith NE arith                        { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith '<' arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith '>' arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith LE arith                        { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith GE arith                        { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith AND arith                       { $$ = ast_binary(p, @$, $1, $2, $3); }
    | arith OR arith                        { $$ = ast_binary(p, @$, $1, $2, $3); }
    | NOT arith                             { $$ = ast_unary(p, @$, $1, $2); }
    | postfix
    ;
postfix: primary
    | postfix '[' subs ']'
                        { $$ = ast_index(p, @$, $1, span_join(@2, @4), $3); }
    | postfix '.' NAME                      { $$ = ast_field(p, @$, $1, $3); }
    ;
primary: INT                                { $$ = ast_literal(p, A_INT, @$, $1); }
    | FLOAT                                 { $$ = ast_literal(p, A_FLOAT, @$, $1); }
    | STRING                                { $$ = ast_literal(p, A_STRING, @$, $1); }
    | TRUE                                  { $$ = ast_literal(p, A_BOOL, @$, $1); }
    | FALSE                                 { $$ = ast_literal(p, A_BOOL, @$, $1); }
    | NAME                                  { $$ = ast_name(p, @$, $1); }
    | LOSS                                  { $$ = ast_loss(p, @$, $1); }
    | call
    | '(' expr ')'                          { $$ = ast_paren($2); }
    | '[' list_opt ']'                      { $$ = ast_list(p, @$, $2); }
    ;
call: NAME '(' args ')'                     { $$ = ast_call(p, @$, $1, $3, false); }
    ;
args: %empty                                { $$ = (AstList){0}; }
    | arg_list
    | arg_list ','
    ;
arg_list: arg                               { $$ = ast_append(p, (AstList){0}, $1); }
    | arg_list ',' arg                      { $$ = ast_append(p, $1, $3); }
    ;
arg: expr
    | NAME '=' expr                         { $$ = ast_arg(p, @$, $1, $3); }
    ;
list_opt: %empty                            { $$ = (AstList){0}; }
    | exprs
    | exprs ','
    ;
subs: sub                                   { $$ = ast_append(p, (AstList){0}, $1); }
    | subs ',' sub                          { $$ = ast_append(p, $1, $3); }
    ;
sub: arith
    | ELLIPSIS                              { $$ = ast_literal(p, A_ELLIPSIS, @$, $1); }
    | bound ':' bound                       { $$ = ast_slice(p, @$, $1, $2, $3); }
    ;
bound: %empty                               { $$ = 0; }
    | arith
    ;
%%

/* Hands the names of the expected tokens, without quotes, to the messages. */
static int yyreport_syntax_error(const yypcontext_t *ctx, Parse *p)
{
	yysymbol_kind_t kind[YYNTOKENS];
	const char *name[YYNTOKENS];
	int n = yypcontext_expected_tokens(ctx, kind, YYNTOKENS);
	for (int i = 0; i < n; i++) {
		const char *s = yysymbol_name(kind[i]);
		name[i] = s[0] == '\'' ? job_symf(p->j, "%c", s[1]) : s;
	}
	syntax_error(p, name, n);
	return 0;
}

/* Only "memory exhausted" gets here. */
static void nn_error(const Span *at, Parse *p, const char *text)
{
	(void)text;
	syntax_too_deep(p, *at);
}
