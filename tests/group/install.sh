#!/bin/sh
# install - `make install` into a PREFIX and below a DESTDIR; trainers built outside of the tree with what
# was installed, by `nnc --cflags --libs` and by pkg-config; `make uninstall` leaves nothing.
. "$(dirname "$0")/../lib.sh"
want "install" || want "pkg-config" || finish
prefix=$work/prefix
away=$work/away
mkdir -p "$away"
cat >"$away/net.nn" <<'END'
data synthetic("random", 64)
model net {
  input  x: f32[N, 6]
  target y: class(3)[N]
  logits = x |> dense(8) |> relu |> dense(3)
  loss   cross_entropy(logits, y)
  output logits
}
train { epochs = 2, seed = 1 }
END

make_() { # inside of another make, and with the jobs of this one
	(cd "$root" && env -u MAKEFLAGS -u MAKELEVEL -u T make -s BUILD="$build" "$@")
}

# The installed command knows nothing of the tree.
runs() { # NAME flags...
	name=$1
	shift
	cd "$away" || return 1
	"$prefix/bin/nnc" -Wno-validation net.nn -o "$name.c" && $CC $1 "$name.c" $2 -o "$name" &&
		"./$name" train --out "$name.out" --progress none && [ -s "$name.out/net.safetensors" ]
}
by_nnc() {
	flags=$("$prefix/bin/nnc" --cflags) && libs=$("$prefix/bin/nnc" --libs) || return 1
	case "$flags $libs" in *"$root/"*) case "$prefix" in "$root"/*) ;; *) echo "$flags $libs"; return 1 ;; esac ;; esac
	case $flags in *"-I$prefix/include/nnrt"*) ;; *) echo "$flags"; return 1 ;; esac
	case $libs in *"-L$prefix/lib"*) ;; *) echo "$libs"; return 1 ;; esac
	runs by_nnc "$flags" "$libs"
}
by_pkg_config() {
	PKG_CONFIG_PATH=$prefix/lib/pkgconfig
	export PKG_CONFIG_PATH
	runs by_pkg_config "$(pkg-config --cflags nnrt)" "$(pkg-config --libs nnrt)" &&
		[ "$(pkg-config --modversion nnrt)" = "$("$nnc" --version | sed 's/.* //')" ]
}
generic() {
	"$prefix/bin/nnc" --target generic --cflags | grep -v -q march &&
		runs generic "$("$prefix/bin/nnc" --cflags --target generic)" "$("$prefix/bin/nnc" --libs)"
}
staged() { # packages are made so: files below DESTDIR, paths as if they were not
	make_ install DESTDIR="$work/stage" PREFIX=/opt/nnc && [ -x "$work/stage/opt/nnc/bin/nnc" ] &&
		[ "$("$work/stage/opt/nnc/bin/nnc" --libs | cut -d' ' -f1)" = -L/opt/nnc/lib ] &&
		grep -q '^prefix=/opt/nnc$' "$work/stage/opt/nnc/lib/pkgconfig/nnrt.pc"
}
gone() {
	make_ uninstall PREFIX="$prefix" && [ -z "$(find "$prefix" -type f)" ]
}

try "install" make_ install PREFIX="$prefix"
try "install: builds with nnc --cflags --libs" by_nnc
command -v pkg-config >/dev/null 2>&1 && try "pkg-config builds" by_pkg_config
try "install: generic" generic
try "install: DESTDIR" staged
try "install: uninstall" gone
finish
