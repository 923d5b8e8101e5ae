#!/bin/sh
# Bad manifests: the message names the file and the place, and nothing is started.
# shellcheck disable=SC2016 # '$' is sed's last line
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

good='name: test
cubicles:
  - name: plat
    modules: [plat]
    host: [plat]
  - name: core
    modules: [alloc, time]
    allocator: alloc
    stack: 1M
    quota: 64M
    on_fault: fail-call
  - name: app
    modules: [hello]
application: hello
mounts: ["time /dev"]
environment: [HOME=/]
bind:
  - {consumer: hello, interface: fs, provider: time}'

# refused NAME PATTERN SED-SCRIPT: the manifest above, changed by SED-SCRIPT.
refused() {
    printf '%s\n' "$good" | sed "$3" >bad.yaml
    expect 125 "^cubicle: bad\.yaml.*$2" "$1" cubicle run bad.yaml
}

# Syntax and schema.
refused 'unknown key' ':9:.*unexpected key: stak' 's/stack:/stak:/'
refused 'unknown key at the top' 'unexpected key: color' '1s/^/color: red\n/'
refused 'no name' 'missing required mapping field: name' 1d
refused 'no modules' 'missing required mapping field: modules' 4d
refused 'empty list of modules' 'modules' '4s/\[plat\]/[]/'
refused 'wrong type' ':4:.*expecting SEQUENCE' '4s/\[plat\]/plat/'
refused 'unknown policy' ":11:.*'explode' is none of abort, fail-call, restart, in 'on_fault'" \
    's/fail-call/explode/'
refused 'broken YAML' ':[0-9]+:[0-9]+: libyaml' '4s/\]//'
refused 'tab' 'libyaml' '$s/$/\n\tx: 1/'
refused 'not UTF-8' 'UTF-8' '1s/test/\xff\xfe/'
refused 'alias' 'lias' '4s/\[plat\]/\&x [plat]/; 7s/\[alloc, time\]/*x/'
refused 'key twice' 'already seen' '1s/$/\nname: again/'
refused 'name too long' 'name' "1s/test/$(printf '%0100d' 0)/"
refused 'empty file' 'empty' 'd'
refused 'a list' 'expecting MAPPING' '1,$s/.*/- x/'

# 1. Names.
refused 'cubicle with a bad name' "bad cubicle name 'Core'" '6s/core/Core/'
refused 'cubicle named like no cubicle' "bad cubicle name 'none'" '6s/core/none/'
refused 'cubicle named like the monitor' "bad cubicle name 'monitor'" '6s/core/monitor/'
refused 'module that is a path' "cubicle 'plat': bad module '../plat'" '4s,\[plat\],[../plat],'
refused 'module with an empty file' "bad module 'plat='" '4s/\[plat\]/[plat=]/'
# 2. Once in a system.
refused 'cubicle twice' "two cubicles are named 'plat'" '6s/core/plat/'
refused 'module twice' "module 'plat' stands twice.*cubicle 'core'" '7s/time/plat/'
refused 'module twice in a cubicle' "module 'alloc' stands twice" '7s/time/alloc/'
many=$(seq -f 'm%.0f' -s , 600)
refused 'too many modules' "cubicle 'core': more than 1024 modules in the system" "4s/plat/$many/; 7s/alloc/$many/"
# 3. Rights.
refused 'host names modules twice' "'host' names more modules than there are" '5s/plat/plat, plat/'
refused 'host names a stranger' "cubicle 'plat': 'host' names 'time'" '5s/plat/time/'
refused 'allocator names a stranger' "cubicle 'core': 'allocator' names 'plat'" '8s/alloc$/plat/'
# 4. Sizes.
refused 'stack of nothing' "cubicle 'core': bad stack '0'" '9s/1M/0/'
refused 'stack too small' "cubicle 'core': stack '4K' is too small: at least 64K" '9s/1M/4K/'
refused 'stack with a bad unit' "bad stack '1MB'" '9s/1M/1MB/'
refused 'quota too large' "bad quota '5G'" '10s/64M/5G/'
refused 'quota that overflows' "bad quota '99999999999999999999G'" \
    '10s/64M/99999999999999999999G/'
refused 'negative quota' "bad quota '-1'" '10s/64M/-1/'
# 5. References.
refused 'unknown cubicle for the low view' "low_view 'world' is no cubicle" \
    's/application: hello/application: hello\nlow_view: world/'
refused 'unknown boot' "boot 'world' is no module" 's/application: hello/application: hello\nboot: world/'
refused 'boot that cannot' "boot 'hello' does not provide the interface boot" \
    's/application: hello/application: hello\nboot: hello/'
refused 'unknown application' "application 'world' is no module" 's/application: hello/application: world/'
refused 'unknown consumer' "'bind' names 'world'" '$s/hello/world/'
refused 'unbound mount' "nobody may use 'time' as a file system" 's/interface: fs/interface: net/'
refused 'unknown provider' "'bind' names 'space'" '$s/time/space/'
# 6. Mounts and variables.
refused 'mount without a path' "bad mount 'time'" 's,time /dev,time,'
refused 'mount on a relative path' "bad mount 'time dev'" 's,time /dev,time dev,'
refused 'mount of an unknown provider' "mount 'space /dev': 'space'" 's,time /dev,space /dev,'
refused 'mount with a line break' 'bad mount' 's,time /dev,time /dev\\nx /y,'
refused 'bad variable' "bad environment variable 'HOME'" 's,HOME=/,HOME,'

# 7. Networks.
refused 'network without a device' "network 'hello': 'hello': nobody|nobody may use 'hello'" 's/application: hello/&\nnetwork: hello/'
refused 'network of an unknown stack' "network 'stack time': 'stack' is no module" 's/application: hello/&\nnetwork: stack time/'
bound='$s/$/\n  - {consumer: hello, interface: socket, provider: time}\n  - {consumer: hello, interface: netif, provider: plat}/'
refused 'network without a device' "network 'time': '' is no module" "s/application: hello/&\nnetwork: time/;$bound"
refused 'network of an unbound device' "network 'time core': 'core' is no module" "s/application: hello/&\nnetwork: time core/;$bound"
refused 'network with a bad option' "bad option 'mtu=1'" "s/application: hello/&\nnetwork: time plat mtu=1/;$bound"
refused 'bad port' "bad port '80' in 'publish'" 's/application: hello/&\npublish: ["80"]/'

head -c 2000000 /dev/zero >large.yaml
expect 125 'larger than 1 MiB' 'file too large' cubicle run large.yaml
head -c 5000 /dev/urandom >random.yaml
expect 125 '^cubicle: random.yaml' 'random bytes' cubicle run random.yaml

finish
