#!/bin/sh
# scale - user seconds and peak memory of nnc over large programs; they must grow with the size.
#
# Each program is compiled at a size and at four times that size: seconds (less those of an empty
# program, taken as at least 0.1) may grow by less than 7, memory by less than 5 and 16 MiB.
# A program of 1 MiB compiles or fails in seconds.  LONG=1: larger, and up to 64 k values.
. "$(dirname "$0")/../lib.sh"
unset NNC_CHECK                        # checks after every pass would be measured too
programs=$root/tests/scale/programs.py
measure=$root/tests/scale/measure.py

# run SECONDS FLAGS PROGRAM SIZE...: sets seconds, mib, status
run() {
	limit=$1 flags=$2 name=$3
	shift 3
	"$PYTHON" "$programs" "$name" "$@" >"$work/$name.nn" || return 1
	set -- $("$PYTHON" "$measure" "$limit" "$nnc" $flags "$work/$name.nn" -o "$work/out.c")
	seconds=$1 mib=$2 status=$3
}

# grows FLAGS PROGRAM SIZE STATUS
grows() {
	want "$2 $1" || return 0
	run 60 "$1" "$2" "$3"
	s1=$seconds m1=$mib
	run 60 "$1" "$2" $(($3 * 4))
	line="$2 $1: $s1 s, $m1 MiB at $3; $seconds s, $mib MiB at $(($3 * 4))"
	if [ "$status" != "$4" ]; then
		fail "$2 $1" "status $status instead of $4"
	elif awk "BEGIN { s = $s1 < 0.1 ? 0.1 : $s1; m = $m1
		exit !($seconds > 7 * s || $mib > 5 * m + 16) }"; then
		fail "$2 $1" "$line"
	else
		pass
		[ -n "${V:-}" ] && echo "$line"
	fi
	return 0
}

# megabyte FLAGS PROGRAM STATUS SECONDS MIB
megabyte() {
	want "1MiB $2 $1" || return 0
	run 60 "$1" "$2" 1048576 b
	line="1 MiB of $2 $1: $seconds s, $mib MiB, status $status"
	if [ "$status" != "$3" ] || awk "BEGIN { exit !($seconds > $4 || $mib > $5) }"; then
		fail "1MiB $2 $1" "$line; expected status $3, under $4 s and $5 MiB"
	else
		pass
		[ -n "${V:-}" ] && echo "$line"
	fi
	return 0
}

for p in chain_affine chain_mixed chain_softmax chain_norm chain_dense chain_residual chain_slice \
	chain_transpose chain_dropout scalars repeat repeat_dense fan_sum fan_tree fan_concat \
	fan_losses fan_metrics fan_params fan_read blocks_called scan_body; do
	for flags in -O0 -O2; do
		case ${LONG:-}$flags$p in      # the quick share: each program at one level
		-O0chain_[amst]* | -O0fan_[cls]* | -O0repeat* | -O2chain_d* | -O2fan_[pmtr]* | -O2scalars | \
			-O2blocks*) continue ;;
		esac
		case $p in
		chain_dense | repeat_dense | chain_residual) n=50 ;;
		chain_norm | chain_softmax) n=100 ;;
		*) n=250 ;;
		esac
		[ -n "${LONG:-}" ] && n=$((n * 4))
		grows $flags $p $n 0
	done
done
for p in chain_affine chain_softmax chain_dense unused fan_losses fan_params consts blocks_idle; do
	grows --check $p 1000 0
done
for flags in --summary --fmt --dump-tokens --dump-ast --dump-graph --dump-plan --dump-ir; do
	grows $flags chain_affine 500 0
done
for p in comments consts blocks_idle; do
	megabyte --check $p 0 4 512
done
for p in errors_syntax errors_names errors_calls errors_shapes errors_bytes settings \
	settings_twice arguments one_name one_comment one_string nest_calls nest_brackets nest_lists nest_repeat nest_if \
	nest_minus nest_pipe nest_power long_sum one_line nest_blocks; do
	megabyte --check $p 1 4 512
done
megabyte --check chain_affine 0 4 512
megabyte -O2 chain_affine 0 8 512

# At a height that is allowed, and above: a message, never the end of the stack.
ulimit -s 1024
for p in long_sum nest_calls nest_brackets nest_lists nest_repeat nest_if nest_minus nest_power \
	nest_pipe nest_blocks nest_fns; do
	for n in 300 700 2000; do
		want "stack $p $n" || continue
		run 20 -O2 $p $n
		case $status in
		0 | 1) pass ;;
		*) fail "stack $p $n" "status $status" ;;
		esac
	done
done
finish
