#!/bin/sh
# bad - the catalogue of bad inputs (tests/bad): nnc and three trainers, built with sanitizers.
. "$(dirname "$0")/../lib.sh"
bad=$root/tests/bad
san="-fsanitize=address,undefined -fno-sanitize-recover=all"

if [ ! -x "$build/asan/nnc" ] || [ ! -f "$build/asan/libnnrt.a" ]; then
	fail build "was not built"
	finish
fi
cp "$build/asan/nnc" "$work/nnc"
made() { # SOURCE NAME
	"$nnc" "$1" -o "$work/$2.c" &&
		$CC $("$build/asan/nnc" --cflags) -O1 $san "$work/$2.c" $("$build/asan/nnc" --libs) -o "$work/$2"
}
for name in plain image; do
	try "build $name" made "$bad/$name.nn" $name
done
# The other sources are read by a program of their own, without a model.
reads() {
	$CC -std=c11 -D_GNU_SOURCE -O1 $san -I"$root/runtime" -I"$root/runtime/data" \
		"$root/tests/sources/load.c" $("$build/asan/nnc" --libs) -o "$work/load"
}
try "build load" reads
NNC_PLAIN=$nnc
export NNC_PLAIN
"$PYTHON" "$bad/run.py" "$work" "${BAD:-}" >"$work/rows.log" 2>&1
read -r rows_passed rows_failed slowest where <<END
$(tail -n 1 "$work/rows.log")
END
case $rows_passed in
*[!0-9]* | '') fail rows "the catalogue did not come to its end" "$work/rows.log" ;;
*)
	sed '$d' "$work/rows.log"
	passed=$((passed + rows_passed)) failed=$((failed + rows_failed))
	echo "bad: slowest row $slowest s ($where)"
	;;
esac
finish
