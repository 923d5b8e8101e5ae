#!/bin/sh
# Fetches the upstream source of a Debian source package and unpacks it to build/src/PACKAGE.
#
#   tools/fetch.sh PACKAGE...
#
# What makes it trustworthy: the package index is signed by Debian and checked by apt, the
# tarball is checked by apt against the index, and a known version is checked once more
# against tools/sources.txt. Debian's point releases move: another version than the one in
# tools/sources.txt is accepted and said; build/src/PACKAGE.version records what was built.
#
# Only the upstream ("orig") tarball is used; Debian's patches are not applied.
#
# The machine's own apt settings stay as they are: a private apt configuration under
# build/apt has `deb-src` entries made from the machine's own `deb` entries.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
apt=$top/build/apt
src=$top/build/src
known=$top/tools/sources.txt

say() { printf 'fetch: %s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

case "${1:-}" in
-h | --help | '')
    sed -n '2,15s/^# \{0,1\}//p' "$0"
    [ -n "${1:-}" ] && exit 0
    exit 2
    ;;
esac

# shellcheck source=tools/apt-private.sh
. "$top/tools/apt-private.sh"

configure() {
    mkdir -p "$src/.download"
    apt_configure "$apt" deb-src
}

update() {
    say "reading the index of source packages"
    apt-get -c "$apt/apt.conf" -qq update >&2 || die "apt-get update failed (see above)"
    touch "$apt/updated"
}

# URI, file and checksum of one part (tar or dsc) of a source package, as apt prints them.
locate() {
    apt-get -c "$apt/apt.conf" -qq source --print-uris "--$2-only" "$1" 2>/dev/null
}

fetch() {
    package=$1
    if [ -e "$src/$package.version" ] && [ -d "$src/$package" ]; then
        return 0
    fi
    configure
    [ -e "$apt/updated" ] || update
    dsc=$(locate "$package" dsc) || { update && dsc=$(locate "$package" dsc); } || die \
        "no source package '$package' in the machine's apt sources"
    version=$(printf '%s\n' "$dsc" | sed -n 's/^.*_\([^_ ]*\)\.dsc .*$/\1/p')
    # Extra upstream tarballs (orig-NAME) hold documentation: the first one is the source.
    line=$(locate "$package" tar | grep -v '\.orig-[^ ]* ' | head -n 1)
    file=$(printf '%s\n' "$line" | cut -d' ' -f2)
    if [ -z "$version" ] || [ -z "$file" ]; then
        die "$package: cannot read apt's answer: $dsc"
    fi

    say "$package $version"
    download "$package" || { update && download "$package"; } || die \
        "$package: download failed (see above); is the network up?"
    sum=$(sha256sum "$src/.download/$file" | cut -d' ' -f1)
    compare "$package" "$version" "$sum"

    rm -rf "$src/.unpack-$package"
    mkdir "$src/.unpack-$package"
    tar -xf "$src/.download/$file" -C "$src/.unpack-$package" --strip-components=1 \
        --no-same-owner || die "$package: cannot unpack $file"
    rm -rf "${src:?}/$package"
    mv "$src/.unpack-$package" "$src/$package"
    printf 'package %s\nversion %s\nfile %s\nsha256 %s\n' \
        "$package" "$version" "$file" "$sum" >"$src/$package.version"
}

download() {
    (cd "$src/.download" &&
        apt-get -c "$apt/apt.conf" -qq source --download-only --tar-only "$1" >&2)
}

# The known version must have the known checksum; another version is noted.
compare() {
    row=$(awk -v p="$1" '$1 == p { print $2, $3 }' "$known")
    [ -n "$row" ] || return 0
    if [ "${row% *}" != "$2" ]; then
        say "note: $1 $2 is not the version that the project was tested with (${row% *})"
    elif [ "${row#* }" != "$3" ]; then
        die "$1 $2 has checksum $3, expected ${row#* }"
    fi
}

mkdir -p "$src"
exec 9>"$src/.lock"
flock 9 # one fetch at a time: the apt folder is shared
for package in "$@"; do
    fetch "$package"
done
