"""Receives events: WEBHOOK_SECRET=whsec_… python3 receive.py"""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Several, separated by spaces, while one replaces another.
SECRETS = os.environ["WEBHOOK_SECRET"].split()
PORT = int(os.environ.get("PORT", "4000"))
TOLERANCE_SECONDS = 5 * 60
MAX_BODY_BYTES = 64 * 1024

# In your service: a table with this primary key, written in one transaction with the result.
seen = set()
lock = threading.Lock()


def is_authentic(headers, body):
    """Standard Webhooks 1.0.0, over the bytes as they were received."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 13):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    content = f"{webhook_id}.{timestamp}.".encode() + body
    expected = []
    for secret in SECRETS:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected.append(b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()))
    received = headers.get("webhook-signature", "").encode("latin-1", "replace").split(b" ")
    # compare_digest takes the same time wherever the two differ.
    return any(hmac.compare_digest(one, other) for one in received for other in expected)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if length > MAX_BODY_BYTES:
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_authentic(self.headers, body):
            return self.answer(400)
        webhook_id = self.headers["webhook-id"]
        with lock:
            if webhook_id not in seen:
                handle(json.loads(body))
                seen.add(webhook_id)
        self.answer(204)  # also for a repetition, and for a type that you do not know

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


def handle(event):
    if event["type"] in ("verification.completed", "verification.failed"):
        data = event["data"]
        # Believe a verdict only when data["livemode"] is true: the sandbox knows made-up people only.
        print(event["type"], data["reference"], data["outcome"]["verdict"], flush=True)


ThreadingHTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
