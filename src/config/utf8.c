/* config/utf8.c - characters out of bytes, strictly. */
#include "config/utf8.h"

/* The lead bytes, the length they announce, and the least character that needs that length. */
static const struct lead {
    uint8_t first, last, len, bits;
    uint32_t least;
} leads[] = {
    { 0x00, 0x7f, 1, 0x7f, 0 },
    { 0xc2, 0xdf, 2, 0x1f, 0x80 },
    { 0xe0, 0xef, 3, 0x0f, 0x800 },
    { 0xf0, 0xf4, 4, 0x07, 0x10000 },
};

static const struct lead *find_lead(uint8_t byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

size_t utf8_read(struct slice text, uint32_t *ret_character)
{
    const struct lead *lead = text.len ? find_lead(text.data[0]) : NULL;
    uint32_t character;

    if (!lead || text.len < lead->len)
        return 0;
    character = text.data[0] & lead->bits;
    for (size_t i = 1; i < lead->len; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (text.data[i] & 0x3f);
    }
    if (character < lead->least || character > 0x10ffff ||
        (character >= 0xd800 && character <= 0xdfff))
        return 0;
    *ret_character = character;
    return lead->len;
}

bool utf8_is_printable(uint32_t c) /* YAML 1.2 section 5.1, less what breaks a line */
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return false;
    return c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}
