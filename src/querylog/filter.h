#ifndef QUERYLOG_FILTER_H
#define QUERYLOG_FILTER_H

#include "base/hash.h"
#include "base/prefix.h"
#include "querylog/query_log_config.h"
#include "querylog/record.h"

#define FILTER_KEY_SIZE 32

struct suffix_set;

/* Which records a stream takes. */
struct filter {
    enum query_log_only only;
    struct prefixes clients;  /* none: all */
    struct suffix_set *names; /* NULL: all */
    uint16_t *rcodes;
    size_t rcode_count; /* 0: all */
    unsigned sample;    /* one of so many */
    struct hash_key key;
};

/* Something is wrong with a value of `option`. */
typedef void filter_fault_fn(void *arg, const char *option, const char *text);

/* ERR_CONFIG after it has told `fault` everything that is wrong, ERR_NOMEM. Done only after OK. */
err_t filter_init(struct filter *f, const struct query_log_config *config, filter_fault_fn *fault,
                  void *arg);
void filter_done(struct filter *f);

/* Who has the same key draws the same sample. */
void filter_set_key(struct filter *f, const uint8_t key[FILTER_KEY_SIZE]);

/* The client's address must be the true one. */
bool filter_passes(const struct filter *f, const struct log_view *view);

#endif
