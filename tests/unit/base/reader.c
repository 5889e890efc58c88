#include "base/reader.h"
#include "base/writer.h"
#include "unit/test.h"

TEST(reader_remembers_failure, "after reading past the end everything reads as zero")
{
    struct reader r = reader_of(slice_of("\x01\x02\x03", 3));

    CHECK_EQUAL(read_u16(&r), 0x0102);
    CHECK_EQUAL(read_u16(&r), 0);
    CHECK(r.failed);
    CHECK_EQUAL(read_u8(&r), 0);
    CHECK_EQUAL(reader_left(&r), 0);
}

TEST(writer_stops, "what does not fit is not written, nor anything behind it")
{
    uint8_t room[4];
    struct writer w = writer_of(room, sizeof room);

    write_u16(&w, 0x1234);
    write_u32(&w, 1);
    CHECK(w.failed);
    write_u8(&w, 9);
    CHECK_EQUAL(writer_len(&w), 4);
}
