/* base/random.c - the kernel's random numbers. The replay tests link another body. */
#include "base/random.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Without random numbers answers could be forged; the kernel fails here only before it has booted.
 */
static void refill(struct random *r)
{
    if (getrandom(r->bytes, sizeof r->bytes, 0) != (ssize_t)sizeof r->bytes)
        abort();
    r->left = sizeof r->bytes;
}

static void draw(struct random *r, void *out, size_t len)
{
    if (r->left < len)
        refill(r);
    r->left -= len;
    memcpy(out, r->bytes + r->left, len);
    memset(r->bytes + r->left, 0, len);
}

uint16_t random_u16(struct random *r)
{
    uint16_t value;

    draw(r, &value, sizeof value);
    return value;
}

uint64_t random_u64(struct random *r)
{
    uint64_t value;

    draw(r, &value, sizeof value);
    return value;
}
