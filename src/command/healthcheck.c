/* command/healthcheck.c - `dotproxy healthcheck [URL]`: does the proxy answer?
 *
 * It asks what the proxy always refuses by itself, a zone transfer: an upstream that is slow or
 * away must not get the proxy restarted.
 */
#include "command/command.h"
#include "command/lookup.h"
#include "command/options.h"
#include "command/page_check.h"
#include "command/sections.h"
#include "dns/types.h"
#include "upstream/roster.h"
#include "upstream/server_view.h"

#include <stdio.h>
#include <string.h>

#define URL_DEFAULT      "dns://127.0.0.1:53"
#define PAGE_PATIENCE_MS 2000
#define SCHEMES          "dns://, udp://, tcp://, tls:// or http://"

struct finding {
    const char *url;
    int status;
};

static void note_answer(void *arg, const struct upstream_answer *answer,
                        const struct roster *roster)
{
    struct finding *found = arg;
    struct server_view view;

    found->status = answer->response ? STATUS_OK : STATUS_FAILED;
    if (answer->response)
        return;
    server_view_read(&view, roster, 0);
    fprintf(stderr, "healthcheck: %s does not answer: %s phase: %s\n", found->url,
            phase_name(view.reason ? view.phase : answer->phase),
            view.reason ? view.reason : err_text(answer->err));
}

/* The service's own door as an upstream: dns:// is asked over UDP. */
static err_t make_config(const char *url, struct config **ret_config, struct problems *problems)
{
    char text[URL_TEXT_MAX];
    const struct config_flag flag = { "upstream", text };
    const struct config_source source = { .flags = &flag, .flag_count = 1 };

    if (strncmp(url, "dns://", 6) == 0)
        snprintf(text, sizeof text, "udp://%s", url + 6);
    else
        snprintf(text, sizeof text, "%s", url);
    return config_load(&source, config_sections, config_section_count, ret_config, problems);
}

static int check(const char *url)
{
    const struct question transfer = { .qtype = TYPE_AXFR, .qclass = CLASS_IN, .name_len = 1 };
    char reason[ROSTER_REASON_MAX] = "";
    struct problems problems;
    struct config *config;
    struct finding found = { url, STATUS_FAILED };

    if (make_config(url, &config, &problems) != OK) {
        fprintf(stderr, "healthcheck: %s\n", problems.list[0].text);
        return STATUS_USAGE;
    }
    if (lookup(config, &transfer, note_answer, &found, reason) != OK)
        fprintf(stderr, "healthcheck: %s\n", reason);
    config_unref(&config);
    return found.status;
}

/* What monitoring reads: /health, /ready. */
static int check_page(const char *text)
{
    struct store store = { 0 };
    struct url_fault fault;
    struct url url;
    char reason[PAGE_REASON_MAX];
    int status = STATUS_USAGE;

    if (url_parse(&store, text, &url, &fault) != OK) {
        fprintf(stderr, "healthcheck: %s: %s\n", text, fault.why);
    } else {
        status = page_check(&url, PAGE_PATIENCE_MS, reason) ? STATUS_OK : STATUS_FAILED;
        if (status != STATUS_OK)
            fprintf(stderr, "healthcheck: %s: %s\n", text, reason);
    }
    store_done(&store);
    return status;
}

static bool has_our_scheme(const char *url)
{
    static const char *const schemes[] = { "dns://", "udp://", "tcp://", "tls://", "http://" };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

int command_healthcheck(int argc, char **argv)
{
    if (argc > 2) {
        fprintf(stderr, "healthcheck: %s is not expected here; write one URL, like %s\n", argv[2],
                URL_DEFAULT);
        return STATUS_USAGE;
    }
    if (argc == 2 && !has_our_scheme(argv[1])) {
        fprintf(stderr, "healthcheck: %s: write a URL that begins with one of %s\n", argv[1],
                SCHEMES);
        return STATUS_USAGE;
    }
    if (argc == 2 && strncmp(argv[1], "http://", 7) == 0)
        return check_page(argv[1]);
    return check(argc == 2 ? argv[1] : URL_DEFAULT);
}
