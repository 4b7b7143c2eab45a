#!/bin/sh
# golden - dumps and messages, against the expected text beside the program.
#
# In tests/front tests/messages tests/ir tests/kernel tests/pass ...: NAME.nn and, beside it, NAME.EXT; EXT is what is
# looked at:   err  messages of a program with errors (status 1)     warn  messages, status 0
#              tokens ast graph ir plan  the dump of that name       out   nnc's output with the flags given
# A first line `# flags: -O0 --infer` adds flags.  ACCEPT=1 writes the expected texts instead.
. "$(dirname "$0")/../lib.sh"

produce() { # EXT FILE FLAGS -> text; a wrong status is part of the text
	case $1 in
	err)  "$nnc" --check $3 "$2" 2>&1 >/dev/null; status=$?; [ $status = 1 ] || echo "status $status" ;;
	warn) "$nnc" --check $3 "$2" 2>&1 >/dev/null; status=$?; [ $status = 0 ] || echo "status $status" ;;
	out)  "$nnc" $3 "$2" -o - 2>&1; status=$?; [ $status = 0 ] || echo "status $status" ;;
	*)    "$nnc" --dump-$1 $3 "$2" 2>&1; status=$?; [ $status = 0 ] || echo "status $status" ;;
	esac
}

for folder in front messages ir kernel pass; do
	[ -d "$root/tests/$folder" ] || continue
	cd "$root/tests/$folder" || exit 1
	for f in *.nn; do
		[ -f "$f" ] || continue
		name=${f%.nn}
		flags=$(sed -n '1s/^# flags: //p' "$f")
		found=0
		for ext in err warn tokens ast graph ir plan out; do
			[ -f "$name.$ext" ] || continue
			found=1
			want "$folder/$name.$ext" || continue
			produce $ext "$f" "$flags" >"$work/$folder.$name.$ext"
			[ -n "${ACCEPT:-}" ] && cp "$work/$folder.$name.$ext" "$name.$ext"
			if diff -u "$name.$ext" "$work/$folder.$name.$ext" >"$work/diff"; then
				pass
			else
				fail "$folder/$name.$ext" "differs" "$work/diff"
			fi
		done
		[ $found = 1 ] || fail "$folder/$name" "no expected text beside it"
	done
done

# What a step keeps for its backward pass, bytes in all and per sample: a change has to be meant.
saved() {
	for m in mlp resnet20 lstm gpt; do
		printf '%s: ' $m
		"$nnc" "$root/models/$m.nn" -Wno-validation --dump-plan 2>&1 | sed -n 's/^saved for backward: //p'
	done
}
if want "ir/saved.txt"; then
	saved >"$work/saved.txt"
	[ -n "${ACCEPT:-}" ] && cp "$work/saved.txt" "$root/tests/ir/saved.txt"
	if diff -u "$root/tests/ir/saved.txt" "$work/saved.txt" >"$work/diff"; then
		pass
	else
		fail "ir/saved.txt" "differs" "$work/diff"
	fi
fi
finish
