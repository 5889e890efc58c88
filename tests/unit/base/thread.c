#include "base/thread.h"
#include "unit/test.h"

TEST(mail_keeps_order, "mail is taken oldest first, and only once")
{
    struct mailbox box = { NULL };
    struct mail a, b;

    CHECK(mailbox_take(&box) == NULL);
    mailbox_post(&box, &a);
    mailbox_post(&box, &b);
    CHECK(mailbox_take(&box) == &a);
    CHECK(a.next == &b && b.next == NULL);
    CHECK(mailbox_take(&box) == NULL);
}

#define LETTERS 10000

static void *post_all(void *arg)
{
    static struct mail mail[LETTERS];

    for (size_t i = 0; i < LETTERS; i++)
        mailbox_post(arg, &mail[i]);
    return NULL;
}

TEST(mail_crosses_threads, "nothing posted by another thread is lost")
{
    struct mailbox box = { NULL };
    pthread_t thread;
    size_t taken = 0;

    CHECK_EQUAL(thread_start(&thread, "poster", post_all, &box), OK);
    while (taken < LETTERS)
        for (struct mail *m = mailbox_take(&box); m; m = m->next)
            taken++;
    pthread_join(thread, NULL);
    CHECK_EQUAL(taken, LETTERS);
}

static void *tell_name(void *name)
{
    pthread_getname_np(pthread_self(), name, 16);
    return NULL;
}

TEST(thread_name, "a thread bears its name, and who started it keeps its own")
{
    char before[16], after[16], name[16] = "";
    pthread_t thread;

    pthread_getname_np(pthread_self(), before, sizeof before);
    CHECK_EQUAL(thread_start(&thread, "fifteen-letters", tell_name, name), OK);
    pthread_join(thread, NULL);
    pthread_getname_np(pthread_self(), after, sizeof after);
    CHECK_TEXT(name, "fifteen-letters");
    CHECK_TEXT(after, before);
}
