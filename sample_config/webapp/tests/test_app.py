"""What the application promises."""

import json
import unittest
from wsgiref.util import setup_testing_defaults

from webapp.app import application, greeting, page


def get(path, query=""):
    """Ask the application; (status, content type, text)."""
    environ = {"PATH_INFO": path, "QUERY_STRING": query}
    setup_testing_defaults(environ)
    told = {}

    def start(status, headers):
        told.update(status=status, kind=dict(headers)["Content-Type"])

    body = b"".join(application(environ, start))
    return told["status"], told["kind"], body.decode("utf-8")


class Application(unittest.TestCase):
    def test_it_greets_the_world_until_it_knows_a_name(self):
        self.assertEqual(greeting(""), "Hello, world!")
        self.assertEqual(greeting(" Ada "), "Hello, Ada!")

    def test_names_are_text_never_markup(self):
        text = page("<script>", {"commit": "abc", "build": "<7>"})
        self.assertIn("&lt;script&gt;", text)
        self.assertIn("build &lt;7&gt; of abc", text)
        self.assertNotIn("<script>", text)

    def test_the_page(self):
        status, kind, text = get("/", "name=Ada")
        self.assertEqual((status, kind), ("200 OK", "text/html; charset=utf-8"))
        self.assertIn("Hello, Ada!", text)

    def test_health_and_version(self):
        self.assertEqual(get("/health"), ("200 OK", "text/plain", "ok"))
        self.assertIn("commit", json.loads(get("/version")[2]))

    def test_everything_else_is_not_found(self):
        self.assertEqual(get("/nothing")[0], "404 Not Found")


if __name__ == "__main__":
    unittest.main()
