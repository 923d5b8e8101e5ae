# Stands in for `random` where nothing is random (tests/apps/nginx_tls.py).
MODULES += norandom
norandom_SOURCES := tests/apps/norandom/norandom.c
norandom_PROVIDES := random
