#!/bin/sh
# Makes a key and a certificate for 127.0.0.1 in FOLDER: server.key, server.pem. It is signed by
# itself, and can sign no others: whoever trusts it trusts this server and nothing else.
#
#   certificate.sh FOLDER [NAME]
set -eu

folder=${1:?usage: certificate.sh FOLDER [NAME]}
name=${2:-localhost}
command -v openssl >/dev/null || {
    echo "error: 'openssl' is not there, which makes the certificate: install the package openssl" >&2
    exit 1
}
mkdir -p "$folder"
umask 077
rm -f "$folder/server.key" "$folder/server.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 825 \
    -subj "/CN=$name" -addext "subjectAltName=DNS:$name,IP:127.0.0.1,IP:::1" \
    -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth \
    -keyout "$folder/server.key.new" -out "$folder/server.pem" 2>"$folder/errors" || {
    cat "$folder/errors" >&2
    exit 1
}
rm "$folder/errors"
mv "$folder/server.key.new" "$folder/server.key"
