#!/bin/sh
# reports - what a run shows and writes about itself: bar, table, CSV, JSON lines, TensorBoard, SVG, the page.
#
# LONG=1: TensorBoard's own reader reads the events, and Chromium shows the page at 360 and 1280 pixels, light
# and dark; the page of a larger model, too.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/report
logs="--log csv,jsonl,tb"

run() { # PROGRAM [ARGUMENTS]: a training into PROGRAM.out
	r_program=$1
	shift
	(cd "$work" && "./$r_program" train --threads 1 --out "$r_program.out" $logs "$@")
}
for m in classes tokens numbers; do
	CFLAGS_EXTRA=-O0               # what is compiled matters here, not how fast it runs,
	[ $m = tokens ] && CFLAGS_EXTRA=-O1 # but for the one that a bar is drawn for
	try "$m build" trainer "$here/$m.nn" "$work/$m"
	try "$m" run $m
	try "$m: logs" "$PYTHON" "$here/logs.py" "$work/$m.out" $m "$here/$m.nn"
	try "$m: page and curves" "$PYTHON" "$here/page.py" "$work/$m.out" $m
done
try "what a terminal shows" "$PYTHON" "$here/bar.py" "$work/classes" "$work/tokens"

# files that are not asked for, folders and disks that take none
files() { # NAMES ARGUMENTS...: exactly these files
	f_want=$1
	shift
	rm -rf "$work/files"
	(cd "$work" && ./classes train --epochs 2 -q --out files "$@") || return 1
	f_got=$(cd "$work" && ls files 2>/dev/null | grep -v 'ckpt$' | sed 's/^events.*/events/' | tr '\n' ' ')
	echo "$f_got"
	[ "$f_got" = "$f_want" ]
}
weights="classes.last.safetensors classes.safetensors "
try "no plot" files "classes.csv $weights" --no-plot
try "no log" files "classes.html ${weights}classes.svg " --log none
try "no files" files "" --no-save
try "all files" files "classes.csv classes.html classes.jsonl ${weights}classes.svg events " $logs
# a log that is taken away while the run goes on: exit 3 and its name, once; what was learnt is there
gone() { # FILE
	rm -rf "$work/gone"
	(cd "$work" && exec ./classes train --epochs 1000000 --out gone -q --no-plot $logs) >"$work/gone.out" 2>"$work/gone.err" &
	g_id=$!
	g_tries=0
	until [ -s "$work/gone/$1" ] || [ $g_tries = 100 ]; do
		sleep 0.1
		g_tries=$((g_tries + 1))
	done
	rm -f "$work/gone/$1"
	wait $g_id
	[ $? = 3 ] && cat "$work/gone.err" && [ "$(wc -l <"$work/gone.err")" = 1 ] &&
		grep -q "gone/$1: cannot open: No such file or directory \[R7, exit 3\]" "$work/gone.err" &&
		(cd "$work" && ./classes eval --weights gone/classes.safetensors &&
			./classes eval --weights gone/classes.last.safetensors)
}
try "a log that is gone" gone classes.csv
try "lines that are gone" gone classes.jsonl
finish
