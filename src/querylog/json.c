/* querylog/json.c - JSON on its way out.
 *
 * Called by: the formats whose objects are nested. What was written last tells whether a comma is
 * due: nothing that begins a member ends like a bracket that opens.
 */
#include "querylog/json.h"

static void begin(struct pen *p, const char *name)
{
    uint8_t last = p->next > p->start ? p->next[-1] : '{';

    if (last != '{' && last != '[')
        pen_byte(p, ',');
    if (!name)
        return;
    pen_byte(p, '"');
    pen_text(p, name);
    PEN_LITERAL(p, "\":");
}

void json_open(struct pen *p, const char *name)
{
    begin(p, name);
    pen_byte(p, '{');
}

void json_close(struct pen *p)
{
    pen_byte(p, '}');
}

void json_open_list(struct pen *p, const char *name)
{
    begin(p, name);
    pen_byte(p, '[');
}

void json_close_list(struct pen *p)
{
    pen_byte(p, ']');
}

void json_number(struct pen *p, const char *name, uint64_t number)
{
    begin(p, name);
    pen_number(p, number);
}

void json_true(struct pen *p, const char *name)
{
    begin(p, name);
    PEN_LITERAL(p, "true");
}

void json_open_text(struct pen *p, const char *name)
{
    begin(p, name);
    pen_byte(p, '"');
}

void json_close_text(struct pen *p)
{
    pen_byte(p, '"');
}

void json_word(struct pen *p, const char *name, const char *word)
{
    json_open_text(p, name);
    pen_text(p, word);
    json_close_text(p);
}

void json_text(struct pen *p, const char *name, struct slice text)
{
    json_open_text(p, name);
    pen_json(p, text);
    json_close_text(p);
}
