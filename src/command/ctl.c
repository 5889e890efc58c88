/* command/ctl.c - `dotproxy ctl REQUEST`: asks a running dotproxy, or tells it. */
#include "base/buffer.h"
#include "command/command.h"
#include "command/options.h"
#include "config/nearest.h"
#include "config/store.h"
#include "control/call.h"
#include "control/report.h"
#include "control/request.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

struct ctl {
    const char *file, *socket; /* NULL: not given */
    char line[REQUEST_LINE_MAX + 1];
    struct request request; /* the same line, as the other end will read it */
};

static const struct option names[] = {
    { "config", required_argument, NULL, 'c' },
    { "json", no_argument, NULL, 'j' },
    { "socket", required_argument, NULL, 's' },
    { 0 },
};

static int say_usage(void)
{
    fputs("ctl: say what to ask:\n", stderr);
    for (size_t i = 0; i < request_kind_count; i++)
        fprintf(stderr, "  dotproxy ctl %s %s\n      %s\n", request_kinds[i].name,
                request_kinds[i].operands, request_kinds[i].doc);
    fputs("  --json answers in JSON; --socket PATH or -c FILE tell where the socket is\n", stderr);
    return STATUS_USAGE;
}

static int say_unknown_option(const char *text)
{
    struct nearest n = nearest_to(text + strspn(text, "-"));

    for (const struct option *known = names; known->name; known++)
        nearest_offer(&n, known->name);
    fprintf(stderr, "ctl: unknown option %s; %s%s\n", text,
            n.best ? "did you mean --" : "`dotproxy ctl` lists what there is",
            n.best ? n.best : "");
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
    kind = request_find(r->words[0]);
    near = request_nearest(r->words[0]);
    if (kind && r->count - 1 <= kind->operands_max)
        return STATUS_OK;
    if (kind)
        fprintf(stderr, "ctl: %s is not expected behind %s\n", r->words[kind->operands_max + 1],
                kind->name);
    else
        fprintf(stderr, "ctl: there is no request %s; %s%s\n", r->words[0],
                near ? "did you mean " : "`dotproxy ctl` lists what there is",
                near ? near->name : "");
    return STATUS_USAGE;
}

static int read_words(int argc, char **argv, struct ctl *ctl)
{
    bool wants_json = false;
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
        else
            wants_json = true;
    }
    if (optind == argc)
        return say_usage();
    status = make_line(ctl, argv + optind, argc - optind, wants_json);
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

/* An error goes to standard error, in JSON as it is. */
static int print_response(struct slice text)
{
    static const char error[] = REPORT_ERROR, error_json[] = REPORT_ERROR_JSON;
    const size_t len = sizeof error - 1, json_len = sizeof error_json - 1;

    if (text.len >= len && memcmp(text.data, error, len) == 0) {
        text = slice_after(text, len);
        fwrite(text.data, 1, text.len, stderr);
        return STATUS_FAILED;
    }
    if (text.len >= json_len && memcmp(text.data, error_json, json_len) == 0) {
        fwrite(text.data, 1, text.len, stderr);
        return STATUS_FAILED;
    }
    fwrite(text.data, 1, text.len, stdout);
    return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

static int ask(const struct ctl *ctl, const char *socket)
{
    struct buffer response = { 0 };
    int status = STATUS_FAILED;
    err_t err;

    if (socket[0] == 0) {
        fputs("ctl: control.socket is empty: dotproxy runs without one; name one in its file\n",
              stderr);
        return STATUS_FAILED;
    }
    err = call(socket, ctl->line, &response);
    if (err == OK)
        status = print_response(buffer_slice(&response));
    else
        say_unreachable(socket, err);
    buffer_done(&response);
    return status;
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
    status = ask(&ctl, ctl.socket);
    store_done(&store);
    return status;
}
