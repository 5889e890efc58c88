#include "upstream/equal.h"
#include "unit/test.h"
#include "upstream/flight.h"
#include "upstream/group.h"

static struct group groups[2];
static struct equal equal;

static struct flight flight(struct group *group, uint16_t id)
{
    struct flight f = { .group = group, .query_len = DNS_HEADER_SIZE + 20 };

    memset(f.query, 7, sizeof f.query);
    put_u16(f.query, id);
    return f;
}

TEST(equal_joins, "who asks what is in the air already joins, whatever the id")
{
    struct flight one = flight(&groups[0], 1), two = flight(&groups[0], 2);
    struct random random = { 0 };

    equal_init(&equal, &random);
    CHECK(equal_join(&equal, &one) == NULL);
    CHECK(equal_join(&equal, &two) == &one);
    equal_remove(&equal, &one);
    CHECK(equal_join(&equal, &two) == NULL);
}

TEST(equal_joins_no_other_group, "the same question to another group is another question")
{
    struct flight one = flight(&groups[0], 1), two = flight(&groups[1], 1);
    struct random random = { 0 };

    equal_init(&equal, &random);
    CHECK(equal_join(&equal, &one) == NULL);
    CHECK(equal_join(&equal, &two) == NULL);
    CHECK(equal_join(&equal, &one) == &one);
}
