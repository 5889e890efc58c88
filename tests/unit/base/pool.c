#include "base/pool.h"
#include "unit/test.h"

TEST(pool_is_bounded, "a pool gives out as many objects as it may, and again after one came back")
{
    struct pool p;
    void *first, *objects[200];

    pool_init(&p, 24, 200);
    for (size_t i = 0; i < 200; i++) {
        objects[i] = pool_take(&p);
        CHECK(objects[i] != NULL);
        memset(objects[i], (int)i, 24);
    }
    CHECK(pool_take(&p) == NULL);
    first = objects[0];
    pool_give(&p, first);
    CHECK(pool_take(&p) == first);
    pool_done(&p);
}

TEST(pool_handles_go_stale, "a handle finds its object until it is given back, never its successor")
{
    struct pool p;
    void *object;
    uint64_t handle;

    pool_init(&p, 8, 10);
    object = pool_take(&p);
    handle = pool_handle(object);
    CHECK(pool_find(&p, handle) == object);
    pool_give(&p, object);
    CHECK(pool_find(&p, handle) == NULL);
    CHECK(pool_take(&p) == object);
    CHECK(pool_find(&p, handle) == NULL);
    CHECK(pool_find(&p, UINT64_MAX) == NULL);
    CHECK(pool_find(&p, 0) == NULL);
    pool_done(&p);
}
