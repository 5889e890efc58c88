#include "base/buffer.h"
#include "unit/test.h"

TEST(buffer_is_a_queue, "bytes come out in the order they went in, however they are taken")
{
    struct buffer b = { 0 };
    unsigned char next_in = 0, next_out = 0;

    for (size_t round = 0; round < 2000; round++) {
        size_t in = round * 7 % 97, out;

        for (size_t i = 0; i < in; i++, next_in++)
            CHECK_EQUAL(buffer_append(&b, slice_of(&next_in, 1)), OK);
        out = round * 5 % (buffer_slice(&b).len + 1);
        for (size_t i = 0; i < out; i++)
            CHECK_EQUAL(buffer_slice(&b).data[i], next_out++);
        buffer_consume(&b, out, 0);
    }
    buffer_done(&b);
}

TEST(buffer_gives_memory_back, "an emptied buffer keeps no more than it was told to")
{
    struct buffer b = { 0 };
    static const uint8_t bytes[4096];

    CHECK_EQUAL(buffer_append(&b, slice_of(bytes, sizeof bytes)), OK);
    buffer_consume(&b, 4096, 4096);
    CHECK(b.size >= 4096);
    CHECK_EQUAL(buffer_append(&b, slice_of(bytes, 1)), OK);
    buffer_consume(&b, 1, 0);
    CHECK_EQUAL(b.size, 0);
}

TEST(buffer_takes_nothing,
     "nothing can always be appended, also to a buffer that has no memory yet")
{
    struct buffer b = { 0 };

    CHECK_EQUAL(buffer_append(&b, (struct slice){ 0 }), OK);
    CHECK_EQUAL(buffer_slice(&b).len, 0);
    CHECK(b.data == NULL);
    buffer_done(&b);
}
