"""Which route a request takes: virtual hosts, paths, headers, query parameters."""

from harness.vocabulary import *


def chosen(name, routes, requests, **more):
    case(name, routes=routes, send=[conn(item) for item in requests], **more)


# Virtual hosts --------------------------------------------------------------------------------------------------------

NAMES = [
    "exact.example",
    "*.example",
    "*.deep.example",
    "exact.*",
    "exact.ex*",
    "*",
    "with.port:8080",
    "*-bar.foo.test",
]
case(
    "domain search order",
    vhosts=[
        {"name": f"v{number}", "domains": [name], "routes": [direct("/", f"{name}\n")]}
        for number, name in enumerate(NAMES)
    ],
    send=[
        get("/", host=name)
        for name in (
            "exact.example",
            "EXACT.Example",
            "other.example",
            "a.deep.example",
            "deep.example",
            "exact.org",
            "exact.exam",
            "nothing",
            "with.port:8080",
            "with.port",
            "with.port:99",
            "x-bar.foo.test",
            "-bar.foo.test",
            "exact.example:80",
            "b.exact.example:99",
            "exact.",
        )
    ],
)
case(
    "no wildcard domain",
    vhost={"domains": ["only.example"]},
    send=[get("/", host="only.example"), get("/", host="other.example"), get("/", host="only.example:8080")],
)
case(
    "ports ignored in host matching",
    vhost={"domains": ["only.example"]},
    send=[get("/", host="only.example:8080")],
    route_config={"ignore_port_in_host_matching": True},
)
case(
    "any port stripped from the host",
    vhost={"domains": ["only.example"]},
    send=[get("/", host="only.example:8080")],
    hcm={"strip_any_host_port": True},
)
case(
    "trailing dot stripped",
    vhost={"domains": ["only.example"]},
    send=[get("/", host="only.example."), get("/", host="only.example.:80")],
    hcm={"strip_trailing_host_dot": True},
)

# Paths ----------------------------------------------------------------------------------------------------------------

chosen(
    "prefix, first match wins",
    [direct("/a/b", "long"), direct("/a", "short"), direct("/a/b/c", "never")],
    [get("/a/b/c"), get("/a/b"), get("/ab"), get("/A"), get("/"), get("/a/b?x=/c")],
)
chosen(
    "path is exact, without the query",
    [direct({"path": "/p"}, "p")],
    [get("/p"), get("/p?q=1"), get("/p/"), get("/P"), get("/%70")],
)
chosen(
    "path without regard to case",
    [
        direct({"path": "/Path", "case_sensitive": False}, "p"),
        direct({"prefix": "/Pre", "case_sensitive": False}, "pre"),
    ],
    [get("/pATH"), get("/PREfix"), get("/other")],
)
chosen(
    "path_separated_prefix",
    [direct({"path_separated_prefix": "/api/v1"}, "v1")],
    [get("/api/v1"), get("/api/v1/x"), get("/api/v1?q"), get("/api/v12"), get("/api/v1/"), get("/api")],
)
chosen(
    "safe_regex matches the whole path",
    [direct({"safe_regex": {"regex": "/[ab]+/\\d{2}"}}, "regex")],
    [get("/ab/12"), get("/ab/12?q=1"), get("/ab/123"), get("/x/ab/12"), get("/ab/1")],
)
chosen(
    "safe_regex with anchors and alternatives",
    [direct({"safe_regex": {"regex": "^/(a|b)$|/c.*"}}, "regex")],
    [get("/a"), get("/aa"), get("/c/anything"), get("/d")],
)
chosen(
    "connect matcher leaves other methods alone",
    [direct({"connect_matcher": {}}, "connect"), direct("/", "rest")],
    [get("/"), raw_request("CONNECT h.example:443 HTTP/1.1\r\nhost: h.example:443\r\n\r\n")],
)

# Headers --------------------------------------------------------------------------------------------------------------


def by_header(matcher):
    return [direct({"prefix": "/", "headers": [{"name": "x-h", **matcher}]}, "match"), direct("/", "rest")]


VALUES = [None, "", "abc", "ABC", "abcd", "xabc", "5", "10", "-3", "+3", " 4", "1.5", "0x5", "99999999999999999999"]


def header_case(name, matcher, values=VALUES):
    chosen(name, by_header(matcher), [get("/", {} if value is None else {"x-h": value}) for value in values])


header_case("header exact", {"string_match": {"exact": "abc"}})
header_case("header exact without regard to case", {"string_match": {"exact": "abc", "ignore_case": True}})
header_case("header prefix", {"string_match": {"prefix": "abc"}})
header_case("header suffix", {"string_match": {"suffix": "abc"}})
header_case("header contains", {"string_match": {"contains": "bc"}})
header_case("header safe_regex", {"string_match": {"safe_regex": {"regex": "a.c|\\d+"}}})
header_case("header range", {"range_match": {"start": -3, "end": 10}})
header_case("header present", {"present_match": True})
header_case("header absent", {"present_match": False})
header_case("header inverted", {"string_match": {"exact": "abc"}, "invert_match": True})
header_case(
    "header inverted, missing as empty",
    {"string_match": {"exact": "abc"}, "invert_match": True, "treat_missing_header_as_empty": True},
)
header_case("header present, inverted", {"present_match": True, "invert_match": True})
header_case("header range, inverted", {"range_match": {"start": 0, "end": 10}, "invert_match": True})
REPEATED = [
    get("/", [("x-h", "a"), ("x-h", "b")]),
    get("/", {"x-h": "a,b"}),
    get("/", {"x-h": "a"}),
    get("/", [("x-h", "b"), ("x-h", "a")]),
    get("/", [("x-h", "7"), ("x-h", "b")]),
]
for name, matcher in {
    "exact value of both": {"string_match": {"exact": "a,b"}},
    "exact value of one": {"string_match": {"exact": "b"}},
    "prefix": {"string_match": {"prefix": "b"}},
    "suffix": {"string_match": {"suffix": "b"}},
    "regex": {"string_match": {"safe_regex": {"regex": "a.*b"}}},
    "range": {"range_match": {"start": 7, "end": 8}},
    "inverted value": {"string_match": {"exact": "a"}, "invert_match": True},
}.items():
    chosen(f"repeated headers, {name}", by_header(matcher), REPEATED)
case(
    "pseudo headers in matchers",
    routes=[
        direct({"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "PUT"}}]}, "method"),
        direct({"prefix": "/", "headers": [{"name": ":authority", "string_match": {"prefix": "auth"}}]}, "authority"),
        direct({"prefix": "/", "headers": [{"name": ":path", "string_match": {"suffix": "?q"}}]}, "path"),
        direct({"prefix": "/", "headers": [{"name": ":scheme", "string_match": {"exact": "http"}}]}, "scheme"),
    ],
    send=[request("PUT", "/"), get("/", host="auth.example"), get("/?q"), get("/")],
)
case(
    "all header matchers must match",
    routes=[
        direct(
            {
                "prefix": "/",
                "headers": [{"name": "x-a", "string_match": {"exact": "1"}}, {"name": "x-b", "present_match": True}],
            },
            "both",
        ),
        direct("/", "rest"),
    ],
    send=[get("/", {"x-a": "1"}), get("/", {"x-a": "1", "x-b": ""}), get("/", {"X-B": "x", "X-A": "1"})],
)

# Query parameters -----------------------------------------------------------------------------------------------------

QUERIES = [
    "/",
    "/?q",
    "/?q=",
    "/?q=abc",
    "/?q=abcd",
    "/?a=1&q=abc",
    "/?q=x&q=abc",
    "/?q=abc&q=x",
    "/?q=%61bc",
    "/?Q=abc",
    "/?qq=abc",
    "/?q=abc#",
    "/?&&q=abc",
]


def query_case(name, matcher):
    chosen(
        name,
        [direct({"prefix": "/", "query_parameters": [{"name": "q", **matcher}]}, "match"), direct("/", "rest")],
        [get(path) for path in QUERIES],
    )


query_case("query exact", {"string_match": {"exact": "abc"}})
query_case("query regex", {"string_match": {"safe_regex": {"regex": "a.*"}}})
query_case("query present", {"present_match": True})
query_case("query absent", {"present_match": False})
