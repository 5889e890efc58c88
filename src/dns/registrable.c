/* dns/registrable.c - which end of a name belongs to one owner.
 *
 * Called by: upstream/policy_hash.c, for each question: hence no allocation, and few labels.
 */
#include "dns/registrable.h"

#include "dns/name.h"

#include <libpsl.h>

#define LABELS_MAX      8 /* no public suffix has more than five */
#define LABELS_FALLBACK 2

/* The last labels of `name`, with the root's byte; `count` at most. Empty when it is no name. */
static struct slice last_labels(struct slice name, size_t count)
{
    uint8_t starts[DNS_NAME_MAX / 2 + 1];
    struct reader r = reader_of(name);
    size_t labels = 0;

    if (name.len > DNS_NAME_MAX)
        return (struct slice){ 0 };
    for (;;) {
        size_t start = reader_offset(&r);
        uint8_t len = read_u8(&r);

        read_bytes(&r, len);
        if (r.failed || len > DNS_LABEL_MAX)
            return (struct slice){ 0 };
        if (len == 0)
            break;
        starts[labels++] = (uint8_t)start;
    }
    return slice_after(name, labels == 0 ? 0 : starts[labels > count ? labels - count : 0]);
}

/* A byte as libpsl sees it: what stands in no public suffix must not look like a dot. */
static char plain(uint8_t c)
{
    bool is_harmless = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';

    return is_harmless ? (char)c : '_';
}

/* Writes dots for the lengths between labels, so that text and wire form have the same offsets. */
static void write_text(struct slice name, char text[DNS_NAME_MAX])
{
    struct reader r = reader_of(name);
    size_t at = 0;

    for (uint8_t len = read_u8(&r); len > 0; len = read_u8(&r)) {
        struct slice label = read_bytes(&r, len);

        for (size_t i = 0; i < label.len; i++)
            text[at++] = plain(label.data[i]);
        text[at++] = '.';
    }
    text[at ? at - 1 : 0] = '\0';
}

struct slice name_registrable(struct slice name)
{
    struct slice end = last_labels(name, LABELS_MAX);
    char text[DNS_NAME_MAX];
    const char *found;

    if (end.len == 0)
        return end;
    write_text(end, text);
    found = psl_registrable_domain(psl_builtin(), text);
    return found ? slice_after(end, (size_t)(found - text)) : last_labels(end, LABELS_FALLBACK);
}
