#ifndef CONTROL_CALLER_H
#define CONTROL_CALLER_H

#include "base/buffer.h"
#include "base/list.h"
#include "base/thread.h"
#include "base/wheel.h"
#include "control/request.h"

struct caller;
struct loop;
struct stream;
struct tail;

/* Called on the loop's thread. */
struct caller_handler {
    uint64_t patience_ns;                       /* for the whole line, and for the whole response */
    void (*asked)(void *arg, struct caller *c); /* its line is there; caller_answer is to follow */
    void (*left)(void *arg, struct caller *c);  /* all is said, or it went: caller_close is due */
};

/* One connection: a line comes in, a response goes out, and that is all, or it goes on for as long
 * as the caller stays. */
struct caller {
    struct mail mail; /* first: it is mailed to who answers, and back */
    struct list link; /* free for the owner */
    struct loop *loop;
    struct stream *stream;
    struct timer patience;
    const struct caller_handler *handler;
    void *arg;
    size_t line_len;
    uint8_t line[REQUEST_LINE_MAX + 1]; /* one more shows that it is too long */
    char *response;                     /* filled in by who answers; NULL: there is none */
    size_t response_len, sent;
    struct tail *tail;   /* the same: what goes on behind the response; NULL: nothing */
    bool is_tailing;     /* the response is out */
    struct buffer taken; /* from the tail, and not sent yet */
};

/* Takes `fd` over, also on failure. */
err_t caller_open(struct caller **ret_caller, struct loop *l, int fd,
                  const struct caller_handler *handler, void *arg);

/* Sends `response`, and what the tail has. May call `left`. */
void caller_answer(struct caller *c);

/* There may be more in the tail. May call `left`. */
void caller_go_on(struct caller *c);

/* Lets go of the tail, too. */
void caller_close(struct caller **c);

#endif
