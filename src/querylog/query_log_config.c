/* querylog/query_log_config.c - the streams of records that the configuration asks for. */
#include "querylog/query_log_config.h"

#include "base/clock.h"
#include "querylog/filter.h"
#include "querylog/sink.h"

#include <stdio.h>
#include <string.h>

#define ROTATE_SIZE_MIN 65536
#define NS_PER_MIN      (60 * NS_PER_S)

static const struct option_row query_log_options[] = {
#define OPTION(...) OPTION_ROW(struct query_log_config, __VA_ARGS__)
#include "querylog/options.def"
#undef OPTION
};

/* Where a fault of a filter is told. */
struct complaint {
    struct loader *to;
    size_t item;
};

static void tell(void *arg, const char *option, const char *text)
{
    const struct complaint *c = arg;

    complain(c->to, c->item, option, "%s", text);
}

const struct format_ops *query_log_format(const struct query_log_config *config)
{
    struct slice word = words_at(option_find(&query_log_section, "format")->min, config->format);
    char name[16];

    snprintf(name, sizeof name, "%.*s", (int)word.len, (const char *)word.data);
    return format_find(name);
}

static void check_target(const struct query_log_config *config, struct complaint *c,
                         const struct target *target)
{
    static const char *const others[] = {
        [TARGET_STDOUT] =
            "a terminal or a log is no place for dnstap; write file:, unix: or tcp://",
        [TARGET_UNIX] = "unix: is for format: dnstap; syslog goes over udp://, tcp:// or tls://",
        [TARGET_UDP] = "dnstap goes over unix: or tcp://, or into a file:",
        [TARGET_TLS] = "dnstap goes over unix: or tcp://, or into a file:",
    };

    if (!sink_find(target->kind, query_log_format(config)->is_binary))
        tell(c, "to", others[target->kind]);
}

/* Options that only some targets have are told of when they stand where they do nothing. */
static void check_options(const struct query_log_config *config, struct complaint *c,
                          enum target_kind kind)
{
    const bool is_file = kind == TARGET_FILE, is_tls = kind == TARGET_TLS;
    const bool may_be_away = kind == TARGET_TCP || is_tls || kind == TARGET_UNIX;
    const struct {
        bool is_wrong;
        const char *option, *text;
    } rows[] = {
        { config->rotate_size && !is_file, "rotate_size", "only file: has old files" },
        { config->rotate_every && !is_file, "rotate_every", "only file: has old files" },
        { config->compress && !is_file, "compress", "only file: has old files" },
        { config->rotate_size && config->rotate_size < ROTATE_SIZE_MIN, "rotate_size",
          "below 64KiB; write at least that" },
        { config->rotate_every && config->rotate_every < NS_PER_MIN, "rotate_every",
          "below 1m; write at least that" },
        { strcmp(config->ca, "system") != 0 && !is_tls, "ca", "only tls:// has certificates" },
        { config->certificate[0] && !is_tls, "certificate", "only tls:// has certificates" },
        { !config->certificate[0] != !config->key[0], config->key[0] ? "key" : "certificate",
          "write both, certificate and key, or none" },
        { config->spool[0] && !may_be_away, "spool", "it is for tcp://, tls:// and unix:" },
        { config->spool[0] && config->spool[0] != '/', "spool", "write the whole path, from / on" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].is_wrong)
            tell(c, rows[i].option, rows[i].text);
}

static void check_place(const struct query_log_config *config, struct complaint *c)
{
    struct store store = { 0 };
    struct url_fault fault;
    struct target target;
    err_t err = target_parse(&store, config->to, &target, &fault);

    if (err == OK) {
        check_target(config, c, &target);
        check_options(config, c, target.kind);
    } else if (err == ERR_MALFORMED) {
        complain(c->to, c->item, "to", "%.200s: %s", config->to, fault.why);
    }
    store_done(&store);
}

static void check_others(const struct query_log_config *config, size_t i, struct loader *to)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(config[i].to, config[j].to) == 0)
            complain(to, i, "to", "%.100s is written to by an item above; keep one", config[i].to);
        if (config[i].spool[0] && strcmp(config[i].spool, config[j].spool) == 0)
            complain(to, i, "spool", "%.100s is the spool of an item above; each has its own",
                     config[i].spool);
    }
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct query_log_config *config = items;
    struct filter filter;

    for (size_t i = 0; i < count; i++) {
        struct complaint complaint = { to, i };

        if (filter_init(&filter, &config[i], tell, &complaint) == OK)
            filter_done(&filter);
        check_place(&config[i], &complaint);
        check_others(config, i, to);
    }
}

const struct section query_log_section = {
    .name = "query_log",
    .doc = "Streams of records, one record for each query.",
    SECTION_OPTIONS(query_log_options),
    .size = sizeof(struct query_log_config),
    .is_list = true,
    .check = check,
};
