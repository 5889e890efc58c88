/* tests/unit/querylog/made.c - records as the walk makes them. */
#include "unit/querylog/made.h"

#include "config/config.h"
#include "querylog/query_log_config.h"

static struct querylog_desk desk;

struct config *made_config(const char *yaml)
{
    static const struct section *const sections[] = { &query_log_section };
    const struct config_source source = { .file = "f", .bytes = slice_of(yaml, strlen(yaml)) };
    struct problems problems;
    struct config *config = NULL;

    CHECK_EQUAL(config_load(&source, sections, 1, &config, &problems), OK);
    return config;
}

static union addr address(const char *host, uint16_t port)
{
    union addr addr;

    CHECK_EQUAL(addr_parse(host, port, &addr), OK);
    return addr;
}

void made_ask(struct made *m, struct slice qname, uint16_t qtype)
{
    struct question *question = &m->query.asked.question;

    question->qtype = qtype;
    question->qclass = CLASS_IN;
    question->name_len = (uint8_t)qname.len;
    memcpy(question->name, qname.data, qname.len);
    wire_header(&m->response, DNS_QR | DNS_RD | DNS_RA, 1, 0, 0, 0);
    write_question(&m->response.w, question);
    m->query.response = writer_slice(&m->response.w);
}

void made_answer(struct made *m, struct slice owner, uint16_t type, uint16_t dns_class,
                 struct slice rdata)
{
    uint8_t *ancount = m->response.room + 6;

    write_bytes(&m->response.w, owner);
    write_u16(&m->response.w, type);
    write_u16(&m->response.w, dns_class);
    write_u32(&m->response.w, WIRE_TTL);
    write_u16(&m->response.w, (uint16_t)rdata.len);
    write_bytes(&m->response.w, rdata);
    put_u16(ancount, (uint16_t)((ancount[0] << 8 | ancount[1]) + 1));
    m->query.response = writer_slice(&m->response.w);
}

void made_begin(struct made *m)
{
    memset(m, 0, sizeof *m);
    m->listener = address("192.0.2.53", 53);
    m->facts = (struct querylog_facts){
        .transport = "udp", .listener = &m->listener, .tls_version = "", .upstream_transport = ""
    };
    m->query.client = address("192.0.2.143", 53211);
    m->query.source = FROM_CACHE;
    m->query.look = LOOK_HIT;
    m->query.message_len = 33;
    m->query.asked.header = (struct header){ .id = WIRE_ID, .flags = DNS_RD, .qdcount = 1 };
    m->query.asked.has_question = true;
    m->stamp =
        (struct stamp){ .sequence = 8, .lost = 1, .stream = 0xab, .identity = "", .sample = 1 };
    made_ask(m, BYTES("\3www\7example\3com\0"), TYPE_A);
    made_answer(m, TO_QUESTION, TYPE_A, CLASS_IN, BYTES("\xc0\0\2\1"));
}

struct log_view made_view(const struct made *m)
{
    struct log_view view;

    if (!desk.belt.bytes)
        CHECK_EQUAL(belt_init(&desk.belt, 1 << 20), OK);
    belt_release(&desk.belt);
    querylog_note(&desk, &m->query, &m->facts);
    querylog_turn_ends(&desk, m->query.arrived_ns + MADE_TOOK_NS);
    view = record_read(belt_next(&desk.belt));
    view.arrived_wall_ns = MADE_WALL_NS;
    return view;
}

struct slice made_frame(const struct made *m, const char *format, unsigned frame)
{
    static uint8_t room[1 << 20];
    struct pen pen = pen_on(room, sizeof room);
    struct log_view view = made_view(m);

    format_find(format)->write(&pen, &view, &m->stamp, frame);
    CHECK(!pen.is_too_long);
    return pen_slice(&pen);
}

const char *made_text(const struct made *m, const char *format)
{
    static char text[1 << 20];
    struct slice frame = made_frame(m, format, 0);

    memcpy(text, frame.data, frame.len);
    text[frame.len] = '\0';
    return text;
}
