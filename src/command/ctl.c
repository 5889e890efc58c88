/* command/ctl.c - `dotproxy ctl REQUEST`: asks a running dotproxy, or tells it. */
#include "base/buffer.h"
#include "command/command.h"
#include "command/options.h"
#include "command/screen.h"
#include "config/nearest.h"
#include "config/store.h"
#include "control/call.h"
#include "control/report.h"
#include "control/request.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#define WATCH_MS 2000 /* between two looks at what is watched */

struct ctl {
    const char *file, *socket; /* NULL: not given */
    bool wants_json, is_once;
    const struct request_kind *kind;
    char line[REQUEST_LINE_MAX + 1];
    struct request request; /* the same line, as the other end will read it */
};

static const struct option names[] = {
    { "config", required_argument, NULL, 'c' },
    { "json", no_argument, NULL, 'j' },
    { "once", no_argument, NULL, 'o' },
    { "socket", required_argument, NULL, 's' },
    { 0 },
};

static int say_usage(void)
{
    fputs("ctl: say what to ask:\n", stderr);
    for (size_t i = 0; i < request_kind_count; i++)
        fprintf(stderr, "  dotproxy ctl %s%s%s\n      %s\n", request_kinds[i].name,
                request_kinds[i].operands[0] ? " " : "", request_kinds[i].operands,
                request_kinds[i].doc);
    fputs(
        "  --json answers in JSON; --once shows once what a terminal would show again and again;\n"
        "  --socket PATH or -c FILE tell where the socket is\n",
        stderr);
    return STATUS_USAGE;
}

static int say_unknown_option(const char *text)
{
    struct nearest n = nearest_to(text + strspn(text, "-"));

    for (const struct option *known = names; known->name; known++)
        nearest_offer(&n, known->name);
    fprintf(stderr, "ctl: unknown option %s; %s%s%s\n", text,
            n.best ? "did you mean --" : "`dotproxy ctl` lists what there is", n.best ? n.best : "",
            n.best ? "?" : "");
    return STATUS_USAGE;
}

/* The words behind the options as one line. */
static int make_line(struct ctl *ctl, char *const *words, int count, bool wants_json)
{
    size_t len = 0;

    for (int i = 0; i < count; i++) {
        if (words[i][0] == 0 || words[i][strcspn(words[i], " \t\r\n")] != 0) {
            fprintf(stderr, "ctl: \"%s\" is not one word\n", words[i]);
            return STATUS_USAGE;
        }
        len += (size_t)snprintf(ctl->line + len, sizeof ctl->line - len, "%s ", words[i]);
        if (len >= sizeof ctl->line - sizeof "--json") {
            fputs("ctl: that is too long\n", stderr);
            return STATUS_USAGE;
        }
    }
    snprintf(ctl->line + len, sizeof ctl->line - len, "%s", wants_json ? "--json" : "");
    return STATUS_OK;
}

static int check_request(struct ctl *ctl)
{
    const struct request *r = &ctl->request;
    const struct request_kind *kind, *near;

    if (request_parse(slice_of(ctl->line, strlen(ctl->line)), &ctl->request) != OK) {
        fputs("ctl: a request is a few words of printable ASCII\n", stderr);
        return STATUS_USAGE;
    }
    ctl->kind = kind = request_find(r->words[0]);
    near = request_nearest(r->words[0]);
    if (kind && r->count - 1 <= kind->operands_max)
        return STATUS_OK;
    if (kind)
        fprintf(stderr, "ctl: %s is not expected behind %s\n", r->words[kind->operands_max + 1],
                kind->name);
    else
        fprintf(stderr, "ctl: there is no request %s; %s%s%s\n", r->words[0],
                near ? "did you mean " : "`dotproxy ctl` lists what there is",
                near ? near->name : "", near ? "?" : "");
    return STATUS_USAGE;
}

static int read_words(int argc, char **argv, struct ctl *ctl)
{
    int letter, status;

    optind = 0; /* start anew: main may be called by tests more than once */
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":c:", names, NULL)) != -1) {
        if (letter == ':') {
            fprintf(stderr, "ctl: option %s needs a value behind it\n", argv[optind - 1]);
            return STATUS_USAGE;
        }
        if (letter == '?')
            return say_unknown_option(argv[optind - 1]);
        if (letter == 'c')
            ctl->file = optarg;
        else if (letter == 's')
            ctl->socket = optarg;
        else if (letter == 'o')
            ctl->is_once = true;
        else
            ctl->wants_json = true;
    }
    if (optind == argc)
        return say_usage();
    status = make_line(ctl, argv + optind, argc - optind, ctl->wants_json);
    return status == STATUS_OK ? check_request(ctl) : status;
}

static void say_unreachable(const char *socket, err_t err)
{
    int error = err == ERR_SYSTEM ? errno : 0;
    const char *what = err_text(err), *hint = "try again, and look into its log";

    if (error == EACCES || error == EPERM)
        hint = "be root, or the user that dotproxy runs as";
    else if (error)
        hint = "is dotproxy running? --socket PATH or -c FILE tell where its socket is";
    fprintf(stderr, "ctl: cannot %s %s: %s; %s\n", error ? "connect to" : "get a response from",
            socket, what, hint);
}

static bool begins_with(struct slice text, const char *start)
{
    return text.len >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

static bool is_error(struct slice text)
{
    return begins_with(text, REPORT_ERROR) || begins_with(text, REPORT_ERROR_JSON);
}

/* An error goes to standard error, in JSON as it is. */
static int print_response(struct slice text)
{
    if (is_error(text)) {
        if (begins_with(text, REPORT_ERROR))
            text = slice_after(text, strlen(REPORT_ERROR));
        fwrite(text.data, 1, text.len, stderr);
        return STATUS_FAILED;
    }
    fwrite(text.data, 1, text.len, stdout);
    return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

static int ask_once(const struct ctl *ctl)
{
    struct buffer response = { 0 };
    int status = STATUS_FAILED;
    err_t err = call(ctl->socket, ctl->line, &response);

    if (err == OK)
        status = print_response(buffer_slice(&response));
    else
        say_unreachable(ctl->socket, err);
    buffer_done(&response);
    return status;
}

/* What comes of a response without end; only its beginning can be an error. */
struct listening {
    bool has_begun;
    int status;
};

static bool print_more(void *arg, struct slice bytes)
{
    struct listening *l = arg;

    if (!l->has_begun)
        l->status = print_response(bytes);
    else if (fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len || fflush(stdout) != 0)
        l->status = STATUS_FAILED;
    l->has_begun = true;
    return l->status == STATUS_OK;
}

static int listen_on(const struct ctl *ctl)
{
    struct listening l = { .status = STATUS_OK };
    err_t err = call_endless(ctl->socket, ctl->line, print_more, &l);

    if (err == ERR_CLOSED && l.has_begun)
        fputs("ctl: dotproxy has ended it\n", stderr);
    else if (err != OK)
        say_unreachable(ctl->socket, err);
    return err == OK ? l.status : STATUS_FAILED;
}

/* An error ends it, and is told when the terminal is as it was. */
static int watch(const struct ctl *ctl)
{
    struct buffer response = { 0 };
    struct screen *screen = screen_open();
    bool goes_on = screen;
    err_t err = screen ? OK : ERR_NOMEM;
    int status = STATUS_OK;

    while (goes_on) {
        buffer_consume(&response, response.len, SIZE_MAX);
        err = call(ctl->socket, ctl->line, &response);
        goes_on = err == OK && !is_error(buffer_slice(&response));
        if (goes_on) {
            screen_show(screen, buffer_slice(&response));
            goes_on = screen_wait(screen, WATCH_MS);
        }
    }
    if (screen)
        screen_close(&screen);
    if (err != OK) {
        say_unreachable(ctl->socket, err);
        status = STATUS_FAILED;
    } else if (is_error(buffer_slice(&response))) {
        status = print_response(buffer_slice(&response));
    }
    buffer_done(&response);
    return status;
}

static int ask(const struct ctl *ctl)
{
    if (ctl->socket[0] == 0) {
        fputs("ctl: control.socket is empty: dotproxy runs without one; name one in its file\n",
              stderr);
        return STATUS_FAILED;
    }
    if (!ctl->kind) /* the words have been checked */
        return STATUS_USAGE;
    if (ctl->kind->is_endless)
        return listen_on(ctl);
    if (ctl->kind->is_watched && !ctl->is_once && !ctl->wants_json && screen_is_there())
        return watch(ctl);
    return ask_once(ctl);
}

int command_ctl(int argc, char **argv)
{
    struct ctl ctl = { 0 };
    struct store store = { 0 };
    int status = read_words(argc, argv, &ctl);

    if (status != STATUS_OK)
        return status;
    if (ctl.file && access(ctl.file, R_OK) != 0) {
        fprintf(stderr, "ctl: %s: %s; give a file that can be read\n", ctl.file,
                err_text(ERR_SYSTEM));
        return STATUS_USAGE;
    }
    if (!ctl.file)
        ctl.file = CONFIG_FILE_DEFAULT;
    if (!ctl.socket)
        ctl.socket = call_find_socket(ctl.file, &store);
    status = ask(&ctl);
    store_done(&store);
    return status;
}
