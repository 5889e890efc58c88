#include "dns/message.h"
#include "dns/types.h"
#include "unit/test.h"
#include "upstream/bootstrap.h"

#define PORT 853

static uint8_t bytes[4096];
static struct writer out;
static uint16_t answers;

static void begin(uint16_t qtype, uint16_t rcode)
{
    struct question question = { .qtype = qtype, .qclass = CLASS_IN };
    struct writer name = writer_of(question.name, sizeof question.name);

    CHECK_EQUAL(name_from_text("dns.example", &name), OK);
    question.name_len = (uint8_t)writer_len(&name);
    out = writer_of(bytes, sizeof bytes);
    answers = 0;
    write_header(&out, &(struct header){ 1, (uint16_t)(DNS_QR | rcode), 1, 0, 0, 0 });
    write_question(&out, &question);
}

static void add(uint16_t type, uint32_t ttl, const void *rdata, uint16_t len)
{
    write_u16(&out, 0xc00c);
    write_u16(&out, type);
    write_u16(&out, CLASS_IN);
    write_u32(&out, ttl);
    write_u16(&out, len);
    write_bytes(&out, slice_of(rdata, len));
    answers++;
}

static void add_a(uint32_t ttl, uint32_t address)
{
    uint32_t wire = htonl(address);

    add(TYPE_A, ttl, &wire, 4);
}

static void add_aaaa(uint32_t ttl, const char *address)
{
    union addr addr;

    CHECK_EQUAL(addr_parse(address, 0, &addr), OK);
    add(TYPE_AAAA, ttl, &addr.v6.sin6_addr, 16);
}

static struct bootstrap_answer read_answer(void)
{
    struct bootstrap_answer answer;
    struct message m;

    put_u16(bytes + 6, answers);
    CHECK_EQUAL(message_read_response(writer_slice(&out), &m), OK);
    bootstrap_read(&m, PORT, &answer);
    return answer;
}

TEST(bootstrap_reads, "all addresses behind a chain of aliases are taken, with the smallest TTL")
{
    static const uint8_t alias[] = { 1, 'a', 0xc0, 12 };
    struct bootstrap_answer answer;
    char text[ADDR_TEXT_MAX];

    begin(TYPE_A, RCODE_NOERROR);
    add(TYPE_CNAME, 30, alias, sizeof alias);
    add_a(300, 0xc0000201);
    add_a(60, 0xc0000202);
    add_aaaa(10, "2001:db8::1"); /* nobody asked for it */
    answer = read_answer();
    CHECK(answer.is_usable);
    CHECK_EQUAL(answer.count, 2);
    CHECK_TEXT(addr_format(&answer.addrs[0], text), "192.0.2.1:853");
    CHECK_TEXT(addr_format(&answer.addrs[1], text), "192.0.2.2:853");
    CHECK_EQUAL(answer.ttl, 10);
    begin(TYPE_AAAA, RCODE_NOERROR);
    add_aaaa(60, "2001:db8::1");
    answer = read_answer();
    CHECK_EQUAL(answer.count, 1);
    CHECK_TEXT(addr_format(&answer.addrs[0], text), "[2001:db8::1]:853");
}

TEST(bootstrap_reads_each_once, "an address that comes twice counts once, and 16 are enough")
{
    begin(TYPE_A, RCODE_NOERROR);
    add_a(60, 0xc0000201);
    add_a(60, 0xc0000201);
    CHECK_EQUAL(read_answer().count, 1);
    for (uint32_t i = 0; i < 40; i++)
        add_a(60, 0xc0000201 + i);
    CHECK_EQUAL(read_answer().count, BOOK_MAX);
}

TEST(bootstrap_refuses, "what no server can have is no address")
{
    static const uint32_t nobodys4[] = { 0, 0x00000001, 0xe0000001, 0xf0000001, 0xffffffff };
    static const char *const nobodys6[] = { "::", "ff02::1", "::ffff:127.0.0.1", "fe80::1" };

    begin(TYPE_A, RCODE_NOERROR);
    for (size_t i = 0; i < sizeof nobodys4 / sizeof nobodys4[0]; i++)
        add_a(60, nobodys4[i]);
    CHECK_EQUAL(read_answer().count, 0);
    add_a(60, 0x7f000001);
    CHECK_EQUAL(read_answer().count, 1);
    begin(TYPE_AAAA, RCODE_NOERROR);
    for (size_t i = 0; i < sizeof nobodys6 / sizeof nobodys6[0]; i++)
        add_aaaa(60, nobodys6[i]);
    CHECK_EQUAL(read_answer().count, 0);
    add_aaaa(60, "::1");
    CHECK_EQUAL(read_answer().count, 1);
}

TEST(bootstrap_reads_no_errors, "an error has no addresses, whatever else it bears")
{
    begin(TYPE_A, RCODE_SERVFAIL);
    add_a(60, 0xc0000201);
    CHECK(!read_answer().is_usable);
    CHECK_EQUAL(read_answer().count, 0);
    begin(TYPE_A, RCODE_NOERROR);
    CHECK(read_answer().is_usable);
    CHECK_EQUAL(read_answer().count, 0);
}

TEST(bootstrap_reads_ttl, "a TTL with its highest bit set counts as 0")
{
    begin(TYPE_A, RCODE_NOERROR);
    add_a(0x80000001u, 0xc0000201);
    CHECK_EQUAL(read_answer().ttl, 0);
}
