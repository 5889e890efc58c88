/* codec/http_date.c - the time as HTTP writes it. Called by: listen/talk_http.c. */
#include "codec/http_date.h"

#include <time.h>

const char *http_date_text(struct http_date *date, uint64_t second)
{
    const time_t moment = (time_t)second;
    struct tm parts;

    if (date->text[0] && date->second == second)
        return date->text;
    gmtime_r(&moment, &parts);
    if (strftime(date->text, sizeof date->text, "%a, %d %b %Y %H:%M:%S GMT", &parts) == 0)
        date->text[0] = '\0';
    date->second = second;
    return date->text;
}
