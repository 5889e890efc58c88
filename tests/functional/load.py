"""load - clients that never stop asking while something else happens."""

import itertools
import threading

from client import Stream, ask, is_right, query


class Load:
    """`with Load(proxy) as load:` asks from several threads, one question at a time each.

    load.lost lists what went without its right answer; load.done counts the rest.
    """

    def __init__(self, proxy, threads=2):
        self.proxy, self.lost, self.done = proxy, [], 0
        self.over = threading.Event()
        self.numbers = itertools.count()
        work = [self.ask_over_udp, self.ask_over_tcp, self.ask_over_one_stream] * threads
        self.threads = [threading.Thread(target=task, daemon=True) for task in work]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self.threads)

    def names(self):
        while not self.over.is_set():
            yield f"load{next(self.numbers)}.test"

    def judge(self, name, asking):
        try:
            response = asking()
        except Exception as error:      # a lost question, whatever it looked like
            self.lost.append((name, repr(error)))
            return
        if is_right(response, name):
            self.done += 1
        else:
            self.lost.append((name, response.to_text()))

    def ask_over_udp(self):
        for name in self.names():
            self.judge(name, lambda: ask(self.proxy, name))

    def ask_over_tcp(self):
        for name in self.names():
            self.judge(name, lambda: ask(self.proxy, name, tcp=True))

    def ask_over_one_stream(self):
        with Stream(self.proxy) as stream:
            for name in self.names():
                self.judge(name, lambda: stream.ask(query(name))[0])
