#!/bin/sh
# readme - the model that README.md shows is models/mlp.nn, and the commands it shows exist.
. "$(dirname "$0")/../lib.sh"
sed -n '/^# mlp.nn/,/^```/p' "$root/README.md" | sed '$d' >"$work/mlp.nn"
try "model" cmp "$work/mlp.nn" "$root/models/mlp.nn"
try "it compiles" "$nnc" --check "$work/mlp.nn"
try "version" sh -c "'$nnc' --version | grep -F -q \"\$(sed -n 's/^## //p' '$root/CHANGELOG.md' | head -n 1)\""
try "help" sh -c "'$nnc' --help | grep -q -- --infer"
finish
