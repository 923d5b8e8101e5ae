#!/bin/sh
# Static checks, and the unit tests under sanitizers and with clang. Every step runs; the
# last line tells whether all of them passed.
set -u

cd "$(dirname "$0")/.." || exit 1
failed='' skipped='' ran='' wanted=$*
steps='clang sanitizers smallest clang-tidy cppcheck shellcheck format'

usage() {
    cat <<END
Usage: tools/check.sh [STEP...]
Checks the source without running a system. Steps, all by default:
  clang       host programs built by clang, and the unit tests of them
  sanitizers  the same by gcc with ASan and UBSan
  smallest    the command without all parts of the monitor that can be left out: what it runs and refuses
  clang-tidy, cppcheck, shellcheck
  format      clang-format, of C files
A step whose program is not installed is skipped. Exit status: 0 all passed, 1 a step failed,
2 wrong usage, 77 there was nothing to run.
END
}

# step NAME PROGRAM COMMAND...: runs it where it is wanted and PROGRAM is installed.
step() {
    name=$1 program=$2
    shift 2
    case " ${wanted:-$steps} " in
    *" $name "*) ;;
    *) return ;;
    esac
    if ! command -v "$program" >/dev/null; then
        echo "== $name: skipped, there is no $program"
        skipped="$skipped $name"
        return
    fi
    printf '== %s\n' "$name"
    ran=yes
    "$@" || failed="$failed $name"
}

for word in "$@"; do
    case $word in
    -h | --help)
        usage
        exit
        ;;
    esac
    case " $steps " in
    *" $word "*) ;;
    *)
        echo "check.sh: no step '$word'; there are: $steps" >&2
        exit 2
        ;;
    esac
done

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

smallest() {
    folder=build/check/smallest
    if [ ! -e "$folder/build.ninja" ]; then
        # shellcheck disable=SC2046 # one word for each option
        meson setup "$folder" --buildtype=release \
            $(sed -n "s/^option('\([a-z]*\)'.*/-D\1=disabled/p" meson_options.txt) >/dev/null || return 1
    fi
    ninja -C "$folder" --quiet programs && tests/cli/smallest.sh "$folder"
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

# Not what the shell dash is given as input by its tests.
shell_all() {
    git ls-files '*.sh' .ci/run | grep -v '^tests/programs/dash/' | xargs shellcheck -x
}

step clang clang variant clang clang
# Under sanitizers gcc takes arguments of printf()'s kin for null.
step sanitizers gcc variant sanitizers gcc -Db_sanitize=address,undefined -Db_lundef=false \
    "-Dc_args=-Wno-format-truncation -Wno-format-overflow"
step smallest meson smallest
step clang-tidy clang-tidy tidy
step cppcheck cppcheck cppcheck_all
step shellcheck shellcheck shell_all
step format clang-format tools/format.sh --check

if [ -n "$failed" ]; then
    echo "check: failed:$failed"
    exit 1
fi
if [ -z "$ran" ]; then
    echo 'check: nothing has run'
    exit 77
fi
echo "check: all passed${skipped:+, but skipped:$skipped}"
