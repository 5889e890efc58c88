#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include "base/err.h"
#include "base/slice.h"

#define REQUEST_LINE_MAX  1024 /* with its newline */
#define REQUEST_WORDS_MAX 8

struct control_house;
struct report;

/* What one line asks: a name and its operands. The words stand in the struct itself: no copies. */
struct request {
    bool wants_json; /* --json was among the words */
    size_t count;
    const char *words[REQUEST_WORDS_MAX];
    char text[REQUEST_LINE_MAX + 1];
};

/* Reads a line, without its newline: words of printable ASCII with blanks between. ERR_MALFORMED
 * when other bytes are in it or there is no word, ERR_TOOBIG when it is too long or has too many.
 */
err_t request_parse(struct slice line, struct request *ret_request);

/* One row of requests.def. */
struct request_kind {
    const char *name, *operands, *doc;
    size_t operands_max;
    bool is_endless; /* its response ends when the caller leaves */
    bool is_watched; /* worth asking again and again */
    void (*answer)(struct control_house *house, const struct request *request,
                   struct report *report);
};

extern const struct request_kind request_kinds[];
extern const size_t request_kind_count;

const struct request_kind *request_find(const char *name);    /* NULL when there is none */
const struct request_kind *request_nearest(const char *name); /* NULL when none is near */

#endif
