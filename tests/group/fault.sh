#!/bin/sh
# fault - allocations, system calls and the process itself fail at every place (tests/fault/run.py).
# FAULT_EVERY=1 tries every place, as `make check-long` does; the quick share is every 23rd.
. "$(dirname "$0")/../lib.sh"

prepare() {
	mkdir -p "$work/start/r" && cp "$nnc" "$work/nnc" &&
		sed 's/seed = 1/seed = 1, checkpoint = steps(1)/' "$root/tests/bad/plain.nn" >"$work/start/plain.nn" &&
		$CC -O1 -shared -fPIC "$root/tests/fault/oom.c" -o "$work/oom.so" &&
		trainer "$work/start/plain.nn" "$work/plain" &&
		"$work/plain" train --seed 5 --out "$work/start/r" --progress none -q &&
		cp "$work/start/r/plain.safetensors" "$work/start/w.safetensors" &&
		"$PYTHON" "$root/tests/fault/batch.py" "$work/start/b.safetensors"
}
try prepare prepare
[ -f "$work/start/b.safetensors" ] || finish
"$PYTHON" "$root/tests/fault/run.py" "$work" --every "${FAULT_EVERY:-23}" >"$work/run.log" 2>&1
counted "$work/run.log"
finish
