#!/bin/sh
# Runs nginx's own configure: ngx_auto_config.h, ngx_auto_headers.h and ngx_modules.c.
#
#   configure.sh FOLDER COMPILER [OPTION...]
#
# FOLDER gets links to upstream's tree, which stays as it is, and the result in FOLDER/objs. All
# paths from FOLDER are relative, so that the result is the same wherever this tree lies.
set -eu

folder=${1:?usage: configure.sh FOLDER COMPILER [OPTION...]}
compiler=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
src=$(cd "$here/../../build/src" && pwd)

rm -rf "$folder"
mkdir -p "$folder"
for file in auto src conf html man configure; do
    ln -s "$src/nginx/$file" "$folder/$file"
done
ln -s "$compiler" "$folder/cc"
ln -s "$src/pcre2" "$folder/pcre2"
ln -s "$src/zlib" "$folder/zlib"
cd "$folder"

# Upstream's default modules, and those that need nothing else.
# One user is there, root: nginx gives its folders to the user that it is compiled with.
if ! ./configure --with-cc=./cc --builddir=objs --prefix=/etc/nginx --sbin-path=/bin/nginx \
    --conf-path=/etc/nginx/nginx.conf --pid-path=/tmp/nginx.pid --lock-path=/tmp/nginx.lock \
    --error-log-path=stderr --http-log-path=/tmp/nginx-access.log \
    --http-client-body-temp-path=/tmp/nginx-body --http-proxy-temp-path=/tmp/nginx-proxy \
    --http-fastcgi-temp-path=/tmp/nginx-fastcgi --http-uwsgi-temp-path=/tmp/nginx-uwsgi \
    --http-scgi-temp-path=/tmp/nginx-scgi --user=root --group=root \
    --with-pcre=pcre2 --with-zlib=zlib \
    --with-http_realip_module --with-http_addition_module --with-http_sub_module \
    --with-http_gunzip_module --with-http_gzip_static_module --with-http_stub_status_module \
    --with-http_auth_request_module --with-http_random_index_module \
    --with-http_secure_link_module --with-http_slice_module "$@" >configure.log 2>&1; then
    tail -n 20 configure.log >&2
    exit 1
fi
