#include "dns/print.h"
#include "unit/dns/wire.h"

#include <stdlib.h>

static char text[8192];

/* The response as it is printed, up to the next call. */
static const char *printed(const struct wire *w)
{
    FILE *out = fmemopen(text, sizeof text, "w");
    struct message m;

    CHECK_EQUAL(message_read_response(writer_slice(&w->w), &m), OK);
    message_print(out, &m);
    fclose(out);
    return text;
}

/* What stands for the RDATA of a record of "x." */
static const char *rdata(uint16_t type, struct slice bytes)
{
    struct wire w;
    char *end, *begin;

    wire_header(&w, DNS_QR, 1, 1, 0, 0);
    wire_question(&w, "x", type);
    wire_record(&w, TO_QUESTION, type, bytes);
    begin = strstr(printed(&w), "ANSWER SECTION:\n");
    for (int tabs = 0; tabs < 4; tabs++)
        begin = strchr(begin, '\t') + 1;
    end = strchr(begin, '\n');
    *end = '\0';
    return begin;
}

TEST(print_looks_like_dig, "header, EDNS, question and records are printed line by line")
{
    struct wire w;

    wire_header(&w, DNS_QR | DNS_RD | DNS_RA, 1, 1, 0, 1);
    wire_question(&w, "www.example", TYPE_A);
    wire_record(&w, TO_QUESTION, TYPE_A, BYTES("\xc0\0\2\1"));
    wire_opt(&w, 0x8000,
             BYTES("\0\x0f\0\5\0\x16one"
                   "\0\x0b\0\2\0\x65"));
    CHECK_TEXT(printed(&w), ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4660\n"
                            ";; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n"
                            "\n"
                            ";; OPT PSEUDOSECTION:\n"
                            "; EDNS: version: 0, flags: do; udp: 4096\n"
                            "; KEEPALIVE: 10.1 s\n"
                            "; EDE: 22 (No Reachable Authority): \"one\"\n"
                            ";; QUESTION SECTION:\n"
                            ";www.example.\t\tIN\tA\n"
                            "\n"
                            ";; ANSWER SECTION:\n"
                            "www.example.\t300\tIN\tA\t192.0.2.1\n");
}

TEST(print_rdata, "RDATA is printed in its type's presentation format")
{
    CHECK_TEXT(rdata(TYPE_AAAA, BYTES("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1")), "2001:db8::1");
    CHECK_TEXT(rdata(TYPE_MX, BYTES("\0\x0a\4mail\xc0\x0c")), "10 mail.x.");
    CHECK_TEXT(rdata(TYPE_TXT, BYTES("\3a\"b\0")), "\"a\\\"b\" \"\"");
    CHECK_TEXT(rdata(TYPE_CAA, BYTES("\0\5issueca.example")), "0 issue \"ca.example\"");
    CHECK_TEXT(rdata(TYPE_DS, BYTES("\0\1\x0d\2\xab\xcd")), "1 13 2 ABCD");
    CHECK_TEXT(rdata(TYPE_DNSKEY, BYTES("\1\0\3\x0dkeys")), "256 3 13 a2V5cw==");
    CHECK_TEXT(rdata(TYPE_NSEC, BYTES("\1a\0\0\6\x40\1\0\0\0\3")), "a. A MX RRSIG NSEC");
    CHECK_TEXT(rdata(TYPE_NSEC3PARAM, BYTES("\1\0\0\0\0")), "1 0 0 -");
    CHECK_TEXT(rdata(TYPE_NSEC3, BYTES("\1\0\0\0\1\xaa\5\0\0\0\0\1\0\1\x40")),
               "1 0 0 AA 00000001 A");
    CHECK_TEXT(rdata(TYPE_EUI48, BYTES("\1\2\3\4\5\xff")), "01-02-03-04-05-ff");
    CHECK_TEXT(rdata(TYPE_L64, BYTES("\0\1\x20\1\x0d\xb8\0\0\0\1")), "1 2001:0db8:0000:0001");
    CHECK_TEXT(rdata(TYPE_RRSIG, BYTES("\0\1\x0d\1\0\0\1\x2c\0\0\0\0\x65\x53\xf1\0\0\7\0sig")),
               "A 13 1 300 19700101000000 20231114221320 7 . c2ln");
}

TEST(print_services, "service parameters are printed by their keys")
{
    CHECK_TEXT(rdata(TYPE_HTTPS, BYTES("\0\1\0"
                                       "\0\1\0\6\2h2\2h3"
                                       "\0\3\0\2\x20\xfb"
                                       "\0\4\0\4\xc0\0\2\1"
                                       "\2\x9a\0\1\x1b")),
               "1 . alpn=\"h2,h3\" port=8443 ipv4hint=192.0.2.1 key666=\"\\027\"");
    CHECK_TEXT(rdata(TYPE_SVCB, BYTES("\0\1\0\0\3\0\1x")), "1 . port=\"x\"");
    CHECK_TEXT(rdata(TYPE_SVCB, BYTES("\0\0\1a\0")), "0 a.");
}

TEST(print_unknown, "what is not known is printed as RFC 3597 says")
{
    CHECK_TEXT(rdata(65400, BYTES("\1\xff")), "\\# 2 01FF");
    CHECK_TEXT(rdata(65400, BYTES("")), "\\# 0");
}

TEST(print_is_harmless, "no byte of the message reaches the terminal raw")
{
    struct wire w;

    wire_header(&w, DNS_QR, 1, 1, 0, 1);
    wire_question(&w, "\\027[2J", TYPE_TXT);
    wire_record(&w, TO_QUESTION, TYPE_TXT, BYTES("\5\x1b\x07\n\x9b\xff"));
    wire_opt(&w, 0, BYTES("\0\x0f\0\4\0\0\x1b["));
    for (const char *c = printed(&w); *c; c++)
        CHECK((*c >= ' ' && *c < 0x7f) || *c == '\n' || *c == '\t');
}
