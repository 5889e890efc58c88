/* bench/micro/suffix.c - what finding the group of a name costs, with few suffixes and with many.
 *
 *     bench_suffix [FINDS]
 */
#include "base/clock.h"
#include "dns/name.h"
#include "dns/suffix_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NAMES 4096 /* that are looked for in turn */

struct text {
    uint8_t room[48];
    struct slice name;
};

static struct slice write_name(struct text *t, const char *format, unsigned number)
{
    char text[48];
    struct writer w = writer_of(t->room, sizeof t->room);

    snprintf(text, sizeof text, format, number);
    if (name_from_text(text, &w) != OK)
        abort();
    return t->name = writer_slice(&w);
}

/* Every hundredth suffix has a label more, as in real lists. */
static struct suffix_set *make_set(unsigned count)
{
    struct text *texts = calloc(count, sizeof *texts);
    struct suffix *suffixes = calloc(count, sizeof *suffixes);
    struct suffix_set *set;

    for (unsigned i = 0; i < count; i++)
        suffixes[i] = (struct suffix){
            write_name(&texts[i], i % 100 ? "n%07u.example" : "a.n%07u.example", i), i
        };
    if (suffix_set_new(&set, suffixes, count) != OK)
        abort();
    free(texts);
    free(suffixes);
    return set;
}

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void measure(const struct suffix_set *set, unsigned count, const char *what,
                    const char *format, unsigned finds)
{
    struct text *texts = calloc(NAMES, sizeof *texts);
    unsigned hits = 0;
    uint64_t start;
    uint32_t value;

    for (unsigned i = 0; i < NAMES; i++)
        write_name(&texts[i], format, i * 2654435761u % count);
    start = cpu_ns();
    for (unsigned i = 0; i < finds; i++)
        hits += suffix_set_find(set, texts[i % NAMES].name, &value);
    printf("%6u suffixes, %s: %3.0f ns of CPU, %3.0f %% found\n", count, what,
           (double)(cpu_ns() - start) / finds, 100.0 * hits / finds);
    free(texts);
}

int main(int argc, char **argv)
{
    const unsigned finds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 4000000;
    const unsigned counts[] = { 10, 100000 };

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct suffix_set *set = make_set(counts[i]);

        measure(set, counts[i], "hit ", "www.n%07u.example", finds);
        measure(set, counts[i], "miss", "www.m%07u.example", finds);
        suffix_set_free(&set);
    }
    return 0;
}
