#!/bin/sh
# Installs the Debian packages of tools/packages.txt that are missing, and says which.
#
#   tools/deps.sh           install (with sudo when not root)
#   tools/deps.sh --check   only name what is missing; exit status 1 if anything is
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)

missing=
packages=$(sed 's/#.*//' "$top/tools/packages.txt" | awk 'NF { print $1 }')
for package in $packages; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

case "${1:-}" in
--check)
    echo "missing Debian packages:$missing" >&2
    echo "'make deps' installs them" >&2
    exit 1
    ;;
'') ;;
*)
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null; then
    echo "error: this is not Debian: no apt-get. Install the equivalents of:$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "error: not root and no sudo. As root: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "installing Debian packages${as_root:+ with sudo}:$missing" >&2
$as_root apt-get -qq update
# shellcheck disable=SC2086 # a list of names
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null
