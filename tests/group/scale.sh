#!/bin/sh
# scale - user seconds and peak memory of nnc over large programs: the contract's figures.
#
# A program of 1 MiB compiles or fails in under 2 s and 512 MiB; time grows linearly from 1 k to
# 64 k values in a chain, a fan and a nest.
#
# Growth: each program is compiled at a size and at four times that size: seconds (less those of
# an empty program, taken as at least 0.1) may grow by less than 7, memory by less than 5 and 16
# MiB.  Seconds may be 1.5 times the contract's, for a machine that does other work; memory not.
# LONG=1: all programs at both levels, 1 MiB of each, up to 64 k values.
. "$(dirname "$0")/../lib.sh"
unset NNC_CHECK                        # checks after every pass would be measured too
programs=$root/tests/scale/programs.py
measure=$root/tests/scale/measure.py

# run SECONDS FLAGS PROGRAM SIZE...: sets seconds, mib, status
run() {
	limit=$1 flags=$2 name=$3
	shift 3
	"$PYTHON" "$programs" "$name" "$@" >"$work/$name.nn" || return 1
	case $flags in
	-O*) flags="$flags -o $work/out.c" ;;  # the others write no file
	esac
	set -- $("$PYTHON" "$measure" "$limit" "$nnc" $flags "$work/$name.nn")
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

SECONDS_ALLOWED=3.0                    # 2 s, times 1.5
MIB_ALLOWED=512

# megabyte FLAGS PROGRAM STATUS: 1 MiB of it compiles (0) or is refused (1) within the contract
megabyte() {
	want "1MiB $2 $1" || return 0
	run 60 "$1" "$2" 1048576 b
	line="1 MiB of $2 $1: $seconds s, $mib MiB, status $status"
	if [ "$status" != "$3" ] ||
		awk "BEGIN { exit !($seconds >= $SECONDS_ALLOWED || $mib >= $MIB_ALLOWED) }"; then
		fail "1MiB $2 $1" "$line; expected status $3, under $SECONDS_ALLOWED s and $MIB_ALLOWED MiB"
	else
		pass
		[ -n "${V:-}" ] && echo "$line"
	fi
	return 0
}

# The quick share: each program at one size and level.
quick() {
	for p in chain_affine chain_dense chain_softmax scalars fan_params fan_tree blocks_called; do
		grows -O2 $p 1000 0
	done
	for p in chain_mixed chain_dropout repeat fan_read fan_losses; do
		grows -O0 $p 1000 0
	done
	grows -O0 scan_body 500 0
	grows -O2 knobs 4000 0
	grows --check consts 1000 0
	grows --check nest_fns 50 0
	megabyte -O0 chain_affine 0
	megabyte -O2 chain_affine 0
	megabyte -O2 chain_dense 1
	megabyte -O2 fan_outputs 1
	megabyte -O2 blocks_idle 0
	megabyte -O2 errors_names 1
	megabyte -O2 nest_calls 1
}

long() {
	for flags in -O0 -O2; do
		for p in chain_affine chain_mixed chain_dense chain_residual chain_softmax chain_norm \
			chain_slice chain_transpose chain_dropout scalars repeat repeat_dense fan_sum fan_tree \
			fan_concat fan_losses fan_metrics fan_params fan_read blocks_called scan_body; do
			grows $flags $p 1000 0
		done
		for p in chain_affine chain_mixed fan_sum fan_tree fan_read; do
			grows $flags $p 16000 0
		done
	done
	for p in chain_affine chain_softmax unused fan_losses fan_params consts blocks_idle; do
		grows --check $p 4000 0
	done
	grows --check chain_dense 2000 0       # 16000 are more calls than a program may expand to
	for flags in --summary --fmt --dump-tokens --dump-ast --dump-graph --dump-plan --dump-ir; do
		grows $flags chain_affine 2000 0
	done
	for flags in --check -O0 -O2; do
		for p in chain_affine chain_mixed chain_transpose chain_reshape chain_softmax scan_body scalars \
			fan_sum fan_tree fan_concat fan_losses fan_metrics fan_params fan_read comments \
			consts blocks_idle unused; do
			megabyte $flags $p 0
		done
		for p in chain_dense chain_dense_relu chain_residual chain_norm errors_syntax \
			errors_names errors_calls errors_shapes errors_bytes settings settings_twice arguments \
			one_name one_comment one_string nest_calls nest_brackets nest_lists nest_repeat nest_if \
			nest_minus nest_pipe nest_power long_sum one_line nest_blocks; do
			megabyte $flags $p 1
		done
	done
}

quick
[ -z "${LONG:-}" ] || long

# At a height that is allowed, and above: a message, never the end of the stack.
ulimit -s 1024
for p in long_sum nest_calls nest_brackets nest_lists nest_repeat nest_if nest_minus nest_power \
	nest_pipe nest_blocks nest_fns; do
	for n in ${LONG:+300} 700 ${LONG:+2000}; do
		want "stack $p $n" || continue
		run 20 -O2 $p $n
		case $status in
		0 | 1) pass ;;
		*) fail "stack $p $n" "status $status" ;;
		esac
	done
done
finish
