#ifndef CONTROL_KINDS_H
#define CONTROL_KINDS_H

#include "control/control.h"
#include "control/report.h"
#include "control/request.h"

/* How each row of requests.def is answered. */
#define REQUEST(name, ...)                                                                         \
    void request_##name(struct control_house *house, const struct request *request,                \
                        struct report *report);
#include "control/requests.def"
#undef REQUEST

#endif
