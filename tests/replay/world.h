#ifndef REPLAY_WORLD_H
#define REPLAY_WORLD_H

#include "base/addr.h"
#include "base/buffer.h"
#include "base/list.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

enum socket_kind { SOCKET_DGRAM, SOCKET_DOOR, SOCKET_STREAM };

/* A datagram under way. */
struct packet {
    struct list link;
    union addr peer, local;
    size_t len;
    uint8_t bytes[];
};

/* A socket of the code under test, seen from both its ends. It lives until the world ends, so that
 * a script may hold it for as long as it likes. */
struct socket {
    struct list link; /* in world.open or world.closed */
    enum socket_kind kind;
    int fd;
    union addr local, peer;    /* no family: not bound, not connected */
    bool code_finished;        /* the code under test sends no more */
    bool code_closed;          /* it has let go */
    int error;                 /* the errno that the code will find */
    struct list to_code;       /* packets; connections that wait at a door */
    struct list to_script;     /* packets */
    struct list waits;         /* in its door's to_code */
    bool connecting, accepted; /* who connects, and whether the script has said yes */
    bool finished, gone;       /* the script sends no more; takes no more */
    struct buffer in, out;     /* bytes for the code, bytes from the code */
    size_t window;             /* how many bytes from the code may lie unread */
    bool vanished;             /* the other end hears, says and acknowledges nothing */
    size_t unacknowledged;     /* bytes sent since */
    uint64_t acknowledged_ns;  /* when anything was, last */
};

/* All that code may know of the outside, turned by a script. One at a time. */
struct world {
    uint64_t monotonic_ns, wall_ns, seed;
    uint64_t asleep_ns; /* how long the machine has slept */
    unsigned host;      /* the machine has the address 192.0.2.HOST; 0: no way leads out of it */
    int last_fd;
    unsigned code_holds; /* sockets that the code under test has open */
    struct list open, closed;
    struct list netwatches;
};
extern struct world world;

void world_begin(uint64_t seed);
void world_end(void);

/* The script's own random numbers: those of the code are drawn from the same seed. */
uint64_t world_random(void);

struct socket *world_socket(enum socket_kind kind);
struct socket *world_find(int fd);
void world_code_closes(struct socket *s);
void world_sends(struct list *to, struct slice bytes, const union addr *peer,
                 const union addr *local);

/* What the loop asks in each of its turns. */
struct source {
    struct list link;
    bool (*is_ready)(const void *arg);
    void (*run)(void *arg);
    void *arg;
};
void loop_add(struct loop *l, struct source *source);

/* One turn: wakes, what is ready, timers, the end of the turn. Whether there was anything to do. */
bool loop_turn(struct loop *l);
bool loop_is_stopped(const struct loop *l);

#endif
