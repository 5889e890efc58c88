#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "base/slice.h"
#include "config/problem.h"
#include "config/store.h"

#define YAML_BYTES_MAX (1024 * 1024)
#define YAML_DEPTH_MAX 8 /* a list of texts in an item of a section is the fourth */

/* Where something stands in a file; both count from 1, columns in characters. 0: nowhere. */
struct mark {
    unsigned line, column;
};

enum node_kind { NODE_EMPTY, NODE_TEXT, NODE_LIST, NODE_MAP };

/* One value in the file, with the key it stands behind when its parent is a map. */
struct node {
    enum node_kind kind;
    struct mark mark, key_mark;
    bool is_plain;    /* written without quotes: columns can be counted on from `mark` */
    const char *key;  /* NULL in a list */
    const char *text; /* of a NODE_TEXT; "" otherwise */
    const struct node *first, *next;
};

/* Reads one YAML document, without anchors, aliases and tags, into `store`. What is empty yields a
 * NODE_EMPTY. On failure `problem` tells why and `ret_mark` where. */
err_t yaml_read(struct slice bytes, struct store *store, const struct node **ret_root,
                struct problem *problem, struct mark *ret_mark);

#endif
