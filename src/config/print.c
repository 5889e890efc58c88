/* config/print.c - what may be written for an option, in words; shared by all that prints rows. */
#include "config/print.h"

#include "config/number.h"

#include <string.h>

bool print_is_first(const struct section *const *sections, size_t i)
{
    return section_find(sections, i, sections[i]->name) == i;
}

void print_words(const char *words, const char *open, const char *close, FILE *out)
{
    struct slice word;

    for (unsigned i = 0; (word = words_at(words, i)).len > 0; i++) {
        if (i > 0)
            fputs(words_at(words, i + 1).len > 0 ? ", " : " or ", out);
        fprintf(out, "%s%.*s%s", open, (int)word.len, (const char *)word.data, close);
    }
}

static void print_range(const char *what, const struct option_row *row, FILE *out)
{
    fputs(what, out);
    if (row->min[0])
        fprintf(out, " from %s", row->min);
    if (row->max[0])
        fprintf(out, " to %s", row->max);
    for (unsigned i = 0; words_at(option_words(row), i).len > 0; i++) {
        struct slice word = words_at(option_words(row), i);

        fprintf(out, ", or %.*s", (int)word.len, (const char *)word.data);
    }
}

void print_kind(const struct option_row *row, FILE *out)
{
    switch (row->type) {
    case OPTION_STRING:
        fputs("text", out);
        return;
    case OPTION_CHOICE:
        print_words(row->min, "", "", out);
        return;
    case OPTION_BOOL:
        fputs("yes or no", out);
        return;
    case OPTION_COUNT:
        print_range("a whole number", row, out);
        return;
    case OPTION_DURATION:
    case OPTION_DELAY:
        print_range("a duration", row, out);
        return;
    case OPTION_SIZE:
        print_range("a size", row, out);
        return;
    case OPTION_PERCENT:
        print_range("a share", row, out);
        return;
    case OPTION_RATE:
        print_range("a rate", row, out);
        return;
    case OPTION_URL:
        fputs("a URL: ", out);
        print_words(row->min, "", "://", out);
        return;
    case OPTION_STRINGS:
        if (option_lists_numbers(row))
            fputs("a whole number, or a list of them", out);
        else
            fputs("a text, or a list of texts", out);
        return;
    }
}
