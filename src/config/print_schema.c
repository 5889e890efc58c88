/* config/print_schema.c - the rows as a JSON Schema, for editors and for other tools. */
#include "config/print.h"

#include "config/number.h"
#include "config/value.h"
#include "config/value_print.h"

#include <string.h>

/* JSON on its way out: one level of nesting is two spaces. */
struct json {
    FILE *out;
    int depth;
    bool has_member;
};

static void next_line(struct json *j)
{
    fprintf(j->out, "%s\n%*s", j->has_member ? "," : "", 2 * j->depth, "");
    j->has_member = true;
}

static void key(struct json *j, const char *name)
{
    next_line(j);
    value_print_quoted(name, j->out);
    fputs(": ", j->out);
}

static void open_map(struct json *j)
{
    putc('{', j->out);
    j->depth++;
    j->has_member = false;
}

static void close_map(struct json *j)
{
    j->depth--;
    j->has_member = false; /* no comma before the brace; next_line sets it again for what follows */
    next_line(j);
    putc('}', j->out);
}

static void text_member(struct json *j, const char *name, const char *text)
{
    key(j, name);
    value_print_quoted(text, j->out);
}

static void raw_member(struct json *j, const char *name, const char *raw)
{
    key(j, name);
    fputs(raw, j->out);
}

/* The words of `words` as a JSON list, without its brackets; to YAML 1.1 `on` and `off` are truth
 * values. */
static void print_enum(const char *words, FILE *out)
{
    struct slice word;
    unsigned index;

    if (words_find(words, "on", &index))
        fputs("true, ", out);
    if (words_find(words, "off", &index))
        fputs("false, ", out);
    for (unsigned i = 0; (word = words_at(words, i)).len > 0; i++)
        fprintf(out, "%s\"%.*s\"", i ? ", " : "", (int)word.len, (const char *)word.data);
}

static void print_integer(const struct option_row *row, FILE *out)
{
    uint64_t limit;

    fputs("{ \"type\": \"integer\"", out);
    if (number_read(row->type, row->min, &limit) == OK)
        fprintf(out, ", \"minimum\": %llu", (unsigned long long)limit);
    if (number_read(row->type, row->max, &limit) == OK)
        fprintf(out, ", \"maximum\": %llu", (unsigned long long)limit);
    fputs(" }", out);
}

/* A number without a unit is a number to other tools, one with a unit is a text. */
static void number_members(struct json *j, const struct option_row *row)
{
    bool may_be_plain = row->type == OPTION_COUNT || row->type == OPTION_SIZE;

    key(j, "anyOf");
    fputs("[", j->out);
    if (may_be_plain)
        print_integer(row, j->out);
    if (row->type != OPTION_COUNT) {
        fputs(may_be_plain ? ", { \"pattern\": " : "{ \"pattern\": ", j->out);
        value_print_quoted(number_pattern(row->type), j->out);
        fputs(", \"type\": \"string\" }", j->out);
    }
    if (option_words(row)[0]) {
        fputs(", { \"enum\": [", j->out);
        print_enum(option_words(row), j->out);
        fputs("] }", j->out);
    }
    putc(']', j->out);
}

static void text_members(struct json *j, const char *pattern)
{
    text_member(j, "type", "string");
    if (pattern[0])
        text_member(j, "pattern", pattern);
}

/* A list, or what alone stands for a list of one. */
static void list_members(struct json *j, const struct option_row *row)
{
    bool has_numbers = option_lists_numbers(row);
    const char *pattern = row->min;

    raw_member(j, "type",
               has_numbers ? "[\"array\", \"integer\", \"string\"]" : "[\"array\", \"string\"]");
    if (pattern[0])
        text_member(j, "pattern", pattern);
    key(j, "items");
    open_map(j);
    raw_member(j, "type", has_numbers ? "[\"integer\", \"string\"]" : "\"string\"");
    if (pattern[0])
        text_member(j, "pattern", pattern);
    close_map(j);
}

static void url_members(struct json *j, const char *schemes)
{
    text_member(j, "type", "string");
    key(j, "pattern");
    fprintf(j->out, "\"^(%s)://[!-~]+$\"", schemes);
}

static void type_members(struct json *j, const struct option_row *row)
{
    switch (row->type) {
    case OPTION_STRING:
        text_members(j, row->min);
        return;
    case OPTION_CHOICE:
        key(j, "enum");
        putc('[', j->out);
        print_enum(row->min, j->out);
        putc(']', j->out);
        return;
    case OPTION_BOOL:
        raw_member(j, "enum", "[true, false, \"yes\", \"no\", \"on\", \"off\"]");
        return;
    case OPTION_COUNT:
    case OPTION_DURATION:
    case OPTION_DELAY:
    case OPTION_SIZE:
    case OPTION_PERCENT:
    case OPTION_RATE:
        number_members(j, row);
        return;
    case OPTION_URL:
        url_members(j, row->min);
        return;
    case OPTION_STRINGS:
        list_members(j, row);
        return;
    }
}

static bool is_integer(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static void default_list(struct json *j, const struct option_row *row)
{
    key(j, "default");
    value_print_initial_list(row, j->out);
}

static void default_member(struct json *j, const struct option_row *row)
{
    bool is_number = row->type == OPTION_COUNT || row->type == OPTION_SIZE;

    if (!row->initial)
        return;
    if (row->type == OPTION_BOOL)
        raw_member(j, "default", strcmp(row->initial, "yes") == 0 ? "true" : "false");
    else if (row->type == OPTION_STRINGS)
        default_list(j, row);
    else if (is_number && is_integer(row->initial))
        raw_member(j, "default", row->initial);
    else
        text_member(j, "default", row->initial);
}

static void option_member(struct json *j, const struct option_row *row)
{
    key(j, row->name);
    open_map(j);
    text_member(j, "description", row->doc);
    type_members(j, row);
    default_member(j, row);
    close_map(j);
}

/* "properties" without its end, so that the root can add the sections. */
static void open_object(struct json *j, struct option_walk walk, bool may_be_empty)
{
    const struct option_row *row;

    raw_member(j, "type", may_be_empty ? "[\"object\", \"null\"]" : "\"object\"");
    raw_member(j, "additionalProperties", "false");
    key(j, "properties");
    open_map(j);
    while ((row = option_next(&walk)))
        option_member(j, row);
}

static void close_object(struct json *j, struct option_walk walk)
{
    const struct option_row *row;
    const char *before = "[";

    close_map(j);
    while ((row = option_next(&walk)))
        if (!row->initial) {
            if (*before == '[')
                key(j, "required");
            fprintf(j->out, "%s\"%s\"", before, row->name);
            before = ", ";
        }
    if (*before == ',')
        putc(']', j->out);
}

static void section_member(struct json *j, const struct section *s, struct option_walk walk)
{
    key(j, s->name);
    open_map(j);
    text_member(j, "description", s->doc);
    if (s->is_list) {
        text_member(j, "type", "array");
        raw_member(j, "minItems", s->initial_count ? "1" : "0");
        key(j, "items");
        open_map(j);
    }
    open_object(j, walk, !s->is_list);
    close_object(j, walk);
    close_map(j);
    if (s->is_list)
        close_map(j);
}

void print_schema(const struct section *const *sections, size_t count, FILE *out)
{
    struct json j = { .out = out };
    struct option_walk walk = { sections, count, "", 0, 0 };

    open_map(&j);
    text_member(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    text_member(&j, "title", "The configuration of dotproxy");
    open_object(&j, walk, true);
    for (size_t i = 0; i < count; i++) {
        walk.name = sections[i]->name;
        if (walk.name[0] && print_is_first(sections, i))
            section_member(&j, sections[i], walk);
    }
    walk.name = "";
    close_object(&j, walk);
    close_map(&j);
    putc('\n', out);
}
