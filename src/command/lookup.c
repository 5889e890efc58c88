/* command/lookup.c - one question over the product's own upstream code.
 *
 * Called by: query.c, healthcheck.c.
 */
#include "command/lookup.h"

#include "base/random.h"
#include "config/config.h"
#include "io/loop.h"
#include "metrics/metrics.h"
#include "upstream/group_config.h"
#include "upstream/server.h"

#include <stdio.h>

struct asking {
    struct loop *loop;
    upstream_answer_fn *answered;
    void *arg;
};

static void take_answer(void *arg, const struct upstream_answer *answer)
{
    struct asking *asking = arg;

    asking->answered(asking->arg, answer);
    loop_stop(asking->loop);
}

static err_t ask(struct asking *asking, struct server_list *list, const struct group_config *group,
                 const struct question *question)
{
    struct metrics metrics = { 0 };
    struct random random = { 0 };
    struct upstream_context context = { .loop = asking->loop,
                                        .metrics = &metrics,
                                        .random = &random };
    const struct upstream_times times = { group->timeout, group->deadline };
    const struct compose_query_settings query = { .question = question, .recursion_desired = true };
    struct upstream_group *upstreams;
    err_t err;

    list_init(&context.groups);
    TRY(upstream_group_new(&upstreams, &context, list, &times));
    err = upstream_ask(upstreams, &query, take_answer, asking);
    if (err == OK)
        loop_run(asking->loop);
    upstream_group_free(&upstreams);
    return err;
}

err_t lookup(struct config *config, const struct question *question, upstream_answer_fn *answered,
             void *arg, char reason[1024])
{
    struct asking asking = { .answered = answered, .arg = arg };
    struct server_list *list;
    err_t err;

    snprintf(reason, SERVER_REASON_MAX, "%s", err_text(ERR_NOMEM));
    TRY(server_list_new(&list, config, reason));
    err = loop_new(&asking.loop);
    if (err == OK)
        err = ask(&asking, list, config_item(config, &group_section, 0), question);
    loop_free(&asking.loop);
    server_list_unref(list);
    return err;
}
