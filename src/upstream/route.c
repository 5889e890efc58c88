/* upstream/route.c - the names of all routes, from the configuration and from files.
 *
 * Called by: route_config.c (to find what is wrong), roster.c (to keep them). A suffix that two
 * routes have is an error: which of them was meant cannot be known.
 */
#include "upstream/route.h"

#include "base/buffer.h"
#include "config/lines.h"
#include "dns/name.h"
#include "dns/suffix_set.h"
#include "upstream/route_config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FAULTS_MAX 20 /* of a file that is something else */

/* Where a suffix was written. */
struct origin {
    uint32_t route, line; /* line 0: in the configuration itself */
    uint8_t name_len;     /* of the name, behind those before it */
};

struct reading {
    const struct route_config *routes;
    route_fault_fn *fault;
    void *arg;
    size_t faults;
    struct buffer names, origins;
    size_t count;
};

static void tell(struct reading *r, struct origin at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct reading *r, struct origin at, const char *format, ...)
{
    const struct route_config *route = &r->routes[at.route];
    char text[512];
    size_t len = 0;
    va_list args;

    r->faults++;
    if (at.line)
        len = (size_t)snprintf(text, sizeof text, "%.200s:%u: ", route->suffix_file, at.line);
    va_start(args, format);
    vsnprintf(text + len, sizeof text - len, format, args);
    va_end(args);
    r->fault(r->arg, at.route, at.line ? "suffix_file" : "suffix", text);
}

/* Why it is not to be used, or NULL. */
static const char *fault_of(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c >= 0x7f)
            return "is not ASCII; write it with xn--";
    if (strncmp(text, "*.", 2) == 0)
        return "has a *; leave it out, for all names below the rest are meant";
    return text[strcspn(text, " \t\r\n\f\v")] ? "is no domain name" : NULL;
}

static err_t add_name(struct reading *r, struct origin at, const char *text)
{
    uint8_t wire[DNS_NAME_MAX];
    struct writer w = writer_of(wire, sizeof wire);
    const char *fault = fault_of(text);

    if (!fault && name_from_text(text, &w) != OK)
        fault = "is no domain name";
    if (fault) {
        tell(r, at, "%.100s %s", text[0] ? text : "nothing", fault);
        return OK;
    }
    at.name_len = (uint8_t)writer_len(&w);
    TRY(buffer_append(&r->names, writer_slice(&w)));
    TRY(buffer_append(&r->origins, slice_of(&at, sizeof at)));
    r->count++;
    return OK;
}

/* A file that is being read. */
struct file {
    struct reading *reading;
    struct origin at;
    size_t faults_before;
};

static err_t add_line(void *arg, unsigned line, const char *text)
{
    struct file *f = arg;

    f->at.line = line;
    if (!text) {
        tell(f->reading, f->at, "the line is too long; write one name in each");
        return OK;
    }
    TRY(add_name(f->reading, f->at, text));
    return f->reading->faults < f->faults_before + FAULTS_MAX ? OK : ERR_CONFIG;
}

static err_t read_file(struct reading *r, struct origin at)
{
    const char *path = r->routes[at.route].suffix_file;
    struct file file = { r, at, r->faults };
    err_t err = lines_read(path, add_line, &file);
    char text[512];

    if (err == ERR_CONFIG) /* what it is has been told, and the other files are still read */
        return OK;
    if (err != ERR_SYSTEM)
        return err;
    r->faults++;
    snprintf(text, sizeof text, "%.200s: %s; give a file that can be read", path,
             strerrordesc_np(errno));
    r->fault(r->arg, at.route, "suffix_file", text);
    return OK;
}

static err_t read_all(struct reading *r, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct route_config *route = &r->routes[i];
        const struct origin at = { .route = (uint32_t)i };

        for (size_t j = 0; j < route->suffix.count; j++)
            TRY(add_name(r, at, route->suffix.items[j]));
        if (route->suffix_file[0])
            TRY(read_file(r, at));
    }
    return OK;
}

static const struct origin *origins_of(const struct reading *r)
{
    return (const struct origin *)(const void *)buffer_slice(&r->origins).data;
}

static struct suffix *list_suffixes(const struct reading *r)
{
    const struct origin *origins = origins_of(r);
    struct slice names = buffer_slice(&r->names);
    struct suffix *list = calloc(r->count + 1, sizeof *list);

    for (size_t i = 0; list && i < r->count; i++) {
        list[i] = (struct suffix){ slice_of(names.data, origins[i].name_len), origins[i].route };
        names = slice_after(names, origins[i].name_len);
    }
    return list;
}

static void find_repeated(struct reading *r, const struct suffix_set *set,
                          const struct suffix *list)
{
    const struct origin *origins = origins_of(r);
    char text[DNS_NAME_TEXT_MAX];
    uint32_t first;

    for (size_t i = 0; i < r->count; i++) {
        if (!suffix_set_find(set, list[i].name, &first) || first == origins[i].route)
            continue;
        name_to_text(list[i].name, text, sizeof text);
        tell(r, origins[i], "%.100s stands in two routes, %u to %.60s and %u to %.60s; keep one",
             text, first, r->routes[first].group, origins[i].route,
             r->routes[origins[i].route].group);
    }
}

static err_t make_set(struct reading *r, struct suffix_set **ret_set)
{
    struct suffix *list = list_suffixes(r);
    err_t err = list ? suffix_set_new(ret_set, list, r->count) : ERR_NOMEM;

    if (err == OK)
        find_repeated(r, *ret_set, list);
    free(list);
    return err;
}

err_t routes_read(struct suffix_set **ret_set, const struct route_config *routes, size_t count,
                  route_fault_fn *fault, void *arg)
{
    struct reading r = { .routes = routes, .fault = fault, .arg = arg };
    struct suffix_set *set = NULL;
    err_t err = read_all(&r, count);

    if (err == OK && count > 0)
        err = make_set(&r, &set);
    if (err == OK && r.faults > 0) {
        suffix_set_free(&set);
        err = ERR_CONFIG;
    }
    if (err == OK)
        *ret_set = set;
    buffer_done(&r.names);
    buffer_done(&r.origins);
    return err;
}
