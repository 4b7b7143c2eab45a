#!/bin/sh
# timing - how long the steps of a first run take; printed, not judged (the machine may be busy).
. "$(dirname "$0")/../lib.sh"
want timing || finish
unset NNC_CHECK

ms() { # best of three, in milliseconds
	best=
	for _ in 1 2 3; do
		t0=$(date +%s%N)
		"$@" >"$work/log" 2>&1 || { fail "$(basename "$1")" "status $?" "$work/log"; return 1; }
		t=$((($(date +%s%N) - t0) / 1000000))
		[ -z "$best" ] || [ $t -lt "$best" ] && best=$t
	done
	took=$best
}

cd "$work" || exit 1
cp "$root/models/mlp.nn" .
compile() { $CC $("$nnc" --cflags) -c mlp.c -o mlp.o; }
ms "$nnc" mlp.nn -o mlp.c && { pass; echo "nnc mlp.nn -o mlp.c                    $took ms (goal: under 50)"; }
ms compile && { pass; echo "cc -O2 mlp.c                           $took ms (goal: under 3000)"; }
$CC mlp.o $("$nnc" --libs) -o mlp &&
	ms ./mlp bench --steps 1 && { pass; echo "./mlp bench --steps 1                  $took ms (goal: under 100)"; }
finish
