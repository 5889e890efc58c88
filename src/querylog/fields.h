#ifndef QUERYLOG_FIELDS_H
#define QUERYLOG_FIELDS_H

#include <stdio.h>

/* The members of a record as JSON Schema, and as a table for people (Markdown). */
void fields_print_schema(FILE *out);
void fields_print_table(FILE *out);

#endif
