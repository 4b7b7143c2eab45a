#!/bin/sh
# docs - every example of docs/language.md is compiled, its messages are the ones nnc prints, its
# tables are what nnc lists; links between pages lead somewhere.  `make docs` brings it up to date.
. "$(dirname "$0")/../lib.sh"
try "language.md" "$PYTHON" "$root/tests/docs/manual.py" check "$nnc" "$root/docs/language.md" "$work/language"
try "links" "$PYTHON" "$root/tests/docs/links.py" "$root"
finish
