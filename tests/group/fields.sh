#!/bin/sh
# fields - the expressions of the data section: what they learn from training rows, against scikit-learn
# (tests/fields/make_fixtures.py); that it is kept in weights files and applied by eval and predict.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/fields
"$PYTHON" "$here/data.py" "$work"
check() { "$PYTHON" "$here/check.py" "$@"; }

# run PROGRAM STATUS TEXT ARGUMENTS...: in the folder of the data; ends so and says TEXT.
run() {
	r_program=$1 r_status=$2 r_text=$3
	shift 3
	(cd "$work" && "./$r_program" "$@" --threads 1 -Wno-validation) >"$work/$r_program.text" 2>&1
	r_got=$?
	cat "$work/$r_program.text"
	[ $r_got = "$r_status" ] || return 1
	[ -z "$r_text" ] || grep -q -- "$r_text" "$work/$r_program.text"
}
predicts() { # PROGRAM SPLIT: to PROGRAM.SPLIT.safetensors
	(cd "$work" && "./$1" predict --split "$2" --out "$1.$2.safetensors")
}

try "pictures build" trainer "$here/pictures.nn" "$work/pictures" --precision f64 -O0
try "pictures train" run pictures 0 "saved" train
try "pictures training rows" predicts pictures train
try "pictures other rows" predicts pictures val
try "as scikit-learn: training rows" check values "$here/pictures.expect.safetensors" \
	"$work/pictures.train.safetensors" 0
try "as scikit-learn: other rows" check values "$here/pictures.expect.safetensors" \
	"$work/pictures.val.safetensors" 30
try "normalize" check known "$work/pictures.train.safetensors"
weights=$work/pictures.safetensors
for key in scaled.standardize.mean scaled.standardize.std ranged.minmax.min; do
	try "kept: $key" check meta "$weights" nnc.$key 12
done
try "eval" run pictures 0 "loss" eval
deploy() { # PROGRAM TO.so: inference C that takes raw columns
	"$nnc" --infer "$here/$1.nn" --weights "$work/$1.safetensors" --precision f64 -O0 -o "$work/$1_deploy.c" &&
		$CC -std=c99 -O1 -shared -fPIC "$work/$1_deploy.c" -o "$2"
}
try "deployed: build" deploy pictures "$work/deploy.so"
try "deployed: raw columns" check deployed "$work/deploy.so" "$work/pictures.train.safetensors"
check batch "$work/pictures.train.safetensors" "$work/batch.safetensors"
try "class weights: needed" run pictures 2 "label.balanced. is learned from training rows" gradients \
	--in batch.safetensors --out g.safetensors
try "class weights: gradients" run pictures 0 "" gradients --weights pictures.safetensors \
	--in batch.safetensors --out g.safetensors
try "class weights: as scikit-learn" check weighted "$weights" "$here/weights.expect.safetensors" \
	"$work/g.safetensors"
spoilt() { # NAME KEY VALUE TEXT: weights with that in __metadata__ are refused
	check spoil "$weights" "$2" "$3" "$work/spoilt.safetensors" &&
		run pictures 3 "$4" eval --weights spoilt.safetensors
}
try "refused: missing" spoilt 1 nnc.ranged.minmax.range - "nnc.ranged.minmax.range. is missing.*R6"
try "refused: length" spoilt 2 nnc.scaled.standardize.mean "[1, 2]" "has 2 numbers, but the program needs 12"
try "refused: no list" spoilt 3 nnc.scaled.standardize.mean "[1, x]" "not a list of finite numbers"
try "refused: divisor" spoilt 4 nnc.scaled.standardize.std "[1,1,1,1,1,1,1,0,1,1,1,1]" "element 7 is 0"

try "table build" trainer "$here/table.nn" "$work/table" --precision f64 -O0
try "table train" run table 0 "column .shape.: 1 text is in no training row (.new.): class 3" train
for part in train val; do
	first=0
	[ $part = val ] && first=24
	try "table: $part" predicts table $part
	try "as scikit-learn: table, $part" check values "$here/table.expect.safetensors" \
		"$work/table.$part.safetensors" $first
done
try "kept: texts" check meta "$work/table.safetensors" nnc.shape.categorical.words 3
try "deployed: table build" deploy table "$work/deploy_table.so"
try "deployed: table" check deployed_table "$work/deploy_table.so" "$work/table.train.safetensors"
spoil() { # NAME KEY VALUE TEXT
	check spoil "$work/table.safetensors" "$2" "$3" "$work/spoilt.safetensors" &&
		run table 3 "$4" predict --weights spoilt.safetensors
}
try "refused: texts" spoil 5 nnc.size.one_hot.words '["1"' "nnc.size.one_hot.words. is not a list of texts"
try "refused: too many" spoil 6 nnc.color.one_hot.words '["1","2","3","4","5"]' "more texts than"

rows_taken() { # the table under the name of a log
	cp "$work/table-rows.csv" "$work/table.csv" &&
		run table 2 "is the data of this run" train --data table.csv && cmp "$work/table-rows.csv" "$work/table.csv"
}
try "refused: a log in place of the data" rows_taken
"$PYTHON" "$here/augment.py" write "$work"
try "augment build" trainer "$work/augment.nn" "$work/augment" -O0
try "augment train" run augment 0 "saved" train --no-plot
try "augment: what training sees" "$PYTHON" "$here/augment.py" check "$work/augment.csv"
looks() { # PROGRAM EXPECTED: what `data` prints, on a pipe
	(cd "$work" && "./$1" data 2>"$work/$1.notes" | cat) >"$work/$1.seen" &&
		diff "$2" "$work/$1.seen"
}
try "data: a table" looks table "$here/table.data"
try "data: pictures" looks pictures "$here/pictures.data"

# the names of classes, whatever the rows come from
cat >"$work/names.nn" <<'EOF'
data csv("kinds.csv") { x = columns("a", "b"), kind = categorical(kind) }
model names {
  input  x: f32[N, 2]
  target kind: class(3)[N]
  z = x |> dense(3)
  loss cross_entropy(z, kind)
  output guess = argmax(z, dim = 1)
  output x
}
train { epochs = 3, batch = 4 }
EOF
awk 'BEGIN { split("red green \"dark, blue\"", k, " "); print "a,b,kind"
	for (i = 0; i < 12; i++) print i % 5 - 2 "," i % 7 - 3 "," (i % 3 == 2 ? "\"dark, blue\"" : k[i % 3 + 1]) }' >"$work/kinds.csv"
names() { # FORMAT: rows of the table and of a batch give the same text, with names
	(cd "$work" && ./names predict --split train --out "table.$1" && ./names predict --split train --out rows.safetensors &&
		./names predict --in rows.safetensors --out "batch.$1") && cmp "$work/table.$1" "$work/batch.$1" &&
		grep -q "red\|green\|dark, blue" "$work/batch.$1"
}
try "names build" trainer "$work/names.nn" "$work/names" -O0
try "names train" run names 0 "saved" train --no-plot
try "names of classes: csv" names csv
try "names of classes: jsonl" names jsonl

finish
