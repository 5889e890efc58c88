/* tests/fuzz/dns_response.c - whatever an upstream sends is refused, or becomes a response that
 * reads again, fits, and prints as plain text. The first bytes choose the client and its limit. */
#include "dns/compose.h"
#include "dns/print.h"

#include <stdlib.h>

enum choice {
    CLIENT_HAS_EDNS = 1,
    CLIENT_HAS_DO = 2,
    CLIENT_SHOUTS = 4,
    PAD = 8,
    KEEPALIVE = 16,
    SMALL_LIMIT = 32,
};

static void require(bool claim)
{
    if (!claim)
        abort();
}

static void print(const struct message *m)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    require(out != NULL);
    message_print(out, m);
    fclose(out);
    for (size_t i = 0; i < len; i++)
        require((text[i] >= ' ' && text[i] < 0x7f) || text[i] == '\n' || text[i] == '\t');
    free(text);
}

static void iterate(const struct message *m)
{
    struct records records = message_records(m);
    struct record rr;
    uint32_t count = 0;

    while (message_next_record(&records, &rr))
        count++;
    require(count == (uint32_t)m->header.ancount + m->header.nscount + m->header.arcount);
}

static void write_name_in_capitals(struct question *q)
{
    for (size_t i = 0; i < q->name_len; i++)
        if (q->name[i] >= 'a' && q->name[i] <= 'z')
            q->name[i] = (uint8_t)(q->name[i] - 'a' + 'A');
}

static struct message_query client_of(const struct message *m, uint8_t choice)
{
    struct message_query q = { .header.id = 0x1234, .has_question = true };
    struct reader r = reader_of(m->wire);

    read_bytes(&r, DNS_HEADER_SIZE);
    require(read_question(&r, &q.question) == OK);
    if (choice & CLIENT_SHOUTS)
        write_name_in_capitals(&q.question);
    q.edns.present = choice & CLIENT_HAS_EDNS;
    q.edns.dnssec_ok = choice & CLIENT_HAS_DO;
    q.edns.udp_size = DNS_UDP_SIZE;
    return q;
}

static void compose(const struct message *m, uint8_t choice, size_t limit)
{
    static uint8_t room[DNS_MESSAGE_MAX];
    struct writer w = writer_of(room, sizeof room);
    const struct message_query client = client_of(m, choice);
    const struct compose_settings settings = {
        .limit = choice & SMALL_LIMIT ? DNS_UDP_SIZE_MIN + limit : DNS_MESSAGE_MAX,
        .has_keepalive = choice & KEEPALIVE,
        .pad_to = choice & PAD ? DNS_RESPONSE_PAD : 0,
    };
    err_t err = compose_response(&w, m, &client, &settings);
    struct message again;

    require(err == OK || err == ERR_MALFORMED);
    if (err != OK)
        return;
    require(writer_len(&w) <= settings.limit);
    require(message_read_response(writer_slice(&w), &again) == OK);
    require(again.header.id == client.header.id && again.edns.present == client.edns.present);
    require(!again.opt_end || again.opt_end == again.wire.len);
    iterate(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message m;

    if (size < 2 || message_read_response(slice_of(data + 2, size - 2), &m) != OK)
        return 0;
    iterate(&m);
    print(&m);
    compose(&m, data[0], data[1]);
    return 0;
}
