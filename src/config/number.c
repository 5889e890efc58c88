/* config/number.c - whole numbers, durations and sizes with their units, and no overflow. */
#include "config/number.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t scale;
};

static const struct unit plain_units[] = { { "", 1 } };

/* Both from the largest down: the first that divides a value is the one to write it in. */
static const struct unit duration_units[] = {
    { "d", 86400 * NS_PER_S }, { "h", 3600 * NS_PER_S }, { "m", 60 * NS_PER_S },
    { "s", NS_PER_S },         { "ms", NS_PER_MS },
};
static const struct unit size_units[] = {
    { "GiB", 1ull << 30 },
    { "MiB", 1ull << 20 },
    { "KiB", 1ull << 10 },
    { "", 1 },
};

static const struct unit percent_units[] = { { "%", 1 } };
static const struct unit rate_units[] = { { "/s", 1 } };

#define UNITS(table) .units = table, .unit_count = sizeof table / sizeof *table

#define DURATION                                                                                   \
    {                                                                                              \
        UNITS(duration_units), .has_fraction = true, .zero = "0s",                                 \
                               .hint = "a duration; write a number and ms, s, m, h or d",          \
                               .pattern = "^[0-9]+(\\.[0-9]{1,3})?(ms|s|m|h|d)$"                   \
    }

static const struct format {
    const struct unit *units;
    size_t unit_count;
    bool has_fraction;
    const char *zero, *hint, *pattern;
} formats[] = {
    [OPTION_COUNT] = { UNITS(plain_units), .zero = "0", .hint = "a whole number",
                       .pattern = "^[0-9]+$" },
    [OPTION_DURATION] = DURATION,
    [OPTION_DELAY] = DURATION,
    [OPTION_SIZE] = { UNITS(size_units), .zero = "0",
                      .hint = "a size; write a number of bytes, or a number and KiB, MiB or GiB",
                      .pattern = "^[0-9]+(KiB|MiB|GiB)?$" },
    [OPTION_PERCENT] = { UNITS(percent_units), .zero = "0%",
                         .hint = "a share; write a whole number and %", .pattern = "^[0-9]+%$" },
    [OPTION_RATE] = { UNITS(rate_units), .zero = "0/s",
                      .hint = "a rate; write a whole number and /s", .pattern = "^[0-9]+/s$" },
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits; leaves `text` behind them. */
static err_t read_whole(const char **text, uint64_t *ret_whole)
{
    uint64_t whole = 0;

    if (!is_digit(**text))
        return ERR_MALFORMED;
    for (; is_digit(**text); ++*text) {
        uint64_t digit = (uint64_t)(**text - '0');

        if (whole > (UINT64_MAX - digit) / 10)
            return ERR_TOOBIG;
        whole = whole * 10 + digit;
    }
    *ret_whole = whole;
    return OK;
}

/* Reads ".8" as 800, if it is there; at most three digits, so that a scaled one is whole. */
static err_t read_thousandths(const char **text, uint64_t *ret_thousandths)
{
    uint64_t weight = 100;

    *ret_thousandths = 0;
    if (**text != '.')
        return OK;
    ++*text;
    if (!is_digit(**text))
        return ERR_MALFORMED;
    for (; is_digit(**text); ++*text, weight /= 10) {
        if (weight == 0)
            return ERR_MALFORMED;
        *ret_thousandths += (uint64_t)(**text - '0') * weight;
    }
    return OK;
}

err_t number_read(enum option_type type, const char *text, uint64_t *ret_value)
{
    const struct format *f = &formats[type];
    uint64_t whole, thousandths = 0, part;

    TRY(read_whole(&text, &whole));
    if (f->has_fraction)
        TRY(read_thousandths(&text, &thousandths));
    for (size_t i = 0; i < f->unit_count; i++) {
        if (strcmp(text, f->units[i].name) != 0)
            continue;
        part = f->units[i].scale * thousandths / 1000;
        if (whole > (UINT64_MAX - part) / f->units[i].scale)
            return ERR_TOOBIG;
        *ret_value = whole * f->units[i].scale + part;
        return OK;
    }
    return ERR_MALFORMED;
}

void number_print(enum option_type type, uint64_t value, FILE *out)
{
    const struct format *f = &formats[type];
    const struct unit *unit = f->units, *last = unit + f->unit_count - 1;

    if (value == 0) {
        fputs(f->zero, out);
        return;
    }
    while (unit < last && value % unit->scale != 0)
        unit++;
    fprintf(out, "%" PRIu64, value / unit->scale);
    if (value % unit->scale != 0)
        fprintf(out, ".%03u", (unsigned)(value % unit->scale * 1000 / unit->scale));
    fputs(unit->name, out);
}

const char *number_hint(enum option_type type)
{
    return formats[type].hint;
}

const char *number_pattern(enum option_type type)
{
    return formats[type].pattern;
}
