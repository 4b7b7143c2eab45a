# lib.sh - what the test groups (tests/group/*.sh) share; sourced, not run.
#
# In:    BUILD (folder of nnc), T (only tests whose GROUP/NAME contains it), CC, PYTHON.
# Gives: $root $build $nnc $work (an empty folder of this group), want, try, fail, trainer, finish.
# Holds: a group prints its failures and one closing line, and leaves `NAME PASSED FAILED SECONDS`
#        in BUILD/check/NAME.result.
set -u
LC_ALL=C
PYTHONDONTWRITEBYTECODE=1
NNC_CHECK=1                            # nnc checks every graph after every pass
export LC_ALL PYTHONDONTWRITEBYTECODE NNC_CHECK

root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$root" && cd "${BUILD:-build}" && pwd)
nnc=$build/nnc
group=$(basename "$0" .sh)
work=$build/check/$group
CC=${CC:-cc}
PYTHON=${PYTHON:-python3}
passed=0
failed=0
started=$(date +%s%N)
rm -rf "$work"
mkdir -p "$work"

# Is this test asked for?
want() {
	case $group/$1 in
	*"${T:-}"*) return 0 ;;
	esac
	return 1
}

pass() {
	passed=$((passed + 1))
}

# fail NAME MESSAGE [FILE]: also shows the last lines of FILE.
fail() {
	failed=$((failed + 1))
	echo "FAIL $group/$1: $2"
	[ -n "${3:-}" ] && tail -n 15 "$3" | sed 's/^/    /'
	return 0
}

# try NAME COMMAND...: a test that passes if the command ends with status 0.
try() {
	try_name=$1
	shift
	want "$try_name" || return 0
	log=$work/$(echo "$try_name" | tr '/ ' '__').log
	if "$@" >"$log" 2>&1; then
		pass
	else
		fail "$try_name" "status $?" "$log"
	fi
}

# trainer SOURCE PROGRAM [nnc flags]: compiles and links a trainer; CFLAGS_EXTRA is added.
trainer() {
	t_source=$1 t_program=$2
	shift 2
	"$nnc" "$@" "$t_source" -o "$t_program.c" &&
		$CC $("$nnc" --cflags) ${CFLAGS_EXTRA:-} "$t_program.c" $("$nnc" --libs) -o "$t_program"
}

# The programs of models/ that every group goes through in full; the others have `models`.
probes="mlp conv_bn gru attention siamese"

# Names without .nn of the programs in models/.
models() {
	for m in "$root"/models/*.nn; do
		basename "$m" .nn
	done
}

# ends_so FOLDER PROGRAM OUT STATUS TEXT [ARGUMENTS]: a training of FOLDER/PROGRAM into FOLDER/OUT.out that ends with
# this status and says TEXT; all that it says is kept in $work/OUT.text.
ends_so() {
	e_folder=$1 e_program=$2 e_out=$3 e_status=$4 e_text=$5
	shift 5
	(cd "$e_folder" && "./$e_program" train --threads 1 -Wno-validation --out "$e_out.out" "$@") >"$work/$e_out.text" 2>&1
	e_got=$?
	cat "$work/$e_out.text"
	[ $e_got = "$e_status" ] || return 1
	grep -q -- "$e_text" "$work/$e_out.text"
}

# counted LOG: a program's own tests, whose closing line is PASSED FAILED SKIPPED, join those of the group.
counted() {
	read -r c_passed c_failed c_skipped <<END
$(tail -n 1 "$1")
END
	case $c_passed in
	*[!0-9]* | '') fail run "did not come to its end" "$1" ;;
	*)
		sed '$d' "$1"
		passed=$((passed + c_passed)) failed=$((failed + c_failed))
		[ "${c_skipped:-0}" = 0 ] || echo "$group: $c_skipped skipped"
		;;
	esac
}

finish() {
	ms=$((($(date +%s%N) - started) / 1000000))
	seconds=$((ms / 1000)).$((ms % 1000 / 100))
	echo "$group $passed $failed $seconds" >"$build/check/$group.result"
	[ $((passed + failed)) = 0 ] && exit 0
	printf '%-10s %4d passed, %d failed  %6s s\n' "$group" "$passed" "$failed" "$seconds"
	[ "$failed" = 0 ]
	exit
}
