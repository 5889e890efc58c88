/* tests/fuzz/dns_suffix.c - the longest suffix and the registrable end of whatever name.
 *
 * The input: names, one behind the other; the first is looked up among the others.
 */
#include "dns/name.h"
#include "dns/registrable.h"
#include "dns/suffix_set.h"

#include <stdlib.h>

#define SUFFIXES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool claim)
{
    if (!claim)
        abort();
}

static bool find_naively(const struct suffix *suffixes, size_t count, struct slice name,
                         uint32_t *ret_value)
{
    size_t best = 0;

    for (size_t i = 0; i < count; i++)
        if (suffixes[i].name.len > best && name_is_below(name, suffixes[i].name)) {
            best = suffixes[i].name.len;
            *ret_value = suffixes[i].value;
        }
    return best > 0;
}

static void check_end(struct slice name)
{
    uint8_t room[DNS_NAME_MAX];
    struct slice end;

    memcpy(room, name.data, name.len);
    name_lower(room, name.len);
    end = name_registrable(slice_of(room, name.len));
    expect(end.len > 0 && name_is_below(name, end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(slice_of(data, size));
    struct slice name = read_name(&r);
    struct suffix suffixes[SUFFIXES_MAX];
    struct suffix_set *set;
    uint32_t expected = 0, found = 0;
    size_t count = 0;

    name_registrable(slice_of(data, size));
    for (; !r.failed && count < SUFFIXES_MAX && reader_left(&r) > 0; count += !r.failed)
        suffixes[count] = (struct suffix){ read_name(&r), (uint32_t)count };
    expect(suffix_set_new(&set, suffixes, count) == OK);
    if (name.len > 0) {
        check_end(name);
        expect(suffix_set_find(set, name, &found) ==
               find_naively(suffixes, count, name, &expected));
        expect(found == expected);
    } else {
        expect(!suffix_set_find(set, slice_of(data, size), &found));
    }
    suffix_set_free(&set);
    return 0;
}
