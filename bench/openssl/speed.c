/*
 * How fast OpenSSL's libraries encrypt, sign and agree on keys: the best of many short
 * runs, each of about a millisecond, so that a busy machine does not count.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS 200
#define PIECE 16384 /* bytes of a record of TLS */

static EVP_PKEY *key;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int done, const char *what)
{
    if (done <= 0) {
        fprintf(stderr, "speed: %s fails\n", what);
        exit(1);
    }
}

/* Encrypts a record. */
static void seal(void *cipher)
{
    static unsigned char text[PIECE], name[32] = {1}, nonce[12] = {2}, tag[16];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len;

    must(EVP_EncryptInit_ex(context, cipher, NULL, name, nonce), "a cipher");
    for (int i = 0; i < 100; i++) {
        must(EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonce), "a nonce");
        must(EVP_EncryptUpdate(context, text, &len, text, PIECE), "encrypting");
        must(EVP_EncryptFinal_ex(context, text, &len), "encrypting");
        must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag), "a tag");
    }
    EVP_CIPHER_CTX_free(context);
}

static void sign(void *unused)
{
    static unsigned char digest[32] = {1}, signature[512];
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t len = sizeof(signature);

    (void)unused;
    must(EVP_PKEY_sign_init(context), "signing");
    must(EVP_PKEY_sign(context, signature, &len, digest, sizeof(digest)), "signing");
    EVP_PKEY_CTX_free(context);
}

static void agree(void *peer)
{
    unsigned char secret[64];
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t len = sizeof(secret);

    must(EVP_PKEY_derive_init(context), "agreeing");
    must(EVP_PKEY_derive_set_peer(context, peer), "agreeing");
    must(EVP_PKEY_derive(context, secret, &len), "agreeing");
    EVP_PKEY_CTX_free(context);
}

/* Seconds of the fastest of many runs of @function. */
static double best(void (*function)(void *), void *argument)
{
    double least = 1e9;

    for (int run = 0; run < RUNS; run++) {
        const double start = now();
        function(argument);
        const double time = now() - start;
        least = time < least ? time : least;
    }
    return least;
}

int main(void)
{
    printf("AES-128-GCM        %8.0f MB/s\n",
           100e-6 * PIECE / best(seal, (void *)EVP_aes_128_gcm()));
    printf("ChaCha20-Poly1305  %8.0f MB/s\n",
           100e-6 * PIECE / best(seal, (void *)EVP_chacha20_poly1305()));
    key = EVP_EC_gen("P-256");
    printf("ECDSA P-256, sign  %8.0f /s\n", 1 / best(sign, NULL));
    key = EVP_RSA_gen(2048);
    printf("RSA-2048, sign     %8.0f /s\n", 1 / best(sign, NULL));
    key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    printf("X25519             %8.0f /s\n",
           1 / best(agree, EVP_PKEY_Q_keygen(NULL, NULL, "X25519")));
    return 0;
}
