#ifndef CONFIG_STORE_H
#define CONFIG_STORE_H

#include <stddef.h>

struct store_block;

/* Memory that is freed all at once. Starts as zeroes. */
struct store {
    struct store_block *newest;
};

/* Zeroed memory for `count` objects of `size` bytes, or NULL. */
void *store_alloc(struct store *store, size_t count, size_t size);

/* A copy of `len` characters and a final zero, or NULL. */
char *store_text(struct store *store, const char *text, size_t len);

void store_done(struct store *store);

#endif
