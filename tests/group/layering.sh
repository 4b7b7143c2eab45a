#!/bin/sh
# layering - the rules of tests/layering.sh, and those of style that a machine can see.
. "$(dirname "$0")/../lib.sh"
try "includes and op names" sh "$root/tests/layering.sh"

long_files() {
	! (cd "$root" && find compiler runtime grammar tests -name '*.[chly]' ! -name torch_values.h \
		-exec awk 'FNR == 801 { print FILENAME ": more than 800 lines" }' {} +) | grep .
}
long_lines() {
	! (cd "$root" && find compiler runtime grammar -name '*.[ch]' -exec \
		awk '{ s = $0; gsub(/\t/, "        ", s) } length(s) > 120 { print FILENAME ":" FNR ": long line" }' {} +) |
		grep .
}
heads() {
	! (cd "$root" && for f in $(find compiler runtime -name '*.[ch]'); do
		head -n 1 "$f" | grep -q '^/\* [a-z_]*\.[ch] - ' || echo "$f: no head comment"
	done) | grep .
}
try "files of at most 800 lines" long_files
try "lines fit" long_lines
try "every file has a head" heads
try "faults of tests/mutants apply" "$PYTHON" "$root/tests/mutants/mutants.py" --fit
finish
