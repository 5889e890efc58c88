#ifndef UNIT_UPSTREAM_MADE_H
#define UNIT_UPSTREAM_MADE_H

struct roster;

/* The roster of a configuration; the test ends when that is wrong. */
struct roster *roster_of(const char *yaml);

/* The first thing that is wrong with a configuration, or "ok"; `flag`: an --upstream, or NULL. */
const char *wrong(const char *yaml);
const char *wrong_with_upstream(const char *yaml, const char *flag);

/* A file with this text, until the next call. */
const char *file_with(const char *text);

#endif
