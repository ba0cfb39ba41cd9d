"""A receiver of webhooks for the tests: python receiver.py PORT SECRET

It checks signatures with the package `standardwebhooks`. The first line of its output is its port; then it prints each message
that it takes, and answers it after a line of its input, so that it goes no faster than the test follows; at once where the input has
ended. Every third request gets 500, and is not taken.
"""

import itertools
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook

webhook = Webhook(sys.argv[2])
numbers = itertools.count(1)
lock = threading.Lock()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with lock:
            takes = next(numbers) % 3 != 0
            if takes:
                # Fails the request, and so the test, if the signature is not good.
                message = webhook.verify(body, dict(self.headers))
                line = {"cursor": self.headers["webhook-id"], "id": message["data"]["id"], "type": message["type"]}
                print(json.dumps(line), flush=True)
                sys.stdin.readline()
        self.send_response(204 if takes else 500)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        # The sender is killed in the middle of requests.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


server = Server(("127.0.0.1", int(sys.argv[1])), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
