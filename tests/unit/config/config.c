#include "config/config.h"
#include "command/sections.h"
#include "config/yaml.h"
#include "listen/limit_config.h"
#include "listen/listen_config.h"
#include "log/log_config.h"
#include "unit/test.h"
#include "upstream/bootstrap_config.h"
#include "upstream/group_config.h"
#include "upstream/upstream_config.h"
#include "worker/worker_config.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static struct problems problems;

static struct config *load(struct config_source source)
{
    struct config *config = NULL;

    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK)
        return NULL;
    return config;
}

static struct config *load_text(const char *text)
{
    return load((struct config_source){ .file = "f", .bytes = slice_of(text, strlen(text)) });
}

/* The first thing that is wrong with a file, or "ok". */
static const char *wrong_bytes(const char *text, size_t len)
{
    struct config *config =
        load((struct config_source){ .file = "f", .bytes = slice_of(text, len) });
    const char *verdict = config ? "ok" : problems.list[0].text;

    config_unref(&config);
    return verdict;
}

static const char *wrong(const char *text)
{
    return wrong_bytes(text, strlen(text));
}

static const char *wrong_set(const char *set)
{
    struct config *config = load((struct config_source){ .sets = &set, .set_count = 1 });
    const char *verdict = config ? "ok" : problems.list[0].text;

    config_unref(&config);
    return verdict;
}

TEST(config_defaults, "an empty file, or none, is all defaults")
{
    static const char *const empty[] = {
        "", "\n", "# nothing\n", "---\n", "{}", "~", "\xef\xbb\xbf"
    };

    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        CHECK_TEXT(wrong(empty[i]), "ok");
    CHECK_TEXT(wrong("\xef\xbb\xbfworkers: 1\n"), "ok");

    struct config *config = load((struct config_source){ 0 });
    const struct worker_config *worker = config_one(config, &worker_section);
    const struct limit_config *limit = config_one(config, &limit_section);
    const struct group_config *group = config_item(config, &group_section, 0);
    const struct upstream_config *upstream = config_item(config, &upstream_section, 0);

    CHECK_EQUAL(worker->workers, 0);
    CHECK_TEXT(worker->user, "");
    CHECK_EQUAL(config_count(config, &listen_section), 2);
    CHECK_EQUAL(config_count(config, &upstream_section), 4);
    CHECK_EQUAL(config_count(config, &group_section), 1);
    CHECK_TEXT(upstream->url.name, "cloudflare-dns.com");
    CHECK_TEXT(upstream->ca, "system");
    CHECK_EQUAL(upstream->connections, 2);
    CHECK_EQUAL(group->timeout, 2 * NS_PER_S);
    CHECK_EQUAL(limit->tcp_buffers, 64 << 20);
    config_unref(&config);
    CHECK(!config);
}

TEST(config_values, "what is written is in force")
{
    struct config *config = load_text("workers: 3\n"
                                      "listen:\n"
                                      "  - url: udp://127.0.0.1:5353\n"
                                      "    udp_size: 1400\n"
                                      "log: { level: debug, format: \"json\" }\n"
                                      "upstream:\n"
                                      "- url: tls://9.9.9.9#dns.quad9.net\n"
                                      "  pin: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]\n");
    const struct listen_config *listen = config_item(config, &listen_section, 0);
    const struct upstream_config *upstream = config_item(config, &upstream_section, 0);
    const struct log_config *log = config_one(config, &log_section);

    CHECK_EQUAL(((const struct worker_config *)config_one(config, &worker_section))->workers, 3);
    CHECK_EQUAL(config_count(config, &listen_section), 1);
    CHECK_TEXT(listen->url.scheme, "udp");
    CHECK_EQUAL(listen->url.port, 5353);
    CHECK_EQUAL(listen->udp_size, 1400);
    CHECK_EQUAL(log->level, LOG_CONFIG_DEBUG);
    CHECK_EQUAL(log->format, LOG_CONFIG_JSON);
    CHECK_EQUAL(upstream->pin.count, 1);
    CHECK(!config_item(config, &listen_section, 1));
    config_unref(&config);
}

TEST(config_is_shared, "a snapshot lives until the last reference is given back")
{
    struct config *config = load((struct config_source){ 0 });
    struct config *other = config_ref(config);

    config_unref(&config);
    CHECK_EQUAL(config_count(other, &upstream_section), 4);
    config_unref(&other);
}

TEST(config_unknown_keys, "unknown keys are told with the nearest known one")
{
    CHECK_TEXT(wrong("upstrem: []\n"), "f:1:1: unknown key `upstrem`; did you mean `upstream`?");
    CHECK_TEXT(wrong("log:\n  lvel: info\n"), "f:2:3: unknown key `lvel`; did you mean `level`?");
    CHECK_TEXT(wrong("listen:\n  - url: dns://127.0.0.1\n    prot: 1\n    # x\n"),
               "f:3:5: unknown key `prot`; `dotproxy print reference` lists all keys");
    CHECK_TEXT(wrong("<<: 1\n"),
               "f:1:1: unknown key `<<`; `dotproxy print reference` lists all keys");
    CHECK_TEXT(wrong("\"\": 1\n"),
               "f:1:1: unknown key ``; `dotproxy print reference` lists all keys");
}

TEST(config_wrong_values, "a wrong value is told at its place")
{
    CHECK_TEXT(wrong("workers: 0\n"), "f:1:10: workers: 0 is below 1");
    CHECK_TEXT(wrong("group:\n- timeout: 2x\n"),
               "f:2:12: timeout: 2x is not a duration; write a number and ms, s, m, h or d");
}

TEST(config_url_columns, "a fault inside of a URL is told at its character")
{
    CHECK_TEXT(wrong("listen:\n  - url: dns://127.0.0.1:99999\n"),
               "f:2:26: url: dns://127.0.0.1:99999: the port is a number from 1 to 65535");
    CHECK_TEXT(wrong("listen:\n  - url: 'dns://127.0.0.1:99999'\n"),
               "f:2:10: url: dns://127.0.0.1:99999: the port is a number from 1 to 65535");
}

TEST(config_duplicates, "keys that are written twice are refused, and sections too")
{
    CHECK_TEXT(wrong("workers: 1\nuser: x\nworkers: 2\n"),
               "f:3:1: workers: written twice, first in line 1; keep one");
    CHECK_TEXT(wrong("log: {}\n\nlog: {}\n"),
               "f:3:1: log: written twice, first in line 1; keep one");
    CHECK_TEXT(wrong("log: { to: syslog, to: stderr }\n"),
               "f:1:20: to: written twice, first in line 1; keep one");
}

TEST(config_kinds, "lists, maps and texts are not taken for each other")
{
    CHECK_TEXT(wrong("- a\n"), "f:1:1: the file must be a map of keys; write `KEY: VALUE`");
    CHECK_TEXT(wrong("hello\n"), "f:1:1: the file must be a map of keys; write `KEY: VALUE`");
    CHECK_TEXT(wrong("workers: [1]\n"), "f:1:10: workers: must be one value, not a list");
    CHECK_TEXT(wrong("workers: {}\n"), "f:1:10: workers: must be one value, not a map of keys");
    CHECK_TEXT(wrong("workers:\n"), "f:1:9: workers: has no value; write one, or remove the key");
    CHECK_TEXT(wrong("log: []\n"),
               "f:1:6: log: must be a map of keys; write `KEY: VALUE` in lines below it");
    CHECK_TEXT(wrong("log:\n"), "ok");
    CHECK_TEXT(wrong("listen: dns://127.0.0.1\n"),
               "f:1:9: listen: must be a list; write its items as `- url: VALUE`");
    CHECK_TEXT(wrong("listen:\n  url: dns://127.0.0.1\n"),
               "f:2:3: listen: must be a list; write its items as `- url: VALUE`");
    CHECK_TEXT(wrong("listen:\n- dns://127.0.0.1\n"),
               "f:2:3: listen: an item is written as `- url: VALUE`");
    CHECK_TEXT(wrong("listen: []\n"),
               "f:1:9: listen: is empty; write at least one item, or remove the key");
    CHECK_TEXT(wrong("upstream:\n"),
               "f:1:10: upstream: is empty; write at least one item, or remove the key");
    CHECK_TEXT(wrong("listen:\n- udp_size: 1232\n"), "f:2:3: listen: the key `url` is missing");
    CHECK_TEXT(wrong("upstream:\n- url: tls://1.1.1.1\n  pin: {}\n"),
               "f:3:8: pin: must be a list; write [a, b]");
    CHECK_TEXT(wrong("upstream:\n- url: tls://1.1.1.1\n  pin: [[x]]\n"),
               "f:3:9: pin: each item must be a text");
}

TEST(config_other_line_ends, "a fault behind lines that end otherwise is told like any")
{
    CHECK_TEXT(wrong("user: b\r\r\r- c\n"),
               "f:4:1: this is not YAML: did not find expected key while parsing a block mapping; "
               "keys that belong together begin in the same column");
}

TEST(config_list_of_one, "a list of one may be written as the text alone")
{
    struct config *config = load_text("listen:\n- url: tls://127.0.0.1\n"
                                      "  certificate: a,b.pem\n  key: [key.pem]\n");
    const struct listen_config *listen = config_item(config, &listen_section, 0);

    CHECK_EQUAL(listen->certificate.count, 1);
    CHECK_TEXT(listen->certificate.items[0], "a,b.pem");
    CHECK_EQUAL(listen->key.count, 1);
    config_unref(&config);
}

TEST(config_yaml_is_plain, "anchors, aliases, tags and second documents are refused")
{
    CHECK_TEXT(wrong("user: &a x\n"),
               "f:1:7: anchors and tags are not used here; write the value itself");
    CHECK_TEXT(wrong("user: *a\n"), "f:1:7: aliases are not used here; write the value itself");
    CHECK_TEXT(wrong("user: !!str x\n"),
               "f:1:7: anchors and tags are not used here; write the value itself");
    CHECK_TEXT(wrong("log: &a {}\n"),
               "f:1:6: anchors and tags are not used here; write the keys themselves");
    CHECK_TEXT(wrong("listen: &a []\n"),
               "f:1:9: anchors and tags are not used here; write the list itself");
    CHECK_TEXT(wrong("[a]: b\n"), "f:1:1: a key must be a word");
    CHECK_TEXT(wrong("user: x\n---\nuser: y\n"),
               "f:2:1: a second document starts here; put all of it into one");
    CHECK_TEXT(wrong("user: [[[[[[[[x]]]]]]]]\n"), "f:1:14: this is nested too deeply");
    CHECK_TEXT(
        wrong("user: [x\n"),
        "f:2:1: this is not YAML: did not find expected ',' or ']' while parsing a flow sequence");
}

TEST(config_billion_laughs, "a small file cannot grow into a large tree")
{
    CHECK_TEXT(wrong("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"),
               "f:1:4: anchors and tags are not used here; write the list itself");
}

TEST(config_bytes, "only UTF-8 text is read, and no zero byte")
{
    CHECK_TEXT(wrong_bytes("user: a\0b\n", 10),
               "f:1:8: byte 0x00 is not text; save the file as UTF-8");
    CHECK_TEXT(wrong("# x\nuser: \xff\n"), "f:2:7: byte 0xff is not text; save the file as UTF-8");
    CHECK_TEXT(wrong("user: \x1b[0m\n"), "f:1:7: byte 0x1b is not text; save the file as UTF-8");
    CHECK_TEXT(wrong_bytes("\xff\xfeu\0s\0", 6),
               "f:1:1: byte 0xff is not text; save the file as UTF-8");
    CHECK_TEXT(wrong("user: \"a\\0b\"\n"), "f:1:7: a text holds a zero byte; remove it");
    CHECK_TEXT(wrong("user: stra\xc3\x9f"
                     "e\n"),
               "ok");
}

TEST(config_file_size, "a file of more than 1 MiB is refused")
{
    size_t size = YAML_BYTES_MAX + 1;
    char *text = malloc(size);

    memset(text, '#', size);
    CHECK_TEXT(wrong_bytes(text, size - 1), "ok");
    CHECK_TEXT(wrong_bytes(text, size), "f:1:1: the file is larger than 1 MiB");
    free(text);
}

TEST(config_list_size, "a list has at most 1000 items")
{
    char text[12 * 1001 + 32] = "group:\n";

    for (size_t i = 0; i < 1001; i++)
        memcpy(text + 7 + 5 * i, "- {}\n", 5);
    CHECK_TEXT(wrong(text), "f:2:1: group: has 1001 items, more than 1000");
}

TEST(config_all_problems, "all problems are told, up to a number that can be read")
{
    char text[4096] = "";

    CHECK_TEXT(wrong("workers: 0\nusr: x\nlog: { level: loud }\n"),
               "f:1:10: workers: 0 is below 1");
    CHECK_EQUAL(problems.count, 3);
    CHECK_TEXT(problems.list[1].text, "f:2:1: unknown key `usr`; did you mean `user`?");
    CHECK_TEXT(problems.list[2].text,
               "f:3:15: level: loud is none of: error, warning, info, debug");
    for (size_t i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "unknown%zu: x\n", i);
    wrong(text);
    CHECK_EQUAL(problems.count, PROBLEMS_MAX);
}

TEST(config_missing_file, "a file that cannot be read is told by name")
{
    CHECK(!load((struct config_source){ .file = "/does/not/exist.yaml" }));
    CHECK_TEXT(problems.list[0].text,
               "/does/not/exist.yaml: No such file or directory; give a file that can be read");
    CHECK(!load((struct config_source){ .file = "/" }));
    CHECK_TEXT(problems.list[0].text, "/: Is a directory; give a file that can be read");
}

TEST(config_checks_listen, "two listeners cannot share a port, and names are no addresses")
{
    CHECK_TEXT(wrong("listen:\n- url: dns://127.0.0.1\n- url: udp://127.0.0.1:53\n"),
               "f:3:8: url: udp://127.0.0.1:53: the port is taken by dns://127.0.0.1 above");
    CHECK_TEXT(wrong("listen:\n- url: tcp://127.0.0.1\n- url: udp://127.0.0.1\n"), "ok");
    CHECK_TEXT(
        wrong("listen:\n- url: dns://localhost\n"),
        "f:2:8: url: dns://localhost: localhost is not an address; write dns://ADDRESS:PORT");
    CHECK_TEXT(wrong("listen:\n- url: tls://127.0.0.1:53\n  certificate: [c]\n  key: [k]\n"
                     "- url: tcp://127.0.0.1\n"),
               "f:5:8: url: tcp://127.0.0.1: the port is taken by tls://127.0.0.1:53 above");
}

TEST(config_checks_front_door, "a door has the certificates and the trusted prefixes it needs")
{
    CHECK_TEXT(wrong("listen:\n- url: tls://127.0.0.1\n"),
               "f:2:8: url: tls://127.0.0.1 needs a certificate and its key; `dotproxy cert` makes "
               "a pair to try it out");
    CHECK_TEXT(
        wrong("listen:\n- url: https://127.0.0.1\n  certificate: [a, b]\n  key: [c]\n"),
        "f:4:8: key: certificate names 2 files and key 1: each certificate needs its key, in "
        "the same order");
    CHECK_TEXT(wrong("listen:\n- url: dns://127.0.0.1\n  certificate: [a]\n"),
               "f:3:16: certificate: dns://127.0.0.1 has no TLS: only tls:// and https:// take a "
               "certificate");
    CHECK_TEXT(wrong("listen:\n- url: dns://127.0.0.1\n  proxy_from: [10.0.0.0/8, 10.0.0.1/8]\n"),
               "f:3:15: proxy_from: 10.0.0.1/8 is no prefix; write 192.0.2.0/24, or one address");
    CHECK_TEXT(wrong("listen:\n- url: dns://127.0.0.1\n  forwarded_from: [\"::1\"]\n"),
               "f:3:19: forwarded_from: dns://127.0.0.1 carries no HTTP requests; a load balancer "
               "tells the client by the PROXY protocol: proxy_from");
}

TEST(config_checks_bootstrap, "bootstrap servers have addresses, and are few")
{
    CHECK_TEXT(wrong("bootstrap: [tls://1.1.1.1#one.test, \"udp://[::1]:53\", tcp://127.0.0.1]\n"),
               "ok");
    CHECK_TEXT(
        wrong("bootstrap: [udp://127.0.0.1, tls://dns.example]\n"),
        "f:1:12: bootstrap: tls://dns.example: write an address: nobody else resolves names");
    CHECK_TEXT(wrong("bootstrap: [https://1.1.1.1/q]\n"),
               "f:1:12: bootstrap: https://1.1.1.1/q: write tls://, udp:// or tcp://");
    CHECK_TEXT(wrong("bootstrap: [udp://0.0.0.0]\n"),
               "f:1:12: bootstrap: udp://0.0.0.0: no server has this address");
    CHECK_TEXT(wrong("bootstrap: [1.1.1.1]\n"),
               "f:1:12: bootstrap: 1.1.1.1: a URL begins with dns://, udp://, tcp://, tls://, "
               "https:// or http://");
    CHECK_TEXT(wrong("bootstrap: []\n"),
               "f:1:12: bootstrap: is empty; write at least one URL, or remove the key");
    CHECK_TEXT(wrong("bootstrap_ca: ''\n"),
               "f:1:15: bootstrap_ca: is empty; write system or the path of a PEM file");
}

TEST(config_checks_upstream, "host names, pins and groups are checked")
{
    CHECK_TEXT(wrong("upstream:\n- url: tls://dns.quad9.net\n- url: udp://dns.example\n"), "ok");
    CHECK_TEXT(wrong("upstream:\n- url: udp://0.0.0.0\n"),
               "f:2:8: url: udp://0.0.0.0: no server has this address");
    CHECK_TEXT(wrong("upstream:\n- url: tls://1.1.1.1\n  pin: [abc]\n"),
               "f:3:8: pin: abc is not a SHA-256 in base64, 44 characters long");
    CHECK_TEXT(wrong("upstream:\n- url: udp://1.1.1.1\n  pin: [abc]\n"),
               "f:3:8: pin: only tls:// has keys to compare; remove it");
    CHECK_TEXT(wrong("group:\n- timeout: 6s\n"),
               "f:2:3: deadline: is shorter than timeout; a question takes one attempt at least");
    CHECK_TEXT(wrong("group:\n- timeout: 6s\n  deadline: 5s\n"),
               "f:3:13: deadline: is shorter than timeout; a question takes one attempt at least");
    CHECK_TEXT(wrong("group:\n- name: default\n- name: default\n"),
               "f:3:9: name: the group default is written twice; keep one");
    CHECK_TEXT(wrong("limit: { tcp_connections: 10 }\n"), "ok");
}

TEST(config_sets, "--set changes one key, in a section, in every item or in one")
{
    static const char *const sets[] = { "workers=4", "log.level=error", "upstream.connections=7",
                                        "upstream.1.connections=9", "upstream.2.pin=" };
    struct config *config = load((struct config_source){ .sets = sets, .set_count = 5 });
    const struct upstream_config *first = config_item(config, &upstream_section, 0);
    const struct upstream_config *second = config_item(config, &upstream_section, 1);

    CHECK_EQUAL(((const struct worker_config *)config_one(config, &worker_section))->workers, 4);
    CHECK_EQUAL(((const struct log_config *)config_one(config, &log_section))->level,
                LOG_CONFIG_ERROR);
    CHECK_EQUAL(first->connections, 7);
    CHECK_EQUAL(second->connections, 9);
    config_unref(&config);
}

TEST(config_wrong_sets, "a wrong --set is quoted as it was given")
{
    CHECK_TEXT(wrong_set("workers=0"), "--set workers=0: workers: 0 is below 1");
    CHECK_TEXT(wrong_set("workers"),
               "--set workers: write it as KEY=VALUE, for example log.level=debug");
    CHECK_TEXT(wrong_set("=1"), "--set =1: write it as KEY=VALUE, for example log.level=debug");
    CHECK_TEXT(wrong_set("worker=1"),
               "--set worker=1: unknown key `worker`; did you mean `workers`?");
    CHECK_TEXT(wrong_set("log.lvl=1"), "--set log.lvl=1: unknown key `lvl`; did you mean `level`?");
    CHECK_TEXT(wrong_set("lgo.level=1"),
               "--set lgo.level=1: unknown key `lgo`; did you mean `log`?");
    CHECK_TEXT(wrong_set("log.0.level=info"),
               "--set log.0.level=info: log is no list; write log.level=VALUE");
    CHECK_TEXT(wrong_set("upstream.4.ca=x"),
               "--set upstream.4.ca=x: 4 is not one of the 4 items, which count from 0");
    CHECK_TEXT(wrong_set("upstream.99999999999999999999.ca=x"),
               "--set upstream.99999999999999999999.ca=x: 99999999999999999999 is not one of the 4 "
               "items, which count from 0");
    CHECK_TEXT(wrong_set("user=\xff"),
               "--set user=\xff: write it as KEY=VALUE, for example log.level=debug");
    CHECK_TEXT(wrong_set("group.timeout=1m"),
               "configuration: deadline: is shorter than timeout; a question takes one attempt at "
               "least");
}

TEST(config_flags, "--listen and --upstream replace the file's lists")
{
    static const struct config_flag flags[] = { { "listen", "udp://127.0.0.1:5300" },
                                                { "upstream", "tcp://192.0.2.1" },
                                                { "listen", "tcp://127.0.0.1:5300" } };
    static const char file[] = "listen:\n- url: dns://127.0.0.1\n";
    struct config *config = load((struct config_source){
        .file = "f", .bytes = slice_of(file, strlen(file)), .flags = flags, .flag_count = 3 });

    CHECK_EQUAL(config_count(config, &listen_section), 2);
    CHECK_EQUAL(config_count(config, &upstream_section), 1);
    config_unref(&config);
}

TEST(config_wrong_flags, "a wrong URL on the command line is quoted with its flag")
{
    static const struct config_flag flags[] = { { "listen", "dns://here" } };

    CHECK(!load((struct config_source){ .flags = flags, .flag_count = 1 }));
    CHECK_TEXT(problems.list[0].text,
               "--listen dns://here: url: dns://here: here is not an address; write "
               "dns://ADDRESS:PORT");
}
