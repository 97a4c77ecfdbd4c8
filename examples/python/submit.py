"""Submits one photo: python3 submit.py (json|form) ID_CARD NAME PHOTO REFERENCE"""

import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("VERIQUEUE_URL", "http://127.0.0.1:3000")
API_KEY = os.environ["VERIQUEUE_API_KEY"]
TRIES = 5
TIMEOUT_SECONDS = 30
WORTH_REPEATING = {408, 429, 502, 503, 504}


def as_json(fields, photo):
    body = {**fields, "imageBase64": base64.b64encode(photo).decode()}
    return "application/json", json.dumps(body).encode()


def as_form(fields, photo):
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo"\r\n\r\n'
    body = b"".join(parts) + head.encode() + photo + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def send(request):
    """The status, headers and JSON of the answer."""
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        is_problem = error.headers.get_content_type() == "application/problem+json"
        return error.code, error.headers, json.load(error) if is_problem else {}


def submit(content_type, body, idempotency_key):
    """Repeats what may have got lost: the Idempotency-Key keeps it one verification."""
    headers = {
        "Authorization": f"Bearer {API_KEY}",
        "Content-Type": content_type,
        "Idempotency-Key": idempotency_key,
    }
    request = urllib.request.Request(f"{URL}/v1/verifications", body, headers, method="POST")
    for attempt in range(1, TRIES + 1):
        wait = 2**attempt
        try:
            status, received, answer = send(request)
            in_progress = answer.get("code") == "in_progress"
            if not (status in WORTH_REPEATING or in_progress) or attempt == TRIES:
                return status, received, answer
            wait = int(received.get("Retry-After", wait))
        except OSError:
            if attempt == TRIES:
                raise
        time.sleep(wait)


def main():
    form, id_card, name, photo_path, reference = sys.argv[1:]
    fields = {"idCard": id_card, "name": name, "reference": reference}
    if "CALLBACK_URL" in os.environ:
        fields["callbackUrl"] = os.environ["CALLBACK_URL"]
    with open(photo_path, "rb") as file:
        photo = file.read()
    content_type, body = as_json(fields, photo) if form == "json" else as_form(fields, photo)
    # The same key again if this program runs again, so that each person is asked about once.
    status, headers, answer = submit(content_type, body, reference)
    if status == 202:
        replayed = " replayed" if headers.get("Idempotent-Replayed") == "true" else ""
        print(f"{answer['id']} {answer['status']}{replayed}")
        return 0
    print(f"{status} {answer.get('code', '')}")
    for error in answer.get("errors", []):
        print(f"{error['pointer']} {error['code']}: {error['detail']}")
    return 1


sys.exit(main())
