"""The shop, in Python: plain HTTP on port 8080, and plain HTTP to http://catalog.test. It knows of no mesh."""

import http.server
import urllib.request


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            with urllib.request.urlopen("http://catalog.test/item", timeout=5) as answer:
                status, text = 200, f"the shop sells {answer.read().decode()}"
        except OSError as error:
            status, text = 502, f"the catalog does not answer: {error}\n"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", 8080), Shop).serve_forever()
