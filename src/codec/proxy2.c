/* codec/proxy2.c - the introduction that load balancers put before what a client says.
 *
 * The PROXY protocol of HAProxy, section 2.2: a signature, version and command, family and
 * protocol, a length, the addresses, and TLVs that do not concern us. Called by: listen.
 */
#include "codec/proxy2.h"

#include "base/reader.h"

#define SIGNATURE_SIZE 12
#define HEADER_SIZE    16
#define VERSION        2

enum { COMMAND_LOCAL = 0, COMMAND_PROXY = 1 };
enum { FAMILY_INET = 1, FAMILY_INET6 = 2 };

static const uint8_t signature[SIGNATURE_SIZE] = { '\r', '\n', '\r', '\n', 0,   '\r',
                                                   '\n', 'Q',  'U',  'I',  'T', '\n' };

static void read_v4(struct reader *r, union addr *ret_client)
{
    struct slice client = read_bytes(r, 4);

    read_bytes(r, 4); /* where the client meant to go */
    ret_client->v4.sin_family = AF_INET;
    ret_client->v4.sin_port = htons(read_u16(r));
    read_u16(r);
    if (!r->failed)
        memcpy(&ret_client->v4.sin_addr, client.data, client.len);
}

/* A balancer that listens on both families tells IPv4 clients as IPv6 (RFC 4291 section 2.5.5.2).
 */
static void read_v6(struct reader *r, union addr *ret_client)
{
    struct slice bytes = read_bytes(r, 16);
    struct in6_addr client;
    uint16_t port;

    read_bytes(r, 16);
    port = htons(read_u16(r));
    read_u16(r);
    if (r->failed)
        return;
    memcpy(&client, bytes.data, sizeof client);
    ret_client->v6.sin6_family = AF_INET6;
    ret_client->v6.sin6_port = port;
    ret_client->v6.sin6_addr = client;
    addr_unmap(ret_client);
}

static err_t read_addresses(struct reader *r, uint8_t family, struct proxy2 *header)
{
    if (family == FAMILY_INET)
        read_v4(r, &header->client);
    else if (family == FAMILY_INET6)
        read_v6(r, &header->client);
    else
        return OK; /* a UNIX socket, or nothing that the balancer could name */
    if (r->failed)
        return ERR_MALFORMED;
    header->has_client = true;
    return OK;
}

err_t proxy2_read(struct slice bytes, struct proxy2 *ret_header)
{
    size_t compared = bytes.len < SIGNATURE_SIZE ? bytes.len : SIGNATURE_SIZE;
    struct proxy2 header = { 0 };
    struct reader r;
    uint8_t command, family;
    size_t len;

    if (compared > 0 && memcmp(bytes.data, signature, compared) != 0)
        return ERR_MALFORMED;
    if (bytes.len < HEADER_SIZE)
        return ERR_AGAIN;
    r = reader_of(slice_after(bytes, SIGNATURE_SIZE));
    command = read_u8(&r);
    family = read_u8(&r);
    len = read_u16(&r);
    if (command >> 4 != VERSION || (command & 15) > COMMAND_PROXY || HEADER_SIZE + len > PROXY2_MAX)
        return ERR_MALFORMED;
    if (bytes.len < HEADER_SIZE + len)
        return ERR_AGAIN;
    header.len = HEADER_SIZE + len;
    r = reader_of(slice_of(bytes.data + HEADER_SIZE, len));
    if ((command & 15) == COMMAND_PROXY)
        TRY(read_addresses(&r, family >> 4, &header));
    *ret_header = header;
    return OK;
}
