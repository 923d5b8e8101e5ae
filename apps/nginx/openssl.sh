#!/bin/sh
# Builds OpenSSL's libraries with its own build system.
#
#   openssl.sh configure FOLDER              configures, and makes headers and generated sources
#   openssl.sh library FOLDER FROM COMMAND   libssl.a and libcrypto.a in FOLDER, a copy of the
#                                            configured folder FROM, by the compiler COMMAND
#
# FOLDER lies in build/obj/openssl: paths of the source are relative. The environment's MAKE builds.
set -eu

mode=$1
folder=$2

# What a web server does not need is not there: old algorithms, and what loads or calls others
# (modules, engines, threads). Random seeds come from getrandom() alone: where it fails, so do keys.
switches="no-shared no-pic no-dso no-module no-engine no-afalgeng no-async no-threads
    no-secure-memory no-ui-console no-autoload-config no-filenames no-tests no-legacy no-comp
    no-ssl3 no-weak-ssl-ciphers no-srp no-psk no-dtls no-cmp no-cms no-ts no-ct no-gost no-idea
    no-seed no-camellia no-aria no-bf no-cast no-rc2 no-rc4 no-md4 no-mdc2 no-rmd160 no-whirlpool
    no-sm2 no-sm3 no-sm4 no-siphash no-blake2 no-ocb no-rfc3779
    --with-rand-seed=getrandom --prefix=/ --openssldir=/etc/ssl"

run() {
    if ! "$@" >>openssl.log 2>&1; then
        tail -n 20 openssl.log >&2
        echo "error: OpenSSL cannot be built; all output is in $folder/openssl.log" >&2
        exit 1
    fi
}

rm -rf "$folder"
case $mode in
configure)
    mkdir -p "$folder"
    cd "$folder"
    # shellcheck disable=SC2086 # a list of words
    run perl ../../../src/openssl/Configure linux-x86_64 $switches
    run "${MAKE:-make}" build_generated
    ;;
library)
    cp -a "$3" "$folder"
    cd "$folder"
    run "${MAKE:-make}" -s CC="$4" libssl.a libcrypto.a
    # In the place of the one of assembly, which perlasm.py leaves out for cubicles. A Linux process has that.
    if ! nm libcrypto.a 2>/dev/null | grep -q ' T AES_cbc_encrypt$'; then
        # shellcheck disable=SC2086 # a command and its options
        run $4 -O2 -Iinclude -I../../../src/openssl/include -c -o aes_cbc.o \
            ../../../src/openssl/crypto/aes/aes_cbc.c
        run ar r libcrypto.a aes_cbc.o
    fi
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
