/* tests/unit/test.h - tests that read like sentences, run by cmocka.
 *
 *     TEST(name_is_below, "a name is below its parent, and not below a look-alike")
 *     {
 *         CHECK(name_is_below(NAME("www.example.com"), NAME("example.com")));
 *     }
 */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void test_add(const char *sentence, CMUnitTestFunction run);

/* Declares a test of this file; the program runs all that its files declare. */
#define TEST(name, sentence)                                                                       \
    static void test_##name(void **state_);                                                        \
    __attribute__((constructor)) static void add_##name(void)                                      \
    {                                                                                              \
        test_add(sentence, test_##name);                                                           \
    }                                                                                              \
    static void test_##name(void **state_ __attribute__((unused)))

#define CHECK(condition)                 assert_true(condition)
#define CHECK_EQUAL(value, expected)     assert_int_equal(value, expected)
#define CHECK_TEXT(value, expected)      assert_string_equal(value, expected)
#define CHECK_BYTES(data, expected, len) assert_memory_equal(data, expected, len)

#endif
