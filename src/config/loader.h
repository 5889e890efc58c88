#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include "config/config.h"
#include "config/yaml.h"

#include <stdatomic.h>

/* The items of one section. A section that is no list has exactly one. */
struct part {
    size_t count;
    char *items;
};

struct config {
    atomic_uint references; /* the only thing in here that threads write */
    struct store store;
    const struct section *const *sections;
    size_t section_count;
    struct part parts[]; /* one for each section */
};

/* Where a value was written: in the file, or on the command line as "FLAG TEXT", or nowhere. */
struct place {
    struct mark mark;
    const char *flag, *text;
};

/* A configuration in the making. */
struct loader {
    const struct config_source *source;
    struct config *config;
    struct problems *problems;
    struct store scratch;        /* for what the load alone needs */
    const struct node **written; /* by section: what the file says of it, or NULL */
    struct place **places;       /* by section: for each item, its own and one for each option */
    bool *is_broken; /* by section: it has a problem, and its values cannot be trusted */
    size_t checking; /* the section that `complain` speaks of */
};

/* A key that is known, as a row of one of the sections with the name that was searched. */
struct key {
    size_t section;
    const struct option_row *row;
};

/* config_load in steps: what the file and the flags say, then --set, then what does not go
 * together. They fail only when memory is out; what is wrong is reported. */
err_t load_sections(struct loader *l, const struct node *root);
err_t load_sets(struct loader *l);

bool key_find(const struct loader *l, const char *name, const char *key, struct key *ret_key);

/* Where item number `item` was written, or its option `row`. */
struct place *place_of(const struct loader *l, size_t section, size_t item,
                       const struct option_row *row);

/* Sets one field from a text that stands at `place`, or reports why not. `columns_count` says that
 * the value's characters can be counted on from there. */
err_t load_value(struct loader *l, struct key key, size_t item, const char *text,
                 struct place place, bool columns_count);

#endif
