#!/bin/sh
# diagnostics - forms of messages: JSON, colour, limits, warnings on and off, odd files, --explain.
. "$(dirname "$0")/../lib.sh"

here=$root/tests/diagnostics

# script NAME ARGS...: a script that prints `pass NAME` and `fail NAME: why`.
script() {
	want "$1" || return 0
	s_name=$1
	shift
	if ! "$PYTHON" "$here/$s_name.py" "$nnc" "$@" >"$work/$s_name.log" 2>&1; then
		fail "$s_name" "the script failed" "$work/$s_name.log"
	fi
	grep -v '^pass ' "$work/$s_name.log" | sed "s|^fail |FAIL $group/$s_name/|"
	passed=$((passed + $(grep -c '^pass ' "$work/$s_name.log")))
	failed=$((failed + $(grep -c '^fail ' "$work/$s_name.log")))
}

script explain "$work"
script json_lines "$root/tests/front" "$root/tests/messages"
script session "$work" "$here/session.txt"
script refused "$work" "$here/refused.txt"
finish
