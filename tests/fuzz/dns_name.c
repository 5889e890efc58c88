/* tests/fuzz/dns_name.c - names: whatever is read as one survives the way to text and back. */
#include "dns/name.h"

#include <stdlib.h>

static void require(bool claim)
{
    if (!claim)
        abort();
}

static void round_trip(struct slice wire)
{
    uint8_t again[DNS_NAME_MAX];
    struct writer w = writer_of(again, sizeof again);
    char text[DNS_NAME_TEXT_MAX];

    require(name_to_text(wire, text, sizeof text) > 0);
    require(name_from_text(text, &w) == OK);
    require(slice_equal(writer_slice(&w), wire));
    name_lower(again, wire.len);
    require(name_equal(wire, writer_slice(&w)));
    require(name_is_below(wire, writer_slice(&w)));
}

static void from_text(const uint8_t *data, size_t size)
{
    uint8_t wire[DNS_NAME_MAX];
    struct writer w = writer_of(wire, sizeof wire);
    char *text = strndup((const char *)data, size);

    if (text && name_from_text(text, &w) == OK)
        round_trip(writer_slice(&w));
    free(text);
}

/* The three walks agree where a name ends. */
static void from_wire(struct slice bytes, size_t offset)
{
    struct reader plain = reader_of(bytes), skipping, expanding;
    uint8_t name[DNS_NAME_MAX];
    struct slice found;
    size_t len;

    read_bytes(&plain, offset);
    skipping = expanding = plain;
    found = read_name(&plain);
    skip_name(&skipping);
    len = name_expand(&expanding, name);
    require(skipping.failed == expanding.failed && skipping.failed == (len == 0));
    require(skipping.failed || skipping.next == expanding.next);
    if (len)
        round_trip(slice_of(name, len));
    if (!plain.failed)
        require(slice_equal(found, slice_of(name, len)) && plain.next == skipping.next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    from_text(data, size);
    for (size_t offset = 0; offset < size; offset++)
        from_wire(slice_of(data, size), offset);
    return 0;
}
