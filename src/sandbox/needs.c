/* sandbox/needs.c - which files and ports a configuration names, by the rows of its options. */
#include "sandbox/needs.h"

#include "config/config.h"
#include "config/store.h"
#include "config/target.h"
#include "sandbox/grants.h"
#include "sandbox/sandbox_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    unsigned rights;
    bool changes;
} kinds[] = {
    [NEED_NOTHING] = { 0, false },        [NEED_READ] = { GRANT_READ, true },
    [NEED_TRUST] = { GRANT_READ, true },  [NEED_WRITE] = { GRANT_WRITE, true },
    [NEED_KEEP] = { GRANT_WRITE, false }, [NEED_SOCKET] = { GRANT_SOCKET, false },
    [NEED_LISTEN] = { 0, true },          [NEED_HOLD] = { 0, false },
    [NEED_CONNECT] = { 0, true },         [NEED_TARGET] = { 0, true },
};

unsigned need_rights(const struct need *need)
{
    return kinds[need->kind].rights;
}

/* The sandbox's own section says what is opened at the start: as far as nothing else names it, it
 * takes no reload. */
bool need_changes(const struct need *need)
{
    return kinds[need->kind].changes && need->section != &sandbox_section;
}

static err_t add(struct needs *needs, struct need need)
{
    if (needs->count == needs->size) {
        size_t size = 2 * needs->size + 16;
        struct need *list = realloc(needs->list, size * sizeof *list);

        if (!list)
            return ERR_NOMEM;
        needs->list = list;
        needs->size = size;
    }
    needs->list[needs->count++] = need;
    return OK;
}

static bool is_port(enum option_need kind)
{
    return kind == NEED_LISTEN || kind == NEED_HOLD || kind == NEED_CONNECT;
}

bool need_listens(const struct need *need)
{
    return need->kind == NEED_LISTEN || need->kind == NEED_HOLD;
}

/* A door of udp:// is no business of TCP. A question that is sent by UDP is: its answer may be
 * truncated, and then it is asked again. */
static err_t add_url(struct needs *needs, struct need need, const struct url *url)
{
    need.port = url->port;
    need.is_tcp = need.kind == NEED_CONNECT || strcmp(url->scheme, "udp") != 0;
    return add(needs, need);
}

/* A text that is no number, no ADDRESS:PORT and no URL is not ours to refuse. */
static err_t add_port(struct needs *needs, struct need need, const char *text)
{
    const char *colon = strrchr(text, ':');
    struct store store = { 0 };
    struct url_fault fault;
    struct url url;
    err_t err;

    need.is_tcp = true;
    if (port_parse(text, &need.port) ||
        (colon && !strstr(text, "://") && port_parse(colon + 1, &need.port)))
        return add(needs, need);
    err = url_parse(&store, text, &url, &fault);
    err = err == OK ? add_url(needs, need, &url) : err == ERR_NOMEM ? err : OK;
    store_done(&store);
    return err;
}

/* It becomes a need of another kind, or none: Landlock guards neither UDP nor who connects to a
 * socket that is a file, and what is open already needs no right. */
static err_t add_target(struct needs *needs, struct need need, const char *text)
{
    struct store store = { 0 };
    struct url_fault fault;
    struct target target;
    err_t err = target_parse(&store, text, &target, &fault);

    need.kind = NEED_NOTHING;
    if (err == OK && target.kind == TARGET_FILE) {
        need.kind = NEED_WRITE;
        need.path = text + strlen("file:"); /* lives as long as the configuration */
    } else if (err == OK && (target.kind == TARGET_TCP || target.kind == TARGET_TLS)) {
        need.kind = NEED_CONNECT;
        need.is_tcp = true;
        need.port = target.url.port;
    }
    store_done(&store);
    if (err == ERR_NOMEM || need.kind == NEED_NOTHING)
        return err == ERR_NOMEM ? err : OK;
    return add(needs, need);
}

static err_t add_text(struct needs *needs, struct need need, const char *text)
{
    if (need.kind == NEED_TARGET)
        return add_target(needs, need, text);
    if (!text[0] || (need.kind == NEED_TRUST && strcmp(text, "system") == 0))
        return OK;
    if (is_port(need.kind))
        return add_port(needs, need, text);
    need.path = text;
    return add(needs, need);
}

static err_t add_texts(struct needs *needs, struct need need, const struct strings *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        TRY(add_text(needs, need, texts->items[i]));
    return OK;
}

/* The types that can name a file or a port; on others no need makes sense. */
static err_t add_value(struct needs *needs, struct need need, const void *field)
{
    if (need.row->type == OPTION_URL)
        return add_url(needs, need, field);
    if (need.row->type == OPTION_STRINGS)
        return add_texts(needs, need, field);
    if (need.row->type == OPTION_STRING)
        return add_text(needs, need, *(const char *const *)field);
    return OK;
}

static err_t add_section(struct needs *needs, const struct config *config, const struct section *s)
{
    for (size_t item = 0; item < config_count(config, s); item++) {
        const char *values = config_item(config, s, item);

        for (size_t i = 0; i < s->option_count; i++) {
            const struct option_row *row = &s->options[i];
            const struct need need = { s, row, item, row->need, .path = NULL };

            if (row->need != NEED_NOTHING)
                TRY(add_value(needs, need, values + row->offset));
        }
    }
    return OK;
}

err_t needs_collect(struct needs *needs, const struct config *config, const char *config_file)
{
    size_t count;
    const struct section *const *sections = config_sections_of(config, &count);

    if (config_file)
        TRY(add(needs, (struct need){ .kind = NEED_READ, .path = config_file }));
    for (size_t i = 0; i < count; i++)
        TRY(add_section(needs, config, sections[i]));
    return OK;
}

void needs_done(struct needs *needs)
{
    free(needs->list);
    *needs = (struct needs){ 0 };
}

static err_t add_usual_port(struct slice scheme, struct ports *ports)
{
    struct store store = { 0 };
    struct url_fault fault;
    struct url url;
    char text[64];
    err_t err;

    snprintf(text, sizeof text, "%.*s://127.0.0.1", (int)scheme.len, (const char *)scheme.data);
    err = url_parse(&store, text, &url, &fault);
    if (err == OK)
        ports_add(ports, url.port);
    store_done(&store);
    return err == ERR_NOMEM ? err : OK;
}

err_t needs_usual_ports(const struct config *config, struct ports *listen, struct ports *connect)
{
    size_t count;
    const struct section *const *sections = config_sections_of(config, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sections[i]->option_count; j++) {
            const struct option_row *row = &sections[i]->options[j];
            struct ports *ports = row->need == NEED_LISTEN ? listen : connect;
            struct slice scheme;

            if (row->type != OPTION_URL || !is_port(row->need))
                continue;
            for (unsigned k = 0; (scheme = words_at(row->min, k)).len > 0; k++)
                TRY(add_usual_port(scheme, ports));
        }
    return OK;
}

const char *need_name(const struct need *need, char text[NEED_NAME_MAX])
{
    if (!need->section)
        snprintf(text, NEED_NAME_MAX, "the configuration");
    else if (!need->section->name[0])
        snprintf(text, NEED_NAME_MAX, "%s", need->row->name);
    else if (!need->section->is_list)
        snprintf(text, NEED_NAME_MAX, "%s.%s", need->section->name, need->row->name);
    else
        snprintf(text, NEED_NAME_MAX, "%s.%zu.%s", need->section->name, need->item,
                 need->row->name);
    return text;
}
