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

# The versions of source package $1 in the index, the newest first.
versions() {
    apt-cache -c "$apt/apt.conf" showsrc --only-source "$1" 2>/dev/null |
        sed -n 's/^Version: //p' | sort -u -r -V
}

# The name of the upstream tarball of $1, which is PACKAGE=VERSION. Extra ones (orig-NAME)
# hold documentation: the first one is the source.
tarball() {
    apt-get -c "$apt/apt.conf" -qq source --print-uris --tar-only "$1" 2>/dev/null |
        grep -v '\.orig-[^ ]* ' | head -n 1 | cut -d' ' -f2
}

fetch() {
    package=$1
    if [ -e "$src/$package.version" ] && [ -d "$src/$package" ]; then
        return 0
    fi
    configure
    [ -e "$apt/updated" ] || update
    [ -n "$(versions "$package")" ] || { update && [ -n "$(versions "$package")" ]; } || die \
        "no source package '$package' in the machine's apt sources"
    download_any "$package" || { update && download_any "$package"; } || die \
        "$package: the archive has none of the versions that its index names:" \
        "$(versions "$package" | tr '\n' ' ')(see above)"
    sum=$(sha256sum "$src/.download/$file" | cut -d' ' -f1)
    compare "$package" "$version" "$sum"

    unpack "$src/.download/$file" "$src/$package"
    printf 'package %s\nversion %s\nfile %s\nsha256 %s\n' \
        "$package" "$version" "$file" "$sum" >"$src/$package.version"
}

# Unpacks tarball $1 to folder $2, without the folder that all of it lies in, if it does.
unpack() {
    rm -rf "$src/.unpack"
    mkdir "$src/.unpack"
    tar -xf "$1" -C "$src/.unpack" --no-same-owner || die "cannot unpack $1"
    inner=$(ls -A "$src/.unpack")
    if [ -d "$src/.unpack/$inner" ] && [ ! -L "$src/.unpack/$inner" ]; then
        inner=$src/.unpack/$inner
    else # several files, or one
        inner=$src/.unpack
    fi
    rm -rf "${2:?}"
    mv "$inner" "$2"
    rm -rf "$src/.unpack"
}

# Downloads the newest version of $1 that the archive still has: a security update leaves it
# when the next one comes. Sets $version and $file.
download_any() {
    for version in $(versions "$1"); do
        file=$(tarball "$1=$version")
        [ -n "$file" ] || continue
        say "$1 $version"
        download "$1=$version" && return 0
        say "note: $1 $version cannot be downloaded; an older version is looked for"
    done
    return 1
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
