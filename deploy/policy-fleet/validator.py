"""Lets no policy into AppConfig that `credenza check` would not let pass.

The program lies beside this file in the package, as `credenza`, built for Linux without a C library.
AppConfig calls with the text in base64; an error refuses the version and its words are shown.
"""

import base64
import os
import subprocess

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "credenza")


def handler(event, context):
    text = base64.b64decode(event["content"])
    done = subprocess.run(
        [os.environ.get("CREDENZA_CHECK", CHECK), "check", "-"],
        input=text,
        capture_output=True,
        timeout=8,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        raise ValueError(said.strip()[:2000] or "credenza check refuses the policy")
