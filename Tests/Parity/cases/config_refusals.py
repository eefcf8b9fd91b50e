"""Configurations that both accept or both refuse (`--mode validate`)."""

from harness.vocabulary import *


def route_to(**action):
    return {"routes": [{"match": {"prefix": "/"}, "route": {"cluster": "a", **action}}]}


def hcm_with(**fields):
    return {"hcm": fields}


def yaml_text(clusters="[]", more=""):
    return f"static_resources:\n  clusters: {clusters}\n{more}"


# Accepted -------------------------------------------------------------------------------------------------------------

accepts("the default bootstrap")
accepts("an empty file of YAML", config="{}")
accepts("YAML", config=yaml_text("[{name: a, connect_timeout: 1s, type: STATIC}]"))
accepts("YAML with comments and anchors", config=yaml_text("[{name: a, connect_timeout: &t 1s}]", "# a comment\n"))
accepts(
    "camelCase names",
    bootstrap={
        "static_resources": None,
        "staticResources": {
            "clusters": [{"name": "a", "connectTimeout": "1s", "loadAssignment": {"clusterName": "a"}}]
        },
    },
)
accepts("numbers for enums", cluster={"type": 0, "lb_policy": 3})
accepts("text for unsigned numbers", listener={"per_connection_buffer_limit_bytes": "1024"})
accepts("whole floats for unsigned numbers", listener={"per_connection_buffer_limit_bytes": 1024.0})
accepts("durations with a fraction", cluster={"connect_timeout": "0.000000001s"})
accepts("missing load_assignment", cluster={"load_assignment": None})
accepts("missing http_filters", hcm={"http_filters": []})
accepts(
    "duplicate virtual host names",
    vhosts=[{"name": "v", "domains": ["a"], "routes": [to()]}, {"name": "w", "domains": ["b"], "routes": [to()]}],
)
accepts("unknown retry condition", **route_to(retry_policy={"retry_on": "nonsense"}))
accepts("tcp_proxy to an unknown cluster", tcp={"cluster": "none"})
accepts("unknown cluster when not validated", route_config={"validate_clusters": False}, routes=[to("/", "none")])
accepts("gaps between priorities", cluster={"load_assignment": {"endpoints": [{"priority": 0}, {"priority": 2}]}})
accepts("per-try timeout above the route's", **route_to(timeout="1s", retry_policy={"per_try_timeout": "5s"}))
accepts("null for a field", cluster={"lb_policy": "ROUND_ROBIN"}, bootstrap={"node": {"id": "x"}})
accepts("a virtual host without routes", vhost={"routes": []})
accepts("a listener without a name", listener={"name": None})
accepts("STRICT_DNS without endpoints", cluster={"type": "STRICT_DNS", "load_assignment": {"endpoints": []}})
accepts("a Unix socket", listener={"address": {"socket_address": None, "pipe": {"path": "@dir@/sock"}}})
accepts("an IPv6 address", listener={"address": address("@listener@", "::1")})
accepts(
    "max_ejection_percent 100 and zeros",
    cluster={"outlier_detection": {"max_ejection_percent": 100, "enforcing_consecutive_5xx": 0, "consecutive_5xx": 0}},
)

# Refused: the document ------------------------------------------------------------------------------------------------

refuses("broken JSON", config='{"static_resources": {')
refuses("broken YAML", config="static_resources: [\n")
refuses("an unknown field at the top", bootstrap={"statik_resources": {}})
refuses("an unknown field deep inside", cluster={"circuit_breakers": {"thresholds": [{"max_conections": 1}]}})
refuses("an unknown field in a typed config", **hcm_with(stat_prefixx="x"))
refuses("an unknown enum name", cluster={"lb_policy": "ROUND_ROBBIN"})
refuses("text for a number", listener={"per_connection_buffer_limit_bytes": "many"})
refuses("a negative unsigned number", listener={"per_connection_buffer_limit_bytes": -1})
refuses("a fraction for a whole number", listener={"per_connection_buffer_limit_bytes": 1.5})
refuses("a number above 32 bits", listener={"per_connection_buffer_limit_bytes": 4294967296})
refuses("text for a bool", **hcm_with(use_remote_address="maybe"))
accepts("a quoted bool", **hcm_with(use_remote_address="true"))
refuses("a number for a list", bootstrap={"static_resources": {"clusters": 5}})
refuses("a list for an object", bootstrap={"static_resources": []})
refuses("two members of a oneof", routes=[{"match": {"prefix": "/", "path": "/x"}, "route": {"cluster": "a"}}])
refuses("two actions of a route", routes=[{"match": {"prefix": "/"}, "route": {"cluster": "a"}, "redirect": {}}])
refuses("an unknown @type", **hcm_with(http_filters=[{"name": "x", "typed_config": {"@type": TYPE + "no.such.Type"}}]))
refuses("a missing @type", **hcm_with(http_filters=[{"name": "envoy.filters.http.router", "typed_config": {}}]))

# Refused: values ------------------------------------------------------------------------------------------------------

for written in ("5ms", "5", "-1s", "0s", "1.5", "1 s", "", "s"):
    refuses(f"connect_timeout {written!r}", cluster={"connect_timeout": written})
refuses("a duration as a number", cluster={"connect_timeout": 5})
refuses("a cluster without a name", cluster={"name": ""})
refuses("a port above 65535", listener={"address": address(65536)})
refuses("an address that is no address", listener={"address": address("@listener@", "localhost")})
refuses(
    "an endpoint that is no address",
    cluster={"load_assignment": {"endpoints": [{"lb_endpoints": [endpoint(80, "some.name")]}]}},
)
refuses("an HCM without a stat_prefix", **hcm_with(stat_prefix=None))
refuses("an HCM without routes", **hcm_with(route_config=None))
refuses("a route without a match", routes=[{"route": {"cluster": "a"}}])
refuses("a match without a path specifier", routes=[{"match": {}, "route": {"cluster": "a"}}])
refuses("a route without an action", routes=[{"match": {"prefix": "/"}}])
refuses("a route to no cluster", routes=[{"match": {"prefix": "/"}, "route": {}}])
refuses("a route to an unknown cluster", routes=[to("/", "none")])
refuses(
    "a weighted route to an unknown cluster",
    routes=[{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [{"name": "none", "weight": 1}]}}}],
)
refuses(
    "weights of zero",
    routes=[{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 0}]}}}],
)
refuses("a virtual host without domains", vhost={"domains": []})
refuses("a virtual host without a name", vhost={"name": ""})
accepts(
    "duplicate virtual host names exactly",
    vhosts=[{"name": "v", "domains": ["a"], "routes": [to()]}, {"name": "v", "domains": ["b"], "routes": [to()]}],
)
refuses("duplicate domains", vhosts=[{"name": "v", "domains": ["a", "a"], "routes": [to()]}])
refuses(
    "duplicate domains in other case",
    vhosts=[{"name": "v", "domains": ["a.b"], "routes": [to()]}, {"name": "w", "domains": ["A.b"], "routes": [to()]}],
)
refuses(
    "two catch-all domains",
    vhosts=[{"name": "v", "domains": ["*"], "routes": [to()]}, {"name": "w", "domains": ["*"], "routes": [to()]}],
)
accepts("a star in the middle of a domain", vhost={"domains": ["a.*.b"]})
refuses("a bad regex", routes=[to({"safe_regex": {"regex": "("}})])
refuses("an empty regex", routes=[to({"safe_regex": {"regex": ""}})])
refuses("a back reference in a regex", routes=[to({"safe_regex": {"regex": "(a)\\1"}})])
refuses("path_separated_prefix with a slash at its end", routes=[to({"path_separated_prefix": "/a/"})])
refuses("path_separated_prefix with a query", routes=[to({"path_separated_prefix": "/a?b"})])
refuses(
    "prefix_rewrite and regex_rewrite",
    **route_to(prefix_rewrite="/x", regex_rewrite={"pattern": {"regex": "a"}, "substitution": "b"}),
)
accepts(
    "a regex rewrite with an unknown group",
    **route_to(regex_rewrite={"pattern": {"regex": "a"}, "substitution": "\\3"}),
)
refuses("direct_response of 199", routes=[{"match": {"prefix": "/"}, "direct_response": {"status": 199}}])
refuses("direct_response of 600", routes=[{"match": {"prefix": "/"}, "direct_response": {"status": 600}}])
refuses("a header matcher without a name", routes=[to({"prefix": "/", "headers": [{"present_match": True}]})])
refuses(
    "a pseudo header in a mutation",
    route_entry={"request_headers_to_add": [{"header": {"key": ":path", "value": "/x"}}]},
)
refuses("host in a mutation", route_entry={"request_headers_to_add": [{"header": {"key": "host", "value": "x"}}]})
refuses("a pseudo header removed", route_entry={"request_headers_to_remove": [":path"]})
accepts(
    "a header name with a space", route_entry={"request_headers_to_add": [{"header": {"key": "a b", "value": "x"}}]}
)
refuses(
    "a header value with a line end",
    route_entry={"request_headers_to_add": [{"header": {"key": "a", "value": "x\r\ny: z"}}]},
)
refuses(
    "an unknown operator in a header",
    route_entry={"request_headers_to_add": [{"header": {"key": "a", "value": "%NONSENSE%"}}]},
)
refuses("an unknown operator in a log", log=[file_log(text_format_source={"inline_string": "%NONSENSE%\n"})])
refuses("an unterminated operator in a log", log=[file_log(text_format_source={"inline_string": "%REQ(x\n"})])
refuses("an empty header name in a log", log=[file_log(text_format_source={"inline_string": "%REQ()%\n"})])
refuses("a log file that cannot be opened", log=[file_log("/nowhere/at/all.log")])
refuses("a filter after the router", **hcm_with(http_filters=[router(), router()]))
accepts("an empty filter chain", listener={"filter_chains": [{"filters": []}]})
refuses("a listener without an address", listener={"address": None})
refuses(
    "duplicate clusters",
    bootstrap={
        "static_resources": {
            "clusters": [{"name": "a", "connect_timeout": "1s"}, {"name": "a", "connect_timeout": "1s"}]
        }
    },
)
refuses(
    "two listeners on one address",
    bootstrap={
        "static_resources": {
            "listeners": [
                {
                    "name": name,
                    "address": address("@listener@"),
                    "filter_chains": [
                        {
                            "filters": [
                                {"name": "t", "typed_config": {"@type": TCP_PROXY, "stat_prefix": "t", "cluster": "a"}}
                            ]
                        }
                    ],
                }
                for name in "lm"
            ]
        }
    },
)
refuses("a negative retry back-off", **route_to(retry_policy={"retry_back_off": {"base_interval": "0s"}}))
refuses(
    "a retry back-off whose maximum is below its base",
    **route_to(retry_policy={"retry_back_off": {"base_interval": "1s", "max_interval": "0.5s"}}),
)
refuses("max_ejection_percent 101", cluster={"outlier_detection": {"max_ejection_percent": 101}})
refuses("a percentage above 100", cluster={"common_lb_config": {"healthy_panic_threshold": {"value": 101}}})
refuses(
    "a load balancing weight of 0",
    cluster={"load_assignment": {"endpoints": [{"lb_endpoints": [endpoint("@a0@", load_balancing_weight=0)]}]}},
)
refuses("a priority above 128", cluster={"load_assignment": {"endpoints": [{"priority": 129}]}})
refuses("max_requests_per_connection of text", cluster=http_options(common={"max_requests_per_connection": "x"}))
refuses(
    "an http_protocol_options extension with nothing in it",
    cluster={
        "typed_extension_protocol_options": {
            HTTP_OPTIONS_KEY: {"@type": TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"}
        }
    },
)
refuses("max_request_headers_kb 0", **hcm_with(max_request_headers_kb=0))
refuses("max_request_headers_kb above 8192", **hcm_with(max_request_headers_kb=8193))
refuses("a tcp_proxy without a cluster", tcp={"cluster": None})
refuses("a tcp_proxy without a stat_prefix", tcp={"stat_prefix": None})
refuses("max_connect_attempts 0", tcp={"max_connect_attempts": 0})
accepts(
    "a duration in parts",
    route={"timeout": {"seconds": 1, "nanos": 500000000}},
    cluster={"connect_timeout": {"seconds": 2}},
)
refuses("a duration in parts that are none", route={"timeout": {"seconds": 1, "minutes": 2}})
refuses("a duration in parts of text", cluster={"connect_timeout": {"seconds": "soon"}})
