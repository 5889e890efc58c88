/* config/value_print.c - a typed field as a person would write it in YAML. */
#include "config/value_print.h"

#include "config/number.h"
#include "config/utf8.h"
#include "config/value.h"

#include <ctype.h>
#include <string.h>

/* The characters that mean nothing to YAML inside a word (a ':' only where the word goes on). */
static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "/._-+=:#[]";

/* Whether every YAML reader takes `text` for the same text without quotes. */
static bool is_plain(const char *text)
{
    static const char special[] = "y|n|yes|no|true|false|on|off|null";
    size_t len = strlen(text);
    char word[8] = "";
    unsigned index;

    if (len == 0 || text[strspn(text, harmless)] != '\0' || text[len - 1] == ':')
        return false;
    if (!isalpha((unsigned char)text[0]) && text[0] != '/')
        return false;
    for (size_t i = 0; i < len && i + 1 < sizeof word; i++)
        word[i] = (char)tolower((unsigned char)text[i]);
    return !words_find(special, word, &index);
}

void value_print_quoted(const char *text, FILE *out)
{
    struct slice rest = slice_of(text, strlen(text));
    uint32_t c;
    size_t len;

    putc('"', out);
    for (; (len = utf8_read(rest, &c)) > 0; rest = slice_after(rest, len)) {
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", (int)c);
        else if (utf8_is_printable(c))
            fwrite(rest.data, 1, len, out);
        else
            fprintf(out, "\\u%04x", (unsigned)c); /* all of them have four digits */
    }
    putc('"', out);
}

static void print_text(const char *text, FILE *out)
{
    if (is_plain(text))
        fputs(text, out);
    else
        value_print_quoted(text, out);
}

static void print_strings(const struct option_row *row, const struct strings *strings, FILE *out)
{
    putc('[', out);
    for (size_t i = 0; i < strings->count; i++) {
        fputs(i ? ", " : "", out);
        if (option_lists_numbers(row))
            fputs(strings->items[i], out);
        else
            value_print_quoted(strings->items[i], out);
    }
    putc(']', out);
}

void value_print_initial_list(const struct option_row *row, FILE *out)
{
    const char *mark = option_lists_numbers(row) ? "" : "\"";
    const char *text = row->initial;

    putc('[', out);
    for (size_t len; *text; text += len + (text[len] == ',')) {
        len = strcspn(text, ",");
        fprintf(out, "%s%s%.*s%s", text > row->initial ? ", " : "", mark, (int)len, text, mark);
    }
    putc(']', out);
}

/* A number, or the word that stands for it. */
static void print_number(const struct option_row *row, uint64_t number, FILE *out)
{
    const char *words = option_words(row);

    if (number == 0 && words[0])
        fputs("auto", out);
    else if (number == OPTION_OFF)
        fputs("off", out);
    else
        number_print(row->type, number, out);
}

void value_print(const struct option_row *row, const void *item, FILE *out)
{
    const void *field = (const char *)item + row->offset;
    struct slice word;

    switch (row->type) {
    case OPTION_STRING:
        print_text(*(const char *const *)field, out);
        return;
    case OPTION_CHOICE:
        word = words_at(row->min, *(const unsigned *)field);
        fprintf(out, "%.*s", (int)word.len, (const char *)word.data);
        return;
    case OPTION_BOOL:
        fputs(*(const bool *)field ? "yes" : "no", out);
        return;
    case OPTION_COUNT:
    case OPTION_PERCENT:
    case OPTION_RATE:
        print_number(row, *(const unsigned *)field, out);
        return;
    case OPTION_DURATION:
    case OPTION_DELAY:
        print_number(row, *(const uint64_t *)field, out);
        return;
    case OPTION_SIZE:
        print_number(row, *(const size_t *)field, out);
        return;
    case OPTION_URL:
        print_text(((const struct url *)field)->text, out);
        return;
    case OPTION_STRINGS:
        print_strings(row, field, out);
        return;
    }
}
