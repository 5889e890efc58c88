#ifndef SANDBOX_NEEDS_H
#define SANDBOX_NEEDS_H

#include "base/err.h"
#include "config/schema.h"
#include "sandbox/ports.h"

struct config;

/* One file or port that a configuration names. Borrows its texts from there. */
struct need {
    const struct section *section; /* NULL: the file with the configuration itself */
    const struct option_row *row;
    size_t item;
    enum option_need kind;
    const char *path; /* NULL: it is a port */
    uint16_t port;
    bool is_tcp;
};

struct needs {
    struct need *list; /* of `count`, with room for `size` */
    size_t count, size;
};

/* All that `config` and the file it was read from (may be NULL) name. Starts as zeroes; also after
 * ERR_NOMEM there is something to free. */
err_t needs_collect(struct needs *needs, const struct config *config, const char *config_file);
void needs_done(struct needs *needs);

/* The ports that `config` would use where it says no number, by the schemes that it could name. */
err_t needs_usual_ports(const struct config *config, struct ports *listen, struct ports *connect);

/* What it takes of grants.h; 0 for a port. */
unsigned need_rights(const struct need *need);

/* Whether a reload puts another value in force. */
bool need_changes(const struct need *need);

/* Whether it is a port to listen on. */
bool need_listens(const struct need *need);

#define NEED_NAME_MAX 128

/* As `--set` has it, "upstream.1.ca". Returns `text`. */
const char *need_name(const struct need *need, char text[NEED_NAME_MAX]);

#endif
