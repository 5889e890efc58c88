/* codec/http1_head.c - a response's status and header fields, as HTTP/1.1 puts them. Called by:
 * http1.c. */
#include "codec/http1_head.h"

#include <http_parser.h>
#include <stdio.h>

size_t http1_head_write(char text[HTTP1_HEAD_MAX], const struct http_response *response,
                        bool closes)
{
    char age[48] = "", allow[48] = "", date[48] = "";
    int len;

    if (response->has_max_age)
        snprintf(age, sizeof age, "cache-control: max-age=%u\r\n", response->max_age_s);
    else if (response->status >= 400)
        snprintf(age, sizeof age, "cache-control: no-store\r\n");
    if (response->allow)
        snprintf(allow, sizeof allow, "allow: %s\r\n", response->allow);
    if (response->date)
        snprintf(date, sizeof date, "date: %s\r\n", response->date);
    len = snprintf(text, HTTP1_HEAD_MAX,
                   "HTTP/1.1 %u %s\r\ncontent-type: %s\r\ncontent-length: %zu\r\n%s%s%s%s\r\n",
                   response->status, http_status_str((enum http_status)response->status),
                   response->content_type ? response->content_type : "text/plain",
                   response->body.len, date, age, allow, closes ? "connection: close\r\n" : "");
    return len < 0 ? 0 : (size_t)len;
}
