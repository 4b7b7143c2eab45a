#!/bin/sh
# demo.sh - the whole road: compile models/mlp.nn, train it on Fashion-MNIST, deploy it, compare.
#
# In:    SEED; BUILD with nnc and libnnrt.a; the IDX files of Debian's dataset-fashion-mnist (or in
#        FASHION).   Out: everything in BUILD/demo; the last line printed is the result.
# Every command is shown before it runs; the first that fails ends the demonstration.
set -eu

seed=$1
data=${FASHION:-/usr/share/datasets/fashion-mnist}
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${BUILD:-build}" && pwd)
nnc=$build/nnc
models=$here/../../models
out=$build/demo
stage="start"
trap 'status=$?; [ $status = 0 ] || echo "demo: failed at: $stage (status $status)" >&2' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run() {
	stage="$*"
	echo "\$ $*"
	"$@"
}

case $seed in
'' | *[!0-9]*) stage="SEED=$seed is no number"; exit 2 ;;
esac
for f in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
	stage="looking for $data/$f-ubyte.gz"
	[ -r "$data/$f-ubyte.gz" ]
done
rm -rf "$out"
mkdir -p "$out"
cp "$models/mlp.nn" "$here/classify.c" "$out"
cd "$out"

run "$nnc" mlp.nn -o mlp.c
stage="cc mlp.c"
echo "\$ cc \$(nnc --cflags) mlp.c \$(nnc --libs) -o mlp"
# shellcheck disable=SC2046
${CC:-cc} $("$nnc" --cflags) mlp.c $("$nnc" --libs) -o mlp
run ./mlp train --data "$data" --seed "$seed" --out .
run "$nnc" --infer mlp.nn --weights mlp.safetensors -o mlp_infer.c
run ${CC:-cc} -std=c99 -O2 classify.c mlp_infer.c -o classify
run ./mlp predict --weights mlp.safetensors --in "$data/t10k-images-idx3-ubyte.gz" --out predict.csv
stage="unpacking the test images"
gzip -dc "$data/t10k-images-idx3-ubyte.gz" >images.idx
stage="./classify images.idx"
echo "\$ ./classify images.idx >deployed.txt"
./classify images.idx >deployed.txt
stage="comparing"
"${PYTHON:-python3}" "$here/agree.py" "$seed" "$data/t10k-labels-idx1-ubyte.gz" predict.csv deployed.txt
