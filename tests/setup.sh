#!/bin/sh
# setup.sh - see that the Debian packages are installed that a target of the Makefile needs.
#
# In:    demo | check | long | build.   Out: status 0, or 1 after one line that names what is missing.
# How:   dpkg-query looks; only what is missing goes through apt-get, with sudo where the user is
#        not root.  If nothing is missing, nothing is called and nothing is printed.
#        `build` only looks (plain `make` installs nothing).
build="flex bison libopenblas-dev zlib1g-dev libjansson-dev libxxhash-dev"
demo="$build dataset-fashion-mnist"
check="$build clang libclang-rt-14-dev libcunit1-dev valgrind strace"

long="$check dataset-fashion-mnist chromium python3-venv"

case $1 in
build) need=$build ;;
demo)  need=$demo ;;
check) need=$check ;;
long)  need=$long ;;
*)     echo "usage: setup.sh build|demo|check|long" >&2; exit 2 ;;
esac

# The compiler run-time of another Debian release has another version in its name.
clang_rt() {
	[ "$1" = libclang-rt-14-dev ] || { echo "$1"; return; }
	v=$(dpkg-query -W -f '${Depends}' clang 2>/dev/null | sed -n 's/.*clang-\([0-9][0-9]*\).*/\1/p')
	echo "libclang-rt-${v:-14}-dev"
}

if ! command -v dpkg-query >/dev/null 2>&1; then
	for tool in flex bison; do
		command -v $tool >/dev/null 2>&1 && continue
		echo "error: $tool is missing; nnc needs what Debian calls: $need" >&2
		exit 1
	done
	exit 0
fi

missing=
for p in $need; do
	p=$(clang_rt "$p")
	case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
	*" installed") ;;
	*) missing="$missing $p" ;;
	esac
done
[ -z "$missing" ] && exit 0

if [ "$1" = build ]; then
	echo "error: missing packages:$missing (\`make setup\` installs them)" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "error: missing packages:$missing (no apt-get here to install them)" >&2
	exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
	sudo=sudo
	if ! command -v sudo >/dev/null 2>&1; then
		echo "error: cannot install package${missing}: not root, and there is no sudo" >&2
		exit 1
	fi
fi

echo "installing:$missing"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# A stale package list is no reason to stop: the installation below tells.
$sudo apt-get update >"$log" 2>&1
install() {
	$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends "$@" >"$log" 2>&1
}
# shellcheck disable=SC2086
install $missing && exit 0
# All at once failed: one by one, to name the one.
for p in $missing; do
	case $p in libclang-rt-*) p=$(clang_rt libclang-rt-14-dev) ;; esac
	if ! install "$p"; then
		why=$(grep -m 1 '^E: ' "$log" || tail -n 1 "$log")
		echo "error: cannot install package $p: $why" >&2
		exit 1
	fi
done
