/* functional/flood.h - what the programs of the flood tests have in common. The address of a name
 * is a hash of its bytes. */
#ifndef FUNCTIONAL_FLOOD_H
#define FUNCTIONAL_FLOOD_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER   12
#define NS_PER_S 1000000000ull

static inline _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

static inline uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline struct sockaddr_in address_of(const char *text, unsigned offset, unsigned port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
        die(text);
    a.sin_addr.s_addr = htonl(ntohl(a.sin_addr.s_addr) + offset);
    return a;
}

static inline uint64_t next_random(void)
{
    static uint64_t x = 88172645463325252ull;

    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

static inline void sleep_until(uint64_t at_ns)
{
    struct timespec t = { (time_t)(at_ns / NS_PER_S), (long)(at_ns % NS_PER_S) };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static inline void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* The length of the name at `at`, without compression; 0 when it does not end before `end`. */
static inline size_t name_len(const uint8_t *at, const uint8_t *end)
{
    size_t len = 0;

    while (at + len < end && at[len] > 0 && at[len] < 64)
        len += at[len] + 1u;
    return at + len < end && at[len] == 0 ? len + 1 : 0;
}

static inline uint32_t hash_name(const uint8_t *name, size_t len)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ name[i]) * 16777619u;
    return hash;
}

static inline size_t write_name(uint8_t *at, const char *text)
{
    size_t len = 0;

    while (*text) {
        size_t label = strcspn(text, ".");

        at[len++] = (uint8_t)label;
        memcpy(at + len, text, label);
        len += label;
        text += label + (text[label] == '.');
    }
    at[len++] = 0;
    return len;
}

/* A query for an address, with EDNS where there is a cookie to send. */
static inline size_t write_query(uint8_t *at, unsigned id, const char *name, const uint8_t *cookie,
                                 size_t cookie_len)
{
    size_t len = HEADER;

    memset(at, 0, HEADER);
    put16(at, id);
    at[2] = 1; /* RD */
    at[5] = 1;
    len += write_name(at + len, name);
    put16(at + len, 1);
    put16(at + len + 2, 1);
    len += 4;
    if (cookie_len == 0)
        return len;
    at[11] = 1;
    memcpy(at + len, "\0\0\x29\x04\xd0\0\0\0\0", 9);
    put16(at + len + 9, (unsigned)cookie_len + 4);
    put16(at + len + 11, 10);
    put16(at + len + 13, (unsigned)cookie_len);
    memcpy(at + len + 15, cookie, cookie_len);
    return len + 15 + cookie_len;
}

static inline void send_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}

#endif
