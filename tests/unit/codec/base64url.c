#include "codec/base64url.h"
#include "unit/test.h"

static err_t decode(const char *text, char *ret_bytes, size_t size)
{
    size_t len = 0;
    err_t err =
        base64url_decode(slice_of(text, strlen(text)), (uint8_t *)ret_bytes, size - 1, &len);

    ret_bytes[err == OK ? len : 0] = '\0';
    return err;
}

TEST(base64url_vectors, "the examples of RFC 4648 section 10, without padding")
{
    static const char *const pairs[][2] = {
        { "", "" },           { "Zg", "f" },          { "Zm8", "fo" },          { "Zm9v", "foo" },
        { "Zm9vYg", "foob" }, { "Zm9vYmE", "fooba" }, { "Zm9vYmFy", "foobar" },
    };
    char bytes[16];

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        CHECK_EQUAL(decode(pairs[i][0], bytes, sizeof bytes), OK);
        CHECK_TEXT(bytes, pairs[i][1]);
    }
}

TEST(base64url_alphabet, "minus and underscore stand for the last two values")
{
    uint8_t bytes[3];
    size_t len;

    CHECK_EQUAL(base64url_decode(slice_of("-_-_", 4), bytes, sizeof bytes, &len), OK);
    CHECK_EQUAL(len, 3);
    CHECK_EQUAL(bytes[0], 0xfb);
    CHECK_EQUAL(bytes[1], 0xff);
    CHECK_EQUAL(bytes[2], 0xbf);
}

TEST(base64url_wrong,
     "padding, other characters, impossible lengths and left-over bits are refused")
{
    static const char *const wrong[] = { "Zg==",  "Zm8=", "+/+/", "Zm 9",  "Z",
                                         "Zm9vY", "Zh",   "Zm9",  "Zm9v\n" };
    char bytes[16];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_EQUAL(decode(wrong[i], bytes, sizeof bytes), ERR_MALFORMED);
}

TEST(base64url_room, "what does not fit is refused before anything is written")
{
    char bytes[4] = "xyz";

    CHECK_EQUAL(decode("Zm9vYg", bytes, sizeof bytes), ERR_TOOBIG);
    CHECK_EQUAL(bytes[1], 'y');
}
