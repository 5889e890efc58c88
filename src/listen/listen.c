/* listen/listen.c - the doors by their names. */
#include "listen/listen.h"

#include "io/socket.h"
#include "listen/admission.h"
#include "listen/entrance.h"

#include <stdlib.h>
#include <string.h>

#define LISTENER(name) extern const struct listener_ops listener_##name;
#include "listen/listeners.def"
#undef LISTENER

static const struct listener_ops *const table[] = {
#define LISTENER(name) &listener_##name,
#include "listen/listeners.def"
#undef LISTENER
};

const struct listener_ops *listener_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

uint64_t listen_idle_ns(const struct listen_context *context, bool is_encrypted)
{
    uint64_t idle_ns = is_encrypted ? context->limits.tls_idle : context->limits.tcp_idle;

    return overload_is_on(admission_overload(context->admission)) ? idle_ns / OVERLOAD_IDLE
                                                                  : idle_ns;
}

err_t listener_open(struct listener **ret_listener, const struct listener_ops *ops,
                    struct listen_context *context, const union addr *addr,
                    struct entrance *entrance, int fd)
{
    struct listener *l = calloc(1, ops->size);
    err_t err;

    if (!l) {
        socket_close(&fd);
        return ERR_NOMEM;
    }
    l->ops = ops;
    l->context = context;
    l->addr = *addr;
    listener_enter_by(l, entrance);
    list_init(&l->link);
    err = ops->open(l, fd);
    if (err != OK) {
        entrance_unref(&l->entrance);
        free(l);
        return err;
    }
    *ret_listener = l;
    return OK;
}

void listener_enter_by(struct listener *l, struct entrance *entrance)
{
    struct entrance *before = l->entrance;

    l->entrance = entrance_ref(entrance);
    l->udp_size = entrance->config->udp_size;
    l->padding = (enum padding)entrance->config->padding;
    entrance_unref(&before);
}

void listener_close(struct listener **l)
{
    if (!*l)
        return;
    list_remove(&(*l)->link);
    (*l)->ops->close(*l);
    entrance_unref(&(*l)->entrance);
    free(*l);
    *l = NULL;
}
