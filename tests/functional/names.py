"""names - a bootstrap server: it knows the addresses of a few names, as its tests say them."""

import ipaddress

from chaos import Chaos
from scripts import Send
from wire import A, AAAA, record, response

NXDOMAIN = 3
TYPES = {4: A, 6: AAAA}


class Names(Chaos):
    """`addresses` may be changed while it runs: {"dns.test": ["127.0.0.1", "::1"]}."""

    def __init__(self, *arguments, addresses, **other):
        super().__init__(*arguments, **other)
        self.addresses = addresses

    def plan(self, asked):
        known = self.addresses.get(asked.name.lower().rstrip("."))
        if known is None:
            return [Send(response(asked, rcode=NXDOMAIN))]
        found = [ipaddress.ip_address(address) for address in known]
        return [Send(response(asked, [record(asked.qtype, address.packed) for address in found
                                      if TYPES[address.version] == asked.qtype]))]
