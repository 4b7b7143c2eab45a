#!/bin/sh
# infer - the context form of inference C and weights in 16 bits, against a computation in Python: codes, batches,
# bytes of the arena, two contexts in two threads; no warnings as C99 (gcc and clang), a header for C++, no globals.
. "$(dirname "$0")/../lib.sh"
infer=$root/tests/infer
strict="-std=c99 -pedantic -Wall -Wextra -Wshadow -Wconversion -Werror"
"$PYTHON" "$infer/reference.py" "$work"

# expect STATUS TEXT COMMAND...: ends with that status, and its messages contain TEXT.
expect() {
	e_status=$1 e_text=$2
	shift 2
	"$@" >"$work/out" 2>&1
	e_got=$?
	cat "$work/out"
	[ $e_got = "$e_status" ] && grep -q -- "$e_text" "$work/out"
}

generate() { # FOLDER OPTIONS...: the two files into a folder of their own
	g_to=$work/$1
	shift
	mkdir -p "$g_to" && "$nnc" --infer "$infer/shop.nn" --weights "$work/shop.safetensors" "$@" -o "$g_to/shop_infer.c"
}

runs() { # FOLDER KIND NAME CC FLAGS...: compiles strictly, runs shop.c
	r_dir=$work/$1 r_kind=$2 r_out=$work/$1/$3
	shift 3
	"$@" $strict -c "$r_dir/shop_infer.c" -o "$r_out.o" &&
		"$@" -std=gnu99 -I"$r_dir" -DEXPECT="\"$work/${r_kind}_expect.h\"" "$infer/shop.c" "$r_out.o" \
			-o "$r_out" -lm -pthread && "$r_out"
}

# Nothing undefined, nothing writable, and nothing public but what the header names.
symbols() { # OBJECT
	nm "$1" | awk '$(NF - 1) ~ /^[UDBCdb]$/ && $NF !~ /^(_GLOBAL_OFFSET_TABLE_|memcpy|memset|__stack_chk_fail)$/ { print; bad = 1 }
		$(NF - 1) == "T" { n++; if ($NF !~ /^shop_(init|run|strerror)$/) { print; bad = 1 } }
		END { exit bad || n != 3 }'
}

for kind in none bf16 f16; do              # the tests below need them
	generate $kind --quantize $kind
	try "$kind" [ -s "$work/$kind/shop_infer.c" ]
done
try "none gcc" runs none none gcc gcc -O2 -march=native
try "bf16 gcc" runs bf16 bf16 gcc gcc -O2 -march=native
try "f16 clang" runs f16 f16 clang clang -O2 -march=native
try "symbols" symbols "$work/none/gcc.o"
try "clang" runs bf16 bf16 clang clang -O2 -march=native
try "no vectors" runs f16 f16 scalar gcc -O1 -DNNC_SCALAR
try "four lanes" runs bf16 bf16 four clang -O1
# The vectors of AVX-512 on any machine: without intrinsics, put together by the compiler.
sixteen() {
	mkdir -p "$work/sixteen" && cp "$work/bf16/shop_infer.h" "$work/sixteen" &&
		sed -e 's/^#define NNC_VL NNC_IF64(4, 2)$/#define NNC_VL NNC_IF64(16, 8)/' \
			-e 's/^#define NNC_X128 1$/#define NNC_PLAIN_VECTORS 1/' "$work/bf16/shop_infer.c" >"$work/sixteen/shop_infer.c" &&
		grep -q NNC_PLAIN_VECTORS "$work/sixteen/shop_infer.c" && runs sixteen bf16 sixteen gcc -O1 -Wno-psabi
}
[ -n "${LONG:-}" ] && try "sixteen lanes" sixteen
try "strict form" generate o0 -O0 --quantize bf16
try "strict form gcc" runs o0 bf16 o0 gcc -O1
try "optimized further" generate o3 -O3
try "optimized further gcc" runs o3 none o3 gcc -O1 -march=native

# Every kernel says where it comes from: the line and the layer, or the function.
places() {
	for f in "$work/o0/shop_infer.c" "$work/none/shop_infer.c"; do
		grep '^/\* .*) -> ' "$f" >"$work/notes" && ! grep -v '^/\* shop.nn:[0-9]*  [a-z_0-9.]*: ' "$work/notes" || return 1
	done
}
try "places of kernels" places

header() {
	printf '#include "shop_infer.h"\nint main() { shop net; (void)net; return shop_strerror(0) == 0; }\n' >"$work/h.cc"
	g++ -std=c++11 -Wall -Wextra -pedantic -Werror -fsyntax-only -I"$work/none" "$work/h.cc"
}
try "header for C++" header

# The command line wins over `export`; each text of the header that scripts may rely on.
static_form() {
	generate static --api static --batch 1 && grep -q '^int shop_run(const int32_t person\[SHOP_PERSON_LEN\]' "$work/static/shop_infer.h"
}
try "static form by option" static_form
texts() {
	for t in '^#define SHOP_ARENA_BYTES *[0-9]*u  */\* [0-9 ]* bytes, 5 samples x [0-9 ]* bytes, and room to align \*/$' \
		'^#define SHOP_MAX_BATCH *5$' '^	SHOP_E_RANGE  = -5 .*out of range' '^} shop;$' \
		'^int         shop_init(shop \*net, void \*arena, size_t arena_bytes);$' '^ \* Weights: [0-9]* KiB ([0-9 ]* bytes)'; do
		grep -q "$t" "$work/none/shop_infer.h" || { echo "no line like $t"; return 1; }
	done
	[ "$(wc -L <"$work/bf16/shop_infer.c")" -le 120 ]
}
try "texts of the header" texts

# Weights that 16 bits cannot hold are refused, and nothing is written.
refused() { # FILE QUANTIZE
	expect 3 "$3.*R6" "$nnc" --infer "$infer/shop.nn" --weights "$work/$1.safetensors" --quantize "$2" -o "$work/refused.c" &&
		[ ! -e "$work/refused.c" ]
}
try "NaN" refused bad_nan bf16 "not finite"
try "infinite" refused bad_inf none "not finite"
try "too large for bfloat16" refused bad_large bf16 "16 bits"
try "too large for binary16" refused bad_f16 f16 "16 bits"
try "large enough for bfloat16" "$nnc" --infer "$infer/shop.nn" --weights "$work/bad_f16.safetensors" --quantize bf16 \
	-o "$work/fits.c"
# Weights in a file of their own, or read at run time; the self-check of a context, on each of them.
where() { # FOLDER EMBED|EXTERN|FILE OPTIONS...
	w_dir=$1 w_as=$2
	shift 2
	generate "$w_dir" --weights-as "$w_as" --self-check "$@" || return 1
	for f in "$work/$w_dir"/*.c; do
		gcc -O2 -march=native $strict -c "$f" -o "${f%.c}.o" || return 1
	done
	printf '%s\n' '#include <cstdio>' '#include "shop_infer.h"' \
		'static unsigned char arena[SHOP_ARENA_BYTES];' 'int main(int n, char **v) {' 'shop net; (void)n; (void)v;' \
		'if (shop_init(&net, arena, sizeof arena)) return 1;' '#ifdef SHOP_WEIGHTS_BYTES' \
		'static unsigned char table[SHOP_WEIGHTS_BYTES];' 'if (shop_load(&net, v[1], table, sizeof table)) return 2;' '#endif' \
		'float d = shop_selfcheck(&net); std::printf("%g\n", d); return !(d <= 1e-5f); }' >"$work/$w_dir/check.cc"
	g++ -I"$work/$w_dir" "$work/$w_dir/check.cc" "$work/$w_dir"/*.o -o "$work/$w_dir/check" &&
		"$work/$w_dir/check" "$work/shop.safetensors"
}
try "self-check of a context" where check_embed embed --quantize bf16
try "weights in their own file" where check_extern extern
try "weights read at run time" where check_file file --quantize f16
try "weights read, strict form" where check_file0 file -O0
both_files() {
	[ -f "$work/check_extern/shop_weights.c" ] && ! grep -q '{ *0x\|[0-9]f,[0-9]' "$work/check_extern/shop_infer.c" &&
		grep -q '^extern const struct weights shop_weights_table;' "$work/check_extern/shop_infer.c"
}
try "two files" both_files
static_extern() {
	generate static_extern --api static --batch 1 --weights-as extern && cd "$work/static_extern" &&
		gcc $strict -c shop_infer.c && gcc $strict -c shop_weights.c &&
		! nm shop_weights.o | awk '$2 ~ /[A-Z]/ && $3 !~ /^shop_/ { bad = 1 } END { exit !bad }'
}
try "static form, two files" static_extern
try "two files to one stream" expect 2 "two C files" "$nnc" --infer "$infer/shop.nn" --weights "$work/shop.safetensors" \
	--weights-as extern -o -
try "static form from a file" expect 2 "api context" "$nnc" --infer "$infer/shop.nn" --weights "$work/shop.safetensors" \
	--api static --weights-as file -o "$work/c.c"
hostile() { # KIND
	san="-fsanitize=address,undefined -fno-sanitize-recover=all" every=499
	[ -z "${LONG:-}" ] || every=1
	mkdir -p "$work/hostile_$1"
	generate "hostile_$1" --weights-as file --quantize "$1" &&
		gcc -std=gnu99 -O1 $san -I"$work/hostile_$1" -DEXPECT="\"$work/$1_expect.h\"" "$infer/load.c" \
			"$work/hostile_$1/shop_infer.c" -o "$work/hostile_$1/load" &&
		"$work/hostile_$1/load" "$work/summed.safetensors" "$work/shop.safetensors" "$work/hostile_$1/x.safetensors" \
			"$every"
}
try "16 bits of double" expect 2 "E0405" "$nnc" --infer "$infer/shop.nn" --weights "$work/shop.safetensors" --precision f64 \
	--quantize bf16 -o "$work/c.c"
try "damaged files" hostile none
[ -n "${LONG:-}" ] && try "damaged files, 16 bits" hostile f16
# Names that C, C++ or the file itself use for something else, as names of the program and as prefixes.
"$PYTHON" - "$root/tests" "$work/words.safetensors" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import safetensors
one = lambda *shape: (shape, [1.0] * safetensors.count(shape))
safetensors.save(sys.argv[2], {"k_k1": one(5), "embedding1.weight": one(4, 2),
                               "one_k0.weight": one(2, 5), "one_k0.bias": one(2)})
END
words() { # OPTIONS...
	rm -rf "$work/words" && mkdir "$work/words" &&
		"$nnc" --infer "$infer/words.nn" --weights "$work/words.safetensors" "$@" -o "$work/words/w.c" || return 1
	for f in "$work"/words/*.c; do
		gcc -std=c99 -pedantic -Wall -Wextra -Wconversion -Werror -fsyntax-only "$f" || return 1
	done
	g++ -Wall -Wextra -pedantic -Werror -fsyntax-only -x c++ "$work/words/w.h"
}
try "words: static" words
try "words: two files" words --weights-as extern
try "words: context" words --api context --batch 2 --self-check
for prefix in double class linux nnc; do
	try "words: prefix $prefix" words --api context --weights-as file --prefix $prefix
done
try "words: the context's type" grep -q '^} nnc;$' "$work/words/w.h"
# `export c(input_layout = "nhwc")` against the same model with channels first.
"$PYTHON" - "$root/tests" "$work/pix.safetensors" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import safetensors
some = lambda *shape: (shape, [(i * 37 % 19 - 9) / 16 for i in range(safetensors.count(shape))])
safetensors.save(sys.argv[2], {"conv2d1.weight": some(3, 2, 2, 3), "conv2d1.bias": some(3), "embedding1.weight": some(3, 1),
                               "dense1.weight": some(2, 21), "dense1.bias": some(2)})
END
layouts() { # BATCH OPTIONS...
	l_batch=$1
	shift
	rm -rf "$work/pix" && mkdir "$work/pix" && sed '/^export/d' "$infer/nhwc.nn" >"$work/first.nn" || return 1
	"$nnc" --infer "$work/first.nn" --weights "$work/pix.safetensors" --prefix first -o "$work/pix/first.c" --batch "$l_batch" "$@" &&
		"$nnc" --infer "$infer/nhwc.nn" --weights "$work/pix.safetensors" --prefix last -o "$work/pix/last.c" \
			--batch "$l_batch" "$@" && grep -q 'float image.*\[3\]\[4\]\[2\]' "$work/pix/last.h" &&
		gcc $strict -I"$work/pix" -DBATCH="$l_batch" "$infer/nhwc.c" "$work/pix/first.c" "$work/pix/last.c" -o "$work/pix/run" &&
		"$work/pix/run"
}
try "channels last, a batch" layouts 3
try "channels last, strict form" layouts 2 -O0
sum_named() {
	sum=$(sha256sum "$work/shop.safetensors" | cut -c1-12) && grep -q "sha256 $sum" "$work/none/shop_infer.h"
}
try "header names the weights" sum_named
finish
