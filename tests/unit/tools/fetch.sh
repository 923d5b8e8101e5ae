#!/bin/sh
# tools/fetch.sh, from an archive in a folder: what is unpacked, and which version where the
# archive has no longer what its index names. TAP.
set -u

top=${CUBICLE_TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
if ! command -v apt-get >/dev/null; then
    echo '1..0 # SKIP no apt-get here'
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=$work/archive
sources=$archive/dists/test/main/source/Sources
mkdir -p "$work/tools" "$work/etc" "$archive/pool" "$(dirname "$sources")"
cp "$top"/tools/fetch*.* "$top/tools/apt-private.sh" "$top/tools/sources.txt" "$work/tools/"
echo "deb [trusted=yes] file:$archive test main" >"$work/etc/sources.list"
export CUBICLE_APT_ETC="$work/etc" CUBICLE_APT_RELEASE=test
: >"$sources"

# add PACKAGE VERSION TARBALL: to the index. The tarball may be missing.
add() {
    sum=$(sha256sum "$archive/pool/$3" | cut -d' ' -f1)
    size=$(stat -c %s "$archive/pool/$3")
    echo "$1 $2" >"$archive/pool/$1_$2.dsc"
    cat >>"$sources" <<END
Package: $1
Binary: $1
Version: $2
Maintainer: nobody <nobody@example.org>
Architecture: any
Format: 3.0 (quilt)
Directory: pool
Checksums-Sha256:
 $sum $size $3
 $(sha256sum "$archive/pool/$1_$2.dsc" | cut -d' ' -f1) $(stat -c %s "$archive/pool/$1_$2.dsc") $1_$2.dsc

END
}

publish() {
    cat >"$archive/dists/test/Release" <<END
Suite: test
Codename: test
Components: main
Architectures: amd64
Date: $(date -Ru)
SHA256:
 $(sha256sum "$sources" | cut -d' ' -f1) $(stat -c %s "$sources") main/source/Sources
END
}

number=0
ok() {
    status=$?
    number=$((number + 1))
    [ $status -eq 0 ] && echo "ok $number - $1" && return
    echo "not ok $number - $1"
    sed 's/^/# /' "$work/log"
}

fetch() {
    "$work/tools/fetch.sh" "$@" >"$work/log" 2>&1
}

says() {
    grep -q -- "$1" "$work/log"
}

# refuses PACKAGE PATTERN: it fails and says that.
refuses() {
    ! fetch "$1" && says "$2"
}

src=$work/build/src
mkdir -p "$work/new/thing-1.0/sub" "$work/flat/sub" "$work/one"
echo a >"$work/new/thing-1.0/a.c"
echo b >"$work/new/thing-1.0/sub/b.c"
echo old >"$work/flat/README"
echo c >"$work/flat/sub/c.c"
echo d >"$work/one/d.c"
tar -C "$work/new" -czf "$archive/pool/thing_1.0.orig.tar.gz" thing-1.0
tar -C "$work/flat" -czf "$archive/pool/flat_1.0.orig.tar.gz" .
tar -C "$work/flat" -czf "$archive/pool/names_1.0.orig.tar.gz" README sub
tar -C "$work/one" -czf "$archive/pool/one_1.0.orig.tar.gz" d.c
for package in flat names one; do
    add $package 1.0-1 ${package}_1.0.orig.tar.gz
done
add thing 1.0-1 thing_1.0.orig.tar.gz
cp "$archive/pool/thing_1.0.orig.tar.gz" "$archive/pool/thing_1.1.orig.tar.gz"
add thing 1.1-1+deb12u1 thing_1.1.orig.tar.gz
add gone 1.0-1 thing_1.1.orig.tar.gz
rm "$archive/pool/thing_1.1.orig.tar.gz"
publish

fetch flat && [ "$(cat "$src/flat/README")" = old ] && [ -e "$src/flat/sub/c.c" ]
ok 'a tarball without a folder of its own keeps the files at its top'
fetch names && [ -e "$src/names/README" ] && [ -e "$src/names/sub/c.c" ]
ok 'also where names do not begin with ./'
fetch one && [ -e "$src/one/d.c" ]
ok 'a tarball of one file'
fetch thing && [ -e "$src/thing/a.c" ] && [ -e "$src/thing/sub/b.c" ]
ok 'an update that has left the archive: the older version is taken'
says 'thing 1.1-1+deb12u1 cannot be downloaded'
ok 'and it says so'
grep -qx 'version 1.0-1' "$src/thing.version" && grep -qx 'file thing_1.0.orig.tar.gz' "$src/thing.version"
ok 'what was built is recorded'
refuses gone 'gone: the archive has none of the versions.*1.0-1'
ok 'nothing left: it names the versions, not the network'
[ ! -e "$src/gone" ] && [ ! -e "$src/gone.version" ]
ok 'and leaves nothing'
refuses nosuch "no source package 'nosuch'"
ok 'no such package'
rm "$src/thing.version"
echo changed >>"$archive/pool/thing_1.0.orig.tar.gz"
rm -rf "$src/.download"
refuses thing 'thing: the archive has none'
ok 'a tarball that the index does not know is refused'
rm -r "$archive/dists"
rm "$work/build/apt/updated"
refuses other 'apt-get update failed'
ok 'an archive that is away'
echo "1..$number"
