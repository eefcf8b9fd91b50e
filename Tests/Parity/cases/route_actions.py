"""What a route makes of a request: clusters, redirects, direct responses, rewrites."""

from harness.vocabulary import *


def redirect(name, action, requests=("/old/path?q=1",)):
    case(name, routes=[{"match": {"prefix": "/old"}, "redirect": action}], send=[get(path) for path in requests])


# Clusters -------------------------------------------------------------------------------------------------------------

SPLIT = {"weighted_clusters": {"clusters": [{"name": "a", "weight": 100}, {"name": "b", "weight": 0}]}}
case(
    "weighted clusters, all on one",
    route={"cluster": None, **SPLIT},
    upstreams={"b": [reply(body="b")]},
    send=[get("/") for _ in range(6)],
)
case(
    "weighted clusters with their own headers",
    route_entry={"request_headers_to_add": [{"header": {"key": "x-l", "value": "route"}}]},
    send=[get("/", {"x-gone": "1"})],
    route={
        "cluster": None,
        "weighted_clusters": {
            "clusters": [
                {
                    "name": "a",
                    "weight": 1,
                    "request_headers_to_add": [{"header": {"key": "x-l", "value": "cluster"}}],
                    "request_headers_to_remove": ["x-gone"],
                    "response_headers_to_add": [{"header": {"key": "x-l", "value": "cluster"}}],
                }
            ]
        },
    },
)
case(
    "weighted clusters by a header's value",
    upstreams={"b": [reply(body="b")]},
    route={
        "cluster": None,
        "weighted_clusters": {
            "header_name": "x-slot",
            "clusters": [{"name": "a", "weight": 2}, {"name": "b", "weight": 3}],
        },
    },
    send=[get("/", {"x-slot": str(number)}) for number in (0, 1, 2, 4, 5, 7, 1000000007)],
)
case(
    "cluster_header",
    route={"cluster": None, "cluster_header": "x-to"},
    upstreams={"b": [reply(body="b")]},
    send=[
        get("/", {"x-to": "a"}),
        get("/", {"x-to": "b"}),
        get("/", {"x-to": "none"}),
        get("/"),
        get("/", [("x-to", "b"), ("x-to", "a")]),
    ],
)
case(
    "unknown cluster answers as configured",
    route_config={"validate_clusters": False},
    routes=[to("/404", "none", cluster_not_found_response_code="NOT_FOUND"), to("/", "none")],
    send=[get("/404"), get("/"), head("/")],
)
case(
    "runtime fraction of zero and of all",
    routes=[
        direct({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 0}}}, "never"),
        direct({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 100}}}, "always"),
        direct("/", "rest"),
    ],
    send=[get("/"), get("/")],
)

# Redirects ------------------------------------------------------------------------------------------------------------

redirect("redirect of the path keeps the query", {"path_redirect": "/new"}, ("/old/path?q=1", "/old"))
redirect("redirect of the path with its own query", {"path_redirect": "/new?own=1"}, ("/old/path?q=1", "/old"))
redirect("redirect of the host", {"host_redirect": "new.example:81"}, ("/old/path?q=1", "/old"))
redirect("redirect to https", {"https_redirect": True})
case(
    "redirect to https drops port 80 only",
    routes=[{"match": {"prefix": "/"}, "redirect": {"https_redirect": True}}],
    send=[
        get("/", host="h.example:80"),
        get("/", host="h.example:8080"),
        get("/", host="h.example:443"),
        get("/", host="[::1]:80"),
    ],
)
redirect("redirect of the scheme", {"scheme_redirect": "ftp"})
redirect("redirect of the port", {"port_redirect": 8443, "https_redirect": True})
redirect("redirect of the prefix", {"prefix_rewrite": "/new"}, ("/old/path?q=1", "/old", "/oldest"))
redirect("redirect by regex", {"regex_rewrite": {"pattern": {"regex": "^/old/(.*)$"}, "substitution": "/new/\\1/x"}})
redirect("redirect strips the query", {"strip_query": True, "host_redirect": "x.example"})
for status in ("MOVED_PERMANENTLY", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT"):
    redirect(f"redirect with {status}", {"path_redirect": "/new", "response_code": status})
case(
    "redirect of other methods",
    routes=[{"match": {"prefix": "/"}, "redirect": {"path_redirect": "/new"}}],
    send=[head("/"), post("/", "body"), post("/"), get("/", host="h.example:8080")],
)
case("all requests to TLS", vhost={"require_tls": "ALL"}, send=[get("/p?q=1"), post("/p", "body"), head("/")])

# Direct responses -----------------------------------------------------------------------------------------------------


def answering(status):
    return [{"match": {"prefix": "/"}, "direct_response": {"status": status, "body": {"inline_string": "text"}}}]


for status in (200, 304, 418, 503, 599):
    case(f"direct response {status}", routes=answering(status), send=[get("/"), head("/")])
# Seen on the bare wire: the bytes after the first response's head must be the second response.
TWICE = [
    conn(
        raw(
            "GET /1 HTTP/1.1\r\nhost: h.example\r\n\r\nGET /2 HTTP/1.1\r\nhost: h.example\r\nconnection: close\r\n\r\n"
        ),
        recv_eof(),
    )
]
WHY = "it ends with its head; Envoy sends the configured body after it, which a client takes for the next response"
case(
    "direct response 204 with a body",
    routes=answering(204),
    send=TWICE,
    differs=differs(
        "RFC 9110 §15.3.5, §8.6, RFC 9112 §6.3",
        f"a 204 has no content and no Content-Length, {WHY}",
        client=["HTTP/1.1 204 No Content", "!content-length", "!textHTTP/1.1", "[FIN]"],
    ),
)
case(
    "direct response 304 with a body",
    routes=answering(304),
    send=TWICE,
    differs=differs(
        "RFC 9110 §15.4.5, RFC 9112 §6.3",
        f"a 304 has no content, {WHY}",
        client=["HTTP/1.1 304 Not Modified", "!textHTTP/1.1", "[FIN]"],
    ),
)
case(
    "direct response without a body",
    routes=[{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
    send=[conn(get("/"), get("/"))],
)
case(
    "direct response with a content type",
    routes=[
        {
            "match": {"prefix": "/"},
            "direct_response": {"status": 200, "body": {"inline_string": "{}"}},
            "response_headers_to_add": [
                {
                    "header": {"key": "content-type", "value": "application/json"},
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                }
            ],
        }
    ],
    send=[get("/")],
)

# Rewrites -------------------------------------------------------------------------------------------------------------

case(
    "prefix rewrite",
    routes=[
        to("/old/", prefix_rewrite="/"),
        to("/pre", prefix_rewrite="/new"),
        to({"path": "/exact"}, prefix_rewrite="/else"),
    ],
    send=[get(path) for path in ("/old/path?q=1", "/old/", "/prefix?x", "/pre", "/exact?q=1")],
)
case(
    "regex rewrite",
    route={"regex_rewrite": {"pattern": {"regex": "/v(\\d)/(\\w+)"}, "substitution": "/\\2/version\\1"}},
    send=[get("/v1/things/v2/more?at=/v3/x"), get("/none")],
)
case(
    "regex rewrite with the whole match",
    send=[get("/aXbX?X")],
    route={"regex_rewrite": {"pattern": {"regex": "X"}, "substitution": "[\\0]"}},
)
case(
    "host rewrite",
    routes=[
        to("/literal", host_rewrite_literal="new.example"),
        to("/header", host_rewrite_header="x-host"),
        to(
            "/regex",
            host_rewrite_path_regex={"pattern": {"regex": "^/regex/([^?]*).*$"}, "substitution": "\\1.example"},
        ),
    ],
    send=[get("/literal"), get("/header", {"x-host": "from.header"}), get("/header"), get("/regex/name?q")],
)
case(
    "host rewrite appends x-forwarded-host",
    send=[get("/"), get("/", {"x-forwarded-host": "first"})],
    route={"host_rewrite_literal": "new.example", "append_x_forwarded_host": True},
)
case("auto host rewrite on a static cluster", route={"auto_host_rewrite": True}, send=[get("/")])
case(
    "prefix rewrite announced by a client",
    route={"prefix_rewrite": "/new"},
    send=[get("/old", {"x-envoy-original-path": "/forged"})],
)
case("host of the client is kept", send=[get("/", host="H.Example:8080")])
