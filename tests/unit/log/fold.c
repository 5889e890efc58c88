/* tests/unit/log/fold.c - what is said again and again. */
#include "log/fold.h"

#include "base/clock.h"
#include "unit/test.h"

#include <stdio.h>

#define START  (1000 * NS_PER_S)
#define MINUTE (60 * NS_PER_S)

static struct folds folds;

static struct log_line line_of(enum log_event event, const char *details)
{
    struct log_line line = { .event = event, .level = LOG_LEVEL_WARNING };

    snprintf(line.details, sizeof line.details, "%s", details);
    return line;
}

static bool is_held(const char *details, uint64_t now_ns)
{
    struct log_line line = line_of(EVENT_accept_failed, details);

    line.at_ns = now_ns;
    return fold_hold(&folds, &line, now_ns);
}

TEST(fold_repeats, "the same line within a minute is held back, and told once the minute is over")
{
    struct log_line line;

    memset(&folds, 0, sizeof folds);
    CHECK(!is_held("reason=a", START));
    CHECK(fold_due_ns(&folds) == UINT64_MAX);
    for (unsigned i = 1; i <= 1000; i++)
        CHECK(is_held("reason=a", START + i));
    CHECK(!fold_next(&folds, START + MINUTE - 1, &line));
    CHECK(fold_due_ns(&folds) == START + MINUTE);
    CHECK(fold_next(&folds, START + MINUTE, &line));
    CHECK_TEXT(line.details, "reason=a repeated=1000");
    CHECK(line.at_ns == START + 1000);
    CHECK(!fold_next(&folds, START + MINUTE, &line));
}

TEST(fold_goes_on, "what never ends is one line a minute, and what has ended is news again")
{
    struct log_line line;

    memset(&folds, 0, sizeof folds);
    CHECK(!is_held("", START));
    CHECK(is_held("", START + 1));
    CHECK(fold_next(&folds, START + MINUTE, &line));
    CHECK_TEXT(line.details, "repeated=1");
    CHECK(is_held("", START + MINUTE + 1));
    CHECK(fold_next(&folds, START + 2 * MINUTE, &line));
    CHECK(!is_held("", START + 4 * MINUTE));
}

TEST(fold_tells_apart, "lines of other events, or with other details, are not the same")
{
    const struct log_line other = line_of(EVENT_listener_failed, "reason=a");

    memset(&folds, 0, sizeof folds);
    CHECK(!is_held("reason=a", START));
    CHECK(!is_held("reason=b", START));
    CHECK(!fold_hold(&folds, &other, START));
    CHECK(is_held("reason=b", START));
}

TEST(fold_is_bounded,
     "what cannot be remembered is said each time, and counts are not forgotten for it")
{
    char details[32];
    struct log_line line;

    memset(&folds, 0, sizeof folds);
    for (unsigned i = 0; i < FOLD_LINES; i++) {
        snprintf(details, sizeof details, "number=%u", i);
        CHECK(!is_held(details, START));
        CHECK(is_held(details, START));
    }
    CHECK(!is_held("one more", START));
    CHECK(!is_held("one more", START));
    CHECK(!is_held("one more", START + MINUTE)); /* those are not told yet */
    for (unsigned i = 0; i < FOLD_LINES; i++)
        CHECK(fold_next(&folds, START + MINUTE, &line));
    CHECK(!fold_next(&folds, START + MINUTE, &line));
    CHECK(!is_held("one more", START + 2 * MINUTE));
    CHECK(is_held("one more", START + 2 * MINUTE));
}

TEST(fold_long, "the longest details have no room for the count, and stay one line")
{
    char details[LOG_DETAILS_MAX];
    struct log_line line;

    memset(details, 'x', sizeof details - 1);
    details[sizeof details - 1] = '\0';
    memset(&folds, 0, sizeof folds);
    CHECK(!is_held(details, START));
    CHECK(is_held(details, START));
    CHECK(fold_next(&folds, START + MINUTE, &line));
    CHECK_EQUAL(strlen(line.details), LOG_DETAILS_MAX - 1);
}
