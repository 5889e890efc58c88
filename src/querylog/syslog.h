#ifndef QUERYLOG_SYSLOG_H
#define QUERYLOG_SYSLOG_H

#include "querylog/sink.h"

/* Messages of RFC 5424 around records that are text: struct sink_ops. */
void syslog_open_frame(const struct sink *s, struct pen *p, const struct log_view *view,
                       const struct stamp *stamp, bool is_cut);
void syslog_close_frame(struct pen *p, size_t start);

#endif
