#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "base/slice.h"
#include "config/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option's value may look like, and the C type of its field. */
enum option_type {
    OPTION_STRING,   /* any text */
    OPTION_CHOICE,   /* one of the words in `min`; the field is its index */
    OPTION_BOOL,     /* yes, no, and YAML's other words for them */
    OPTION_COUNT,    /* a whole number; `auto` is 0, where `auto` is the default */
    OPTION_DURATION, /* 1.5s; the field is in nanoseconds */
    OPTION_DELAY,    /* the same, or `auto`, which is 0, or `off`, which is OPTION_OFF */
    OPTION_SIZE,     /* 64MiB; the field is in bytes */
    OPTION_PERCENT,  /* 10%; the field is in hundredths */
    OPTION_RATE,     /* 1000/s; the field is in times a second, 0 for no limit */
    OPTION_URL,      /* its scheme is one of the words in `min` */
    OPTION_STRINGS,  /* a list of texts */
};

#define OPTION_OFF UINT64_MAX

/* What of this machine a value names. The sandbox is built from this: what no row names stays shut.
 */
enum option_need {
    NEED_NOTHING,
    NEED_READ,    /* files that are read, now and at any time later */
    NEED_TRUST,   /* the same, or the word `system` for the certificates that this machine trusts */
    NEED_WRITE,   /* files that are made and written */
    NEED_KEEP,    /* the same, of the path that was there at the start, until a restart */
    NEED_SOCKET,  /* the same, of a socket that is a file */
    NEED_LISTEN,  /* URLs, ADDRESS:PORT, or numbers of TCP ports, to listen on */
    NEED_HOLD,    /* the same, opened at the start and held until a restart */
    NEED_CONNECT, /* the same, to connect to */
    NEED_TARGET,  /* as target.h reads it: a file that is written, or a TCP port to connect to */
};

struct strings {
    const char *const *items;
    size_t count;
};

#define FIELD_STRING   const char *
#define FIELD_CHOICE   unsigned
#define FIELD_BOOL     bool
#define FIELD_COUNT    unsigned
#define FIELD_DURATION uint64_t
#define FIELD_DELAY    uint64_t
#define FIELD_SIZE     size_t
#define FIELD_PERCENT  unsigned
#define FIELD_RATE     unsigned
#define FIELD_URL      struct url
#define FIELD_STRINGS  struct strings

/* One key of the configuration. All values are written here as a user would write them. */
struct option_row {
    const char *name;
    enum option_type type;
    const char *initial; /* NULL: there is no default, the key must be written */
    const char *min; /* CHOICE, URL: the words "a|b|c"; STRING, STRINGS: a pattern for editors */
    const char *max;
    const char *doc; /* sentences, without markup */
    enum option_need need;
    size_t offset; /* of the field in the section's struct */
};

/* OPTION(name, TYPE, ...) as a struct field. */
#define OPTION_FIELD(name, type, ...) FIELD_##type name;

/* OPTION(name, TYPE, ...) as a row of the table for `struct owner`. Behind the text may stand a
 * need, as NEED_ has it. */
#define OPTION_ROW(owner, key, kind, first, least, most, ...)                                      \
    OPTION_ROW_NEEDING(owner, key, kind, first, least, most, __VA_ARGS__, NOTHING, )
#define OPTION_ROW_NEEDING(owner, key, kind, first, least, most, text, needs, ...)                 \
    { .name = #key,                                                                                \
      .type = OPTION_##kind,                                                                       \
      .initial = first,                                                                            \
      .min = least,                                                                                \
      .max = most,                                                                                 \
      .doc = text,                                                                                 \
      .need = NEED_##needs,                                                                        \
      .offset = offsetof(owner, key) },

struct loader;

/* Looks at all items of a section once each value is right by itself, and complains of those that
 * do not go together. */
typedef void section_check(const void *items, size_t count, struct loader *to);

/* Item number `item` is wrong in its key `option`; `option` is NULL when it is not one key's fault.
 */
void complain(struct loader *to, size_t item, const char *option, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct section;

/* For a check that needs what another section says: its items, or NULL when something is wrong with
 * them. They have not been checked yet when their section stands behind the one that asks. */
const void *peer_items(const struct loader *from, const struct section *section, size_t *ret_count);

/* Whether the items of a list come from the command line. */
bool is_from_flags(const struct loader *from, const struct section *section);

/* One room's keys under one name. Several sections may bear one name: each fills its own struct. */
struct section {
    const char *name; /* "" for the keys at the top of the file */
    const char *doc;
    const struct option_row *options;
    size_t option_count;
    size_t size; /* of the struct that the rows fill */
    bool is_list;
    const char *const *initial; /* a list's items when none is written: each by its first option */
    size_t initial_count;
    bool
        keeps_default; /* a list: unless the file names it, an item of defaults stands at its end */
    section_check *check;
};

#define SECTION_OPTIONS(table) .options = table, .option_count = sizeof table / sizeof *table
#define SECTION_INITIAL(items) .initial = items, .initial_count = sizeof items / sizeof *items

const struct option_row *option_find(const struct section *section, const char *name);

/* The first section called `name`, as an index; `count` when there is none. */
size_t section_find(const struct section *const *sections, size_t count, const char *name);

/* Walks the options of all sections called `name`; `section` is the index of the last one's. */
struct option_walk {
    const struct section *const *sections;
    size_t count;
    const char *name;
    size_t section, next;
};

const struct option_row *option_next(struct option_walk *walk); /* NULL at the end */

/* The words that may stand in place of the number of `row`, and what the field is then. */
const char *option_words(const struct option_row *row); /* "" for none */
bool option_word_find(const struct option_row *row, const char *word, uint64_t *ret_value);

/* Whether all texts of a STRINGS are whole numbers, which nobody writes in quotes. */
bool option_lists_numbers(const struct option_row *row);

/* Which of its words a CHOICE is; YAML's other words for `on` and `off` stand for these. */
bool choice_find(const struct option_row *row, const char *word, unsigned *ret_index);

/* Words as in "a|b|c". */
bool words_find(const char *words, const char *word, unsigned *ret_index);
struct slice words_at(const char *words, unsigned index); /* empty when there are fewer */

#endif
