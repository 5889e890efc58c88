/* tests/fuzz/upstream_bootstrap.c - whatever a bootstrap server sends becomes a few addresses of
 * the family that was asked for, each once, that a server can have, or none. */
#include "dns/message.h"
#include "dns/types.h"
#include "upstream/bootstrap.h"

#include <stdlib.h>

#define PORT 853

static void require(bool claim)
{
    if (!claim)
        abort();
}

static void check(const struct bootstrap_answer *answer, uint16_t qtype)
{
    const sa_family_t family = qtype == TYPE_A ? AF_INET : AF_INET6;

    require(answer->count <= BOOK_MAX);
    require(answer->count == 0 || answer->is_usable);
    for (size_t i = 0; i < answer->count; i++) {
        require(answer->addrs[i].any.sa_family == family);
        require(addr_port(&answer->addrs[i]) == PORT);
        require(!addr_is_wildcard(&answer->addrs[i]));
        for (size_t j = 0; j < i; j++)
            require(!addr_equal(&answer->addrs[i], &answer->addrs[j]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bootstrap_answer answer;
    struct message m;

    if (message_read_response(slice_of(data, size), &m) != OK)
        return 0;
    bootstrap_read(&m, PORT, &answer);
    require(answer.count == 0 || m.qtype == TYPE_A || m.qtype == TYPE_AAAA);
    check(&answer, m.qtype);
    return 0;
}
