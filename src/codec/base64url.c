/* codec/base64url.c - the alphabet that needs no escaping in a URL. Called by: doh.c. */
#include "codec/base64url.h"

#include <stdbool.h>

/* The value of a character and one more; 0 for those that are not in the alphabet. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

err_t base64url_decode(struct slice text, uint8_t *room, size_t size, size_t *ret_len)
{
    size_t len = text.len / 4 * 3 + (text.len % 4 > 1 ? text.len % 4 - 1 : 0), written = 0;
    uint32_t bits = 0;
    unsigned held = 0; /* of `bits`, not written yet */

    if (text.len % 4 == 1)
        return ERR_MALFORMED;
    if (len > size)
        return ERR_TOOBIG;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t value = values[text.data[i]];

        if (value == 0)
            return ERR_MALFORMED;
        bits = bits << 6 | (value - 1u);
        held += 6;
        if (held >= 8) {
            held -= 8;
            room[written++] = (uint8_t)(bits >> held);
        }
    }
    if (bits & ((1u << held) - 1))
        return ERR_MALFORMED;
    *ret_len = written;
    return OK;
}
