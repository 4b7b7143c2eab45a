#!/bin/sh
# readme - the commands that README.md shows run as they stand there, its program is models/mlp.nn, and every
# option that pages name is one that --help lists.
. "$(dirname "$0")/../lib.sh"
sed -n '/^# mlp.nn/,/^```/p' "$root/README.md" | sed '$d' >"$work/mlp.nn"
try "model" cmp "$work/mlp.nn" "$root/models/mlp.nn"
try "it compiles" "$nnc" --check "$work/mlp.nn"
try "version" sh -c "'$nnc' --version | grep -F -q \"\$(sed -n 's/^## //p' '$root/CHANGELOG.md' | head -n 1)\""

# ---- commands, in the order of the page, in a folder that has what the page says it has -------------

mkdir -p "$work/bin" "$work/run"
ln -sf "$nnc" "$work/bin/nnc"
cp "$work/mlp.nn" "$root/tests/demo/classify.c" "$work/run"
"$PYTHON" "$root/tests/docs/idx.py" "$work/data"
cp "$work/data/t10k-images-idx3-ubyte" "$work/run/images.idx"
"$PYTHON" "$root/tests/docs/commands.py" "$root/README.md" |
	sed "s|/usr/share/datasets/fashion-mnist|$work/data|" |
	grep -v pkg-config >"$work/commands"     # the group install runs that
command_() {
	cd "$work/run" && PATH=$work/bin:$PATH NNC_CACHE=$work/cache NNC_DATA=$work/here sh -e -c "$1"
}
mkdir -p "$work/here/data"
ln -sfn "$root/models" "$work/run/models"
ln -sfn "$work/data" "$work/here/data/fashion"
try "there are commands" test "$(wc -l <"$work/commands")" -ge 8
while read -r line; do
	try "$line" command_ "$line"
done <"$work/commands"

# ---- options ------------------------------------------------------------------------------------------

"$nnc" --help >"$work/help"
{ cat "$work/help"; "$work/run/mlp" --help; } >"$work/helps" 2>&1
listed() { # PAGE: the options it names are in one of the two --help, or known to be built later
	grep -o -e '[^-a-z]--[a-z][-a-z0-9]*' "$1" | cut -c2- | sort -u | while read -r option; do
		grep -q -e "$option\$" -e "$option[^-a-z0-9]" "$work/helps" && continue
		"$nnc" "$option" x 2>&1 | grep -q 'not implemented yet' || echo "$option"
	done >"$work/unlisted"
	cat "$work/unlisted"
	[ ! -s "$work/unlisted" ]
}
for page in README.md docs/language.md docs/architecture.md; do
	try "options of $page" listed "$root/$page"
done
# What --help lists is taken: none of it is unknown.
known() {
	grep -o -e '^  --*[a-zA-Z][-a-zA-Z0-9]*' "$work/help" | tr -d ' ' | while read -r option; do
		"$nnc" "$option" 2>&1 | grep -q 'unknown option' && echo "$option"
	done >"$work/unknown"
	cat "$work/unknown"
	[ ! -s "$work/unknown" ]
}
try "options of --help" known
finish
