/* bench/micro/local.c - what it costs to know that a name may leave, and what a local answer costs.
 *
 *     bench_local [FINDS]
 */
#include "base/clock.h"
#include "dns/compose.h"
#include "dns/types.h"
#include "policy/local_zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NAMES 4096 /* that are looked for in turn */

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static struct question *make_questions(const char *format)
{
    struct question *questions = calloc(NAMES, sizeof *questions);

    for (unsigned i = 0; i < NAMES; i++) {
        struct writer w = writer_of(questions[i].name, sizeof questions[i].name);
        char text[128];

        snprintf(text, sizeof text, format, i * 2654435761u % 251);
        if (name_from_text(text, &w) != OK)
            abort();
        questions[i].name_len = (uint8_t)writer_len(&w);
        questions[i].qtype = TYPE_A;
        questions[i].qclass = CLASS_IN;
    }
    return questions;
}

static void measure_find(const struct local_zones *zones, const char *format, unsigned finds)
{
    struct question *questions = make_questions(format);
    unsigned found = 0;
    uint64_t start = cpu_ns();

    for (unsigned i = 0; i < finds; i++)
        found += local_zones_find(zones, question_name(&questions[i % NAMES])) != NULL;
    printf("%-50s %6.1f ns of CPU, %3.0f %% local\n", format, (double)(cpu_ns() - start) / finds,
           100.0 * found / finds);
    free(questions);
}

static void measure_answer(unsigned answers)
{
    static const struct compose_record soa = { TYPE_SOA,
                                               10800,
                                               true,
                                               { (const uint8_t *)"\006nobody\007invalid\0"
                                                                  "12345678901234567890",
                                                 36 } };
    static const struct compose_local local = { .rcode = RCODE_NXDOMAIN,
                                                .authority = &soa,
                                                .zone_at = 4 };
    struct question *questions = make_questions("n%03u.onion");
    struct message_query client = { .has_question = true, .edns = { .present = true } };
    uint8_t room[512];
    size_t bytes = 0;
    uint64_t start = cpu_ns();

    for (unsigned i = 0; i < answers; i++) {
        struct writer w = writer_of(room, sizeof room);

        client.question = questions[i % NAMES];
        compose_local(&w, &client, &local, &(struct compose_settings){ .limit = sizeof room });
        bytes += writer_len(&w);
    }
    printf("an answer of %zu bytes: %.1f ns of CPU\n", bytes / answers,
           (double)(cpu_ns() - start) / answers);
    free(questions);
}

static void complain_no_more(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

int main(int argc, char **argv)
{
    static const char *const formats[] = {
        "www.n%03u.example.com",
        "n%03u.cloud.corp.example.co.uk",
        "a%u.latest",
        "%u.113.0.8.in-addr.arpa",
        "n%03u.home.arpa",
        "n%03u.onion",
        "%u.1.168.192.in-addr.arpa",
        "0.%u.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.0.8.0.0.0.4.1.0.0.a.2.ip6.arpa",
    };
    const unsigned finds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000000;
    struct local_zones *zones;

    if (local_zones_new(&zones, &(struct strings){ 0 }, complain_no_more, NULL) != OK)
        return 1;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        measure_find(zones, formats[i], finds);
    measure_answer(finds);
    local_zones_free(&zones);
    return 0;
}
