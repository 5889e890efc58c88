#ifndef LISTEN_TALK_H
#define LISTEN_TALK_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query;
struct session;
struct session_set;

/* How queries and responses stand in what a client says and hears. Where a function is missing
 * there is nothing to do, or the answer is no, or none. */
struct talk {
    err_t (*begin)(struct session *s); /* the client can be heard; ERR_NOMEM */
    void (*received)(struct session *s, struct slice bytes);
    void (*reply)(struct session_set *set, const struct query *query);
    err_t (*write)(struct session *s, size_t max); /* adds one response, or less, to the wire */
    void (*shut)(struct session *s);               /* the client is told to ask no more */
    uint32_t (*partial)(const struct session *s); /* names the oldest query that has come in part */
    bool (*is_full)(const struct session *s);     /* the client has to wait */
    bool (*is_over)(const struct session *s);     /* no queries can come any more */
    size_t (*unsaid)(const struct session *s);    /* bytes that the client does not let us write */
    size_t (*held)(const struct session *s);      /* bytes of memory */
    void (*end)(struct session *s);
};

extern const struct talk talk_dns;  /* RFC 7766: two bytes of length, one message */
extern const struct talk talk_http; /* RFC 8484 */

#endif
