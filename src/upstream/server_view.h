#ifndef UPSTREAM_SERVER_VIEW_H
#define UPSTREAM_SERVER_VIEW_H

#include "upstream/server_stats.h"

struct roster;

/* What all workers together have seen of one server since its configuration came into force. */
struct server_view {
    const char *url, *group; /* borrowed from the roster */
    enum server_state state; /* the worst that any worker has */
    size_t workers;
    size_t workers_in_state; /* the others have a better one */
    size_t workers_by_state[SERVER_STATES];
    const char *reason;  /* NULL: there is none, because it is up or untried */
    enum phase phase;    /* how far the connection was that `reason` ended */
    uint64_t changed_ns; /* monotonic: in that state since then; 0: since ever */
    uint64_t connections, in_flight;
    uint64_t counts[SERVER_COUNTS];
    struct histogram_sum phases[PHASE_ANSWER + 1];
};

/* Sums what the workers have counted, which goes on meanwhile. `index` is the server's place in the
 * roster. From any thread that holds the roster. */
void server_view_read(struct server_view *ret_view, const struct roster *roster, size_t index);

/* Whether a worker that has tried it would ask it; also when none has tried it yet. */
bool server_view_is_up(const struct server_view *view);

/* "down in 1 of 4 workers" when the others do better, else "down". Returns `text`. */
#define SERVER_VIEW_STATE_MAX 64
const char *server_view_state(const struct server_view *view, char text[SERVER_VIEW_STATE_MAX]);

const char *server_state_name(enum server_state state);
const char *server_count_name(enum server_count count); /* as server_counts.def calls it */

#endif
