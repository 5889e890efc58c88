#ifndef QUERYLOG_COLUMNS_H
#define QUERYLOG_COLUMNS_H

#include "querylog/format.h"

/* Records as lines for people: the most important of each, in columns. */
extern const struct format_ops format_columns;

/* What stands above them. */
extern const char columns_head[];

#endif
