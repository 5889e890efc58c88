/* upstream/policy_hash.c - a domain always goes to the same provider, so that none sees all.
 *
 * Weighted rendezvous hashing: each provider draws a score for the domain, the best one is asked.
 * When one is out, its domains go to the second best of each, and all others stay where they are.
 * Nothing is secret in the hash: a restart must not show a domain to somebody else.
 */
#include "upstream/policy.h"

#include "base/hash.h"
#include "dns/registrable.h"

#include <math.h>

#define LOAD_PERCENT 125 /* of its share of what is in flight may be with one provider */
#define LOAD_FREE    16  /* more: few questions are no load */

/* All servers of one provider. */
struct place {
    uint64_t provider, in_flight;
    uint32_t weight;
};

struct places {
    unsigned count;
    uint64_t in_flight, weight; /* of all */
    struct place list[64];
};

static struct place *place_of(struct places *places, uint64_t provider)
{
    unsigned i = 0;

    while (i < places->count && places->list[i].provider != provider)
        i++;
    if (i == places->count)
        places->list[places->count++] = (struct place){ .provider = provider };
    return &places->list[i];
}

/* The largest weight counts, not the sum: that would change when one server of several is out. */
static void find_places(const struct choice *choice, struct places *places)
{
    places->count = 0;
    places->in_flight = places->weight = 0;
    for (uint64_t left = choice->among; left; left &= left - 1) {
        const struct candidate *c = &choice->candidates[__builtin_ctzll(left)];
        struct place *place = place_of(places, c->provider);

        place->in_flight += c->in_flight;
        places->in_flight += c->in_flight;
        if (c->weight > place->weight) {
            places->weight += c->weight - place->weight;
            place->weight = c->weight;
        }
    }
}

/* Bounded loads (Mirrokni and others 2018): a domain that everybody asks for must not drown one. */
static bool is_full(const struct places *places, const struct place *place)
{
    return place->in_flight > LOAD_FREE &&
           (place->in_flight - LOAD_FREE) * 100 * places->weight >
               (places->in_flight + 1) * LOAD_PERCENT * place->weight;
}

/* Each provider wins as many domains as its weight says: -ln of an even draw, by weight, is an
 * exponential one, and the smallest of those is what counts. */
static double score(const struct place *place, uint64_t domain)
{
    const struct hash_key key = { place->provider, 0 };
    struct hash h = hash_start(&key);
    uint64_t drawn;

    hash_word(&h, domain, 2);
    drawn = hash_end(&h, 4) >> 11;
    return -log(((double)drawn + 0.5) * 0x1p-53) / place->weight;
}

static const struct place *best_place(const struct places *places, uint64_t domain)
{
    const struct place *best = NULL;
    double least = HUGE_VAL;

    for (unsigned i = 0; i < places->count; i++) {
        const struct place *place = &places->list[i];
        double own;

        if (is_full(places, place))
            continue;
        own = score(place, domain);
        if (own < least) {
            least = own;
            best = place;
        }
    }
    return best;
}

/* The server of the provider that has least to do. */
static unsigned pick_server(const struct choice *choice, uint64_t provider)
{
    unsigned best = 64;

    for (uint64_t left = choice->among; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);

        if (choice->candidates[i].provider == provider &&
            (best == 64 || choice->candidates[i].in_flight < choice->candidates[best].in_flight))
            best = i;
    }
    return best;
}

static unsigned pick(const struct choice *choice)
{
    static const struct hash_key key = { 0 };
    struct places places;
    uint64_t domain;

    if ((choice->among & (choice->among - 1)) == 0)
        return (unsigned)__builtin_ctzll(choice->among);
    find_places(choice, &places);
    if (places.count == 1)
        return pick_server(choice, places.list[0].provider);
    domain = hash_bytes(&key, name_registrable(choice->name));
    return pick_server(choice, best_place(&places, domain)->provider);
}

const struct policy_ops policy_hash = { .name = "hash", .pick = pick };
