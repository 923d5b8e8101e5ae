# Builtins, expansion, functions, redirection: all that a shell does without other processes.
set -f; x="a b  c"; IFS=' '; set -- $x; echo $# "$1" "$*"; set +f
for w in one two three; do case $w in t*) echo "$w:${#w}";; *) echo "other ${w%e} ${w#o}";; esac; done
echo $((7 / 2)) $((-7 % 3)) $((1 << 10 | 3)) $((0x1f ^ 012)) $((3 > 2 && 2 > 3))
path=/usr/local/lib/x.tar.gz; echo "${path##*/}" "${path%.*}" "${path%%.*}" "${unset:-default}" "${path:+set}"
f() { local v=inner; echo "$v $1"; [ $1 -gt 0 ] && f $(( $1 - 1 )); return 0; }; v=outer; f 4; echo $v
printf '%05d|%-6s|%x|%c|%b|%.3f\n' 42 ab 255 z 'tab\there' 3.14159
i=0; while :; do i=$((i + 1)); [ $i = 3 ] && continue; [ $i -ge 6 ] && break; echo loop $i; done
echo line1 >out.txt; echo line2 >>out.txt; while read -r line; do echo "got $line"; done <out.txt
exec 3<out.txt; read a <&3; read b <&3; exec 3<&-; echo $a$b
test -f out.txt -a ! -d out.txt && echo file; [ -e nowhere ] || echo none; echo ou?.txt *.none
trap 'echo exit trap' EXIT; eval 'y=$x; echo "eval $y"'; set -- -a -b arg foo; while getopts ab: o; do echo $o $OPTARG; done
type cd; umask; cd / && pwd; unset x; echo "${x-unset}"; readonly r=1; alias ll='ls -l'; alias
