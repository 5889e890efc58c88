#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include <stddef.h>

/* Finds what a mistyped word was meant to be: offer it the known words, then read `best`. */
struct nearest {
    const char *word;
    const char *best; /* NULL while nothing was near enough */
    size_t distance;
};

struct nearest nearest_to(const char *word);
void nearest_offer(struct nearest *n, const char *known);

#endif
