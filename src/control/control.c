/* control/control.c - the control socket: who calls is heard on a thread of its own.
 *
 * Called by: command/service.c. Owns: the socket, the thread, the callers. A caller whose line is
 * there is mailed to the thread that owns the crew, and comes back with its response.
 */
#include "control/control.h"

#include "base/clock.h"
#include "control/answer.h"
#include "control/caller.h"
#include "io/acceptor.h"
#include "io/loop.h"
#include "io/socket.h"
#include "log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLERS_MAX 8               /* at once; the kernel lets more of them wait */
#define PATIENCE_NS (10 * NS_PER_S) /* with a line that does not come, or a response unread */

struct control {
    struct control_house *house;
    char *path;
    dev_t device; /* with `inode`: our file, and not one that somebody put in its place */
    ino_t inode;
    pthread_t thread;
    struct loop *loop;
    struct acceptor *acceptor;
    struct log_gate starved;
    struct list callers;
    unsigned count;          /* of those who have no tail: these have a number of their own */
    struct mailbox asked;    /* callers; posted by the control thread, taken by control_work */
    struct mailbox answered; /* callers; posted by control_work, taken by the control thread */
    _Atomic bool stops;      /* written by control_close, read by the control thread */
};

static void note_asked(void *arg, struct caller *caller)
{
    struct control *c = arg;

    mailbox_post(&c->asked, &caller->mail);
    c->house->call(c->house->arg);
}

static void note_left(void *arg, struct caller *caller)
{
    struct control *c = arg;

    list_remove(&caller->link);
    c->count -= !caller->tail;
    caller_close(&caller);
    acceptor_pause(c->acceptor, c->count >= CALLERS_MAX);
}

static void accepted(void *arg, int fd, const union addr *peer)
{
    static const struct caller_handler handler = { .patience_ns = PATIENCE_NS,
                                                   .asked = note_asked,
                                                   .left = note_left };
    struct control *c = arg;
    struct caller *caller;

    (void)peer;
    if (atomic_load(&c->stops)) {
        socket_close(&fd);
        return;
    }
    if (caller_open(&caller, c->loop, fd, &handler, c) != OK)
        return;
    list_append(&c->callers, &caller->link);
    acceptor_pause(c->acceptor, ++c->count >= CALLERS_MAX);
}

static void starved(void *arg, err_t err)
{
    struct control *c = arg;
    const char *reason = err_text(err);
    uint64_t held_back;

    if (log_gate_opens(&c->starved, loop_now_ns(c->loop), &held_back))
        log_event(EVENT_accept_failed, "listener=%s reason=\"%s\"", c->path, reason);
}

static void end(struct control *c)
{
    acceptor_close(&c->acceptor);
    list_for_each (node, &c->callers) {
        struct caller *caller = LIST_OF(node, struct caller, link);

        caller_close(&caller);
    }
    loop_stop(c->loop);
}

static void take_answers(void *arg)
{
    struct control *c = arg;
    struct mail *next;

    for (struct mail *mail = mailbox_take(&c->answered); mail; mail = next) {
        struct caller *caller = (struct caller *)mail;

        next = mail->next;
        c->count -= !!caller->tail;
        acceptor_pause(c->acceptor, c->count >= CALLERS_MAX);
        caller_answer(caller);
    }
    list_for_each (node, &c->callers)
        caller_go_on(LIST_OF(node, struct caller, link));
    if (atomic_load(&c->stops))
        end(c);
}

static void *run(void *arg)
{
    struct control *c = arg;

    loop_run(c->loop);
    return NULL;
}

void control_work(struct control *c)
{
    struct mail *next;

    for (struct mail *mail = c ? mailbox_take(&c->asked) : NULL; mail; mail = next) {
        struct caller *caller = (struct caller *)mail;
        struct answer a = answer(c->house, slice_of(caller->line, caller->line_len));

        next = mail->next;
        caller->response = a.text;
        caller->response_len = a.len;
        caller->tail = a.tail;
        mailbox_post(&c->answered, mail);
        loop_wake(c->loop);
    }
}

void control_wake(void *control)
{
    struct control *c = control;

    loop_wake(c->loop);
}

static void remove_file(const struct control *c)
{
    struct stat there;

    if (lstat(c->path, &there) == 0 && there.st_dev == c->device && there.st_ino == c->inode)
        unlink(c->path);
}

static void release(struct control *c)
{
    int error = errno;

    atomic_store(&c->stops, true); /* who has connected meanwhile is not let in */
    acceptor_close(&c->acceptor);
    loop_free(&c->loop);
    free(c->path);
    free(c);
    errno = error;
}

static err_t open_socket(struct control *c)
{
    static const struct acceptor_handler handler = { .accepted = accepted, .starved = starved };
    struct stat there;
    int fd;

    TRY(socket_listen_unix(c->path, &fd));
    if (lstat(c->path, &there) == 0) {
        c->device = there.st_dev;
        c->inode = there.st_ino;
    }
    return acceptor_open(&c->acceptor, c->loop, fd, &handler, c);
}

err_t control_open(struct control **ret_control, const char *path, struct control_house *house)
{
    struct control *c = calloc(1, sizeof *c);
    err_t err;

    if (!c)
        return ERR_NOMEM;
    c->house = house;
    house->control = c;
    c->path = strdup(path);
    list_init(&c->callers);
    err = c->path ? loop_new(&c->loop) : ERR_NOMEM;
    if (err == OK) {
        loop_on_wake(c->loop, take_answers, c);
        err = open_socket(c);
    }
    if (err == OK) {
        err = thread_start(&c->thread, "dotproxy-ctl", run, c);
        if (err != OK)
            remove_file(c);
    }
    if (err != OK) {
        release(c);
        return err;
    }
    *ret_control = c;
    return OK;
}

void control_close(struct control **control)
{
    struct control *c = *control;

    *control = NULL;
    if (!c)
        return;
    remove_file(c);
    atomic_store(&c->stops, true);
    loop_wake(c->loop);
    pthread_join(c->thread, NULL);
    release(c);
}
