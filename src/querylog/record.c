/* querylog/record.c - one query, as its record keeps it.
 *
 * Called by: querylog.c (reads what desk.c wrote), the formats (names of things).
 */
#include "querylog/record.h"

#include "dns/header.h"

static struct slice take(struct slice *rest, size_t len)
{
    struct slice part = slice_of(rest->data, len);

    *rest = slice_after(*rest, len);
    return part;
}

/* What was written when the query was readable is read again, because an OPT of an upstream may
 * have bits that the header has no room for. */
static uint16_t rcode_of(const struct log_view *v)
{
    if (v->has_message && v->message.edns.present)
        return message_rcode(&v->message);
    return v->head->rcode;
}

/* Of a response without OPT the answers are all there is to tell, and the question is known. It is
 * our own; whoever goes over its records stops where they are cut off. */
static bool read_plain(const struct log_view *v, struct message *ret_message)
{
    size_t question_end = (size_t)DNS_HEADER_SIZE + v->head->qname_len + 4;
    struct header header;
    struct reader r;

    if (!v->head->is_echoed || v->response.len < question_end)
        return false;
    r = reader_of(v->response);
    header = read_header(&r);
    if (header.arcount > 0)
        return false;
    *ret_message = (struct message){ .wire = v->response,
                                     .header = header,
                                     .question_name = v->qname,
                                     .question_end = question_end,
                                     .answer_end = v->response.len,
                                     .authority_end = v->response.len };
    return true;
}

static bool read_message(const struct log_view *v, struct message *ret_message)
{
    if (v->response.len == 0)
        return false;
    return read_plain(v, ret_message) || message_read_response(v->response, ret_message) == OK;
}

struct log_view record_read(struct slice bytes)
{
    const struct log_record *head = (const void *)bytes.data;
    struct log_view view; /* `message` is written below, when there is one: it is large */
    struct slice rest = slice_after(bytes, sizeof *head);

    view.head = head;
    view.arrived_wall_ns = 0;
    view.qname = take(&rest, head->is_echoed ? 0 : head->qname_len);
    view.sni = take(&rest, head->sni_len);
    view.subnet = take(&rest, head->subnet_len);
    view.upstream = take(&rest, head->upstream_len);
    view.query = take(&rest, head->query_part_len);
    view.response = take(&rest, head->response_len);
    if (head->is_echoed)
        view.qname = slice_of(view.response.data + DNS_HEADER_SIZE, head->qname_len);
    view.has_message = read_message(&view, &view.message);
    if (head->kind == RECORD_EXCHANGE && view.has_message)
        view.qname = view.message.question_name;
    view.rcode = rcode_of(&view);
    return view;
}

const char *record_look_text(enum cache_look look)
{
    switch (look) {
    case LOOK_NONE:
        return "";
    case LOOK_HIT:
        return "hit";
    case LOOK_MISS:
        return "miss";
    case LOOK_EXPIRED:
        return "expired";
    }
    return "";
}
