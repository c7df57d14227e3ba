"""Is the web process ready? Asked as the proxy asks: by the public name, as if over HTTPS."""

import http.client
import os
import sys

host = os.environ["ALLOWED_HOSTS"].split()[0]
line = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
line.request("GET", "/readyz", headers={"Host": host, "X-Forwarded-Proto": "https"})
sys.exit(line.getresponse().status != 200)
