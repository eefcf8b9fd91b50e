"""Which route a request takes, and what the route makes of it."""

from harness.vocabulary import *


def direct(match, text, **more):
    """A route that names itself in its answer; `match` is a prefix or a whole match."""
    match = {"prefix": match} if isinstance(match, str) else match
    return {"match": match, "direct_response": {"status": 200, "body": {"inline_string": text}}, **more}


def chosen(name, routes, requests, **more):
    case(name, routes=routes, send=[conn(item) for item in requests], **more)


def redirect(name, action, requests=("/old/path?q=1",), headers=None, **more):
    case(name, routes=[{"match": more.pop("match", {"prefix": "/old"}), "redirect": action}],
         send=[get(path, headers, **more.pop("request", {})) for path in requests], **more)


# Virtual hosts --------------------------------------------------------------------------------------------------------

NAMES = ["exact.example", "*.example", "*.deep.example", "exact.*", "exact.ex*", "*", "with.port:8080", "*-bar.foo.test"]
case("domain search order", vhosts=[
    {"name": f"v{number}", "domains": [name], "routes": [direct("/", f"{name}\n")]} for number, name in enumerate(NAMES)],
    send=[get("/", host=name) for name in (
        "exact.example", "EXACT.Example", "other.example", "a.deep.example", "deep.example", "exact.org", "exact.exam",
        "nothing", "with.port:8080", "with.port", "with.port:99", "x-bar.foo.test", "-bar.foo.test", "exact.example:80",
        "b.exact.example:99", "exact.")])
case("no wildcard domain", vhost={"domains": ["only.example"]}, send=[
    get("/", host="only.example"), get("/", host="other.example"), get("/", host="only.example:8080")])
case("ports ignored in host matching", vhost={"domains": ["only.example"]}, send=[
    get("/", host="only.example:8080")], route_config={"ignore_port_in_host_matching": True})
case("any port stripped from the host", vhost={"domains": ["only.example"]}, send=[
    get("/", host="only.example:8080")], hcm={"strip_any_host_port": True})
case("trailing dot stripped", vhost={"domains": ["only.example"]}, send=[
    get("/", host="only.example."), get("/", host="only.example.:80")], hcm={"strip_trailing_host_dot": True})

# Paths ----------------------------------------------------------------------------------------------------------------

chosen("prefix, first match wins", [direct("/a/b", "long"), direct("/a", "short"), direct("/a/b/c", "never")],
       [get("/a/b/c"), get("/a/b"), get("/ab"), get("/A"), get("/"), get("/a/b?x=/c")])
chosen("path is exact, without the query", [direct({"path": "/p"}, "p")],
       [get("/p"), get("/p?q=1"), get("/p/"), get("/P"), get("/%70")])
chosen("path without regard to case", [direct({"path": "/Path", "case_sensitive": False}, "p"),
                                       direct({"prefix": "/Pre", "case_sensitive": False}, "pre")],
       [get("/pATH"), get("/PREfix"), get("/other")])
chosen("path_separated_prefix", [direct({"path_separated_prefix": "/api/v1"}, "v1")],
       [get("/api/v1"), get("/api/v1/x"), get("/api/v1?q"), get("/api/v12"), get("/api/v1/"), get("/api")])
chosen("safe_regex matches the whole path", [direct({"safe_regex": {"regex": "/[ab]+/\\d{2}"}}, "regex")],
       [get("/ab/12"), get("/ab/12?q=1"), get("/ab/123"), get("/x/ab/12"), get("/ab/1")])
chosen("safe_regex with anchors and alternatives", [direct({"safe_regex": {"regex": "^/(a|b)$|/c.*"}}, "regex")],
       [get("/a"), get("/aa"), get("/c/anything"), get("/d")])
chosen("connect matcher leaves other methods alone", [direct({"connect_matcher": {}}, "connect"), direct("/", "rest")],
       [get("/"), raw_request("CONNECT h.example:443 HTTP/1.1\r\nhost: h.example:443\r\n\r\n")])

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
header_case("header inverted, missing as empty", {"string_match": {"exact": "abc"}, "invert_match": True,
                                                  "treat_missing_header_as_empty": True})
header_case("header present, inverted", {"present_match": True, "invert_match": True})
header_case("header range, inverted", {"range_match": {"start": 0, "end": 10}, "invert_match": True})
REPEATED = [get("/", [("x-h", "a"), ("x-h", "b")]), get("/", {"x-h": "a,b"}), get("/", {"x-h": "a"}),
            get("/", [("x-h", "b"), ("x-h", "a")]), get("/", [("x-h", "7"), ("x-h", "b")])]
for name, matcher in {
    "exact value of both": {"string_match": {"exact": "a,b"}}, "exact value of one": {"string_match": {"exact": "b"}},
    "prefix": {"string_match": {"prefix": "b"}}, "suffix": {"string_match": {"suffix": "b"}},
    "regex": {"string_match": {"safe_regex": {"regex": "a.*b"}}}, "range": {"range_match": {"start": 7, "end": 8}},
    "inverted value": {"string_match": {"exact": "a"}, "invert_match": True},
}.items():
    chosen(f"repeated headers, {name}", by_header(matcher), REPEATED)
case("pseudo headers in matchers", routes=[
    direct({"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "PUT"}}]}, "method"),
    direct({"prefix": "/", "headers": [{"name": ":authority", "string_match": {"prefix": "auth"}}]}, "authority"),
    direct({"prefix": "/", "headers": [{"name": ":path", "string_match": {"suffix": "?q"}}]}, "path"),
    direct({"prefix": "/", "headers": [{"name": ":scheme", "string_match": {"exact": "http"}}]}, "scheme")],
    send=[request("PUT", "/"), get("/", host="auth.example"), get("/?q"), get("/")])
case("all header matchers must match", routes=[direct({"prefix": "/", "headers": [
    {"name": "x-a", "string_match": {"exact": "1"}}, {"name": "x-b", "present_match": True}]}, "both"), direct("/", "rest")],
    send=[get("/", {"x-a": "1"}), get("/", {"x-a": "1", "x-b": ""}), get("/", {"X-B": "x", "X-A": "1"})])

# Query parameters -----------------------------------------------------------------------------------------------------

QUERIES = ["/", "/?q", "/?q=", "/?q=abc", "/?q=abcd", "/?a=1&q=abc", "/?q=x&q=abc", "/?q=abc&q=x", "/?q=%61bc", "/?Q=abc",
           "/?qq=abc", "/?q=abc#", "/?&&q=abc"]


def query_case(name, matcher):
    chosen(name, [direct({"prefix": "/", "query_parameters": [{"name": "q", **matcher}]}, "match"), direct("/", "rest")],
           [get(path) for path in QUERIES])


query_case("query exact", {"string_match": {"exact": "abc"}})
query_case("query regex", {"string_match": {"safe_regex": {"regex": "a.*"}}})
query_case("query present", {"present_match": True})
query_case("query absent", {"present_match": False})

# Clusters -------------------------------------------------------------------------------------------------------------

SPLIT = {"weighted_clusters": {"clusters": [{"name": "a", "weight": 100}, {"name": "b", "weight": 0}]}}
case("weighted clusters, all on one", route={"cluster": None, **SPLIT}, upstreams={"b": [reply(body="b")]},
     send=[get("/") for _ in range(6)])
case("weighted clusters with their own headers", route_entry={"request_headers_to_add": [
    {"header": {"key": "x-l", "value": "route"}}]}, send=[get("/", {"x-gone": "1"})], route={"cluster": None, "weighted_clusters": {
        "clusters": [{"name": "a", "weight": 1,
                      "request_headers_to_add": [{"header": {"key": "x-l", "value": "cluster"}}],
                      "request_headers_to_remove": ["x-gone"],
                      "response_headers_to_add": [{"header": {"key": "x-l", "value": "cluster"}}]}]}})
case("weighted clusters by a header's value", upstreams={"b": [reply(body="b")]}, route={
    "cluster": None, "weighted_clusters": {"header_name": "x-slot", "clusters": [
        {"name": "a", "weight": 2}, {"name": "b", "weight": 3}]}},
    send=[get("/", {"x-slot": str(number)}) for number in (0, 1, 2, 4, 5, 7, 1000000007)])
case("cluster_header", route={"cluster": None, "cluster_header": "x-to"}, upstreams={"b": [reply(body="b")]}, send=[
    get("/", {"x-to": "a"}), get("/", {"x-to": "b"}), get("/", {"x-to": "none"}), get("/"),
    get("/", [("x-to", "b"), ("x-to", "a")])])
case("unknown cluster answers as configured", route_config={"validate_clusters": False}, routes=[
    to("/404", "none", cluster_not_found_response_code="NOT_FOUND"), to("/", "none")], send=[get("/404"), get("/"), head("/")])
case("runtime fraction of zero and of all", routes=[
    direct({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 0}}}, "never"),
    direct({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 100}}}, "always"), direct("/", "rest")],
    send=[get("/"), get("/")])

# Redirects ------------------------------------------------------------------------------------------------------------

redirect("redirect of the path keeps the query", {"path_redirect": "/new"}, ("/old/path?q=1", "/old"))
redirect("redirect of the path with its own query", {"path_redirect": "/new?own=1"}, ("/old/path?q=1", "/old"))
redirect("redirect of the host", {"host_redirect": "new.example:81"}, ("/old/path?q=1", "/old"))
redirect("redirect to https", {"https_redirect": True})
case("redirect to https drops port 80 only", routes=[{"match": {"prefix": "/"}, "redirect": {"https_redirect": True}}],
     send=[get("/", host="h.example:80"), get("/", host="h.example:8080"), get("/", host="h.example:443"),
           get("/", host="[::1]:80")])
redirect("redirect of the scheme", {"scheme_redirect": "ftp"})
redirect("redirect of the port", {"port_redirect": 8443, "https_redirect": True})
redirect("redirect of the prefix", {"prefix_rewrite": "/new"}, ("/old/path?q=1", "/old", "/oldest"))
redirect("redirect by regex", {"regex_rewrite": {"pattern": {"regex": "^/old/(.*)$"}, "substitution": "/new/\\1/x"}})
redirect("redirect strips the query", {"strip_query": True, "host_redirect": "x.example"})
for status in ("MOVED_PERMANENTLY", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT"):
    redirect(f"redirect with {status}", {"path_redirect": "/new", "response_code": status})
case("redirect of other methods", routes=[{"match": {"prefix": "/"}, "redirect": {"path_redirect": "/new"}}],
     send=[head("/"), post("/", "body"), post("/"), get("/", host="h.example:8080")])
case("all requests to TLS", vhost={"require_tls": "ALL"}, send=[get("/p?q=1"), post("/p", "body"), head("/")])

# Direct responses -----------------------------------------------------------------------------------------------------

def answering(status):
    return [{"match": {"prefix": "/"}, "direct_response": {"status": status, "body": {"inline_string": "text"}}}]


for status in (200, 304, 418, 503, 599):
    case(f"direct response {status}", routes=answering(status), send=[get("/"), head("/")])
# Seen on the bare wire: the bytes after the first response's head must be the second response.
TWICE = [conn(raw("GET /1 HTTP/1.1\r\nhost: h.example\r\n\r\nGET /2 HTTP/1.1\r\nhost: h.example\r\nconnection: close\r\n\r\n"),
              recv_eof())]
WHY = "it ends with its head; Envoy sends the configured body after it, which a client takes for the next response"
case("direct response 204 with a body", routes=answering(204), send=TWICE, differs=differs(
    "RFC 9110 §15.3.5, §8.6, RFC 9112 §6.3", f"a 204 has no content and no Content-Length, {WHY}",
    client=["HTTP/1.1 204 No Content", "!content-length", "!textHTTP/1.1", "[FIN]"]))
case("direct response 304 with a body", routes=answering(304), send=TWICE, differs=differs(
    "RFC 9110 §15.4.5, RFC 9112 §6.3", f"a 304 has no content, {WHY}",
    client=["HTTP/1.1 304 Not Modified", "!textHTTP/1.1", "[FIN]"]))
case("direct response without a body", routes=[{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
     send=[conn(get("/"), get("/"))])
case("direct response with a content type", routes=[{
    "match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "{}"}},
    "response_headers_to_add": [{"header": {"key": "content-type", "value": "application/json"},
                                 "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]}], send=[get("/")])

# Rewrites -------------------------------------------------------------------------------------------------------------

case("prefix rewrite", routes=[to("/old/", prefix_rewrite="/"), to("/pre", prefix_rewrite="/new"),
                               to({"path": "/exact"}, prefix_rewrite="/else")],
     send=[get(path) for path in ("/old/path?q=1", "/old/", "/prefix?x", "/pre", "/exact?q=1")])
case("regex rewrite", route={"regex_rewrite": {
    "pattern": {"regex": "/v(\\d)/(\\w+)"}, "substitution": "/\\2/version\\1"}},
    send=[get("/v1/things/v2/more?at=/v3/x"), get("/none")])
case("regex rewrite with the whole match", send=[get("/aXbX?X")], route={
    "regex_rewrite": {"pattern": {"regex": "X"}, "substitution": "[\\0]"}})
case("host rewrite", routes=[to("/literal", host_rewrite_literal="new.example"),
                             to("/header", host_rewrite_header="x-host"),
                             to("/regex", host_rewrite_path_regex={
                                 "pattern": {"regex": "^/regex/([^?]*).*$"}, "substitution": "\\1.example"})],
     send=[get("/literal"), get("/header", {"x-host": "from.header"}), get("/header"), get("/regex/name?q")])
case("host rewrite appends x-forwarded-host", send=[get("/"), get("/", {"x-forwarded-host": "first"})],
     route={"host_rewrite_literal": "new.example", "append_x_forwarded_host": True})
case("auto host rewrite on a static cluster", route={"auto_host_rewrite": True}, send=[get("/")])
case("prefix rewrite announced by a client", route={"prefix_rewrite": "/new"}, send=[
    get("/old", {"x-envoy-original-path": "/forged"})])
case("host of the client is kept", send=[get("/", host="H.Example:8080")])
