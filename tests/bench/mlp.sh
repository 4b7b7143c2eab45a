#!/bin/sh
# mlp.sh - nnc against PyTorch on 784-512-256-10 (ReLU, cross-entropy, Adam, batch 128), one thread,
# in turn, several rounds; prints each rate and the ratio of the medians.
#
#     PYTHON=/path/to/python-with-torch tests/bench/mlp.sh [rounds]
#
# Absolute rates mean nothing between machines or days; the ratio does.  Not part of `make check`.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${1:-3}
python=${PYTHON:-python3}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
nnc=${NNC:-$here/build/nnc}
"$nnc" "$here/models/bench_mlp.nn" -o "$tmp/b.c"
# shellcheck disable=SC2046
${CC:-cc} $("$nnc" --cflags) "$tmp/b.c" $("$nnc" --libs) -o "$tmp/b"
grep -m1 'model name' /proc/cpuinfo || true
grep -o -m1 -w -e avx512f /proc/cpuinfo || grep -o -m1 -w -e avx2 /proc/cpuinfo || true
pin=""
command -v taskset >/dev/null && pin="taskset -c 0"
i=0
while [ $i -lt "$rounds" ]; do
	$pin "$tmp/b" bench --threads 1 | tail -1 | tee -a "$tmp/nnc"
	"$python" "$here/tests/bench/torch_mlp.py" eager | tee -a "$tmp/eager"
	"$python" "$here/tests/bench/torch_mlp.py" fused | tee -a "$tmp/fused"
	i=$((i + 1))
done
median() { sed "$1" "$2" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
n=$(median 's/bench: \([0-9.]*\) .*/\1/' "$tmp/nnc")
for v in eager fused; do
	t=$(median 's/[^ ]* \([0-9.]*\) .*/\1/' "$tmp/$v")
	awk -v n="$n" -v t="$t" -v v="$v" 'BEGIN { printf "nnc / torch-%s: %.2f (%d / %d samples/s)\n", v, n / t, n, t }'
done
