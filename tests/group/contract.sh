#!/bin/sh
# contract - the sentences of the language's description, one by one.
#
# tests/contract/grammar.y holds the description's own rules: random sentences of it and near misses are read
# by nnc and by that parser, and --fmt must keep what they mean.  tests/contract/*.cases are small programs
# with what the language says of each (cases.py).
. "$(dirname "$0")/../lib.sh"
here=$root/tests/contract

reference() {
	bison -Wno-other "$here/grammar.y" -o "$work/grammar.c" && $CC -O1 "$work/grammar.c" -o "$work/grammar"
}

if want grammar; then
	try "grammar: the reference parser" reference
	try "grammar: sentences" "$PYTHON" "$here/sentences.py" "$nnc" "$work/grammar" "$here/grammar.y" 300 "${SEED:-1}"
fi
for f in "$here"/*.cases; do
	try "$(basename "$f" .cases)" env T= "$PYTHON" "$here/cases.py" "$nnc" "$f"
done
finish
