/* tests/unit/log/log.c - what comes out on standard error. */
#include "log/log.h"

#include "unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char said[65536];
static int own_stderr, pipe_fds[2];

static void begin(enum log_level level, enum log_target to, enum log_format format)
{
    const struct log_settings settings = { level, to, format };

    CHECK_EQUAL(pipe2(pipe_fds, O_CLOEXEC), 0);
    own_stderr = dup(STDERR_FILENO);
    dup2(pipe_fds[1], STDERR_FILENO);
    CHECK_EQUAL(log_start(&settings), OK);
}

/* All that was said until the end. */
static const char *end(void)
{
    ssize_t len;

    log_stop();
    dup2(own_stderr, STDERR_FILENO);
    close(own_stderr);
    close(pipe_fds[1]);
    len = read(pipe_fds[0], said, sizeof said - 1);
    close(pipe_fds[0]);
    said[len > 0 ? len : 0] = '\0';
    return said;
}

static unsigned count(const char *text, const char *what)
{
    unsigned found = 0;

    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        found++;
    return found;
}

TEST(log_levels, "what is less important than the level is not said")
{
    begin(LOG_LEVEL_WARNING, LOG_TO_STDERR, LOG_FORMAT_TEXT);
    log_event(EVENT_started, "%s", "");
    log_event(EVENT_connection_failed, "%s", "");
    log_event(EVENT_accept_failed, "reason=%s", "full");
    log_event(EVENT_listener_failed, "%s", "");
    end();
    CHECK_EQUAL(count(said, "\n"), 2);
    CHECK(strstr(said, " warning accept_failed: ") && strstr(said, " error listener_failed: "));
}

TEST(log_folds, "a line that is repeated is said once, and at the end how often it was")
{
    begin(LOG_LEVEL_DEBUG, LOG_TO_STDERR, LOG_FORMAT_TEXT);
    for (unsigned i = 0; i < 100; i++)
        log_event(EVENT_connection_failed, "upstream=%s", "a");
    log_event(EVENT_connection_failed, "upstream=%s", "b");
    end();
    CHECK_EQUAL(count(said, "connection_failed"), 3);
    CHECK_EQUAL(count(said, "upstream=a\n"), 1);
    CHECK_EQUAL(count(said, "upstream=a repeated=99\n"), 1);
    CHECK_EQUAL(count(said, "upstream=b\n"), 1);
}

TEST(log_tells_each, "what somebody has asked for is told each time")
{
    begin(LOG_LEVEL_INFO, LOG_TO_STDERR, LOG_FORMAT_TEXT);
    for (unsigned i = 0; i < 3; i++) {
        log_event(EVENT_reloaded, "listeners=%u", 1);
        log_event(EVENT_reload_failed, "%s", "line 7");
        log_event(EVENT_upstream_failed, "upstream=%s", "a");
        log_event(EVENT_upstream_back, "upstream=%s", "a");
    }
    end();
    CHECK_EQUAL(count(said, "\n"), 12);
    CHECK_EQUAL(count(said, "repeated"), 0);
}

TEST(log_journal, "the journal is told the priority in front of each line")
{
    begin(LOG_LEVEL_DEBUG, LOG_TO_JOURNAL, LOG_FORMAT_TEXT);
    log_event(EVENT_listener_failed, "%s", "");
    log_event(EVENT_accept_failed, "%s", "");
    log_event(EVENT_started, "%s", "");
    log_event(EVENT_connection_failed, "%s", "");
    end();
    CHECK_EQUAL(count(said, "\n"), 4);
    CHECK(strncmp(said, "<3>", 3) == 0);
    CHECK(strstr(said, "\n<4>") && strstr(said, "\n<6>") && strstr(said, "\n<7>"));
}

TEST(log_json, "as JSON every line is an object, for the journal behind its priority")
{
    begin(LOG_LEVEL_INFO, LOG_TO_JOURNAL, LOG_FORMAT_JSON);
    log_event(EVENT_started, "version=\"%s\"", "1");
    end();
    CHECK(strncmp(said, "<6>{\"time\":\"", 12) == 0);
    CHECK(strstr(said,
                 "\"level\":\"info\",\"event\":\"started\",\"message\":\"dotproxy has started\","
                 "\"details\":\"version=\\\"1\\\"\"}\n"));
}
