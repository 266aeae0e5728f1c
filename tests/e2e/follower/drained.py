"""Follows a feed, says when something was read, and how long it would wait when that is over."""

import os
import sys
from types import SimpleNamespace as Of

sys.path.insert(0, sys.argv[1])

import follower


class Store(follower.Store):
    def take(self, message):
        super().take(message)
        print("read", flush=True)


def sleep(seconds):
    print(seconds, flush=True)
    raise SystemExit


follower.time = Of(sleep=sleep)
follower.random = Of(uniform=lambda low, high: 100.0)
follower.follow(sys.argv[2], os.environ["TANDEM_KEY"], Store(":memory:"), False)
