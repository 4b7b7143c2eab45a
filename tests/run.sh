#!/bin/sh
# run.sh - what `make check` and `make golden` do around the groups.
#
#     run.sh total       adds up BUILD/check/*.result; a table, the closing line; status 1 if a test failed
#     run.sh golden      writes the expected texts anew and shows what changed
build=${BUILD:-build}
here=$(cd "$(dirname "$0")" && pwd)

case $1 in
total)
	for g in "$here"/group/*.sh; do
		g=$(basename "$g" .sh)
		[ -f "$build/check/$g.result" ] || echo "$g 0 1 0" >"$build/check/$g.result"
		read -r _ p f _ <"$build/check/$g.result"
		[ "$p$f" = 01 ] && echo "FAIL $g: the group did not come to its end"
	done
	echo
	cat "$build"/check/*.result | awk '
		{ p += $2; f += $3; n += $2 + $3 > 0 }
		$2 + $3 { printf "%-10s %4d passed, %d failed  %6s s\n", $1, $2, $3, $4 }
		END { printf "%d passed, %d failed, in %d groups\n", p, f, n; exit f > 0 || p == 0 }'
	;;
golden)
	ACCEPT=1 sh "$here/group/golden.sh"
	ACCEPT=1 sh "$here/group/cli.sh"
	git -C "$here" --no-pager diff --stat -- . 2>/dev/null
	git -C "$here" --no-pager diff -- . 2>/dev/null
	;;
*)
	echo "usage: run.sh total|golden" >&2
	exit 2
	;;
esac
