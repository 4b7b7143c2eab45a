#!/bin/sh
# contract - the sentences of the language's description, one by one.
#
# tests/contract/grammar.y holds the description's own rules: random sentences of it and near misses are read
# by nnc and by that parser, and --fmt must keep what they mean.  tests/contract/*.cases are small programs
# with what the language says of each (cases.py); values.nn and recurrence.nn hold what PyTorch computes too.
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

# In double the numbers are PyTorch's (reference.py) to 1e-9, at either level.
CFLAGS_EXTRA=-O0
numbers() { # NAME LEVEL
	trainer "$here/$1.nn" "$work/$1$2" $2 --precision f64 &&
		"$work/$1$2" gradients --weights "$here/$1.weights.safetensors" --in "$here/$1.batch.safetensors" \
			--out "$work/$1$2.safetensors" &&
		"$PYTHON" "$root/tests/probe/compare.py" "$here/$1.expect.safetensors" "$work/$1$2.safetensors"
}
for name in values recurrence; do
	for level in -O0 -O2; do
		try "$name$level" numbers $name $level
	done
done

# What a user may write, in files that import files: twenty updates are PyTorch's (user/reference.py).
library() { # LEVEL
	trainer "$here/user/user.nn" "$work/user$1" $1 --precision f64 &&
		NNC_DATA=$work "$work/user$1" train --weights "$work/user.weights.safetensors" --out "$work/u$1" \
			-q -Wno-validation &&
		"$PYTHON" "$root/tests/probe/compare.py" "$here/user/user.expect.safetensors" \
			"$work/u$1/user.last.safetensors"
}
"$PYTHON" "$here/user/reference.py" "$work"
for level in -O0 -O2; do
	try "user$level" library $level
done
finish
