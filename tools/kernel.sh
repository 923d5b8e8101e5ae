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

# The machine's own apt settings stay as they are, and its lists may be empty: as for source
# packages (tools/fetch.sh), with binary packages.
configure() {
    mkdir -p "$apt/lists/partial" "$apt/cache" "$apt/parts" "$vm/unpacked"
    # shellcheck source=/dev/null
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] && awk -v release="$release" -f "$top/tools/fetch-list.awk" "$file"
    done >"$apt/sources" || true
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] && awk -v release="$release" -f "$top/tools/fetch-deb822.awk" "$file"
    done >>"$apt/sources" || true
    sed 's/^Types: deb-src/Types: deb/' "$apt/sources" >"$apt/parts/cubicle.sources"
    [ -s "$apt/parts/cubicle.sources" ] || die \
        "/etc/apt names no source of packages for this release;" \
        "add the Debian archive to /etc/apt/sources.list.d"
    cat >"$apt/apt.conf" <<END
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$apt/parts";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
END
    [ "$(id -u)" = 0 ] || echo 'Debug::NoLocking "true";' >>"$apt/apt.conf"
    apt-get -c "$apt/apt.conf" -qq update >&2 || die "apt-get update failed (see above)"
}

configure
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
