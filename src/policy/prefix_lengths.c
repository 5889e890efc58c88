/* policy/prefix_lengths.c - the networks that a client is in.
 *
 * Called by: rate.c and other rules that limit prefixes, policy_config.c.
 */
#include "policy/prefix_lengths.h"

#include <stdlib.h>
#include <string.h>

#define MULTIPLE_MAX 1000000

static bool read_whole(const char *text, unsigned long max, unsigned long *ret_number)
{
    char *end;

    *ret_number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *ret_number > 0 &&
           *ret_number <= max;
}

const char *prefix_lengths_read(const struct strings *bits, const struct strings *multiples,
                                struct prefix_lengths *ret_lengths)
{
    unsigned long before = 129, number, multiple;

    if (bits->count > PREFIX_LENGTHS_MAX)
        return "may name four lengths at most";
    if (bits->count != multiples->count)
        return "needs a multiple for each length, in the same order";
    ret_lengths->count = bits->count;
    for (size_t i = 0; i < bits->count; i++) {
        if (!read_whole(bits->items[i], 128, &number) || number >= before)
            return "takes lengths in bits, the longest first, each once";
        if (!read_whole(multiples->items[i], MULTIPLE_MAX, &multiple))
            return "takes whole numbers from 1 to 1000000 as multiples";
        ret_lengths->items[i].bits = (uint8_t)number;
        ret_lengths->items[i].multiple = (unsigned)multiple;
        before = number;
    }
    return NULL;
}

const char *prefix_lengths_read_both(const struct policy_config *config,
                                     struct prefix_lengths *ret_v4, struct prefix_lengths *ret_v6)
{
    const char *fault = prefix_lengths_read(&config->prefix4, &config->multiple4, ret_v4);

    return fault ? fault : prefix_lengths_read(&config->prefix6, &config->multiple6, ret_v6);
}
