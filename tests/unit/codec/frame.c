#include "codec/frame.h"
#include "unit/test.h"

#include <stdlib.h>

static const uint8_t three[] = "\0\5hello\0\0\0\3you";
#define THREE_LEN (sizeof three - 1)

/* Feeds a copy of exactly these bytes, so that a read behind them is seen; counts and joins what
 * comes out. */
static unsigned feed(struct frame *f, const uint8_t *data, size_t len, char *joined)
{
    uint8_t *copy = calloc(1, len ? len : 1);
    struct slice bytes = slice_of(copy, len), message;
    unsigned count = 0;

    memcpy(copy, data, len);
    while (frame_next(f, &bytes, &message)) {
        strncat(joined, (const char *)message.data, message.len);
        strcat(joined, "|");
        count++;
    }
    CHECK_EQUAL(bytes.len, 0);
    free(copy);
    return count;
}

TEST(frame_splits, "messages come out whole wherever the stream is cut, once or twice")
{
    for (size_t i = 0; i <= THREE_LEN; i++) {
        for (size_t j = i; j <= THREE_LEN; j++) {
            struct frame f;
            char joined[64] = "";
            unsigned count;

            frame_init(&f);
            count = feed(&f, three, i, joined);
            count += feed(&f, three + i, j - i, joined);
            count += feed(&f, three + j, THREE_LEN - j, joined);
            CHECK_EQUAL(count, 3);
            CHECK_TEXT(joined, "hello||you|");
            CHECK_EQUAL(frame_held(&f), 0);
            CHECK(!frame_is_partial(&f));
            frame_done(&f);
        }
    }
}

TEST(frame_in_place, "a message that arrived in one piece is not copied")
{
    struct slice bytes = slice_of(three, THREE_LEN), message;
    struct frame f;

    frame_init(&f);
    CHECK(frame_next(&f, &bytes, &message));
    CHECK(message.data == three + 2);
    CHECK_EQUAL(message.len, 5);
    CHECK_EQUAL(bytes.len, THREE_LEN - 7);
    CHECK_EQUAL(frame_held(&f), 0);
    frame_done(&f);
}

TEST(frame_partial, "half a message is held, and told to whoever asks")
{
    struct frame f;
    char joined[64] = "";

    frame_init(&f);
    CHECK(!frame_is_partial(&f));
    CHECK_EQUAL(feed(&f, three, 1, joined), 0);
    CHECK(frame_is_partial(&f));
    CHECK_EQUAL(feed(&f, three + 1, 3, joined), 0);
    CHECK(frame_is_partial(&f));
    CHECK(frame_held(&f) > 0);
    frame_done(&f);
    CHECK_EQUAL(frame_held(&f), 0);
}

TEST(frame_largest, "the largest message comes through byte by byte")
{
    struct frame f;
    struct slice message = { 0 };

    frame_init(&f);
    for (size_t i = 0; i < 2 + 65535; i++) {
        uint8_t byte = i < 2 ? 0xff : (uint8_t)i;
        struct slice bytes = slice_of(&byte, 1);

        CHECK_EQUAL(frame_next(&f, &bytes, &message), i == 2 + 65534);
    }
    CHECK_EQUAL(message.len, 65535);
    for (size_t i = 0; i < message.len; i++)
        CHECK_EQUAL(message.data[i], (uint8_t)(i + 2));
    frame_done(&f);
}

TEST(frame_hostile_length, "an announced length takes no memory before its bytes have come")
{
    struct frame f;
    char joined[64] = "";

    frame_init(&f);
    feed(&f, (const uint8_t *)"\xff\xff", 2, joined);
    CHECK(frame_held(&f) <= 1024);
    feed(&f, (const uint8_t *)"abcdefgh", 8, joined);
    CHECK(frame_held(&f) <= 1024);
    frame_done(&f);
}
