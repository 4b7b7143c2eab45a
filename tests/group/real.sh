#!/bin/sh
# real - models on the public tables of models/data reach what scikit-learn and NumPy reach there
# (tests/real/make_fixtures.py): an elastic net fold by fold, a classifier on average, the tutorial nets weight by
# weight after 500 steps in double.
. "$(dirname "$0")/../lib.sh"
here=$root/tests/real
NNC_DATA=$root/models
export NNC_DATA
"$PYTHON" "$here/init.py" "$work"
check() { "$PYTHON" "$here/check.py" "$@"; }

builds() { # MODEL flags...
	b_name=$1
	shift
	CFLAGS_EXTRA="-O1 -fno-tree-vectorize" trainer "$root/models/$b_name.nn" "$work/$b_name" -O0 "$@"
}
trains() { # MODEL options...; the text goes to MODEL.text
	t_name=$1
	shift
	"$work/$t_name" train --out "$work/$t_name.out" --no-plot --progress none --threads 1 -Wno-validation \
		"$@" >"$work/$t_name.text"
}

for m in diabetes cancer; do
	try "$m builds" builds $m
	try "$m trains" trains $m
done
try "diabetes: as ElasticNet, fold by fold" check folds "$work/diabetes.text"
try "cancer: as MLPClassifier, on average" check means "$work/cancer.text"
named() { # of 113 or so rows about a third are malignant
	"$work/cancer" predict --weights "$work/cancer.out/cancer.safetensors" --split val >"$work/named.csv" &&
		[ "$(head -n 1 "$work/named.csv")" = probs.0,probs.1,named ] &&
		[ "$(grep -c ',malignant$' "$work/named.csv")" -gt 30 ] && [ "$(grep -c ',benign$' "$work/named.csv")" -gt 50 ]
}
try "cancer: predict names classes" named
for net in "tutorial_numpy iris" "tutorial_tensorflow tutorial"; do
	set -- $net
	try "$1 builds" builds "$1" --precision f64
	try "$1 trains" trains "$1" --epochs 500 --weights "$work/$2.init.safetensors"
	try "$1: as NumPy" check weights "$work/$1.out/$2.last.safetensors" "$here/$2.expect.safetensors"
done
finish
