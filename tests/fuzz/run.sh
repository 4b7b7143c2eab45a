#!/bin/sh
# run.sh - the libFuzzer targets, SECONDS each, two at a time; 1 if one of them finds something.
#
#     sh tests/fuzz/run.sh SECONDS [TARGET...]
#
# New inputs are kept in build/fuzz/corpus/TARGET, so that the next run begins where this one
# stopped; what fails is left in build/fuzz/found.  Executions are printed a target.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:?seconds}
shift
[ $# -gt 0 ] || set -- language command idx safetensors tables
cd "$root" || exit 1
make fuzz || exit 1
out=$root/${BUILD:-build}/fuzz
mkdir -p "$out/found" "$out/seeds"
# The language begins with the small programs of the tests.
find models tests -name '*.nn' -size -3 -exec cp {} "$out/seeds" \;

one() { # TARGET
	case $1 in
	language) more="-max_len=1024 -dict=tests/fuzz/language.dict $out/seeds" ;;
	command) more="-max_len=512 tests/fuzz/corpus/command" ;;
	*) more="-max_len=4096 tests/fuzz/corpus/$1" ;;
	esac
	mkdir -p "$out/corpus/$1"
	"$out/fuzz_$1" -max_total_time="$seconds" -print_final_stats=1 -timeout=20 -rss_limit_mb=2048 -detect_leaks=0 \
		-entropic=0 -artifact_prefix="$out/found/$1-" "$out/corpus/$1" $more >"$out/$1.log" 2>&1
	status=$?
	awk -v name="$1" -v status=$status '
		/number_of_executed_units/ { runs = $2 } /average_exec_per_sec/ { rate = $2 }
		END { printf "fuzz %-12s %10d executions, %6d a second: %s\n", name, runs, rate,
			status ? "FOUND SOMETHING" : "nothing found" }' "$out/$1.log"
	[ $status = 0 ] && return 0
	grep -E 'ERROR|SUMMARY|Test unit' "$out/$1.log" | head -4
	return 1
}

failed=0
while [ $# -gt 0 ]; do
	one "$1" & first=$!
	second=
	if [ $# -gt 1 ]; then
		one "$2" & second=$!
		shift
	fi
	shift
	wait $first || failed=1
	[ -z "$second" ] || wait $second || failed=1
done
exit $failed
