/* config/files.c - are the files there that options name, for this user to read? */
#include "config/files.h"
#include "config/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* One option of one item. */
struct naming {
    struct loader *loader;
    size_t section, item;
    const struct option_row *row;
};

static void check_path(const struct naming *n, const char *path)
{
    if (!path[0] || (n->row->need == NEED_TRUST && strcmp(path, "system") == 0) ||
        euidaccess(path, R_OK) == 0)
        return;
    report(n->loader, n->section, *place_of(n->loader, n->section, n->item, n->row),
           "%s: %.200s: %s; give a file that can be read", n->row->name, path,
           strerrordesc_np(errno));
}

static void check_option(const struct naming *n, const void *field)
{
    const struct strings *texts = field;

    if (n->row->need != NEED_READ && n->row->need != NEED_TRUST)
        return;
    if (n->row->type != OPTION_STRINGS) {
        check_path(n, *(const char *const *)field);
        return;
    }
    for (size_t i = 0; i < texts->count; i++)
        check_path(n, texts->items[i]);
}

static void check_section_files(struct loader *l, size_t section)
{
    const struct section *s = l->config->sections[section];
    const struct part *part = &l->config->parts[section];

    for (size_t i = 0; i < part->count * s->option_count; i++) {
        const struct naming n = { l, section, i / s->option_count,
                                  &s->options[i % s->option_count] };

        check_option(&n, part->items + n.item * s->size + n.row->offset);
    }
}

void check_files(struct loader *l)
{
    for (size_t i = 0; i < l->config->section_count; i++)
        if (!l->is_broken[i])
            check_section_files(l, i);
}
