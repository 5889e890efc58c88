/* config/schema.c - finding one's way in the tables of options. */
#include "config/schema.h"

#include <string.h>

const struct option_row *option_find(const struct section *section, const char *name)
{
    for (size_t i = 0; i < section->option_count; i++)
        if (strcmp(section->options[i].name, name) == 0)
            return &section->options[i];
    return NULL;
}

size_t section_find(const struct section *const *sections, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(sections[i]->name, name) != 0)
        i++;
    return i;
}

const struct option_row *option_next(struct option_walk *walk)
{
    while (walk->section < walk->count) {
        const struct section *s = walk->sections[walk->section];

        if (strcmp(s->name, walk->name) == 0 && walk->next < s->option_count)
            return &s->options[walk->next++];
        walk->section++;
        walk->next = 0;
    }
    return NULL;
}

const char *option_words(const struct option_row *row)
{
    if (row->type == OPTION_DELAY)
        return "off|auto";
    return row->initial && strcmp(row->initial, "auto") == 0 ? "auto" : "";
}

bool option_lists_numbers(const struct option_row *row)
{
    return row->type == OPTION_STRINGS && strcmp(row->min, "^[0-9]+$") == 0;
}

/* YAML 1.1 takes `on` and `off` for the truth values, and its tools write others of their words. */
static const char *plain_word(const char *word)
{
    static const char *const plain[] = { "on", "off" };
    unsigned index;

    return words_find("yes|no|true|false", word, &index) ? plain[index % 2] : word;
}

bool choice_find(const struct option_row *row, const char *word, unsigned *ret_index)
{
    return words_find(row->min, word, ret_index) ||
           words_find(row->min, plain_word(word), ret_index);
}

bool option_word_find(const struct option_row *row, const char *word, uint64_t *ret_value)
{
    if (row->type == OPTION_DELAY && strcmp(plain_word(word), "off") == 0)
        *ret_value = OPTION_OFF;
    else if (option_words(row)[0] && strcmp(word, "auto") == 0)
        *ret_value = 0;
    else
        return false;
    return true;
}

struct slice words_at(const char *words, unsigned index)
{
    for (;;) {
        size_t len = strcspn(words, "|");

        if (index-- == 0)
            return slice_of(words, len);
        if (words[len] == '\0')
            return (struct slice){ 0 };
        words += len + 1;
    }
}

bool words_find(const char *words, const char *word, unsigned *ret_index)
{
    struct slice wanted = slice_of(word, strlen(word)), found;

    for (unsigned i = 0; (found = words_at(words, i)).len > 0; i++) {
        if (!slice_equal(found, wanted))
            continue;
        *ret_index = i;
        return true;
    }
    return false;
}
