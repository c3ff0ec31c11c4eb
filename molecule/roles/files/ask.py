# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a client is told at each URL, in a line: status, headers that roles were told of, body."""

import glob
import ssl
import sys
import urllib.error
import urllib.request

HEADERS = ("Cache-Control", "X-Powered-By", "X-Served-By")

# The node's certificate is signed by itself.
context = ssl.create_default_context(cafile=next(iter(glob.glob("/etc/nginx/tls/*")), None))
for url in sys.argv[1:]:
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            print(answer.status, *(answer.headers[name] for name in HEADERS), answer.read().decode().strip())
    except urllib.error.HTTPError as error:
        print(error.code)
    except OSError as error:
        print(error)
