/* querylog/record.c - one query, as its record keeps it. */
#include "querylog/record.h"

static struct slice take(struct slice *rest, size_t len)
{
    struct slice part = slice_of(rest->data, len);

    *rest = slice_after(*rest, len);
    return part;
}

struct log_view record_read(struct slice bytes)
{
    const struct log_record *head = (const void *)bytes.data;
    struct log_view view = { .head = head };
    struct slice rest = slice_after(bytes, sizeof *head);

    view.qname = take(&rest, head->qname_len);
    view.sni = take(&rest, head->sni_len);
    view.upstream = take(&rest, head->upstream_len);
    view.query = take(&rest, head->query_part_len);
    view.response = take(&rest, head->response_part_len);
    return view;
}
