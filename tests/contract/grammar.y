/* grammar.y - the grammar of the language as its description writes it, rule by rule, to hold grammar/nn.y against.
 *
 * In:    lines of token names on standard input, one sentence a line.   Out: a line for each, 1 (a sentence) or 0.
 * Holds: the rules are the description's own; nothing is repaired, recovered from or explained here.
 */
%require "3.8"
%expect 0
%{
#include <stdio.h>
#include <string.h>

static char line[1 << 20], *rest;
static int yylex(void);
static void yyerror(const char *text) { (void)text; }
%}
%token IMPORT CONST FN BLOCK LAYER OPTIMIZER MODEL DATA TRAIN SEARCH EXPORT INPUT TARGET PARAM BUFFER UPDATE LOSS
%token METRIC OUTPUT RETURN REPEAT SCAN CARRY EMIT IN IF ELSE TRUE FALSE NAME INT FLOAT STRING
%token PIPE ARROW RANGE ELLIPSIS
%left OR
%left AND
%precedence NOT
%nonassoc EQ NE '<' '>' LE GE
%left '+' '-'
%left '*' '/' '@'
%precedence UMINUS
%right POW
%%
program: %empty | program item ;
item: IMPORT STRING semi
    | CONST const_list semi
    | FN NAME '(' params ')' '=' expr semi
    | BLOCK NAME '(' params ')' result body
    | MODEL NAME body
    | OPTIMIZER NAME '(' params ')' body
    | DATA call settings
    | DATA call semi
    | TRAIN settings
    | SEARCH call settings
    | EXPORT call semi
    ;
semi: %empty | ';' ;
const_list: const | const_list ',' const ;
const: NAME '=' expr | NAME ':' type '=' expr ;
params: %empty | param_list | param_list ',' ;
param_list: parm | param_list ',' parm ;
parm: NAME | NAME '=' expr | NAME ':' type | NAME ':' type '=' expr ;
result: %empty | ARROW type ;
type: NAME dims_opt | NAME '(' expr ')' dims_opt ;
dims_opt: %empty | '[' dims ']' ;
dims: dim | dims ',' dim ;
dim: arith | ELLIPSIS ;
body: '{' stmts '}' ;
stmts: %empty | stmts stmt semi ;
stmt: names '=' expr
    | LAYER NAME '=' call
    | INPUT NAME ':' type
    | TARGET NAME ':' type
    | PARAM NAME ':' type
    | PARAM NAME ':' type '=' expr
    | LOSS tagged
    | METRIC tagged
    | OUTPUT tagged
    | RETURN exprs
    | BUFFER NAME ':' type
    | BUFFER NAME ':' type '=' expr
    | BUFFER NAME '=' expr
    | UPDATE NAME '=' expr
    | EMIT NAME '=' expr
    | SCAN NAME IN arith RANGE arith CARRY carries body
    | REPEAT arith body
    | REPEAT NAME IN arith RANGE arith body
    | IF arith body
    | IF arith body ELSE body
    ;
names: NAME | names ',' NAME ;
tagged: expr | NAME '=' expr ;
settings: '{' setting_list '}' ;
setting_list: %empty | setting_list setting sep ;
sep: %empty | ',' | ';' ;
setting: NAME '=' expr | NAME ':' type '=' expr | OPTIMIZER '=' expr ;
carries: NAME '=' expr | carries ',' NAME '=' expr ;
exprs: expr | exprs ',' expr ;
expr: arith | expr PIPE stage ;
stage: NAME | call | NAME ':' NAME | NAME ':' call ;
arith: arith '+' arith | arith '-' arith | arith '*' arith | arith '/' arith | arith '@' arith
    | arith POW arith
    | '-' arith %prec UMINUS
    | arith EQ arith | arith NE arith | arith '<' arith | arith '>' arith | arith LE arith | arith GE arith
    | arith AND arith | arith OR arith | NOT arith
    | postfix ;
postfix: primary | postfix '[' subs ']' | postfix '.' NAME ;
primary: INT | FLOAT | STRING | TRUE | FALSE | NAME | LOSS | call | '(' expr ')' | '[' list_opt ']' ;
call: NAME '(' args ')' ;
args: %empty | arg_list | arg_list ',' ;
arg_list: arg | arg_list ',' arg ;
arg: expr | NAME '=' expr ;
list_opt: %empty | exprs | exprs ',' ;
subs: sub | subs ',' sub ;
sub: arith | ELLIPSIS | bound ':' bound ;
bound: %empty | arith ;
%%

static const struct { const char *name; int token; } tokens[] = {
#define T(t) { #t, t },
	T(IMPORT) T(CONST) T(FN) T(BLOCK) T(LAYER) T(OPTIMIZER) T(MODEL) T(DATA) T(TRAIN) T(SEARCH) T(EXPORT) T(INPUT)
	T(TARGET) T(PARAM) T(BUFFER) T(UPDATE) T(LOSS) T(METRIC) T(OUTPUT) T(RETURN) T(REPEAT) T(SCAN) T(CARRY) T(EMIT)
	T(IN) T(IF) T(ELSE) T(TRUE) T(FALSE) T(NAME) T(INT) T(FLOAT) T(STRING) T(PIPE) T(ARROW) T(RANGE) T(ELLIPSIS)
	T(OR) T(AND) T(NOT) T(EQ) T(NE) T(LE) T(GE) T(POW)
};

static int yylex(void)
{
	char *word = strtok(rest, " \n");
	rest = 0;
	if (!word)
		return 0;
	for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
		if (strcmp(word, tokens[i].name) == 0)
			return tokens[i].token;
	return (unsigned char)word[0];
}

int main(void)
{
	while (fgets(line, sizeof line, stdin)) {
		rest = line;
		puts(yyparse() ? "0" : "1");
	}
	return 0;
}
