#!/bin/sh
# Fetches Debian's cloud kernel for the test machine of `make test-mpk` and unpacks it, and
# nothing else of its package, to build/vm/vmlinuz. It is not installed.
#
# apt checks the package against the index that Debian signs. build/vm/kernel.version records
# which package it was.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
vm=$top/build/vm
apt=$top/build/apt-binary

die() {
    echo "kernel: error: $*" >&2
    exit 1
}

[ -e "$vm/vmlinuz" ] && exit 0

# shellcheck source=tools/apt-private.sh
. "$top/tools/apt-private.sh"

apt_configure "$apt" deb
apt-get -c "$apt/apt.conf" -qq update >&2 || die "apt-get update failed (see above)"
mkdir -p "$vm/unpacked"
package=$(apt-cache -c "$apt/apt.conf" depends linux-image-cloud-amd64 |
    awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }')
[ -n "$package" ] || die "the archive has no package linux-image-cloud-amd64"
echo "kernel: $package" >&2
cd "$vm/unpacked"
apt-get -c "$apt/apt.conf" -qq download "$package" >&2 || die \
    "$package: download failed (see above); is the network up?"
dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xf - --wildcards './boot/vmlinuz-*'
mv boot/vmlinuz-* "$vm/vmlinuz"
ls "$package"_*.deb >"$vm/kernel.version"
cd "$vm"
rm -rf unpacked
