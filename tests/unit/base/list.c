#include "base/list.h"
#include "unit/test.h"

TEST(list_keeps_order, "members come out in the order they went in")
{
    struct list head, a, b;

    list_init(&head);
    CHECK(list_first(&head) == NULL);
    list_append(&head, &a);
    list_append(&head, &b);
    CHECK(list_first(&head) == &a);
    list_remove(&a);
    list_remove(&a);
    CHECK(list_first(&head) == &b);
    list_remove(&b);
    CHECK(list_is_empty(&head));
}

TEST(list_moves, "moving all members keeps their order and empties the source")
{
    struct list to, from, a, b, c;

    list_init(&to);
    list_init(&from);
    list_append(&to, &a);
    list_append(&from, &b);
    list_append(&from, &c);
    list_move_all(&to, &from);
    list_move_all(&to, &from);
    CHECK(list_is_empty(&from));
    CHECK(to.next == &a && a.next == &b && b.next == &c && c.next == &to);
    CHECK(to.prev == &c && c.prev == &b && b.prev == &a && a.prev == &to);
}
