/* config/config.c - the snapshot: loaded, shared, read, and freed with the last reference.
 *
 * Called by: main and the commands (load), every room (its own section).
 * Owns: the structs of all sections and every text in them.
 */
#include "config/config.h"

#include "config/files.h"
#include "config/loader.h"
#include "config/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Reads at most one byte more than is allowed: yaml_read then tells what is wrong. */
static err_t read_all(FILE *file, struct store *store, struct slice *ret_bytes)
{
    size_t size = YAML_BYTES_MAX + 1;
    uint8_t *bytes = store_alloc(store, size, 1);
    size_t len;

    if (!bytes)
        return ERR_NOMEM;
    len = fread(bytes, 1, size, file);
    if (ferror(file))
        return ERR_SYSTEM;
    *ret_bytes = slice_of(bytes, len);
    return OK;
}

static err_t read_file(struct loader *l, struct slice *ret_bytes)
{
    FILE *file = fopen(l->source->file, "re");
    err_t err = file ? read_all(file, &l->scratch, ret_bytes) : ERR_SYSTEM;
    int error = errno;
    struct problem *problem;

    if (file)
        fclose(file);
    if (err != ERR_SYSTEM)
        return err;
    problem = problems_add(l->problems);
    if (problem)
        problem_set(problem, "%s: %s; give a file that can be read", l->source->file,
                    strerrordesc_np(error));
    return ERR_CONFIG;
}

/* Everything in the file, as a tree; NULL when there is no file. */
static err_t read_tree(struct loader *l, const struct node **ret_root)
{
    struct slice bytes = l->source->bytes;
    struct problem problem;
    struct place place = { 0 };
    err_t err;

    *ret_root = NULL;
    if (!l->source->file && !bytes.data)
        return OK;
    if (!bytes.data)
        TRY(read_file(l, &bytes));
    err = yaml_read(bytes, &l->scratch, ret_root, &problem, &place.mark);
    if (err == ERR_CONFIG)
        report(l, SIZE_MAX, place, "%s", problem.text);
    return err;
}

static void check_sections(struct loader *l)
{
    const struct config *c = l->config;

    for (size_t i = 0; i < c->section_count; i++) {
        if (!c->sections[i]->check || l->is_broken[i])
            continue;
        l->checking = i;
        c->sections[i]->check(c->parts[i].items, c->parts[i].count, l);
    }
}

static err_t load(struct loader *l)
{
    size_t count = l->config->section_count;
    const struct node *root;

    l->written = store_alloc(&l->scratch, count, sizeof *l->written);
    l->places = store_alloc(&l->scratch, count, sizeof *l->places);
    l->is_broken = store_alloc(&l->scratch, count, sizeof *l->is_broken);
    if (!l->written || !l->places || !l->is_broken)
        return ERR_NOMEM;
    TRY(read_tree(l, &root));
    TRY(load_sections(l, root));
    TRY(load_sets(l));
    if (l->source->gate && l->problems->count == 0)
        TRY(l->source->gate(l->source->gate_arg, l->config, l->problems));
    check_sections(l);
    if (l->source->wants_files)
        check_files(l);
    return l->problems->count ? ERR_CONFIG : OK;
}

static struct config *config_new(const struct section *const *sections, size_t count)
{
    struct config *config = calloc(1, sizeof *config + count * sizeof *config->parts);

    if (!config)
        return NULL;
    atomic_init(&config->references, 1);
    config->sections = sections;
    config->section_count = count;
    return config;
}

err_t config_load(const struct config_source *source, const struct section *const *sections,
                  size_t section_count, struct config **ret_config, struct problems *problems)
{
    struct loader l = { .source = source, .problems = problems };
    err_t err;

    problems->count = 0;
    l.config = config_new(sections, section_count);
    err = l.config ? load(&l) : ERR_NOMEM;
    store_done(&l.scratch);
    if (err == OK) {
        *ret_config = l.config;
        return OK;
    }
    if (err == ERR_NOMEM && problems->count < PROBLEMS_MAX)
        problem_set(problems_add(problems), "out of memory while reading the configuration");
    config_unref(&l.config);
    return err;
}

struct config *config_ref(struct config *config)
{
    atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
    return config;
}

void config_unref(struct config **config)
{
    struct config *c = *config;

    *config = NULL;
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1)
        return;
    store_done(&c->store);
    free(c);
}

/* NULL for a section that the configuration was not loaded with. */
static const struct part *find_part(const struct config *config, const struct section *section)
{
    for (size_t i = 0; i < config->section_count; i++)
        if (config->sections[i] == section)
            return &config->parts[i];
    return NULL;
}

const void *config_one(const struct config *config, const struct section *section)
{
    return config_item(config, section, 0);
}

size_t config_count(const struct config *config, const struct section *section)
{
    const struct part *part = find_part(config, section);

    return part ? part->count : 0;
}

const void *config_item(const struct config *config, const struct section *section, size_t index)
{
    const struct part *part = find_part(config, section);

    if (!part || index >= part->count)
        return NULL;
    return part->items + index * section->size;
}

const struct section *const *config_sections_of(const struct config *config, size_t *ret_count)
{
    *ret_count = config->section_count;
    return config->sections;
}
