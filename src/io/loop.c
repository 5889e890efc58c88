/* io/loop.c - one thread's turn: send what was gathered, wait, handle what is ready, then what is
 * due.
 *
 * Called by: everybody who waits for a descriptor or for time.
 * Owns: the epoll instance, and what another thread wakes it by.
 */
#include "io/loop.h"

#include "base/clock.h"
#include "io/socket.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define READY_MAX 1024 /* descriptors that are handled in one turn */

struct loop {
    int epoll_fd, wake_fd;
    bool is_stopped;
    _Atomic uint64_t now_ns; /* when this turn began, 0 while it waits; others may read it */
    struct wheel wheel;
    struct list turn_ends;
    struct list closed; /* watches, until the end of what was ready: it may name them still */
    loop_fn *on_wake;
    void *on_wake_arg;
    uint8_t *scratch;
    struct epoll_event ready[READY_MAX];
};

struct watch {
    struct loop *loop;
    int fd;
    unsigned events;
    watch_fn *fn;
    void *arg;
    struct list link; /* of those that are closed */
};

static void set_now(struct loop *l, uint64_t now_ns)
{
    atomic_store_explicit(&l->now_ns, now_ns, memory_order_relaxed);
}

static void end_turn(struct loop *l)
{
    for (struct list *node = list_first(&l->turn_ends); node; node = list_first(&l->turn_ends)) {
        struct turn_end *work = LIST_OF(node, struct turn_end, link);

        list_remove(node);
        work->fn(work->arg);
    }
}

static int patience_ms(const struct loop *l)
{
    uint64_t due_ns = wheel_next_ns(&l->wheel), now_ns, ms;

    if (due_ns == UINT64_MAX)
        return -1;
    now_ns = clock_monotonic_ns();
    if (due_ns <= now_ns)
        return 0;
    ms = (due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static void be_woken(struct loop *l)
{
    eventfd_t times;

    eventfd_read(l->wake_fd, &times);
    if (l->on_wake)
        l->on_wake(l->on_wake_arg);
}

/* An error shows as readiness: the next read or write then says which it is. */
static void tell(struct watch *w, uint32_t events)
{
    unsigned ready = events & (EPOLLERR | EPOLLHUP) ? w->events : 0;

    if (events & EPOLLIN)
        ready |= LOOP_READABLE;
    if (events & EPOLLOUT)
        ready |= LOOP_WRITABLE;
    ready &= w->events; /* others in this turn may have changed them, or closed it */
    if (ready)
        w->fn(w->arg, ready);
}

static void free_closed(struct loop *l)
{
    list_for_each (node, &l->closed)
        free(LIST_OF(node, struct watch, link));
    list_init(&l->closed);
}

static void turn(struct loop *l)
{
    int count;

    end_turn(l);
    set_now(l, 0);
    count = epoll_wait(l->epoll_fd, l->ready, READY_MAX, patience_ms(l));
    set_now(l, clock_monotonic_ns());
    for (int i = 0; i < count; i++)
        if (l->ready[i].data.ptr == l)
            be_woken(l);
        else
            tell(l->ready[i].data.ptr, l->ready[i].events);
    free_closed(l);
    if (wheel_next_ns(&l->wheel) <= loop_now_ns(l))
        wheel_advance(&l->wheel, loop_now_ns(l));
}

static bool open_descriptors(struct loop *l)
{
    struct epoll_event woken = { .events = EPOLLIN, .data.ptr = l };

    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return l->epoll_fd >= 0 && l->wake_fd >= 0 &&
           epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &woken) == 0;
}

err_t loop_new(struct loop **ret_loop)
{
    struct loop *l = calloc(1, sizeof *l);

    if (!l)
        return ERR_NOMEM;
    list_init(&l->turn_ends);
    list_init(&l->closed);
    l->scratch = malloc(LOOP_SCRATCH_SIZE);
    if (!open_descriptors(l) || !l->scratch) {
        loop_free(&l);
        return ERR_NOMEM;
    }
    wheel_init(&l->wheel, clock_monotonic_ns());
    *ret_loop = l;
    return OK;
}

void loop_free(struct loop **loop)
{
    struct loop *l = *loop;

    if (!l)
        return;
    *loop = NULL;
    free_closed(l);
    socket_close(&l->wake_fd);
    socket_close(&l->epoll_fd);
    free(l->scratch);
    free(l);
}

void loop_run(struct loop *l)
{
    while (!l->is_stopped)
        turn(l);
    l->is_stopped = false;
}

void loop_stop(struct loop *l)
{
    l->is_stopped = true;
}

uint64_t loop_now_ns(struct loop *l)
{
    if (loop_busy_since_ns(l) == 0) /* it does not run yet */
        set_now(l, clock_monotonic_ns());
    return loop_busy_since_ns(l);
}

uint64_t loop_busy_since_ns(const struct loop *l)
{
    return atomic_load_explicit(&l->now_ns, memory_order_relaxed);
}

struct wheel *loop_wheel(struct loop *l)
{
    return &l->wheel;
}

void loop_on_wake(struct loop *l, loop_fn *fn, void *arg)
{
    l->on_wake = fn;
    l->on_wake_arg = arg;
}

void loop_wake(struct loop *l)
{
    eventfd_write(l->wake_fd, 1);
}

void loop_at_turn_end(struct loop *l, struct turn_end *work, loop_fn *fn, void *arg)
{
    if (work->link.next && work->link.next != &work->link)
        return;
    work->fn = fn;
    work->arg = arg;
    list_append(&l->turn_ends, &work->link);
}

void turn_end_cancel(struct turn_end *work)
{
    if (work->link.next)
        list_remove(&work->link);
}

uint8_t *loop_scratch(struct loop *l)
{
    return l->scratch;
}

err_t watch_open(struct watch **ret_watch, struct loop *l, int fd, watch_fn *fn, void *arg)
{
    struct watch *w = malloc(sizeof *w);

    if (!w)
        return ERR_NOMEM;
    *w = (struct watch){ .loop = l, .fd = fd, .fn = fn, .arg = arg };
    *ret_watch = w;
    return OK;
}

void watch_close(struct watch **watch)
{
    struct watch *w = *watch;

    if (!w)
        return;
    *watch = NULL;
    watch_for(w, 0);
    list_append(&w->loop->closed, &w->link);
}

/* Without events it is taken out: the kernel would still tell of errors. */
err_t watch_for(struct watch *w, unsigned events)
{
    struct epoll_event wanted = { .data.ptr = w };
    int how = EPOLL_CTL_MOD;

    if (events == w->events)
        return OK;
    if (w->events == 0)
        how = EPOLL_CTL_ADD;
    if (events == 0)
        how = EPOLL_CTL_DEL;
    if (events & LOOP_READABLE)
        wanted.events |= EPOLLIN;
    if (events & LOOP_WRITABLE)
        wanted.events |= EPOLLOUT;
    w->events = events;
    return epoll_ctl(w->loop->epoll_fd, how, w->fd, &wanted) == 0 ? OK : ERR_SYSTEM;
}
