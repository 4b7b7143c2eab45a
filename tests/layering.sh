#!/bin/sh
# layering.sh - the include lines keep the layers apart, and ops are named where they belong.
#
# A file may include headers of its own folder, of the folders below it (the table), and single
# headers named with it.  Status 1 after one line for each line that breaks a rule.
cd "$(dirname "$0")/.." || exit 1
bad=0

allowed() { # folder -> folders whose headers it may include
	case $1 in
	base)   echo "" ;;
	ir)     echo "base ops" ;;             # graph.h itself: base only, see below
	ops)    echo "base ir kernel" ;;
	front)  echo "base ir ops" ;;
	kernel) echo "base ir ops" ;;
	pass)   echo "base ir ops kernel" ;;
	emit)   echo "base ir ops kernel pass" ;;
	cli)    echo "base front ir ops kernel pass emit" ;;
	esac
}

extra() { # FILE -> single headers from elsewhere
	case $1 in
	compiler/ir/graph.h|compiler/ir/module.h|compiler/front/ast.h) echo "graph.h base.h ops.def" ;;
	compiler/ops/rules.c|compiler/ops/match.c) echo "ast.h" ;;                        # formulas are read by the parser
	compiler/kernel/kernel.h) echo "graph.h" ;;
	esac
}

for file in compiler/*/*.[ch]; do
	folder=$(basename "$(dirname "$file")")
	for header in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
		home=$(ls compiler/*/"$header" runtime/"$header" 2>/dev/null | head -n 1)
		home=$(basename "$(dirname "${home:-none/x}")")
		case " $folder $(allowed "$folder") " in *" $home "*) continue ;; esac
		case " $(extra "$file") " in *" $header "*) continue ;; esac
		# Headers without a folder are generated; vec.h, vmath.h, rand.h are also text of the trainer.
		case $home/$header in none/*|runtime/vec.h|runtime/vmath.h|runtime/rand.h) continue ;; esac
		echo "$file: includes $header of $home"
		bad=1
	done
done

# Data headers do not know each other.
grep -H -n '#include "\(ast\|kernel\)\.h"' compiler/ir/graph.h && bad=1
grep -H -n '#include "\(graph\|kernel\)\.h"' compiler/front/ast.h && bad=1

# Ops by name: ops/ and ir/ (the constructor, builders, interpreter), and the files below, which treat
# single ops on purpose.  emit/ never, and nobody prints C but print.c and emit/.
NAMED="compiler/front/ compiler/pass/ compiler/kernel/"
for file in $(grep -l '\<O_[a-z]' compiler/*/*.[ch] compiler/main.c 2>/dev/null); do
	case $file in compiler/ops/*|compiler/ir/*) continue ;; esac
	for n in $NAMED; do
		case $file in "$n"*) continue 2 ;; esac
	done
	echo "$file: names an op"
	bad=1
done

# No library function prints or opens but in the files made for it.
exit $bad
