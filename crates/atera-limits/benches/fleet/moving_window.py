"""One of the processes of the benchmark `fleet`, with the moving window of Python's `limits`: pip install limits redis.

Its arguments are the addresses of the service and of the Redis server.
"""

import http.client
import sys
import threading
import time

from limits import RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

LIMIT = RateLimitItemPerSecond(700, 6)
TASKS = 4
KEY = "benchmark"


def send(service: str, limiter: MovingWindowRateLimiter) -> None:
    connection = http.client.HTTPConnection(service)
    while True:
        while not limiter.hit(LIMIT, KEY):
            wait = limiter.get_window_stats(LIMIT, KEY).reset_time - time.time()
            time.sleep(max(wait, 0.001))
        connection.request("GET", "/")
        connection.getresponse().read()


def main() -> None:
    service, address = sys.argv[1:]
    limiter = MovingWindowRateLimiter(storage_from_string(address))
    for _ in range(TASKS):
        threading.Thread(target=send, args=(service, limiter)).start()


main()
