#include "config/target.h"
#include "unit/test.h"

#include <stdio.h>

/* "kind what", or "at N: why". */
static const char *read_target(const char *text)
{
    static const char *const kinds[] = { "stdout", "file", "unix", "udp", "tcp", "tls" };
    static char line[400];
    struct store store = { 0 };
    struct url_fault fault;
    struct target target;

    if (target_parse(&store, text, &target, &fault) != OK)
        snprintf(line, sizeof line, "at %zu: %s", fault.at, fault.why);
    else if (target.path)
        snprintf(line, sizeof line, "%s %s", kinds[target.kind], target.path);
    else if (target.url.text)
        snprintf(line, sizeof line, "%s %s %u %s", kinds[target.kind], target.url.host,
                 target.url.port, target.url.name ? target.url.name : "-");
    else
        snprintf(line, sizeof line, "%s", kinds[target.kind]);
    store_done(&store);
    return line;
}

TEST(target_kinds, "files, sockets and collectors are told apart")
{
    CHECK_TEXT(read_target("stdout"), "stdout");
    CHECK_TEXT(read_target("file:/var/log/x"), "file /var/log/x");
    CHECK_TEXT(read_target("unix:/run/x"), "unix /run/x");
    CHECK_TEXT(read_target("udp://192.0.2.1:514"), "udp 192.0.2.1 514 -");
    CHECK_TEXT(read_target("tcp://[2001:db8::1]:601"), "tcp 2001:db8::1 601 -");
    CHECK_TEXT(read_target("tls://192.0.2.1:6514#siem.example"), "tls 192.0.2.1 6514 siem.example");
}

TEST(target_faults, "what is none is told with what to write")
{
    CHECK_TEXT(read_target("file:x"), "at 5: write the whole path, from / on");
    CHECK_TEXT(read_target("unix:/"), "at 5: write the whole path, from / on");
    CHECK_TEXT(read_target("tcp://192.0.2.1"), "at 6: write the port, too");
    CHECK_TEXT(read_target("tls://siem.example:6514"),
               "at 6: write an address: names are not looked up for this");
    CHECK_TEXT(read_target("udp://192.0.2.1:0"), "at 16: the port is a number from 1 to 65535");
    CHECK(strncmp(read_target("stdout:"), "at 0: write file:/PATH, stdout", 30) == 0);
    CHECK(strncmp(read_target(""), "at 0: write file:/PATH", 22) == 0);
    CHECK(strncmp(read_target("https://192.0.2.1:443"), "at 0: write file:/PATH", 22) == 0);
}
