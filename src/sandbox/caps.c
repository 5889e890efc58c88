/* sandbox/caps.c - what root may do, in pieces, of which at most one is kept. */
#include "sandbox/caps.h"

#include <stdlib.h>
#include <sys/capability.h>

static const cap_value_t low_ports = CAP_NET_BIND_SERVICE;

static bool is_permitted(cap_value_t capability)
{
    cap_t have = cap_get_proc();
    cap_flag_value_t value = CAP_CLEAR;

    if (!have)
        return false;
    if (cap_get_flag(have, capability, CAP_PERMITTED, &value) != 0)
        value = CAP_CLEAR;
    cap_free(have);
    return value == CAP_SET;
}

bool caps_open_low_ports(void)
{
    return is_permitted(low_ports);
}

void caps_close_bounds(void)
{
    for (cap_value_t i = 0; i < cap_max_bits(); i++)
        cap_drop_bound(i);
}

err_t caps_give_up(bool wants_low_ports)
{
    bool keeps = wants_low_ports && caps_open_low_ports();
    cap_t wanted = cap_init();
    int status = wanted ? 0 : -1;

    if (status == 0 && keeps)
        status = cap_set_flag(wanted, CAP_PERMITTED, 1, &low_ports, CAP_SET);
    if (status == 0 && keeps)
        status = cap_set_flag(wanted, CAP_EFFECTIVE, 1, &low_ports, CAP_SET);
    if (status == 0)
        status = cap_set_proc(wanted);
    if (wanted)
        cap_free(wanted);
    return status == 0 ? OK : ERR_SYSTEM;
}
