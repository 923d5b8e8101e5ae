#!/bin/sh
# cubicle-cc for build systems that run what they have linked: where a linker would write the
# program FILE, this writes the module FILE.cub and FILE, a script that runs it (launch.py).
# So configure scripts run their tests, and `make check` its programs, in cubicles.
set -u
here=$(cd "$(dirname "$0")" && pwd)
"$here/../../build/bin/cubicle-cc" "$@" || exit

out=a.out
previous=
for argument in "$@"; do
    [ "$previous" = -o ] && out=$argument
    case $argument in
    -c | -S | -E | -M | -MM | -r | -fsyntax-only) exit 0 ;;
    -o?*) out=${argument#-o} ;;
    esac
    previous=$argument
done
# Nothing was linked: the compiler was only asked something.
[ -f "$out" ] && [ "$(head -c 4 "$out" | tail -c 3)" = ELF ] || exit 0

mv "$out" "$out.cub"
module=$(cd "$(dirname "$out")" && pwd)/${out##*/}.cub
printf '#!/bin/sh\nexec "%s/launch.py" "%s" "$@"\n' "$here" "$module" >"$out"
chmod +x "$out"
