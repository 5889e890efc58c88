/* config/target.c - where to write to, read strictly.
 *
 * Called by: querylog (streams of records), sandbox (what has to be open for them).
 */
#include "config/target.h"

#include <string.h>

static err_t fail(struct url_fault *fault, size_t at, const char *why)
{
    *fault = (struct url_fault){ at, why };
    return ERR_MALFORMED;
}

/* "unix:///run/x" is the same file as "unix:/run/x". */
static err_t take_path(const char *text, size_t at, enum target_kind kind, struct store *store,
                       struct target *target, struct url_fault *fault)
{
    const char *path = text + at;

    if (path[0] != '/' || path[strspn(path, "/")] == '\0')
        return fail(fault, at, "write the whole path, from / on");
    target->kind = kind;
    target->path = store_text(store, path, strlen(path));
    return target->path ? OK : ERR_NOMEM;
}

static err_t take_url(const char *text, enum target_kind kind, struct store *store,
                      struct target *target, struct url_fault *fault)
{
    size_t host = strlen("udp://");

    TRY(url_parse(store, text, &target->url, fault));
    if (!target->url.has_addr)
        return fail(fault, host, "write an address: names are not looked up for this");
    if (!target->url.has_port)
        return fail(fault, host, "write the port, too");
    target->kind = kind;
    return OK;
}

err_t target_parse(struct store *store, const char *text, struct target *ret_target,
                   struct url_fault *ret_fault)
{
    static const struct {
        const char *start;
        enum target_kind kind;
        bool is_path;
    } kinds[] = {
        { "file:", TARGET_FILE, true },  { "unix:", TARGET_UNIX, true },
        { "udp://", TARGET_UDP, false }, { "tcp://", TARGET_TCP, false },
        { "tls://", TARGET_TLS, false },
    };
    struct target target = { .kind = TARGET_STDOUT };
    err_t err = strcmp(text, "stdout") == 0 ? OK : ERR_NOTFOUND;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && err == ERR_NOTFOUND; i++) {
        size_t len = strlen(kinds[i].start);

        if (strncmp(text, kinds[i].start, len) != 0)
            continue;
        err = kinds[i].is_path ? take_path(text, len, kinds[i].kind, store, &target, ret_fault)
                               : take_url(text, kinds[i].kind, store, &target, ret_fault);
    }
    if (err == ERR_NOTFOUND)
        return fail(ret_fault, 0,
                    "write file:/PATH, stdout, unix:/PATH, or udp://, tcp:// or tls:// with "
                    "ADDRESS:PORT");
    if (err == OK)
        *ret_target = target;
    return err;
}
