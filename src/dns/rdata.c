/* dns/rdata.c - RDATA by its layout: does it fit, and where are its names?
 *
 * Called by: message.c for each record of a response, compose.c for records that move.
 */
#include "dns/rdata.h"

struct reader rdata_reader(struct slice message, struct slice rdata)
{
    const size_t offset = (size_t)(rdata.data - message.data);
    struct reader r = reader_of(slice_of(message.data, offset + rdata.len));

    read_bytes(&r, offset);
    return r;
}

static void skip_string(struct reader *r)
{
    read_bytes(r, read_u8(r));
}

static void skip_strings(struct reader *r)
{
    do
        skip_string(r);
    while (reader_left(r) > 0);
}

/* How many bytes a field of fixed width takes; 0 for the others. */
static size_t width_of(char field)
{
    switch (field) {
    case '1':
    case '2':
    case '4':
    case '6':
    case '8':
        return (size_t)(field - '0');
    case 'y':
        return 2;
    case 'T':
    case 'a':
        return 4;
    case 'l':
        return 8;
    case 'A':
        return 16;
    default:
        return 0;
    }
}

/* What is neither fixed, a name nor a string takes the rest: b k m u x. */
static void skip_field(struct reader *r, char field)
{
    size_t width = width_of(field);

    if (width)
        read_bytes(r, width);
    else if (field == 'n')
        skip_name(r);
    else if (field == 'N')
        read_name(r);
    else if (field == 't')
        skip_strings(r);
    else if (strchr("csXH", field))
        skip_string(r);
    else
        read_rest(r);
}

bool rdata_fits(struct reader r, const char *layout)
{
    if (*layout == '\0')
        return true;
    for (; *layout; layout++)
        skip_field(&r, *layout);
    return !r.failed && reader_left(&r) == 0;
}

size_t rdata_names(struct reader r, const char *layout, size_t ret_at[RDATA_NAMES_MAX])
{
    size_t count = 0;

    for (; *layout && !r.failed; layout++) {
        if (*layout == 'n' && count < RDATA_NAMES_MAX)
            ret_at[count++] = reader_offset(&r);
        skip_field(&r, *layout);
    }
    return count;
}
