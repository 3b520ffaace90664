"""``python -m webapp``: serve the application on this machine."""

import os
from wsgiref.simple_server import make_server

from webapp.app import application

if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8080"))
    with make_server("127.0.0.1", port, application) as server:
        print(f"http://127.0.0.1:{port}", flush=True)
        server.serve_forever()
