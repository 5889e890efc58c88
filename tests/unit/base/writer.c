#include "base/writer.h"
#include "unit/test.h"

TEST(writer_stops, "after the first write that does not fit a writer writes no more")
{
    uint8_t room[6] = { 0 };
    struct writer w = writer_of(room, 5);

    write_u8(&w, 1);
    write_u16(&w, 0x0203);
    CHECK(!w.failed);
    CHECK_EQUAL(writer_len(&w), 3);
    write_bytes(&w, slice_of("abc", 3));
    CHECK(w.failed);
    write_u8(&w, 9);
    CHECK_EQUAL(writer_len(&w), 3);
    CHECK_BYTES(room, "\1\2\3\0\0\0", 6);
}

TEST(writer_fills, "a writer fills its room to the last byte")
{
    uint8_t room[8];
    struct writer w = writer_of(room, sizeof room);

    write_u32(&w, 0x01020304);
    write_zeroes(&w, 2);
    put_u16(write_room(&w, 2), 0xabcd);
    CHECK(!w.failed);
    CHECK_BYTES(writer_slice(&w).data, "\1\2\3\4\0\0\xab\xcd", 8);
    write_bytes(&w, (struct slice){ 0 });
    CHECK(!w.failed);
    CHECK(write_room(&w, 1) == NULL && w.failed);
}
