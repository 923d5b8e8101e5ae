/* The random component with known entropy: its bytes are ChaCha20's, and used ones are
 * gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bearssl.h>
#include <cmocka.h>
#include <cubicle/component.h>
#include <errno.h>
#include <plat.h>
#include <random.h>
#include <string.h>

static ssize_t entropy_result;

ssize_t plat_entropy(void *buf, size_t count)
{
    memset(buf, 0, count);
    return entropy_result == 0 ? (ssize_t)count : entropy_result;
}

static int setup(void **state)
{
    (void)state;
    entropy_result = 0;
    return component_init();
}

/* RFC 8439, appendix A.1, test vector 1: key, nonce and counter 0. Bytes 0-31 of the
 * key stream become the next key, so bytes 32-63 are the first that come out. */
static void test_rfc8439_vector(void **state)
{
    static const uint8_t expected[] = {
        0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0,
        0x3f, 0xb8, 0xd8, 0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18,
        0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2, 0xee, 0x65, 0x86,
    };
    uint8_t out[sizeof(expected)];

    (void)state;
    assert_int_equal(random_bytes(out, 5), 5);
    assert_int_equal(random_bytes(out + 5, sizeof(out) - 5), sizeof(out) - 5);
    assert_memory_equal(out, expected, sizeof(expected));
}

/* The second refill uses the first 32 bytes of the first as its key. */
static void test_key_is_replaced(void **state)
{
    static const uint8_t nonce[12];
    uint8_t stream[512] = {0}, key[32] = {0}, out[512 - 32 + 16];

    (void)state;
    br_chacha20_ct_run(key, nonce, 0, stream, sizeof(stream));
    memcpy(key, stream, sizeof(key));
    assert_int_equal(random_bytes(out, 480), 480);
    assert_memory_equal(out, stream + 32, 480);
    assert_int_equal(random_bytes(out, 16), 16);
    memset(stream, 0, sizeof(stream));
    br_chacha20_ct_run(key, nonce, 0, stream, sizeof(stream));
    assert_memory_equal(out, stream + 32, 16);
}

static void test_large_requests_differ(void **state)
{
    static uint8_t one[100000], two[100000];

    (void)state;
    assert_int_equal(random_bytes(one, sizeof(one)), sizeof(one));
    assert_int_equal(random_bytes(two, sizeof(two)), sizeof(two));
    for (size_t i = 0; i + 16 <= sizeof(one); i += 16) {
        assert_true(memcmp(one + i, two + i, 16) != 0);
    }
    assert_int_equal(random_bytes(one, 0), 0);
    assert_int_equal(random_bytes(one, SIZE_MAX), -EFAULT);
}

static void test_no_entropy_no_start(void **state)
{
    (void)state;
    entropy_result = -ENOSYS;
    assert_int_equal(component_init(), -ENOSYS);
    entropy_result = 31;
    assert_int_equal(component_init(), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rfc8439_vector, setup),
        cmocka_unit_test_setup(test_key_is_replaced, setup),
        cmocka_unit_test_setup(test_large_requests_differ, setup),
        cmocka_unit_test_setup(test_no_entropy_no_start, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
