/* tests/unit/querylog/frames.c - Frame Streams: what is said, and what is heard. */
#include "querylog/frames.h"

#include "unit/test.h"

#define BYTES(text) slice_of(text, sizeof(text) - 1)
#define CONTENT     "\0\0\0\1\0\0\0\26protobuf:dnstap.Dnstap"

static void expect(enum frames_control type, struct slice bytes)
{
    uint8_t room[FRAMES_CONTROL_MAX];
    struct slice frame = frames_write(type, room);

    CHECK_EQUAL(frame.len, bytes.len);
    CHECK_BYTES(frame.data, bytes.data, bytes.len);
}

TEST(frames_write, "READY and START name the content, STOP does not")
{
    expect(FRAMES_READY, BYTES("\0\0\0\0\0\0\0\42\0\0\0\4" CONTENT));
    expect(FRAMES_START, BYTES("\0\0\0\0\0\0\0\42\0\0\0\2" CONTENT));
    expect(FRAMES_STOP, BYTES("\0\0\0\0\0\0\0\4\0\0\0\3"));
}

/* What is heard, in pieces of `piece` bytes: the types as digits, then ! when it is broken. */
static const char *heard(struct slice bytes, size_t piece)
{
    static char types[64];
    struct frames_reader r = { .len = 0 };
    size_t count = 0;

    for (size_t at = 0; at < bytes.len; at += piece) {
        struct slice part =
            slice_of(bytes.data + at, piece < bytes.len - at ? piece : bytes.len - at);
        enum frames_control type = FRAMES_ACCEPT;
        enum frames_event event;

        while ((event = frames_read(&r, &part, &type)) == FRAMES_SAYS)
            types[count++] = (char)('0' + type);
        if (event == FRAMES_BROKEN) {
            types[count++] = '!';
            break;
        }
        CHECK_EQUAL(part.len, 0);
    }
    types[count] = '\0';
    return types;
}

TEST(frames_read, "control frames are heard, in whatever pieces they come")
{
    static const char said[] = "\0\0\0\0\0\0\0\42\0\0\0\1" CONTENT "\0\0\0\0\0\0\0\4\0\0\0\1"
                               "\0\0\0\0\0\0\0\4\0\0\0\5";

    for (size_t piece = 1; piece < sizeof said; piece++)
        CHECK_TEXT(heard(BYTES(said), piece), "115");
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\4\0\0\0"), 100), "");
}

TEST(frames_others, "a reader of something else, or who sends data, is none of ours")
{
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\20\0\0\0\1\0\0\0\1\0\0\0\4else"), 100), "!");
    CHECK_TEXT(heard(BYTES("\0\0\0\7frame..more"), 100), "!");
    CHECK_TEXT(heard(BYTES("HTTP/1.1 400"), 100), "!");
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\4\0\0\0\6"), 100), "!");
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\4\0\0\0\0"), 100), "!");
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\2\1"), 100), "!"); /* longer than the standard allows */
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\3\0\0\0"), 100), "!");
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\14\0\0\0\1\0\0\0\1\377\377\377\377"), 100), "!");
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\14\0\0\0\1\0\0\0\2\0\0\0\0"), 100), "!");
}

TEST(frames_of_several, "of several contents that are accepted ours is one")
{
    CHECK_TEXT(heard(BYTES("\0\0\0\0\0\0\0\56\0\0\0\1\0\0\0\1\0\0\0\4else" CONTENT), 100), "1");
}

TEST(frames_around, "a frame stands behind its length")
{
    uint8_t room[64];
    struct pen p = pen_on(room, sizeof room);
    size_t start;

    pen_text(&p, "before");
    start = pen_slice(&p).len;
    frames_open(NULL, &p, NULL, NULL, false);
    pen_text(&p, "seven..");
    frames_close(&p, start);
    CHECK_EQUAL(pen_slice(&p).len, 17);
    CHECK_BYTES(room, "before\0\0\0\7seven..", 17);
    p = pen_on(room, 3);
    frames_open(NULL, &p, NULL, NULL, false);
    frames_close(&p, 0);
    CHECK(p.is_too_long);
}
