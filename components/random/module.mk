# ChaCha20 is BearSSL's constant-time C version.
FETCH += bearssl
MODULES += random
random_SOURCES := components/random/random.c build/src/bearssl/src/symcipher/chacha20_ct.c
random_PROVIDES := random
random_CFLAGS := -isystem build/src/bearssl/inc -isystem build/src/bearssl/src
random_DEPS := build/src/bearssl.version
