/* control/top.c - `top`: who asks most, and for what. */
#include "base/buffer.h"
#include "control/kinds.h"
#include "io/loop.h"
#include "policy/tell.h"
#include "worker/crew.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define ROWS_USUAL 20
#define ROWS_MAX   1000
#define TEXT_MAX   (DNS_NAME_TEXT_MAX + 8)

/* What the workers have told. */
struct gathering {
    enum tally_kind kind;
    struct buffer rows; /* of struct tally_row */
    size_t count;
    uint64_t rate; /* of all queries */
    err_t err;
};

static void take_row(void *arg, const struct tally_row *row)
{
    struct gathering *g = arg;

    if (g->err == OK)
        g->err = buffer_append(&g->rows, slice_of(row, sizeof *row));
    g->count += g->err == OK;
}

static void ask_worker(void *arg, struct worker *w)
{
    struct gathering *g = arg;

    g->rate += tally_read(&w->tally, g->kind, loop_now_ns(w->loop), take_row, g);
}

static int compare_keys(const void *left, const void *right)
{
    const struct tally_row *a = left, *b = right;

    if (a->key_len != b->key_len)
        return a->key_len < b->key_len ? -1 : 1;
    return memcmp(a->key, b->key, a->key_len);
}

static int compare_rates(const void *left, const void *right)
{
    const struct tally_row *a = left, *b = right;

    if (a->rate != b->rate)
        return a->rate > b->rate ? -1 : 1;
    return compare_keys(left, right);
}

/* What several workers have told of one key becomes one row. Returns how many are left. */
static size_t merge(struct tally_row *rows, size_t count)
{
    size_t merged = 0;

    qsort(rows, count, sizeof *rows, compare_keys);
    for (size_t i = 0; i < count; i++)
        if (merged > 0 && compare_keys(&rows[merged - 1], &rows[i]) == 0) {
            rows[merged - 1].rate += rows[i].rate;
            rows[merged - 1].denied_rate += rows[i].denied_rate;
        } else {
            rows[merged++] = rows[i];
        }
    qsort(rows, merged, sizeof *rows, compare_rates);
    while (merged > 0 && rows[merged - 1].rate == 0)
        merged--;
    return merged;
}

static const char *write_key(enum tally_kind kind, const struct tally_row *row, char text[TEXT_MAX])
{
    union addr client;

    text[0] = 0;
    if (kind == TALLY_clients) {
        tally_client_addr(row, &client);
        inet_ntop(client.any.sa_family, row->key, text, TEXT_MAX);
    } else {
        name_to_text(slice_of(row->key, row->key_len), text, TEXT_MAX);
    }
    return text;
}

static const char *write_limits(const struct control_house *house, const struct gathering *g,
                                const struct tally_row *row, char *text, size_t size)
{
    union addr client;

    text[0] = 0;
    if (g->kind != TALLY_clients)
        return text;
    tally_client_addr(row, &client);
    policy_state_limits(house->crew->commons.policy, &client, text, size);
    return text;
}

static uint64_t share_of(const struct gathering *g, const struct tally_row *row)
{
    return g->rate ? row->rate * 1000 / g->rate : 0;
}

static void tell_machine(const struct control_house *house, const struct gathering *g,
                         const struct tally_row *rows, size_t count, struct report *report)
{
    char key[TEXT_MAX], limits[512];

    report_thousandths(report, "queries_per_second", g->rate);
    report_objects(report, tally_kind_name(g->kind));
    for (size_t i = 0; i < count; i++) {
        report_next_object(report);
        report_text(report, tally_kind_key(g->kind), write_key(g->kind, &rows[i], key));
        report_thousandths(report, "queries_per_second", rows[i].rate);
        report_thousandths(report, "share", share_of(g, &rows[i]));
        report_thousandths(report, "denied_per_second", rows[i].denied_rate);
        if (*write_limits(house, g, &rows[i], limits, sizeof limits))
            report_text(report, "limited", limits);
    }
    report_objects_end(report);
}

static int width_of(const struct gathering *g, const struct tally_row *rows, size_t count)
{
    char key[TEXT_MAX];
    int width = (int)strlen(tally_kind_name(g->kind));

    for (size_t i = 0; i < count; i++) {
        int len = (int)strlen(write_key(g->kind, &rows[i], key));

        width = len > width ? len : width;
    }
    return width;
}

static void tell_person(const struct control_house *house, const struct gathering *g,
                        const struct tally_row *rows, size_t count, struct report *report)
{
    int width = width_of(g, rows, count);
    char key[TEXT_MAX], limits[512];

    report_say(report, "%-*s  %11s  %7s  %11s%s", width, tally_kind_key(g->kind), "queries/s",
               "share", "denied/s", g->kind == TALLY_clients ? "  limited by" : "");
    for (size_t i = 0; i < count; i++) {
        const struct tally_row *row = &rows[i];
        uint64_t share = share_of(g, row);

        write_limits(house, g, row, limits, sizeof limits);
        report_say(report, "%-*s  %7llu.%03llu  %3llu.%llu %%  %7llu.%03llu%s%s", width,
                   write_key(g->kind, row, key), (unsigned long long)row->rate / 1000,
                   (unsigned long long)row->rate % 1000, (unsigned long long)share / 10,
                   (unsigned long long)share % 10, (unsigned long long)row->denied_rate / 1000,
                   (unsigned long long)row->denied_rate % 1000, limits[0] ? "  " : "", limits);
    }
    report_say(report, "%-*s  %7llu.%03llu  100.0 %%", width, "all",
               (unsigned long long)g->rate / 1000, (unsigned long long)g->rate % 1000);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the words make sense. */
static bool read_words(const struct request *request, enum tally_kind *ret_kind, size_t *ret_rows,
                       struct report *report)
{
    const char *number;
    char *end;
    bool has_kind = request->count > 1 && !is_digit(request->words[1][0]);

    *ret_kind = TALLY_clients;
    *ret_rows = ROWS_USUAL;
    if (has_kind && !tally_kind_find(request->words[1], ret_kind)) {
        report_error(report, "there is no top %s; write %s, %s or %s", request->words[1],
                     tally_kind_name(TALLY_clients), tally_kind_name(TALLY_names),
                     tally_kind_name(TALLY_domains));
        return false;
    }
    if (request->count == (has_kind ? 2 : 1))
        return true;
    number = request->words[request->count - 1];
    *ret_rows = strtoul(number, &end, 10);
    if (is_digit(number[0]) && *end == 0 && *ret_rows >= 1 && *ret_rows <= ROWS_MAX &&
        request->count == (has_kind ? 3 : 2))
        return true;
    report_error(report, "%s is no number from 1 to %d", number, ROWS_MAX);
    return false;
}

void request_top(struct control_house *house, const struct request *request, struct report *report)
{
    struct gathering g = { .err = OK };
    struct tally_row *rows; /* nothing is ever taken from the front of the buffer */
    size_t most, count;

    if (!read_words(request, &g.kind, &most, report))
        return;
    if (crew_ask(house->crew, ask_worker, &g) != OK || g.err != OK) {
        report_error(report, "out of memory");
        buffer_done(&g.rows);
        return;
    }
    rows = (void *)g.rows.data;
    count = g.count ? merge(rows, g.count) : 0;
    count = count < most ? count : most;
    if (report->is_json)
        tell_machine(house, &g, rows, count, report);
    else
        tell_person(house, &g, rows, count, report);
    buffer_done(&g.rows);
}
