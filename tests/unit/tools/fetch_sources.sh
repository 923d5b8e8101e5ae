#!/bin/sh
# tools/fetch.sh makes deb-src entries from whatever way the machine names its sources.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/../../cli/tap.sh"

# derived FILE AWK: the entries for release "rel", one line each.
derived() {
    awk -v release=rel -f "$top/tools/$2" "$1" | tr '\n' '|'
}

# same NAME EXPECTED FILE AWK
same() {
    got=$(derived "$3" "$4")
    [ "$got" = "$2" ]
    status=$?
    [ $status -eq 0 ] || echo "# got: $got"
    [ $status -eq 0 ]
    ok "$1"
}

cat >one.list <<'END'
# deb http://commented.invalid/debian rel main
deb http://a.invalid/debian rel main contrib # a comment
deb [ arch=amd64 signed-by=/k.gpg ] http://b.invalid/debian rel-security main
deb [signed-by=/k.gpg] http://b.invalid/debian rel/updates main
deb-src http://c.invalid/debian rel-updates main
deb cdrom:[Debian]/ rel main
deb http://other.invalid/thing rel-thing main
deb http://other.invalid/thing other main
END
same 'one-line entries' "Types: deb-src|URIs: http://a.invalid/debian|Suites: rel|\
Components: main contrib||Types: deb-src|URIs: http://b.invalid/debian|Suites: rel-security|\
Components: main|Signed-By: /k.gpg||Types: deb-src|URIs: http://b.invalid/debian|\
Suites: rel/updates|Components: main|Signed-By: /k.gpg||Types: deb-src|\
URIs: http://c.invalid/debian|Suites: rel-updates|Components: main||" one.list fetch-list.awk

cat >two.sources <<'END'
# a comment
Types: deb deb-src
URIs: http://a.invalid/debian
Suites: rel rel-updates
 other
Components: main
Architectures: amd64
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://disabled.invalid/debian
Suites: rel
Components: main

Types: deb
URIs: http://other.invalid/thing
Suites: thing
Components: main
END
same 'deb822 entries' "Types: deb-src|Suites: rel rel-updates|URIs: http://a.invalid/debian|\
Components: main|Signed-By:| -----BEGIN PGP PUBLIC KEY BLOCK-----| .| abc||" \
    two.sources fetch-deb822.awk

expect 2 '' 'no package: usage' "$top/tools/fetch.sh"

finish
