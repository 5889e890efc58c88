/* config/print_man.c - the rows as a part of a manual page, in mdoc(7). */
#include "config/print_man.h"

#include "config/print.h"
#include "config/value.h"
#include "config/value_print.h"

void print_man_text(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            putc(*text, out);
        if (*text == '.' && text[1] == ' ') { /* new sentence, new line: roff spaces them */
            putc('\n', out);
            text++;
        }
    }
    putc('\n', out);
}

static void print_default_list(const struct option_row *row, FILE *out)
{
    fputs("Default: ", out);
    value_print_initial_list(row, out);
    fputs(".\n", out);
}

static void print_row(const struct option_row *row, FILE *out)
{
    fprintf(out, ".It Ic %s\n", row->name);
    print_man_text(row->doc, out);
    fputs("Value: ", out);
    print_kind(row, out);
    fputs(".\n", out);
    if (!row->initial)
        fputs("This key must be written.\n", out);
    else if (row->initial[0] && row->type == OPTION_STRINGS)
        print_default_list(row, out);
    else if (row->initial[0])
        fprintf(out, "Default: %s.\n", row->initial);
}

static void print_section(const struct section *const *sections, size_t count, size_t i, FILE *out)
{
    const struct section *s = sections[i];
    struct option_walk walk = { sections, count, s->name, 0, 0 };
    const struct option_row *row;

    fprintf(out, ".Ss %s\n", s->name[0] ? s->name : "Keys at the top");
    print_man_text(s->doc, out);
    if (s->is_list)
        fputs("This is a list; each item has the keys below.\n", out);
    fputs(".Bl -tag -width Ds\n", out);
    while ((row = option_next(&walk)))
        print_row(row, out);
    fputs(".El\n", out);
    if (!s->initial_count)
        return;
    fputs(".Pp\nWhen the list is not written, its items are:\n", out);
    for (size_t j = 0; j < s->initial_count; j++)
        fprintf(out, ".Dl %s: %s\n", s->options[0].name, s->initial[j]);
}

void print_man(const struct section *const *sections, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++)
        if (print_is_first(sections, i))
            print_section(sections, count, i, out);
}
