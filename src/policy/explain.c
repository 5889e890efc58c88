/* policy/explain.c - the words in which rules explain themselves.
 *
 * Called by: rules. Heard by: control/explain.c.
 */
#include "policy/explain.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 1280 /* a name with every byte written as \DDD, and some words */

void explain_say(const struct explanation *e, const char *what, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    e->say(e->arg, what, text);
}

bool explain_bucket(const struct explanation *e, const struct gcra *g, uint64_t key,
                    const struct gcra_rate *rate, uint64_t now_ns, const char *prefix,
                    bool is_proven)
{
    uint64_t left = gcra_left(g, key, rate, now_ns), all = rate->tolerance / rate->interval;
    char whose[64];

    snprintf(whose, sizeof whose, "%s %s", prefix, is_proven ? "proven" : "unproven");
    e->tokens(e->arg, whose, left, all);
    return left > 0;
}
