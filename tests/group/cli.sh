#!/bin/sh
# cli - the modes that answer a question: --fmt, --list, --explain, --summary, --build, --run.
#
# In tests/fmt: the programs of the contract's language, and odd.nn, which is in nobody's style.
# In tests/cli: NAME.cmd, a line of arguments for nnc, and NAME.out, what it prints and its status.
# ACCEPT=1 writes the expected texts instead.
. "$(dirname "$0")/../lib.sh"

tokens() { "$nnc" --dump-tokens "$1" 2>/dev/null | sed 's/^[0-9:]* //'; }
comments() { sed -n 's/^[^"#]*\("[^"]*"[^"#]*\)*\(#.*[^ ]\) *$/\2/p' "$1"; }

# A program with errors is refused and nothing is printed; else formatting keeps tokens and
# comments, and formatting again changes nothing.
formats() {
	"$nnc" --fmt "$1" >"$work/once.nn" 2>"$work/err"
	status=$?
	if [ $status = 1 ]; then
		[ -s "$work/err" ] && [ ! -s "$work/once.nn" ]
		return
	fi
	[ $status = 0 ] || return 1
	"$nnc" --fmt "$work/once.nn" >"$work/twice.nn" && cmp "$work/once.nn" "$work/twice.nn" &&
		"$nnc" --fmt --check "$work/once.nn" || return 1
	tokens "$1" >"$work/before"
	tokens "$work/once.nn" | diff "$work/before" - || return 1
	comments "$1" >"$work/before"
	comments "$work/once.nn" | diff "$work/before" -
}

for f in "$root"/models/*.nn "$root"/tests/*/*.nn "$root"/compiler/front/prelude/*.nn; do
	try "fmt ${f#"$root"/}" formats "$f"
done

rewrites() {
	cp "$root/tests/fmt/odd.nn" "$work/odd.nn" && "$nnc" --fmt -i "$work/odd.nn" &&
		cmp "$work/odd.nn" "$root/tests/fmt/odd.formatted" && "$nnc" --fmt --check "$work/odd.nn"
}
[ -n "${ACCEPT:-}" ] && "$nnc" --fmt "$root/tests/fmt/odd.nn" >"$root/tests/fmt/odd.formatted"
try "fmt -i" rewrites
try "fmt --check" sh -c "'$nnc' --fmt --check '$root/tests/fmt/odd.nn'; [ \$? = 1 ]"

# Whatever --list names, --explain explains.
listed() {
	"$nnc" --list "$1" >"$work/list" || return 1
	sed -n 's/^\([a-z_0-9A-Z]*\)(.*/\1/p; s/^\([ER][0-9]*\) .*/\1/p' "$work/list" >"$work/names"
	[ -s "$work/names" ] || return 1
	while read -r name; do
		"$nnc" --explain "$name" >/dev/null || return 1
	done <"$work/names"
}
for kind in layers functions activations initialisers losses metrics optimizers sources codes; do
	try "list $kind" listed $kind
done
try "list has every layer" sh -c "'$nnc' --list layers | grep -q '^conv2d(x, filters, kernel'"

try "explain dense" sh -c "'$nnc' --explain dense | grep -q '^      param weight: f32.units, C.'"

# Every code that nnc can print is explained.
for code in $(cat "$root"/compiler/*/*.c "$root"/compiler/*.c | grep -o '"E0[1-5][0-9][0-9]"' | sort -u | tr -d '"'); do
	try "explain $code" "$nnc" --explain "$code"
done

# The parameters that the contract states, for the programs that this version compiles.
parameters() { "$nnc" --summary=json "$1" | grep -q "\"parameters\":$2,\"trained\""; }
while read -r name number; do
	"$nnc" --check "$root/tests/fmt/$name.nn" 2>/dev/null || continue
	try "parameters $name" parameters "$root/tests/fmt/$name.nn" "$number"
done <<END
mlp 203530
housing 5121
lenet 61706
resnet20 272474
lstm 938240
gpt 2743296
vae 648016
recommender 90850
END
# It is JSON, and the rows of the table add up.
adds_up() {
	"$nnc" --summary=json "$1" >"$work/sum.json" && "$PYTHON" -c "import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(sum(r['parameters'] for r in d['layers']) != d['parameters'])" "$work/sum.json"
}
for m in $(models); do
	try "summary=json $m" adds_up "$root/models/$m.nn"
done

# --build, --run, -MD on a program with an import, in a folder with a blank in its name.
mkdir -p "$work/a folder"
printf 'fn twice(x) = x + x\n' >"$work/a folder/lib.nn"
{
	printf 'import "lib.nn"\n'
	sed 's/dense(10)$/dense(10) |> twice/' "$root/models/bench_mlp.nn"
} >"$work/a folder/net.nn"
NNC_CACHE="$work/cache"
export NNC_CACHE
builds() {
	"$nnc" -q --build -MD "$work/a folder/net.nn" -o "$work/a folder/net" &&
		"$work/a folder/net" info && [ -f "$work/a folder/net.c" ] &&
		grep -q '/a\\ folder/net: .*/a\\ folder/net.nn .*/a\\ folder/lib.nn$' "$work/a folder/net.d"
}
runs() {
	"$nnc" --run "$work/a folder/net.nn" -- info 2>"$work/run.err" && [ "$(wc -l <"$work/run.err")" = 2 ] &&
		"$nnc" --run "$work/a folder/net.nn" -- info 2>"$work/run.err" && [ "$(wc -l <"$work/run.err")" = 1 ]
}
status() { # WANTED COMMAND...
	wanted=$1
	shift
	"$@"
	[ $? = "$wanted" ]
}
try "build" builds
try "run" runs
try "run: the trainer's status" status 2 "$nnc" -q --run "$work/a folder/net.nn" -- --nonsense
try "run: its errors" status 1 "$nnc" -q --run "$root/tests/front/dangling_pipe.nn"
try "build: no C compiler" status 5 env NNC_CC=false "$nnc" --build "$work/a folder/net.nn" -o "$work/x"
try "build: none of this name" status 5 env NNC_CC=/none "$nnc" --build "$work/a folder/net.nn" -o "$work/x"

# --cflags and --libs together print both, in this order.
flags() { [ "$("$nnc" --libs --cflags)" = "$("$nnc" --cflags) $("$nnc" --libs)" ]; }
try "cflags and libs" flags
names_files() {
	"$nnc" -v "$root/models/bench_mlp.nn" -o "$work/" 2>&1 | grep -qx "nnc: wrote $work/bench_mlp.c"
}
try "-v names files" names_files

# --batch N of a trainer is its batch, whatever the program says; so `info` tells.
fixed_batch() { # PROGRAM
	"$nnc" -q -w --build --batch 24 "$1" -o "$work/fixed" -O0 && "$work/fixed" info | grep '^ train .*batch 24, seed '
}
try "--batch of a trainer" fixed_batch "$root/models/bench_mlp.nn"
try "--batch in place of a schedule" fixed_batch "$root/models/housing.nn"

# What is printed, against the expected text.
cd "$root/tests/cli" 2>/dev/null || finish
for f in *.cmd; do
	[ -f "$f" ] || continue
	name=${f%.cmd}
	want "$name" || continue
	eval "COLUMNS= '$nnc' $(cat "$f")" >"$work/$name.out" 2>&1 || echo "status $?" >>"$work/$name.out"
	[ -n "${ACCEPT:-}" ] && cp "$work/$name.out" "$name.out"
	if diff -u "$name.out" "$work/$name.out" >"$work/diff"; then
		pass
	else
		fail "$name" "differs" "$work/diff"
	fi
done
# --check --with-data: what `./NAME data` finds, and nothing is left behind but the program in the cache.
cat >"$work/tab.nn" <<'EOF'
data csv("tab.csv", cache = "mmap") { x = columns("a", "b"), y = y }
model tab {
  input x: f32[N, 2]
  target y: class(3)[N]
  z = x |> dense(3)
  loss cross_entropy(z, y)
}
train { epochs = 1 }
EOF
sed '/^data/d' "$work/tab.nn" >"$work/bare.nn"
with_data() { # STATUS TEXT PROGRAM: TEXT is all that is said, or begins the first line
	(cd "$work" && NNC_CACHE="$work/cache" "$nnc" --check --with-data "$3") >"$work/with.out" 2>&1
	[ $? = "$1" ] && [ -z "$(find "$work" -name '*.rows' -o -name 'data.*')" ] &&
		case $(head -n 1 "$work/with.out") in
		"$2" | "${2:-nothing}"*) return 0 ;;
		esac
	cat "$work/with.out"
	return 1
}
printf 'a,b,y\n1,2,0\n3,4,2\n' >"$work/tab.csv"
try "with data" with_data 0 "" tab.nn
try "with data: no data section" with_data 0 "" bare.nn
printf 'a,b,y\n1,2,0\n3,4,3\n' >"$work/tab.csv"
try "with data: a class too many" with_data 3 "tab.csv:3:5: error: column \`y\` holds 3" tab.nn
printf 'a,c,y\n1,2,0\n3,4,2\n' >"$work/tab.csv"
try "with data: another column" with_data 3 "nnc: error: tab.csv" tab.nn
rm "$work/tab.csv"
try "with data: no file" with_data 3 "nnc: error: tab.csv: cannot open" tab.nn
# With --diagnostics=json all of it is JSON, a line each.
said() { # STATUS EXPRESSION COMMAND...: of the list d of what was said
	s_status=$1 s_test=$2
	shift 2
	"$@" >"$work/said.out" 2>"$work/said.json"
	[ $? = "$s_status" ] && [ ! -s "$work/said.out" ] && "$PYTHON" -c 'import json, sys
d = [json.loads(line) for line in open(sys.argv[1])]
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$work/said.json" "$s_test" || { cat "$work/said.json"; return 1; }
}
in_work() { (cd "$work" && NNC_CACHE="$work/cache" "$@"); }
try "with data as JSON: no file" said 3 'len(d) == 1 and d[0]["code"] == "R7" and "cannot open" in d[0]["message"]' \
	in_work "$nnc" --check --with-data --diagnostics=json tab.nn
printf 'a,b,y\n1,2,0\n3,4,3\n' >"$work/tab.csv"
try "with data as JSON: a class too many" \
	said 3 'len(d) == 1 and (d[0]["code"], d[0]["file"], d[0]["line"], d[0]["column"]) == ("R4", "tab.csv", 3, 5)
		and d[0]["severity"] == "error" and d[0]["helps"] is not None' \
	in_work "$nnc" --check --with-data --diagnostics=json tab.nn
try "build as JSON: no compiler" \
	said 5 '[x["severity"] for x in d] == ["note", "error", "error"] and d[0]["message"].startswith("no-cc ")
		and d[1]["helps"] == ["set NNC_CC to a C compiler"]' \
	in_work env NNC_CC=no-cc "$nnc" --build --diagnostics=json bare.nn -o bare
try "run as JSON: no cache" said 3 'len(d) == 1 and d[0]["code"] == "R7"' \
	in_work env NNC_CACHE=/dev/null/x "$nnc" --run --diagnostics=json bare.nn
try "with data: alone" status 2 "$nnc" --with-data "$work/tab.nn"

finish
