/* base/thread.c - threads and the letters between them. */
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

#define NAME_SIZE 16 /* the kernel's TASK_COMM_LEN */

void mailbox_post(struct mailbox *box, struct mail *mail)
{
    mail->next = atomic_load_explicit(&box->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&box->newest, &mail->next, mail,
                                                  memory_order_release, memory_order_relaxed))
        ;
}

struct mail *mailbox_take(struct mailbox *box)
{
    struct mail *newest = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
    struct mail *oldest = NULL;

    while (newest) {
        struct mail *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

/* A thread inherits its name as it does its signal mask. To name it from outside takes a file in
 * /proc, which the sandbox keeps shut. */
err_t thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *), void *arg)
{
    char own_name[NAME_SIZE] = "";
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_getname_np(pthread_self(), own_name, sizeof own_name);
    pthread_setname_np(pthread_self(), name);
    error = pthread_create(ret_thread, NULL, run, arg);
    pthread_setname_np(pthread_self(), own_name);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        errno = error;
        return ERR_SYSTEM;
    }
    return OK;
}

unsigned thread_cpus(void)
{
    cpu_set_t cpus;

    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&cpus);
}
