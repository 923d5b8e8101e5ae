#!/bin/sh
# Static checks, and the unit tests under sanitizers and with clang. Every step runs; the
# last line tells whether all of them passed.
set -u

cd "$(dirname "$0")/.." || exit 1
failed=

step() {
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed $name"
}

# The host programs once more, built another way: NAME CC MESON-OPTION...
variant() {
    name=$1 compiler=$2
    shift 2
    folder=build/check/$name
    if [ ! -e "$folder/build.ninja" ]; then
        CC=$compiler meson setup "$folder" --buildtype=debugoptimized "$@" >/dev/null ||
            return 1
    fi
    ninja -C "$folder" --quiet && meson test -C "$folder" --suite unit --no-rebuild
}

tidy() {
    git ls-files 'cli/*.c' 'monitor/*.c' 'toolchain/*.c' |
        xargs -n 4 -P "$(nproc)" clang-tidy --quiet -p build/host 2>/dev/null
}

cppcheck_all() {
    cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr \
        --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
        -I include -I interfaces -I monitor cli monitor toolchain components
}

shell_all() {
    git ls-files '*.sh' .ci/run | xargs shellcheck -x
}

step clang variant clang clang
# Under sanitizers gcc takes formats of vsnprintf() for null.
step sanitizers variant sanitizers gcc -Db_sanitize=address,undefined -Db_lundef=false \
    -Dc_args=-Wno-format-truncation
step clang-tidy tidy
step cppcheck cppcheck_all
step shellcheck shell_all
step format tools/format.sh --check

if [ -n "$failed" ]; then
    echo "check: failed:$failed"
    exit 1
fi
echo 'check: all passed'
