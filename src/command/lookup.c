/* command/lookup.c - one question over the product's own upstream code.
 *
 * Called by: query.c, healthcheck.c.
 */
#include "command/lookup.h"

#include "base/random.h"
#include "config/config.h"
#include "io/loop.h"
#include "metrics/metrics.h"
#include "upstream/roster.h"

#include <stdio.h>

struct asking {
    struct loop *loop;
    struct roster *roster;
    lookup_fn *answered;
    void *arg;
};

static void take_answer(void *arg, const struct upstream_answer *answer)
{
    struct asking *asking = arg;

    asking->answered(asking->arg, answer, asking->roster);
    loop_stop(asking->loop);
}

static err_t ask(struct asking *asking, const struct question *question)
{
    struct metrics metrics = { 0 };
    struct random random = { 0 };
    struct upstream_context context = { .loop = asking->loop,
                                        .metrics = &metrics,
                                        .random = &random };
    const struct compose_query_settings query = { .question = question, .recursion_desired = true };
    struct upstream_set *upstreams;
    err_t err;

    list_init(&context.sets);
    TRY(upstream_set_new(&upstreams, &context, asking->roster));
    err = upstream_ask(upstreams, upstream_group_for(upstreams, question_name(question)), &query,
                       take_answer, asking, NULL);
    if (err == OK)
        loop_run(asking->loop);
    upstream_set_free(&upstreams);
    return err;
}

err_t lookup(struct config *config, const struct question *question, lookup_fn *answered, void *arg,
             char reason[1024])
{
    struct asking asking = { .answered = answered, .arg = arg };
    err_t err;

    snprintf(reason, ROSTER_REASON_MAX, "%s", err_text(ERR_NOMEM));
    TRY(roster_new(&asking.roster, config, 1, reason));
    err = loop_new(&asking.loop);
    if (err == OK)
        err = ask(&asking, question);
    loop_free(&asking.loop);
    roster_unref(asking.roster);
    return err;
}
