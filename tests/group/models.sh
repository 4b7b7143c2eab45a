#!/bin/sh
# models - the programs of models/ train: the loss falls, gradients agree with finite differences, and
# the large ones have the stated numbers of parameters.
#
# The data of a program that reads files are replaced by `synthetic`; sizes and steps are small.  One
# binary a program, in double, since a C compiler takes longer than the run.  LONG=1: all of models/.
. "$(dirname "$0")/../lib.sh"
quick="-O1 -fno-tree-vectorize"

falls() { # FILE: the last loss of the log is below the first
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "loss") c = i }
		NR == 2 { first = $c } { last = $c }
		END { print "loss", first, "->", last; exit !(NR > 2 && last < first) }' "$1"
}

builds() { # NAME flags...
	b_name=$1
	shift
	"$nnc" --precision f64 -w "$@" "$work/$b_name.nn" -o "$work/$b_name.c" &&
		$CC $("$nnc" --cflags) ${CC_LEVEL:-$quick} "$work/$b_name.c" $("$nnc" --libs) -o "$work/$b_name"
}

trains() { # NAME options of the trainer...
	t_name=$1
	shift
	"$work/$t_name" train --progress none --no-plot --out "$work/$t_name.out" "$@" &&
		falls "$work/$t_name.out"/*.csv
}

parameters() { # FILE NUMBER
	found=$("$nnc" --summary=json "$1" | sed 's/.*"parameters":\([0-9]*\),"trained".*/\1/')
	echo "$found parameters, expected $2"
	[ "$found" = "$2" ]
}

# model NAME PARAMETERS KIND ROWS "nnc's flags" "the trainer's options" [OLD=NEW]; KIND -: the program's own
# data; OLD=NEW: a size in the text
model() {
	want "$1" || return 0
	[ "$2" = - ] || try "$1 parameters" parameters "$root/models/$1.nn" "$2"
	if [ "$3" = - ]; then
		source=$root/models/$1.nn
		[ -f "$source" ] || source=$root/tests/models/$1.nn
		cp "$source" "$work/$1.nn"
	else
		"$PYTHON" "$root/tests/models/made.py" "$root/models/$1.nn" "$3" "$4" "${7:-=}" >"$work/$1.nn"
	fi
	try "$1 builds" builds "$1" $5
	[ -x "$work/$1" ] || return 0
	try "$1 trains" trains "$1" $6
	try "$1 selftest" "$work/$1" selftest
}

small="-D vocab=32 -D context=16"
model lenet 61706 linear 128 "" "--epochs 3 --batch 32" "28, 28=12, 12"
model resnet20 272474 linear 64 "-D n=1" "--epochs 4 --batch 16" "3, 32, 32=3, 8, 8"
model lstm 938240 sequence 128 "$small -D hidden=32" "--epochs 4"
model gpt 2743296 sequence 128 "$small -D width=16 -D heads=2 -D depth=1" "--epochs 4"
model vae 648016 random 128 "" "--epochs 3 --batch 32"
# Of these the compiler takes longer than the run.
quick=-O0
model mlp 203530 linear 256 "" "--epochs 3"
model housing 5121 linear 256 "" "--epochs 6"
model recommender 90850 random 512 "" "--epochs 4"
model own_layers - - - "" ""
model own_state - - - "" ""
model roots - - - "" ""
model stopped - - - "" ""
quick="-O1 -fno-tree-vectorize"
[ -n "${LONG:-}" ] && for m in seq2seq video audio parts scans bool_in textclass unet multitask ordinal mixer wavenet mixture; do
	model $m - - - "" ""
done
finish
