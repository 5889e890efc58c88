#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Unpredictable numbers, drawn from the kernel in batches. Belongs to one thread. */
struct random {
    size_t left;
    uint8_t bytes[512];
};

uint16_t random_u16(struct random *r);
uint64_t random_u64(struct random *r);

#endif
