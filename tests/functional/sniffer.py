"""sniffer - every packet on the loopback device to or from one address."""

import socket
import threading

ETH_P_ALL = 3
END = b"the sniffer may stop now"


def may_sniff():
    try:
        packet_socket().close()
    except (PermissionError, OSError):
        return False
    return True


def packet_socket():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind(("lo", 0))
    return sock


class Sniffer:
    """`with Sniffer("127.0.0.9") as seen:`; afterwards seen.packets, IPv4 header and all."""

    def __init__(self, address):
        self.address, self.wanted, self.packets = address, socket.inet_aton(address), []

    def __enter__(self):
        self.sock = packet_socket()
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(END, (self.address, 9))     # packets before this one have been seen
        self.thread.join(20)
        self.sock.close()
        assert not self.thread.is_alive(), "the sniffer saw not even its own packet"

    def collect(self):
        while True:
            packet = self.sock.recv(65535)
            if self.wanted not in (packet[12:16], packet[16:20]):
                continue
            if packet.endswith(END):
                return
            self.packets.append(packet)

    def saw(self, data):
        return any(data in packet for packet in self.packets)
