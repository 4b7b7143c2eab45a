#!/bin/sh
# sources - files of every source, read as NumPy, scikit-learn and Python's csv read them
# (tests/sources/make_fixtures.py), in memory and from files; files of rows and when they are used again.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/sources
fix=$here/fixtures
reads() {
	$CC -std=c11 -D_GNU_SOURCE -Wall -Wextra -O1 -I"$root/runtime" -I"$root/runtime/data" "$here/load.c" \
		$("$nnc" --libs) -o "$work/load"
}
try "load builds" reads

same() { # SOURCE FILE ROWS [mmap]
	(cd "$work" && ./load "$1" "$fix/$2" ${4:-}) >"$work/$3.found" && diff "$fix/$3.rows.txt" "$work/$3.found"
}
for how in '' mmap; do
	try "csv $how" same csv numbers.csv numbers $how
	try "texts and gaps $how" same rest words.csv words $how
	for kind in f8 big_f4 f2 i4; do
		try "npy $kind $how" same npy npy_$kind npy_$kind $how
	done
	try "npz $how" same npz stored.npz stored $how
	try "raw $how" same raw x.bin raw $how
	try "libsvm $how" same libsvm lines.svm lines $how
	try "bytes $how" same byte text.txt byte $how
done
try "npz, packed" same npz packed.npz packed
try "characters" same char text.txt char

cut_short() { # the same rows in records that end at every place of the reader's block
	awk 'BEGIN { print "a,b,c d,y"; for (i = 0; i < 60000; i++) printf "%d,%d.5,\"%d\",%d\r\n", i, i, i % 7, i % 3 }' \
		>"$work/long.csv"
	awk 'BEGIN { for (i = 0; i < 60000; i++) printf "%d %d.5 %d %d \n", i, i, i % 7, i % 3 }' >"$work/long.want"
	"$work/load" csv "$work/long.csv" >"$work/long.found" && cmp "$work/long.want" "$work/long.found" &&
		gzip -kf "$work/long.csv" && "$work/load" csv "$work/long.csv.gz" | cmp "$work/long.want" -
}
try "a long table, plain and gzip" cut_short

# rows_of NOTE: 1 if the table is turned into rows (and says so), 0 if they are used again
mapped() { # HOW-OFTEN
	(cd "$work" && ./load csv long.csv mmap) >"$work/long.found" 2>"$work/long.err"
	cmp "$work/long.want" "$work/long.found" && [ "$(grep -c 'is turned into' "$work/long.err")" = "$1" ]
}
other_text() { # the same size and time, another content
	touch -r "$work/long.csv" "$work/stamp" && sed -i 's/^7,7.5/8,7.5/' "$work/long.csv" &&
		touch -r "$work/stamp" "$work/long.csv" && sed -i 's/^7 7.5/8 7.5/' "$work/long.want"
}
spoil() { printf 'xxxx' | dd of="$work/m.rows" bs=1 seek=$(($(stat -c %s "$work/m.rows") - $1)) conv=notrunc; }
rm -f "$work"/*.rows
try "rows are made" mapped 1
try "rows are used again" mapped 0
touch "$work/long.csv"
try "another time" mapped 1
try "spoil 1" other_text
try "another content of the same size and time" mapped 1
try "spoil 2" spoil 64
try "a file of rows with another head" mapped 1

# ---- a vocabulary is kept with the weights ----------------------------------------------------

cat >"$work/chars.nn" <<'END'
data text("text.txt", level = "char", context = 8)
model chars {
  input  tokens: class(5)[N, 8]
  target next:   class(5)[N, 8]
  z = tokens |> embedding(5, 4) |> dense(5)
  loss cross_entropy(z, next)
  output probs = softmax(z)
}
train { epochs = 1, batch = 4 }
END
chars() { # STATUS TEXT ARGUMENTS
	c_status=$1 c_text=$2
	shift 2
	(cd "$work" && NNC_DATA=$fix ./chars "$@" -Wno-validation) >"$work/chars.text" 2>&1
	[ $? = "$c_status" ] && grep -q -- "$c_text" "$work/chars.text"
}
try "chars build" trainer "$work/chars.nn" "$work/chars" -O0
try "chars train" chars 0 saved train
try "chars eval" chars 0 train eval
printf 'h\303\251h\303\251h\303\251hhh' >"$work/few.txt"
printf 'hxhhhhhhhhhh' >"$work/other.txt"
printf 'abcdeabcdeabcde' >"$work/another.txt"
try "predict: fewer characters" chars 0 probs predict --in few.txt
try "predict: a character of its own" chars 3 "character 2, .x., is not in the vocabulary of 5.*R4" predict --in other.txt
try "eval: as many other characters" chars 3 "class 0 was character 32 in training, but is 97.*R6" eval \
	--data another.txt
# ---- --data DIR: all files of the program, by their names or the last part of these ---------------

cat >"$work/files.nn" <<'END'
data csv("far/main.csv", val = "val.csv", test = "part/test.csv") { x = a, t = b }
model files {
  input  x: f32[N]
  target t: f32[N]
  param w: f32 = ones()
  y = x * w
  loss mse(y, t)
}
train { epochs = 1 }
END
tables() { # FOLDER TEXT: val.csv of the program's own folder would make 9 rows
	(cd "$work" && ./files --data "$1" --no-save) >"$work/files.text" 2>&1
	grep -q -- "$2" "$work/files.text"
}
rows_to() { # FILE ROWS
	mkdir -p "${1%/*}" && awk -v n="$2" 'BEGIN { print "a,b"; for (i = 0; i < n; i++) print i / 8 "," i / 4 }' >"$1"
}
try "files build" trainer "$work/files.nn" "$work/files" -O0
rows_to "$work/tables/main.csv" 7 && rows_to "$work/tables/val.csv" 5 && rows_to "$work/tables/part/test.csv" 3 &&
	rows_to "$work/val.csv" 9 && rows_to "$work/part/test.csv" 8
try "--data is the folder of three files" tables tables "7 train, 5 val, 3 test"
try "--data is the first of three files" tables tables/main.csv "7 train, 9 val, 8 test"
rm "$work/tables/val.csv"
try "--data lacks one of them" tables tables "tables/val.csv: cannot open"

# ---- others(): every column in the place that it had in training ------------------------------------

cat >"$work/rest.nn" <<'END'
data csv("table.csv", val = "turned.csv") { x = standardize(others()), t = t }
model rest {
  input  x: f32[N, 3]
  target t: f32[N]
  y = x |> dense(1) |> squeeze(-1)
  loss mse(y, t)
  output y
}
train { epochs = 3, batch = 4 }
END
awk 'BEGIN { print "a,b,t,c"; for (i = 0; i < 12; i++) print i % 5 "," i % 3 "," i "," i / 4 }' >"$work/table.csv"
awk -F, '{ print $4 "," $3 "," $1 "," $2 }' "$work/table.csv" >"$work/turned.csv"
awk -F, '{ print $2 "," $4 "," $1 }' "$work/table.csv" >"$work/bare.csv"
rest() { # FILE: its predictions are those of the training file
	(cd "$work" && ./rest predict --in table.csv >rest.want && ./rest predict --in "$1") | cmp - "$work/rest.want" &&
		[ "$(wc -l <"$work/rest.want")" = 13 ]
}
other_place() {
	(cd "$work" && ./rest eval --data turned.csv) >"$work/rest.text" 2>&1
	[ $? = 3 ] && grep -q "column 1 of others() was .a. in training, but is .c." "$work/rest.text"
}
try "others() build" trainer "$work/rest.nn" "$work/rest" -O0
rest_trains() { # the rows that validate are those that train: equal losses in another order of columns
	(cd "$work" && ./rest train --no-plot -q | awk '$1 == "val" { v = $2 } END { exit v == "" }') &&
		(cd "$work" && [ "$(./rest eval --split val | sed -n 's/^ val *//p')" = "$(./rest eval --split train | sed -n 's/^ train *//p')" ])
}
try "others() of a val file" rest_trains
try "others() in another order" rest turned.csv
try "others() without the target" rest bare.csv
try "others() of other data" other_place
in_header() {
	(cat "$work/rest.nn" && echo 'export c(preprocess = true)') >"$work/raw.nn" &&
		"$nnc" --infer "$work/raw.nn" --weights "$work/rest.safetensors" -o "$work/raw.c" && grep -qx ' \* a, b, c \*/' "$work/raw.h"
}
try "others() in a header" in_header

# ---- val and test of their own: folders and files of the same form -----------------------------

"$PYTHON" "$here/parts.py" make "$work"
program() { # NAME SOURCE SHAPE CLASSES
	cat >"$work/$1.nn" <<END
data $2 { x = images, y = labels }
model $1 {
  input  x: f32[N, $3]
  target y: class($4)[N]
  z = flatten(x / 255) |> dense($4)
  loss cross_entropy(z, y)
  output x
}
train { epochs = 1, batch = 4 }
END
	trainer "$work/$1.nn" "$work/$1" -O0
}
holds() { # NAME PART FIRST COUNT: the numbers of a part
	(cd "$work" && "./$1" predict --weights "$1.safetensors" --split "$2" --out "$1.$2.safetensors") &&
		"$PYTHON" "$here/parts.py" check "$work/$1.$2.safetensors" "$3" "$4"
}
parts_of() { # NAME, then PART FIRST COUNT of each part
	p_name=$1
	shift
	(cd "$work" && "./$p_name" train --no-plot -Wno-validation) || return 1
	while [ $# -gt 0 ]; do
		holds "$p_name" "$1" "$2" "$3" || return 1
		shift 3
	done
}
try "idx parts build" program both 'idx("main", val = "val", test = "val")' "1, 2, 2" 3
try "idx: val and test are folders" parts_of both train 0 20 val 100 7 test 120 4
try "idx val build" program third 'idx("main", val = "only_test")' "1, 2, 2" 3
try "idx: val is a folder, test the official one" parts_of third train 0 20 val 200 6 test 50 5
try "idx files build" program pair 'idx(images = "main/train-images-idx3-ubyte", labels = "main/train-labels-idx1-ubyte",
	test = "only_test")' "1, 2, 2" 3
try "idx: two files and a folder" parts_of pair train 0 20 test 200 6
try "cifar parts build" program cifar 'cifar10("batches", val = "held", test = "one.bin")' "3, 32, 32" 10
try "cifar: val is a folder, test a file" parts_of cifar train 0 20 val 100 7 test 200 6
try "cifar val build" program half 'cifar10("batches", val = "one.bin")' "3, 32, 32" 10
try "cifar: val is a file, test the official one" parts_of half train 0 20 val 200 6 test 50 5
mv "$work/only_test" "$work/gone"
try "idx: no such folder" ends_so "$work" third third 3 "only_test: cannot read the data: there is no such folder"

# ---- rows of any shape inside `flatten` ----------------------------------------------------------

"$PYTHON" "$here/flat.py" make "$work"
flat() { # NAME SIZE HEAD FIELDS: in the order of the file
	cat >"$work/$1.nn" <<END
data $3 { $4 }
model $1 {
  input  x: f32[N, $2]
  output x
  loss mean(dense(x, 1) ** 2)
}
train { epochs = 1 }
END
	trainer "$work/$1.nn" "$work/$1" -O0 || return 1
	(cd "$work" && "./$1" train --no-plot -Wno-validation && "./$1" predict --split train --out "$1.seen.safetensors") &&
		"$PYTHON" "$here/flat.py" check "$work/$1.seen.safetensors"
}
try "flatten: idx" flat fidx 6 'idx("flat")' 'x = flatten(images) / 4'
try "flatten: npy" flat fnpy 6 'npy(x = "flat/x.npy")' 'x = (x / 4) |> flatten'
try "flatten: raw" flat fraw 6 'raw(x = "flat/x.bin", type = "u8[1, 3, 2]")' 'x = flatten(x / 4)'
try "flatten: cifar" flat fcifar 3072 'cifar10("flat")' 'x = (images / 4) |> flatten'
sed 's/flatten(images)/images/' "$work/fidx.nn" >"$work/fnot.nn"
try "no flatten build" trainer "$work/fnot.nn" "$work/fnot" -O0
try "no flatten" ends_so "$work" fnot fnot 3 "write .flatten(images). in the data section"

# ---- pictures in folders -----------------------------------------------------------------------

"$PYTHON" "$here/pictures.py" make "$work"
pictures() { # NAME SOURCE CHANNELS
	cat >"$work/$1.nn" <<END
data $2 { x = images, y = labels }
model $1 {
  input  x: f32[N, $3, 5, 7]
  target y: class(8)[N]
  z = flatten(x / 255) |> dense(8)
  loss cross_entropy(z, y)
  output x
  output guess = argmax(z, dim = 1)
}
train { epochs = 2, batch = 4 }
END
	trainer "$work/$1.nn" "$work/$1" -O0
}
seen() { # NAME WHICH: trained on, and seen as they are
	(cd "$work" && "./$1" train --no-plot -Wno-validation && "./$1" predict --split train --out "seen.$1.safetensors") &&
		"$PYTHON" "$here/pictures.py" check "$work/seen.$1.safetensors" "$2"
}
named() { # a file alone, and a folder without classes: the names of the folders
	(cd "$work" && ./three predict --in kinds/kind2/d08.png --format jsonl && ./three predict --in kinds/pnm --format jsonl) \
		>"$work/named.out" && [ "$(grep -c '"guess":"\(kind\|pnm\)' "$work/named.out")" = 7 ]
}
says() { # STATUS TEXT PROGRAM ARGUMENTS
	s_status=$1 s_text=$2 s_program=$3
	shift 3
	(cd "$work" && "./$s_program" "$@") >"$work/says.out" 2>&1
	[ $? = "$s_status" ] && grep -q -- "$s_text" "$work/says.out" || { cat "$work/says.out"; return 1; }
}
try "pictures build" pictures three 'images("kinds")' 3
try "pictures: every kind of PNG and PNM" seen three kinds
try "pictures: names of folders" named
try "grey pictures build" pictures gray 'images("kinds")' 1
try "pictures: grey" seen gray grey
try "sized pictures build" pictures sized 'images("sizes", size = [5, 7])' 3
try "pictures: sizes as Pillow" seen sized sizes
try "pictures: another size" says 3 "a picture of 3 x 4 pixels, but this trainer was compiled for 5 x 7.*R1" three \
	train --data sizes
try "pictures: no folder" says 3 "nowhere: cannot read the data: there is no such folder" three train --data nowhere
try "pictures: no classes" says 3 "there is no picture in a folder for its class" three train --data kinds/pnm
try "pictures: a file that ends" says 3 "the file ends inside a chunk" three predict --in bad_cut.png
try "pictures: a check sum" says 3 "a wrong check sum" three predict --in bad_sum.png
try "pictures: JPEG" says 3 "JPEG pictures are not read yet" three predict --in bad_jpeg.png

# ---- LONG=1: rows that stay in files are the same rows, under half a gigabyte of addresses -----

run_of() { # HOW STEPS ARGUMENTS
	r_how=$1 r_steps=$2
	shift 2
	(cd "$work" && { [ "$r_how" = ram ] || ulimit -v 700000; } &&
		"./$r_how" train --steps "$r_steps" -q --progress none -Wno-validation "$@")
}
alike() { # THREADS STEPS ARGUMENTS: the weights of both after so many steps
	a_threads=$1 a_steps=$2
	shift 2
	run_of ram "$a_steps" --threads 1 "$@" && run_of mmap "$a_steps" --threads "$a_threads" "$@" && same_weights
}
resumed() { # STEPS MORE: stopped after STEPS, and gone on
	run_of ram "$2" --threads 1 && run_of mmap "$1" --threads 2 &&
		run_of mmap "$2" --threads 2 --resume && same_weights
}
same_weights() {
	"$PYTHON" - "$work/ram.last.safetensors" "$work/mmap.last.safetensors" <<'END'
import struct, sys
def body(path):
    raw = open(path, "rb").read()
    return raw[8 + struct.unpack("<Q", raw[:8])[0]:]
assert body(sys.argv[1]) == body(sys.argv[2])
END
}
# Both spoil the file for good.
ends_with() { # TEXT: a run on files ends with this error, said once
	run_of mmap 1000000 --threads 2 2>"$work/ends.text"
	[ $? = 3 ] && [ "$(grep -c "error:" "$work/ends.text")" = 1 ] && grep -q -- "$1" "$work/ends.text"
}
cut_meanwhile() {
	{ sleep 2; truncate -s 300000000 "$work/big.bin"; } &
	ends_with "ends after .* bytes now, but had"
}
not_finite() { # of the row 77777
	printf '\0\0\300\177' | dd of="$work/big.bin" bs=1 seek=$((77777 * 256 + 12)) conv=notrunc 2>/dev/null
	ends_with "row 77777 of .x. holds nan, which is not finite"
}
if [ -n "${LONG:-}" ]; then
	"$PYTHON" - "$work" <<'END'
import array, random, sys
random.seed(1)
block = array.array("f", [random.gauss(0, 1) for _ in range(64 * 1000)])
with open(sys.argv[1] + "/big.bin", "wb") as f:
    for i in range(2000):
        block[0::64] = array.array("f", [i + k / 1000 for k in range(1000)])
        f.write(block.tobytes())
END
	for how in ram mmap; do
		cat >"$work/$how.nn" <<END
data raw(x = "big.bin", type = "f32[64]", cache = "$how", val = 100)
model $how {
  input x: f32[N, 64]
  y = (x / 2000) |> dense(8) |> relu |> dense(1)
  loss mean((y - 1) ** 2)
}
train { epochs = 1, batch = 48, optimizer = sgd(lr = 0.01), validate = steps(700) }
END
		try "$how builds" trainer "$work/$how.nn" "$work/$how"
	done
	try "shuffled rows" alike 1 3000
	try "shuffled rows, two threads" alike 2 3000
	try "large batches" alike 1 5 --batch 50000
	try "large batches, two threads" alike 2 5 --batch 50000
	try "two epochs, resumed within" resumed 50000 60000
	try "a file is cut meanwhile" cut_meanwhile
	try "a row is not finite" not_finite
	rm -f "$work"/big.bin
fi
finish
