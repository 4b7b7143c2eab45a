#!/bin/sh
# trainer - the generated trainer from end to end, on synthetic data: every subcommand, its files, its exit
# statuses, equal bits from equal seeds; inference C against `predict`; the learning of real data in LONG=1.
. "$(dirname "$0")/../lib.sh"
probe=$root/tests/probe

# expect STATUS TEXT COMMAND...: ends with that status, and its messages contain TEXT.
expect() {
	e_status=$1 e_text=$2
	shift 2
	"$@" >"$work/out" 2>&1
	e_got=$?
	cat "$work/out"
	[ $e_got = "$e_status" ] && grep -q -- "$e_text" "$work/out" && return 0
	echo "status $e_got, expected $e_status and the text \"$e_text\""
	return 1
}

name_of() { # MODEL: the model's name in the program
	sed -n 's/^model \([a-z_0-9]*\) .*/\1/p' "$root/models/$1.nn"
}

csv_is_right() { # FILE ROWS
	head -n 1 "$1" | grep -q '^epoch,step,seconds,lr,batch,loss' &&
		[ "$(wc -l <"$1")" = $(($2 + 1)) ] && ! grep -i -q nan "$1"
}

# The loss of the last epoch is below that of the first.
learns() { # FILE
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "loss") c = i }
		NR == 2 { first = $c }  { last = $c }  END { exit !(last < first) }' "$1"
}

# The weights after some steps have the same bits for every number of threads.
same_for_threads() { # PROGRAM NAME
	for n in 1 2 3 4 8; do
		"$1" train --steps 3 --batch 192 --seed 3 --threads $n --out "$work/$2.threads$n" --progress none || return 1
		cmp "$work/$2.threads1/$2.last.safetensors" "$work/$2.threads$n/$2.last.safetensors" || return 1
	done
	grep -q '[48] threads' "$log"
}

end_to_end() { # MODEL
	m=$1 x=$work/$1 name=$(name_of "$1")
	try "$m build" trainer "$root/models/$m.nn" "$x" -Wno-validation
	[ -x "$x" ] || return 0
	try "$m train" expect 0 "saved" "$x" train --epochs 4 --seed 3 --out "$work/$m.run1" --progress none
	try "$m train again" "$x" train --epochs 4 --seed 3 --out "$work/$m.run2" --progress none
	try "$m equal bits" cmp "$work/$m.run1/$name.safetensors" "$work/$m.run2/$name.safetensors"
	try "$m any number of threads" same_for_threads "$x" "$name"
	try "$m last weights" cmp "$work/$m.run1/$name.last.safetensors" "$work/$m.run2/$name.last.safetensors"
	try "$m other seed" sh -c "'$x' train --epochs 1 --seed 4 --out '$work/$m.run3' &&
		! cmp -s '$work/$m.run1/$name.last.safetensors' '$work/$m.run3/$name.last.safetensors'"
	try "$m csv" csv_is_right "$work/$m.run1/$name.csv" 4
	try "$m learns" learns "$work/$m.run1/$name.csv"
	w=$work/$m.run1/$name.safetensors
	try "$m eval" expect 0 "loss" "$x" eval --weights "$w" --split train
	"$PYTHON" "$probe/inputs.py" "$m" "$work"
	b=$work/$m.batch32.safetensors
	try "$m predict safetensors" "$x" predict --weights "$w" --in "$b" --out "$work/$m.p.safetensors"
	try "$m predict csv" "$x" predict --weights "$w" --in "$b" --out "$work/$m.p.csv"
	try "$m predict tables agree" "$PYTHON" "$probe/table.py" "$work/$m.p.csv" "$work/$m.p.safetensors"
	try "$m info" expect 0 "$name" "$x" info
	try "$m selftest build" trainer "$root/models/$m.nn" "$work/$m.f64" --precision f64
	try "$m selftest" "$work/$m.f64" selftest
	try "$m bench" expect 0 "^bench: .* samples/s, .* us/step, 1 threads$" "$x" bench --steps 5 --threads 1
	try "$m inference" "$nnc" --infer "$root/models/$m.nn" --weights "$w" -o "$work/${m}_infer.c"
	try "$m inference cc" $CC -std=c99 -O2 -shared -fPIC "$work/${m}_infer.c" -o "$work/$m.so"
	try "$m inference agrees" "$PYTHON" "$probe/deploy.py" "$m" "$work/$m.so" "$b" "$work/$m.p.safetensors"
}

for model in conv_bn gru attention siamese; do
	end_to_end $model
done

# Bad use ends with the documented status and says what was wrong.
x=$work/siamese
if [ -x "$x" ]; then
	try "unknown option" expect 2 "option" "$x" train --epoch 3
	try "unknown command" expect 2 "." "$x" trian
	try "missing weights" expect 3 "nothing.safetensors" "$x" eval --weights "$work/nothing.safetensors"
	try "no weights file" expect 3 "." "$x" eval --weights "$root/README.md"
	try "weights of another program" expect 3 "enc.U" "$x" eval --weights "$work/gru.weights.safetensors"
	try "missing data" expect 3 "nothing" "$work/conv_bn" predict --weights "$work/conv_bn.weights.safetensors" \
		--in "$work/nothing.safetensors"
	try "help" expect 0 "gradients" "$x" --help
	try "version" expect 0 "[0-9]" "$x" --version
fi

# bench runs the very functions that train runs: with one batch an epoch, equal rows and an equal seed, the loss
# of its last step is that of train's last epoch, digit by digit.
same_loss() {
	bench=$("$x" bench --steps 3 --batch 256 --seed 1 --threads 1 | sed -n 's/.* loss //p')
	"$x" train --epochs 3 --batch 256 --seed 1 --out "$work/bench" --progress none -Wno-validation || return 1
	train=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "loss") c = i } END { print $c }' \
		"$work/bench/siamese.csv")
	echo "bench $bench, train $train"
	[ -n "$bench" ] && [ "$bench" = "$train" ]
}
[ -x "$x" ] && try "bench and train have equal losses" same_loss
same_weights() {
	"$x" bench --steps 20 --seed 1 --threads 1 --out "$work/bench20" >/dev/null &&
		"$x" train --steps 20 --seed 1 --out "$work/train20" --progress none -Wno-validation >/dev/null &&
		cmp "$work/bench20/siamese.last.safetensors" "$work/train20/siamese.last.safetensors"
}
[ -x "$x" ] && try "20 steps of bench and of train end with equal weights" same_weights

# Every metric over every row, against scikit-learn: nothing is learnt, the log has nine digits.
metrics_agree() {
	NNC_DATA=$work/metrics "$work/metrics/t" train --out "$work/metrics/o" --progress none >"$work/metrics/out" &&
		"$PYTHON" "$root/tests/metrics/check.py" "$root/tests/metrics/expect.json" \
			"$work/metrics/o/metrics.csv" "$work/metrics/out"
}
mkdir -p "$work/metrics"
"$PYTHON" "$root/tests/metrics/data.py" "$work/metrics"
try "metrics build" trainer "$root/tests/metrics/metrics.nn" "$work/metrics/t" --precision f64
try "metrics agree with scikit-learn" metrics_agree

# Which direction is better, of metrics a to n.
directions() {
	found=$("$nnc" "$root/tests/metrics/direction.nn" -o - | sed -n 's/^	{ "\([a-n]\)", \([01]\), 0, 0 },$/\1\2/p' | tr '\n' ' ')
	echo "$found"
	[ "$found" = "a0 b1 c0 d1 e0 f1 g0 h0 i0 j1 k0 l1 m0 n1 " ]
}
try "metrics have directions" directions

# Outputs of every type and rank, in every format; batches of every element type.
formats=$work/formats/o
mkdir -p "$formats"
"$PYTHON" "$probe/formats.py" make "$formats"
try "formats build" trainer "$probe/formats.nn" "$formats/t"
for f in csv jsonl npy safetensors; do
	try "formats $f" "$formats/t" predict --weights "$formats/w.safetensors" --in "$formats/b.safetensors" \
		--out "$formats/p.$f"
done
try "formats agree" "$PYTHON" "$probe/formats.py" check "$formats"
for f in narrow wide; do
	try "formats batch of $f types" "$formats/t" gradients --weights "$formats/w.safetensors" --in "$formats/$f.safetensors" \
		--out "$formats/$f.g.safetensors" --seed 1
done
try "formats element types change nothing" cmp "$formats/narrow.g.safetensors" "$formats/wide.g.safetensors"
try "formats no data to train on" expect 2 "no .data. section" "$formats/t" train
try "formats no data to evaluate" expect 2 "no .data. section" "$formats/t" eval
try "formats class out of range" expect 3 "allowed are 0 to 3" "$formats/t" gradients --in "$formats/class.safetensors" --out "$formats/g"
try "formats wrong shape" expect 3 "model's is \[N, 3\]" "$formats/t" gradients --in "$formats/shape.safetensors" --out "$formats/g"
try "formats missing tensor" expect 3 "target .y." "$formats/t" gradients --in "$formats/inputs.safetensors" --out "$formats/g"
try "formats npy of several outputs to standard output" expect 2 "needs --out" "$formats/t" predict \
	--weights "$formats/w.safetensors" --in "$formats/inputs.safetensors" --format npy
try "formats targets are not needed" "$formats/t" predict --weights "$formats/w.safetensors" --in "$formats/inputs.safetensors"

# NAME_selfcheck() agrees with the reference interpreter, from C and from C++, and notices a changed weight.
self_check() { # MODEL LEVEL BOUND COMPILER
	c=$work/selfcheck/$1$2
	cat >"$c.main.cc" <<-END
		#include "$1$2.h"
		#include <cstdio>
		int main() { double d = ${1}_selfcheck(); std::printf("%g\n", d); return !(d <= $3); }
	END
	$4 -std=c99 -O2 -Wall -Wextra -Wshadow -Wconversion -Werror -c "$c.c" -o "$c.o" &&
		c++ -Wall -Wextra -Werror "$c.main.cc" "$c.o" -o "$c.x" && "$c.x" || return 1
	"$PYTHON" "$probe/spoil.py" "$c.c" "$c.spoilt.c" || return 1
	$4 -std=c99 -O2 -c "$c.spoilt.c" -o "$c.o" && c++ "$c.main.cc" "$c.o" -o "$c.x" && ! "$c.x"
}
mkdir -p "$work/selfcheck"
for m in conv_bn gru siamese; do
	"$PYTHON" "$probe/inputs.py" $m "$work"
	for level in -O0 -O2; do
		bound=0
		[ $level = -O2 ] && bound=2e-5
		for compiler in cc clang; do
			command -v $compiler >/dev/null || continue
			try "self-check $m$level" "$nnc" --infer --self-check $level --prefix $m "$root/models/$m.nn" \
				--weights "$work/$m.weights.safetensors" -o "$work/selfcheck/$m$level.c"
			try "self-check $m$level $compiler" self_check $m $level $bound $compiler
		done
	done
done

# Inference C has no random numbers: refused, not printed.
printf 'model draw { input x: f32[N, 3]  output z = x + randn_like(x) }\n' >"$work/draw.nn"
printf '\002\000\000\000\000\000\000\000{}' >"$work/draw.safetensors"
try "random outputs in inference" expect 1 "E0405" "$nnc" --infer "$work/draw.nn" --weights "$work/draw.safetensors" \
	-o "$work/draw.c"
try "self-check of a trainer" expect 2 "needs .--infer" "$nnc" --self-check "$work/draw.nn" -o "$work/draw.c"

# The model of the demonstration, deployed, on rows made up.
"$PYTHON" "$probe/inputs.py" mlp "$work"
w=$work/mlp.weights.safetensors b=$work/mlp.batch32.safetensors
try "mlp build" trainer "$root/models/mlp.nn" "$work/mlp"
try "an option of another command" expect 2 "eval. takes no --format" "$work/mlp" eval --format npy
try "partial without weights" expect 2 "needs --weights" "$work/mlp" train --partial
try "a number out of range" expect 2 "from 0 to below 1" "$work/mlp" --set optimizer.betas.0=1
printf 'const drop = 0.1\nmodel d { input x: f32[N, 4]  target y: f32[N, 4]  p = x |> dropout(drop) |> dense(4)  loss mse(p, y) }\n' \
	>"$work/drop.nn"
try "dropout build" trainer "$work/drop.nn" "$work/drop"
try "no probability" expect 2 "from 0 to 1" "$work/drop" bench --set drop=1.5

# A list is read by the step of a scan: sum over j of x[:, j] * w[j] + [2, 3, 5][2 - j].
cat >"$work/listed.nn" <<'END'
const w = [1.5, 2.5, 0.25]
model listed { input x: f32[N, 3, 2]
  scan j in 0..3 carry h = zeros(N, 2) { h = h + x[:, j] * w[j] + [2, 3, 5][2 - j] }
  output h }
END
listed() {
	trainer "$work/listed.nn" "$work/listed" && (cd "$work" && PYTHONPATH=$root/tests "$PYTHON" -c '
import csv, safetensors, subprocess
x = [k * k % 7 - 2.5 for k in range(12)]
safetensors.save("listed.safetensors", {"x": ((2, 3, 2), x)})
out = subprocess.run(["./listed", "predict", "--weights", "none.safetensors", "--in", "listed.safetensors"],
                     capture_output=True, text=True)
rows = list(csv.reader(out.stdout.splitlines()))[1:]
for n in range(2):
    for c in range(2):
        want = sum(x[6 * n + 2 * j + c] * w for j, w in enumerate((1.5, 2.5, 0.25))) + 10
        assert abs(float(rows[n][c]) - want) < 1e-6, (rows, want)
')
}
printf '\002\000\000\000\000\000\000\000{}' >"$work/none.safetensors"
try "a list by the step of a scan" listed

# Consts that reach no shape are set at run time, wherever they stand: as if compiled with -D.
cat >"$work/once.nn" <<'END'
const e = 3, s = 7, b = 16, p = 3, d = 5, w = 4, v = 1
data synthetic("linear", 200, seed = d, val = 0.2)
model once { input x: f32[N, 3]  target t: f32[N]  y = x |> dense(w) |> dense(1) |> squeeze(-1)  loss mse(y, t)  output y }
train { epochs = 2 * e, seed = s, batch = b, optimizer = sgd(lr = 0.01 * e), validate = epochs(v),
        stop = early_stopping(val_loss, patience = p, min_delta = 1e-9 * p) }
END
once_run() { # NAME ARGS...: the log without its column of seconds
	name=$1
	shift
	rm -rf "$work/$name" && mkdir "$work/$name" && "$@" --out "$work/$name" --no-plot -q &&
		cut -d, -f1,2,4- "$work/$name/once.csv" >"$work/$name.log"
}
once() { # CONST=VALUE...
	defines=$(printf -- '-D %s ' "$@") sets=$(printf -- '--set %s ' "$@")
	trainer "$work/once.nn" "$work/once.d" $defines && once_run defined "$work/once.d" &&
		once_run set "$work/once" $sets && cmp "$work/defined.log" "$work/set.log" || return 1
	! cmp -s "$work/set.log" "$work/as_is.log" || { echo "$* changes nothing" && return 1; }
}
try "consts once build" trainer "$work/once.nn" "$work/once"
try "consts once as they are" once_run as_is "$work/once"
try "const once" once e=1
try "consts once" once s=9 b=50 p=0 d=6 v=2
longer() { # the epochs follow the const that stands on the command line
	once_run part "$work/once" --set e=1 &&
		"$work/once" --resume --set e=2 --out "$work/part" --no-plot -q &&
		"$work/once" --set e=2 --out "$work/whole" --no-plot -q &&
		[ "$(tail -n 1 "$work/part/once.csv" | cut -d, -f1)" = 4 ] &&
		! "$work/once" --resume --out "$work/part" --no-plot -q
}
try "a const once to go on" longer
try "a const once that is structural" expect 2 "E0501" "$work/once" train --set w=3
try "a const once out of range" expect 2 "batch. would be 0, but must be an integer" "$work/once" train --set b=0
try "an option before a const once" expect 0 "epoch 1 of 1" "$work/once" train --set e=9 --epochs 1 --out "$work/set" --no-plot
try "an unknown log" expect 2 "E0502" "$work/mlp" --log csv,json
try "no log after a comma" expect 2 "E0502" "$work/mlp" --log csv,
"$PYTHON" "$probe/idx.py" "$work/wide" 32 32
try "images of another shape" expect 3 "are 1 x 32 x 32, but .* compiled for f32.N, 1, 28, 28. .R1, exit 3" \
	"$work/mlp" --data "$work/wide"
try "mlp predict" "$work/mlp" predict --weights "$w" --in "$b" --out "$work/mlp.p.safetensors"
try "mlp inference" "$nnc" --infer "$root/models/mlp.nn" --weights "$w" -o "$work/mlp_infer.c"
try "mlp inference cc" $CC -std=c99 -O2 -shared -fPIC "$work/mlp_infer.c" -o "$work/mlp.so"
try "mlp inference agrees" "$PYTHON" "$probe/deploy.py" mlp "$work/mlp.so" "$b" "$work/mlp.p.safetensors"

# LONG: the demonstration with three seeds.
if [ -n "${LONG:-}" ]; then
	for seed in 1 2 3; do
		try "demo seed $seed" expect 0 "^demo: seed $seed, test accuracy 0\.8[89]" \
			sh "$root/tests/demo/demo.sh" $seed
	done
fi
finish
