#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/slice.h"
#include "config/problem.h"
#include "config/schema.h"

#include <stdio.h>

/* Everything that was decided before the start or the last reload. Never changes; shared by all
 * threads that hold a reference. */
struct config;

/* `--SECTION TEXT` on the command line: an item of a list, given by its first option. All that name
 * one section together replace the list in the file. */
struct config_flag {
    const char *section, *text;
};

/* Looks at a configuration whose values are right each by itself, before any section looks at its
 * own, which may take a file. On failure `problems` says why, and nothing more is looked at. */
typedef err_t config_gate(const void *arg, const struct config *config, struct problems *problems);

struct config_source {
    const char *file;   /* NULL: only defaults and what follows */
    struct slice bytes; /* read in place of the contents of `file` when `data` is not NULL */
    const struct config_flag *flags;
    size_t flag_count;
    const char *const *sets; /* "KEY=VALUE", "SECTION.KEY=VALUE", "SECTION.INDEX.KEY=VALUE" */
    size_t set_count;
    bool wants_files;  /* those that options name must be there, and readable */
    config_gate *gate; /* NULL: everything may pass */
    const void *gate_arg;
};

/* Reads, checks and fills in the defaults. On failure nothing is returned and `problems` says
 * everything that is wrong, each with its place ("FILE:LINE:COLUMN: ..."). The sections must
 * outlive the configuration. */
err_t config_load(const struct config_source *source, const struct section *const *sections,
                  size_t section_count, struct config **ret_config, struct problems *problems);

struct config *config_ref(struct config *config);
void config_unref(struct config **config);

/* The struct of a section that is no list. */
const void *config_one(const struct config *config, const struct section *section);

/* The structs of a list. */
size_t config_count(const struct config *config, const struct section *section);
const void *config_item(const struct config *config, const struct section *section, size_t index);

/* The sections it was loaded with. */
const struct section *const *config_sections_of(const struct config *config, size_t *ret_count);

#endif
