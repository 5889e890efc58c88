/* tests/unit/upstream/made.c - configurations as text, and what they come to. */
#include "unit/upstream/made.h"

#include "command/sections.h"
#include "config/config.h"
#include "unit/test.h"
#include "upstream/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct problems problems;

static struct config *load(const char *yaml, const char *upstream)
{
    const struct config_flag flag = { "upstream", upstream };
    const struct config_source source = { .file = "f",
                                          .bytes = slice_of(yaml, strlen(yaml)),
                                          .flags = &flag,
                                          .flag_count = upstream != NULL };
    struct config *config = NULL;

    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK)
        return NULL;
    return config;
}

struct roster *roster_of(const char *yaml)
{
    struct config *config = load(yaml, NULL);
    char reason[ROSTER_REASON_MAX];
    struct roster *roster = NULL;

    if (!config)
        fail_msg("%s", problems.list[0].text);
    if (roster_new(&roster, config, 1, reason) != OK)
        fail_msg("%s", reason);
    config_unref(&config);
    return roster;
}

const char *wrong_with_upstream(const char *yaml, const char *flag)
{
    struct config *config = load(yaml, flag);
    const char *verdict = config ? "ok" : problems.list[0].text;

    config_unref(&config);
    return verdict;
}

const char *wrong(const char *yaml)
{
    return wrong_with_upstream(yaml, NULL);
}

static char path[] = "/tmp/dotproxy-unit-XXXXXX";

static void remove_file(void)
{
    unlink(path);
}

const char *file_with(const char *text)
{
    static bool is_made;
    FILE *file;

    if (!is_made) {
        close(mkstemp(path));
        atexit(remove_file);
    }
    is_made = true;
    file = fopen(path, "w");
    CHECK(file);
    fputs(text, file);
    fclose(file);
    return path;
}
