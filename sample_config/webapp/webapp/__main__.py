"""``python -m webapp``: serve the application on this machine."""

from wsgiref.simple_server import make_server

from webapp.app import application

if __name__ == "__main__":
    with make_server("127.0.0.1", 8080, application) as server:
        print("http://127.0.0.1:8080")
        server.serve_forever()
