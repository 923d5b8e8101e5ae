#!/bin/sh
# --network and --publish: what is wrong is named, and nothing is started.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

system=$top/tests/systems/network.yaml

# network NAME PATTERN ARGUMENT
network() {
    expect 125 "$2" "$1" cubicle run "--network=$3" "$system" -- netdev '' info
}

network 'unknown kind' 'network=carrier: no such kind; there are: none, stream' carrier
network 'nothing' 'no such kind' ''
network 'no device' "a name is missing after the ':'" tap:
network 'no path' "a name is missing after the ':'" stream:
network 'unknown option' "bad option 'speed=1'; there are" none,mtu=1500,speed=1
network 'option without value' "bad option 'mtu'" none,mtu
for option in address=10.0.0.1 address=10.0.0/24 address=10.0.0.1/33 address=10.0.0.1/0 \
    address=1.2.3.256/8 gateway=x gateway=10.0.0.1/24 dns=::1 address6=10.0.0.1 address6=::1/129 \
    mtu=1279 mtu=65521 mtu=-1 mtu=1500x mac=01:00:00:00:00:01 mac=02:00:00:00:00 \
    mac=02:00:00:00:00:0g mac=2:0:0:0:0:1 offload=maybe memory=15 memory=65537 memory=64M memory=; do
    network "bad $option" "bad option '$option'" "none,$option"
done
network 'path too long' 'too long for a socket' "stream:/$(printf '%0200d' 0)"
network 'nobody listens' 'cannot connect: No such file' 'stream:/nowhere/socket'
network 'device name too long' 'at most 15 characters' tap:abcdefghijklmnop
expect 125 "system 'hello' has no network device" 'system without a device' \
    cubicle run --network=stream hello
expect 125 "with --isolation=ipc 'lwip' and 'netdev' must be in one cubicle" 'stack and device as two processes' \
    cubicle run --isolation=ipc nginx

# publish NAME PATTERN ARGUMENT
publish() {
    expect 125 "$2" "$1" cubicle run "--publish=$3" "$system" -- netdev '' info
}

for port in 80 80: :80 x:80 80:x 0:80 80:0 65536:80 80:65536 80:80/sctp 80:80/ 1.2.3:80:80 \
    1.2.3.4:80 ::1:80:80 '[::1]:80' '[]:80:80' '[::1:80:80' '[1.2.3.4]:80:80' -1:80 ' 80:80'; do
    publish "bad port '$port'" 'it is \[ADDRESS:\]HOSTPORT:PORT' "$port"
done
expect 125 'publish of an IPv6 address does not go with stream:passt' 'IPv6 with passt' \
    cubicle run --network=stream:passt '--publish=[::1]:8080:80' "$system" -- netdev '' info
expect 125 'address6= does not go with stream:passt' 'an IPv6 address with passt' \
    cubicle run --network=stream:passt,address6=fd00::5,gateway6=fd00::1 "$system" -- netdev '' info
expect 125 'memory= does not go with stream:passt' 'memory of passt' \
    cubicle run --network=stream:passt,memory=64 "$system" -- netdev '' info
expect 125 'memory= does not go with network tap' 'memory of a TAP device' \
    cubicle run --network=tap:t0,memory=64 "$system" -- netdev '' info
expect 125 'a helper needs address6=ADDRESS and gateway6=ADDRESS' 'IPv6 without a gateway' \
    cubicle run --network=stream:slirp,address6=fd00::5 "$system" -- netdev '' info
publish 'no helper' 'publish does not go with network none' 8080:80
expect 125 'publish does not go with network tap' 'publish with a TAP device' \
    cubicle run --network=tap:t0 --publish=8080:80 "$system" -- netdev '' info

# A port that somebody has, for TCP and UDP.
cat >taken.py <<'END'
import socket
import subprocess
import sys

kind, *command = sys.argv[1:]
with socket.socket(type=getattr(socket, kind)) as taken:
    taken.bind(("127.0.0.1", 0))
    if kind == "SOCK_STREAM":
        taken.listen()
    port = str(taken.getsockname()[1])
    sys.exit(subprocess.run([a.replace("PORT", port) for a in command], check=False).returncode)
END
expect 125 'cannot publish .*: Address already in use' 'port in use' \
    python3 taken.py SOCK_STREAM cubicle run --network=stream --publish=PORT:80 "$system" -- netdev '' info
expect 125 'cannot publish .*/udp: .*: Address already in use' 'UDP port in use' \
    python3 taken.py SOCK_DGRAM cubicle run --network=stream --publish=PORT:80/udp "$system" -- netdev '' info
grep -q 'another program has the port' err
ok 'and what to do'
expect 125 'Cannot assign requested address' 'address of somebody else' \
    cubicle run --network=stream --publish=192.0.2.99:8080:80 "$system" -- netdev '' info
expect 125 'address=10.1.0.5/24 without gateway' 'address without a gateway' \
    cubicle run --network=stream:slirp,address=10.1.0.5/24 "$system" -- netdev '' info

# Without passt in PATH.
mkdir -p empty
expect 125 'passt is not there' 'no passt' \
    env PATH=empty "$build/bin/cubicle" run --network=stream:passt "$system" -- netdev '' info
grep -q 'apt-get install passt' err
ok 'and how to get it'

# Without any: the command alone, in a folder without cubicle-slirp.
mkdir -p alone/bin
cp "$build/bin/cubicle" alone/bin
expect 125 'network stream:slirp: cubicle-slirp is not there' 'IPv6 without cubicle-slirp' \
    alone/bin/cubicle run --network=stream '--publish=[::1]:8080:80' "--modules=$build/modules/sfi" \
    "--interfaces=$build/interfaces" "$system" -- netdev '' info
expect 125 'network stream:slirp: cubicle-slirp is not there' 'no helper at all' \
    env PATH=empty alone/bin/cubicle run --network=stream "--modules=$build/modules/sfi" \
    "--interfaces=$build/interfaces" "$system" -- netdev '' info
grep -q 'apt-get install passt' err && grep -q 'network=none needs none' err
ok 'and what there is to do'

# Without rights; and devices that cannot be had. Root takes the part of a user.
user=
[ "$(id -u)" != 0 ] || user='setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all'
if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ]; then
    # shellcheck disable=SC2086 # words
    expect 125 'cannot publish 80:80: port 80 of the host: Permission denied' 'a port of root' \
        $user cubicle run --network=stream --publish=80:80 "$system" -- netdev '' info
    grep -q "ports below 1024 are root's; --publish=HOSTPORT:80 takes another one" err
    ok 'and which to take'
fi
# shellcheck disable=SC2086 # words
expect 125 'network tap:no-such-dev: (there is no such device, and it cannot be made|cannot open /dev/net/tun): ' \
    'no right to a TAP device' $user cubicle run --network=tap:no-such-dev "$system" -- netdev '' info
grep -q "sudo ip tuntap add dev no-such-dev mode tap user" err || grep -q 'has no TAP devices' err
ok 'and how to make one'
expect 125 'network tap:lo: ' 'a device that is no TAP' \
    cubicle run --network=tap:lo "$system" -- netdev '' info
grep -q 'network=stream needs no' err || grep -q 'ip -details link show lo' err
ok 'and how to see what it is'

# A helper that does not work.
mkdir -p broken
printf '#!/bin/sh\necho "nothing works here" >&2\nexit 1\n' >broken/passt
chmod +x broken/passt
expect 125 'helper broken/passt does not start' 'a helper that ends' \
    env PATH=broken "$build/bin/cubicle" run --network=stream:passt "$system" -- netdev '' info
grep -q 'nothing works here' err
ok 'what it has said'

expect 0 '' 'check' cubicle check
grep -q '^  stream:passt' out && grep -q '^  stream:slirp' out && grep -q '^  tap' out
ok 'check tells of networks'

finish
