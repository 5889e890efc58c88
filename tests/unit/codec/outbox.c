#include "codec/outbox.h"
#include "unit/test.h"

static const uint8_t bytes[64 << 10] = "first";

TEST(outbox_order, "what was added leaves in order, in any pieces")
{
    struct outbox o = { 0 };

    CHECK_EQUAL(outbox_add(&o, slice_of("abc", 3)), OK);
    outbox_sent(&o, 2);
    CHECK_EQUAL(outbox_add(&o, slice_of("defg", 4)), OK);
    CHECK(slice_equal(outbox_waiting(&o), slice_of("cdefg", 5)));
    outbox_sent(&o, 5);
    CHECK_EQUAL(outbox_waiting(&o).len, 0);
    outbox_done(&o);
}

TEST(outbox_bound, "no more than its bound waits, and what waits stays")
{
    struct outbox o = { 0 };

    for (size_t len = 0; len < OUTBOX_MAX; len += sizeof bytes)
        CHECK_EQUAL(outbox_add(&o, slice_of(bytes, sizeof bytes)), OK);
    CHECK_EQUAL(outbox_add(&o, slice_of("x", 1)), ERR_BUSY);
    CHECK_EQUAL(outbox_waiting(&o).len, OUTBOX_MAX);
    outbox_sent(&o, 1);
    CHECK_EQUAL(outbox_add(&o, slice_of("x", 1)), OK);
    outbox_done(&o);
}

TEST(outbox_shrinks, "large memory is given back when it is emptied")
{
    struct outbox o = { 0 };

    outbox_add(&o, slice_of(bytes, sizeof bytes));
    outbox_sent(&o, sizeof bytes);
    CHECK_EQUAL(o.size, 0);
    outbox_done(&o);
}
