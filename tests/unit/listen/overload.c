#include "listen/overload.h"
#include "unit/test.h"

static bool is_on_after(struct overload *o, size_t used)
{
    overload_note(o, SCARCE_waiting, used, 1000);
    return overload_is_on(o);
}

TEST(overload_begins, "it begins above three quarters, and ends at five eighths")
{
    struct overload o = { 0 };

    CHECK(!is_on_after(&o, 750));
    CHECK(is_on_after(&o, 751));
    CHECK(is_on_after(&o, 750));
    CHECK(is_on_after(&o, 626));
    CHECK(!is_on_after(&o, 625));
    CHECK(!is_on_after(&o, 750));
    CHECK(is_on_after(&o, 1001)); /* more than there is */
    CHECK_EQUAL(atomic_load(&o.times), 2);
}

TEST(overload_small, "of a few places the last quarter is what is left of them")
{
    struct overload o = { 0 };

    overload_note(&o, SCARCE_connections, 3, 4);
    CHECK(!overload_is_on(&o));
    overload_note(&o, SCARCE_connections, 4, 4);
    CHECK(overload_is_on(&o));
    overload_note(&o, SCARCE_connections, 2, 4);
    CHECK(!overload_is_on(&o));
    overload_note(&o, SCARCE_connections, 1, 1);
    CHECK(overload_is_on(&o));
    overload_note(&o, SCARCE_connections, 0, 1);
    CHECK(!overload_is_on(&o));
}

TEST(overload_huge, "the largest numbers overflow nowhere")
{
    struct overload o = { 0 };

    overload_note(&o, SCARCE_buffers, SIZE_MAX / 2, SIZE_MAX);
    CHECK(!overload_is_on(&o));
    overload_note(&o, SCARCE_buffers, SIZE_MAX - 1, SIZE_MAX);
    CHECK(overload_is_on(&o));
}

TEST(overload_several, "it lasts as long as there is too little of anything, and tells of what")
{
    struct overload o = { 0 };
    char text[OVERLOAD_TEXT_MAX];

    CHECK_TEXT(overload_text(&o, text), "no");
    overload_note(&o, SCARCE_waiting, 10, 10);
    overload_note(&o, SCARCE_buffers, 10, 10);
    CHECK_TEXT(overload_text(&o, text), "waiting,buffers");
    overload_note(&o, SCARCE_waiting, 1, 10);
    CHECK_TEXT(overload_text(&o, text), "buffers");
    overload_note(&o, SCARCE_buffers, 1, 10);
    CHECK_TEXT(overload_text(&o, text), "no");
    CHECK_EQUAL(atomic_load(&o.times), 1);
    overload_note(&o, SCARCE_waiting, 10, 10);
    overload_note(&o, SCARCE_connections, 10, 10);
    overload_note(&o, SCARCE_buffers, 10, 10);
    CHECK_TEXT(overload_text(&o, text), "waiting,connections,buffers");
}
