#include "config/url.h"
#include "unit/test.h"

#include <stdio.h>

/* "scheme host port path name", '-' for what is absent, or "at N". */
static const char *parts(const char *text)
{
    static char line[1200];
    struct store store = { 0 };
    struct url_fault fault;
    struct url url;

    if (url_parse(&store, text, &url, &fault) == OK)
        snprintf(line, sizeof line, "%s %s%s %u %s %s", url.scheme, url.has_addr ? "=" : "",
                 url.host, url.port, url.path ? url.path : "-", url.name ? url.name : "-");
    else
        snprintf(line, sizeof line, "at %zu", fault.at);
    store_done(&store);
    return line;
}

TEST(url_default_ports, "each scheme has its port")
{
    CHECK_TEXT(parts("dns://127.0.0.1"), "dns =127.0.0.1 53 - -");
    CHECK_TEXT(parts("udp://127.0.0.1"), "udp =127.0.0.1 53 - -");
    CHECK_TEXT(parts("tcp://127.0.0.1"), "tcp =127.0.0.1 53 - -");
    CHECK_TEXT(parts("tls://127.0.0.1"), "tls =127.0.0.1 853 - -");
    CHECK_TEXT(parts("https://127.0.0.1"), "https =127.0.0.1 443 - -");
}

TEST(url_all_parts, "address, port, path and name are told apart")
{
    CHECK_TEXT(parts("tls://1.1.1.1#cloudflare-dns.com"), "tls =1.1.1.1 853 - cloudflare-dns.com");
    CHECK_TEXT(parts("tls://[2606:4700::1111]:8853#a.b"), "tls =2606:4700::1111 8853 - a.b");
    CHECK_TEXT(parts("https://dns.example:8443/dns-query?x#n"),
               "https dns.example 8443 /dns-query?x n");
    CHECK_TEXT(parts("https://a.b:8443/a:b"), "https a.b 8443 /a:b -");
    CHECK_TEXT(parts("dns://[::1]:65535"), "dns =::1 65535 - -");
}

TEST(url_port_is_in_the_address, "the address bears the port, default or written")
{
    struct store store = { 0 };
    struct url_fault fault;
    struct url url;
    char text[ADDR_TEXT_MAX];

    CHECK_EQUAL(url_parse(&store, "tls://[::1]", &url, &fault), OK);
    CHECK_TEXT(addr_format(&url.addr, text), "[::1]:853");
    CHECK_EQUAL(url_parse(&store, "udp://192.0.2.1:5353", &url, &fault), OK);
    CHECK_TEXT(addr_format(&url.addr, text), "192.0.2.1:5353");
    store_done(&store);
}

TEST(url_faults, "a fault is shown at its character")
{
    CHECK_TEXT(parts(""), "at 0");
    CHECK_TEXT(parts("127.0.0.1"), "at 0");
    CHECK_TEXT(parts("ftp://127.0.0.1"), "at 0");
    CHECK_TEXT(parts("TLS://127.0.0.1"), "at 0");
    CHECK_TEXT(parts("dns://"), "at 6");
    CHECK_TEXT(parts("dns://:53"), "at 6");
    CHECK_TEXT(parts("dns://user@127.0.0.1"), "at 6");
    CHECK_TEXT(parts("dns://127.0.0.256"), "at 6");
    CHECK_TEXT(parts("dns://127.0.0.1:0"), "at 16");
    CHECK_TEXT(parts("dns://127.0.0.1:"), "at 16");
    CHECK_TEXT(parts("dns://127.0.0.1:65536"), "at 16");
    CHECK_TEXT(parts("dns://127.0.0.1:99999999999999999999999"), "at 16");
    CHECK_TEXT(parts("dns://127.0.0.1:053"), "at 16");
    CHECK_TEXT(parts("dns://127.0.0.1:53x"), "at 18");
    CHECK_TEXT(parts("dns://127.0.0.1/"), "at 15");
    CHECK_TEXT(parts("dns://127.0.0.1#name"), "at 15");
    CHECK_TEXT(parts("dns://127.0.0.1 "), "at 15");
    CHECK_TEXT(parts("dns://::1"), "at 6");
    CHECK_TEXT(parts("dns://[::1"), "at 6");
    CHECK_TEXT(parts("dns://[::1]53"), "at 11");
    CHECK_TEXT(parts("dns://[127.0.0.1]"), "at 7");
    CHECK_TEXT(parts("tls://1.1.1.1#"), "at 14");
    CHECK_TEXT(parts("tls://1.1.1.1#a b"), "at 15");
    CHECK_TEXT(parts("tls://1.1.1.1#1.1.1.1"), "at 14");
}

TEST(url_host_names, "host names are letters, digits and inner hyphens")
{
    CHECK_TEXT(parts("tls://dns-1.example"), "tls dns-1.example 853 - -");
    CHECK_TEXT(parts("tls://-dns.example"), "at 6");
    CHECK_TEXT(parts("tls://dns-.example"), "at 6");
    CHECK_TEXT(parts("tls://dns..example"), "at 6");
    CHECK_TEXT(parts("tls://dns_1.example"), "at 6");
    CHECK_TEXT(parts("tls://dns.example."), "at 6");
    CHECK_TEXT(parts("tls://dns.123"), "at 6");
}

TEST(url_is_bounded, "no URL is longer than its bound")
{
    char text[1100] = "https://a/";

    memset(text + 10, 'x', 1014);
    CHECK(strncmp(parts(text), "https a 443 /x", 14) == 0);
    text[1024] = 'x';
    CHECK_TEXT(parts(text), "at 1024");
}
