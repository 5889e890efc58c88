/* config/report.c - problems with their places, and the nearest known key. */
#include "config/report.h"

#include "config/loader.h"
#include "config/nearest.h"

#include <stdarg.h>
#include <string.h>

/* "FILE:LINE:COLUMN", "--set KEY=VALUE", or the file when the value was written nowhere. */
static void set_prefixed(struct loader *l, struct problem *problem, struct place place,
                         const char *text)
{
    const char *file = l->source->file ? l->source->file : "configuration";

    if (place.flag)
        problem_set(problem, "%s %.160s: %s", place.flag, place.text, text);
    else if (place.mark.line)
        problem_set(problem, "%s:%u:%u: %s", file, place.mark.line, place.mark.column, text);
    else
        problem_set(problem, "%s: %s", file, text);
}

static void vreport(struct loader *l, size_t section, struct place place, const char *format,
                    va_list args) __attribute__((format(printf, 4, 0)));

static void vreport(struct loader *l, size_t section, struct place place, const char *format,
                    va_list args)
{
    struct problem *problem = problems_add(l->problems);
    struct problem text;

    if (section != SIZE_MAX)
        l->is_broken[section] = true;
    if (!problem)
        return;
    problem_vset(&text, format, args);
    set_prefixed(l, problem, place, text.text);
}

void report(struct loader *l, size_t section, struct place place, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vreport(l, section, place, format, args);
    va_end(args);
}

void complain(struct loader *to, size_t item, const char *option, const char *format, ...)
{
    const struct section *section = to->config->sections[to->checking];
    const struct option_row *row = option ? option_find(section, option) : NULL;
    struct place place = *place_of(to, to->checking, item, row);
    struct problem text;
    va_list args;

    if (!place.flag && !place.mark.line)
        place = *place_of(to, to->checking, item, NULL);
    va_start(args, format);
    problem_vset(&text, format, args);
    va_end(args);
    report(to, to->checking, place, "%s%s%s", row ? row->name : section->name,
           row || section->name[0] ? ": " : "", text.text);
}

/* Calls of the words one may write in the sections called `name`. */
static void offer_keys(const struct config *c, const char *name, struct nearest *n)
{
    for (size_t i = 0; i < c->section_count; i++) {
        if (name[0] == '\0' && c->sections[i]->name[0])
            nearest_offer(n, c->sections[i]->name);
        if (strcmp(c->sections[i]->name, name) != 0)
            continue;
        for (size_t j = 0; j < c->sections[i]->option_count; j++)
            nearest_offer(n, c->sections[i]->options[j].name);
    }
}

void report_unknown(struct loader *l, const char *name, const char *key, struct place place)
{
    struct nearest n = nearest_to(key);

    offer_keys(l->config, name, &n);
    if (n.best)
        report(l, SIZE_MAX, place, "unknown key `%.60s`; did you mean `%s`?", key, n.best);
    else
        report(l, SIZE_MAX, place, "unknown key `%.60s`; `dotproxy print reference` lists all keys",
               key);
}
