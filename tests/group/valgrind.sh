#!/bin/sh
# valgrind - memcheck on nnc: one trainer, one inference file, one program with errors.
. "$(dirname "$0")/../lib.sh"

check() { # wanted status, command...
	status=$1
	shift
	valgrind -q --error-exitcode=99 --leak-check=no "$@"
	[ $? = "$status" ]
}

try "gru trainer" check 0 "$nnc" "$root/models/gru.nn" -o "$work/gru.c"
try "conv_bn trainer -O0" check 0 "$nnc" -O0 "$root/models/conv_bn.nn" -o "$work/conv_bn.c"
"$PYTHON" "$root/tests/probe/inputs.py" siamese "$work"
try "siamese inference" check 0 "$nnc" --infer "$root/models/siamese.nn" \
	--weights "$work/siamese.weights.safetensors" -o "$work/siamese_infer.c"
sed 's/dense(10)/danse(10)/' "$root/models/mlp.nn" >"$work/wrong.nn"
try "message" check 1 "$nnc" --check "$work/wrong.nn"
finish
