#!/bin/sh
# addop - a new op is one row of the table, at most three functions of one family file, and one test: this adds
# one to a copy of the tree that way, builds the copy, and runs the test on the new op.
. "$(dirname "$0")/../lib.sh"
want "one row, one function, one test" || finish
copy=$work/tree

prepare() {
	mkdir -p "$copy" &&
		(cd "$root" && tar cf - --exclude=./.git --exclude="./$(basename "$build")" .) | (cd "$copy" && tar xf -) &&
		mkdir -p "$copy/build" || return 1
	# The objects that do not change are taken along, with their times; what depends on what is
	# written with the name of the build folder, so only if that is the same.
	[ "${BUILD:-build}" = build ] || return 0
	cp -a "$build"/*.[ch] "$build/obj" "$build/libnnrt.a" "$copy/build/"
}

add() {
	cd "$copy" || return 1
	# The row, behind that of tanh.
	awk '{ print } /^OP\(tanh,/ { intanh = 1 }
		intanh && /\.doc/ { intanh = 0
			print "OP(quartic, (a * a) * (a * a), .kind = MAP, .nin = 1, .cost = CHEAP, .f = f_quartic,"
			print "\t.grad = { \"4 * dy * x * x * x\" }, .args = \"x\", .eg = \"f32[3,4]\","
			print "\t.doc = \"x to the fourth\")" }
	' compiler/ops/ops.def >ops.new && mv ops.new compiler/ops/ops.def &&
	# Its function in double.
	cat >>compiler/ops/map.c <<-'END' &&

	double f_quartic(double a, double b, double c)
	{
		(void)b;
		(void)c;
		return pow(a, 4);
	}
	END
	# Its test.
	cat >tests/ops/quartic.nn <<-'END'
	# quartic.nn - the fourth power of each element
	model quartic_op {
	  input x: f32[N, 3, 4]
	  param w: f32[3, 4] = uniform(0.5, 1.5)
	  y = quartic(x * w)
	  output y
	  loss all = mean(y)
	}
	END
}

run_tests() {
	unset T
	cd "$copy" && make -s -j2 BUILD=build all build/unit/test_ops build/unit/bits &&
		build/unit/test_ops &&
		BUILD=build T=quartic sh tests/group/ops.sh &&
		BUILD=build T=quartic sh tests/group/bits.sh &&
		grep -q ' [1-9][0-9]* 0 ' build/check/ops.result && grep -q ' [1-9][0-9]* 0 ' build/check/bits.result
}

try "a copy of the tree" prepare
try "one row, one function, one test" add
try "it is built and passes" run_tests
rm -rf "$copy"
finish
