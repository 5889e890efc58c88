/* config/yaml.c - a file into a tree of texts that know where they stand.
 *
 * libyaml finds the structure; types are given later, by the rows of the sections. Anchors and
 * aliases are refused, so that a small file cannot grow into a large tree.
 */
#include "config/yaml.h"

#include "config/schema.h"
#include "config/utf8.h"

#include <string.h>
#include <yaml.h>

struct reading {
    yaml_parser_t parser;
    yaml_event_t event; /* the one being looked at; empty before the first */
    struct store *store;
    unsigned depth;
    struct problem *problem;
    struct slice bytes;
    struct mark mark; /* of the problem */
};

static struct mark mark_of(yaml_mark_t at)
{
    return (struct mark){ (unsigned)at.line + 1, (unsigned)at.column + 1 };
}

static err_t refuse(struct reading *r, const char *why)
{
    r->mark = mark_of(r->event.start_mark);
    return problem_set(r->problem, "%s", why);
}

static bool begins_with_tab(struct slice bytes, unsigned line)
{
    const uint8_t *end;

    for (; line > 1 && bytes.len > 0 && (end = memchr(bytes.data, '\n', bytes.len)); line--)
        bytes = slice_after(bytes, (size_t)(end - bytes.data) + 1);
    while (bytes.len > 0 && bytes.data[0] == ' ')
        bytes = slice_after(bytes, 1);
    return bytes.len > 0 && bytes.data[0] == '\t';
}

/* What people do wrong most, in words that help more than libyaml's. */
static const char *hint_for(const struct reading *r)
{
    const char *problem = r->parser.problem ? r->parser.problem : "";

    if (begins_with_tab(r->bytes, r->mark.line))
        return "; the line begins with a tab: write spaces";
    if (strncmp(problem, "mapping values", 14) == 0 || strstr(problem, "expected key"))
        return "; keys that belong together begin in the same column";
    return "";
}

static err_t next_event(struct reading *r)
{
    yaml_event_delete(&r->event);
    memset(&r->event, 0, sizeof r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return OK;
    if (r->parser.error == YAML_MEMORY_ERROR)
        return ERR_NOMEM;
    r->mark = mark_of(r->parser.problem_mark);
    return problem_set(r->problem, "this is not YAML: %s%s%s%s",
                       r->parser.problem ? r->parser.problem : "unreadable",
                       r->parser.context ? " " : "", r->parser.context ? r->parser.context : "",
                       hint_for(r));
}

static err_t read_node(struct reading *r, struct node **ret_node);

static err_t read_text(struct reading *r, struct node *node)
{
    static const char nothing[] = "~|null|Null|NULL";
    const char *text = (const char *)r->event.data.scalar.value;
    size_t len = r->event.data.scalar.length;
    unsigned index;

    if (r->event.data.scalar.anchor || r->event.data.scalar.tag)
        return refuse(r, "anchors and tags are not used here; write the value itself");
    if (memchr(text, 0, len))
        return refuse(r, "a text holds a zero byte; remove it");
    node->is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (node->is_plain && (len == 0 || words_find(nothing, text, &index)))
        return OK;
    node->kind = NODE_TEXT;
    node->text = store_text(r->store, text, len);
    return node->text ? OK : ERR_NOMEM;
}

static err_t read_list(struct reading *r, struct node *list)
{
    const struct node **end = &list->first;

    list->kind = NODE_LIST;
    if (r->event.data.sequence_start.anchor || r->event.data.sequence_start.tag)
        return refuse(r, "anchors and tags are not used here; write the list itself");
    for (;;) {
        struct node *item;

        TRY(next_event(r));
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return OK;
        TRY(read_node(r, &item));
        *end = item; /* NOLINT(clang-analyzer-*): read_node has set it */
        end = &item->next;
    }
}

/* Reads the key that the event holds, and the value behind it. */
static err_t read_pair(struct reading *r, struct node **ret_value)
{
    struct mark mark = mark_of(r->event.start_mark);
    struct node key = { .text = "" };
    struct node *value;

    if (r->event.type == YAML_ALIAS_EVENT)
        return refuse(r, "aliases are not used here; write the key itself");
    if (r->event.type != YAML_SCALAR_EVENT)
        return refuse(r, "a key must be a word");
    TRY(read_text(r, &key));
    TRY(next_event(r));
    TRY(read_node(r, &value));
    value->key = key.text;
    value->key_mark = mark;
    *ret_value = value;
    return OK;
}

static err_t read_map(struct reading *r, struct node *map)
{
    const struct node **end = &map->first;

    map->kind = NODE_MAP;
    if (r->event.data.mapping_start.anchor || r->event.data.mapping_start.tag)
        return refuse(r, "anchors and tags are not used here; write the keys themselves");
    for (;;) {
        struct node *value = NULL;

        TRY(next_event(r));
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return OK;
        TRY(read_pair(r, &value));
        *end = value; /* NOLINT(clang-analyzer-*): read_pair has set it */
        end = &value->next;
    }
}

static err_t read_node(struct reading *r, struct node **ret_node)
{
    struct node *node = store_alloc(r->store, 1, sizeof *node);
    err_t err;

    if (!node)
        return ERR_NOMEM;
    if (r->depth == YAML_DEPTH_MAX)
        return refuse(r, "this is nested too deeply");
    node->text = "";
    node->mark = mark_of(r->event.start_mark);
    r->depth++;
    if (r->event.type == YAML_SCALAR_EVENT)
        err = read_text(r, node);
    else if (r->event.type == YAML_SEQUENCE_START_EVENT)
        err = read_list(r, node);
    else if (r->event.type == YAML_MAPPING_START_EVENT)
        err = read_map(r, node);
    else
        err = refuse(r, "aliases are not used here; write the value itself");
    r->depth--;
    *ret_node = node;
    return err;
}

static err_t read_document(struct reading *r, struct node **ret_root)
{
    TRY(next_event(r)); /* the stream starts */
    TRY(next_event(r));
    if (r->event.type == YAML_STREAM_END_EVENT) {
        *ret_root = store_alloc(r->store, 1, sizeof **ret_root);
        return *ret_root ? OK : ERR_NOMEM;
    }
    TRY(next_event(r));
    TRY(read_node(r, ret_root));
    TRY(next_event(r)); /* the document ends */
    TRY(next_event(r));
    if (r->event.type != YAML_STREAM_END_EVENT)
        return refuse(r, "a second document starts here; put all of it into one");
    return OK;
}

static bool is_allowed(uint32_t c)
{
    return utf8_is_printable(c) || c == '\t' || c == '\n' || c == '\r';
}

/* libyaml would guess at other encodings, and does not tell the line of such a fault. */
static err_t check_characters(struct slice bytes, struct problem *problem, struct mark *ret_mark)
{
    struct mark mark = { 1, 1 };
    uint32_t c;
    size_t len;

    for (; bytes.len > 0; bytes = slice_after(bytes, len)) {
        len = utf8_read(bytes, &c);
        if (len == 0 || !is_allowed(c)) {
            *ret_mark = mark;
            return problem_set(problem, "byte 0x%02x is not text; save the file as UTF-8",
                               bytes.data[0]);
        }
        mark.column++;
        if (c == '\n')
            mark = (struct mark){ mark.line + 1, 1 };
    }
    return OK;
}

static struct slice skip_byte_order_mark(struct slice bytes)
{
    uint32_t c;

    return utf8_read(bytes, &c) > 0 && c == 0xfeff ? slice_after(bytes, 3) : bytes;
}

err_t yaml_read(struct slice bytes, struct store *store, const struct node **ret_root,
                struct problem *problem, struct mark *ret_mark)
{
    struct reading r = { .store = store, .problem = problem };
    struct node *root = NULL;
    err_t err;

    *ret_mark = (struct mark){ 1, 1 };
    if (bytes.len > YAML_BYTES_MAX)
        return problem_set(problem, "the file is larger than 1 MiB");
    r.bytes = bytes = skip_byte_order_mark(bytes);
    TRY(check_characters(bytes, problem, ret_mark));
    if (!yaml_parser_initialize(&r.parser))
        return ERR_NOMEM;
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    /* libyaml wants an address even when there is nothing to read */
    yaml_parser_set_input_string(&r.parser, bytes.len ? bytes.data : (const uint8_t *)"",
                                 bytes.len);
    err = read_document(&r, &root);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    *ret_mark = r.mark;
    if (err == OK)
        *ret_root = root;
    return err;
}
