#ifndef QUERYLOG_PRIVACY_H
#define QUERYLOG_PRIVACY_H

#include "querylog/format.h"
#include "querylog/pseudonym.h"
#include "querylog/query_log_config.h"

#define PRIVACY_REASON_MAX 256

/* How one stream hides clients. Belongs to the thread that writes. */
struct privacy;

/* The key is read from its file, or drawn. On failure the reason is told to a person. */
err_t privacy_new(struct privacy **ret_privacy, const struct query_log_config *config,
                  char reason[PRIVACY_REASON_MAX]);
void privacy_free(struct privacy **p);

/* The key in force. */
const uint8_t *privacy_key(const struct privacy *p);

/* Reads the key's file again when it has changed; whether there is a new key. A file that is no
 * good is logged, and the old key stays. Looks once a second at most. */
bool privacy_refresh(struct privacy *p, uint64_t now_ns);

/* The view as the stream may show it, until the next call. */
const struct log_view *privacy_apply(struct privacy *p, const struct log_view *view);

#endif
