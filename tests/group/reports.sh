#!/bin/sh
# reports - what a run shows and writes about itself: bar, table, CSV, JSON lines, TensorBoard, SVG, the page.
#
# LONG=1: metrics are scikit-learn's on 200 random cases each, TensorBoard's own reader reads the events, and
# Chromium shows the pages of seven models at 360 and 1280 pixels, light and dark.
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

# a run that is stopped has drawn its curves up to there
stopped() {
	(cd "$work" && exec ./tokens train --steps 1000000 --out stopped -q) >"$work/stopped.text" 2>&1 &
	s_id=$!
	s_tries=0
	until [ "$(cat "$work/stopped/tokens.csv" 2>/dev/null | wc -l)" -ge 4 ] || [ $s_tries = 300 ]; do
		sleep 0.1
		s_tries=$((s_tries + 1))
	done
	kill -TERM $s_id
	wait $s_id
	[ $? = 143 ] && "$PYTHON" "$here/page.py" --curves "$work/stopped" tokens "learning rate"
}
try "a run that is stopped" stopped

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
if [ -n "${LONG:-}" ]; then
	venv=${NNC_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/nnc/tensorboard}
	environment() {
		"$venv/bin/python" -c 'import tensorboard, sklearn' 2>/dev/null && return 0
		python3 -m venv "$venv" && "$venv/bin/pip" install -q tensorboard 'setuptools<81' numpy scikit-learn
	}
	browse() { # FOLDER NAME: in Chromium, and the numbers of the page that it has
		"$PYTHON" "$here/browser.py" "$work/browser" "$1" "$2" &&
			"$PYTHON" "$here/page.py" "$1" "$2" "$work/browser/dom.html"
	}
	# the runtime's functions on 200 random cases a metric and average, a trainer's metrics on 200 sets of rows
	cases() {
		"$venv/bin/python" "$root/tests/metrics/make_fixtures.py" 200 7 >"$work/values.h" &&
			$CC -std=c11 -D_GNU_SOURCE -O1 -DVALUES="\"$work/values.h\"" -I"$root/runtime" -I"$root/tests" \
				"$root/tests/unit/test_metrics.c" "$build/libnnrt.a" -lcunit $("$nnc" --libs) -o "$work/cases" &&
			"$work/cases"
	}
	try "TensorBoard and scikit-learn are there" environment
	try "metrics: 200 cases each" cases
	try "metrics build" trainer "$root/tests/metrics/metrics.nn" "$work/metrics" --precision f64
	try "metrics: 200 sets of rows" "$venv/bin/python" "$root/tests/metrics/random_rounds.py" "$work/rows" "$work/metrics"
	for m in classes tokens numbers; do
		try "$m: TensorBoard's reader" "$venv/bin/python" "$here/tensorboard_reads.py" "$work/$m.out" $m
		try "$m: in Chromium" browse "$work/$m.out" $m
	done
	awk 'BEGIN { srand(3); OFS = ","; print "a,b,kind"; split("red <fox>|blue & whale|owl", name, "|")
		for (i = 0; i < 300; i++) print i % 3 + rand(), rand() - i % 3, name[i % 3 + 1] }' >"$work/words.csv"
	for m in mlp unet multitask words; do
		source=$root/models/$m.nn
		[ $m = words ] && source=$here/words.nn
		try "$m build" trainer "$source" "$work/$m"
		if [ $m = mlp ]; then data="--data /usr/share/datasets/fashion-mnist"; else data=; fi
		try "$m" run $m --epochs 3 $data
		try "$m: logs" "$PYTHON" "$here/logs.py" "$work/$m.out" $m "$source"
		try "$m: TensorBoard's reader" "$venv/bin/python" "$here/tensorboard_reads.py" "$work/$m.out" $m
		try "$m: in Chromium" browse "$work/$m.out" $m
	done
fi

try "a log that is gone" gone classes.csv
try "lines that are gone" gone classes.jsonl
finish
