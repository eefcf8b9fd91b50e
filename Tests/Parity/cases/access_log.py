"""Access logs: formats, operators, absent values, several logs, stdout."""

from harness.vocabulary import *


def text(line, path="@dir@/access.log"):
    return [file_log(path, text_format_source={"inline_string": line})]


def operators(name, *texts, **more):
    """One line per operator: `operator=value`."""
    lines = "".join(f"{item.replace('%', '')}={item}\n" for item in texts)
    case(
        name,
        log=[file_log(text_format_source={"inline_string": lines})],
        **{"send": [get("/p?q=1", {"x-in": "v"})], **more},
    )


# The default line carries the time and two durations; what is around them is compared.
case(
    "default format",
    log=[{"name": "f", "typed_config": {"@type": FILE_LOG, "path": "@dir@/access.log"}}],
    rules=((r"(- \d+ \d+) \d+ (\d+|-) ", r"\1 <ms> <ms> "),),
    send=[get("/p?q=1", {"user-agent": "ua", "x-forwarded-for": "203.0.113.7"}), get("/"), post("/", "abc")],
)
case(
    "default format of a local reply",
    log=[{"name": "f", "typed_config": {"@type": FILE_LOG, "path": "@dir@/access.log"}}],
    routes=[to("/none")],
    rules=((r"(NR \d+ \d+) \d+ (\d+|-) ", r"\1 <ms> <ms> "),),
    send=[get("/p"), head("/p")],
)
operators(
    "request and response operators",
    "%REQ(:METHOD)%",
    "%REQ(:PATH)%",
    "%REQ(:AUTHORITY)%",
    "%REQ(X-IN)%",
    "%REQ(x-in?x-other)%",
    "%REQ(x-other?x-in)%",
    "%REQ(X-IN):3%",
    "%REQ(x-none)%",
    "%RESP(content-length)%",
    "%RESP(x-none)%",
    "%RESP(SERVER)%",
    "%TRAILER(x-t)%",
    "%REQ(USER-AGENT?x-in):1%",
    "%PROTOCOL%",
    "%RESPONSE_CODE%",
    "%BYTES_RECEIVED%",
    "%BYTES_SENT%",
    "%RESPONSE_FLAGS%",
    "%RESPONSE_FLAGS_LONG%",
    "%RESPONSE_CODE_DETAILS%",
    "%CONNECTION_TERMINATION_DETAILS%",
)
operators(
    "upstream and downstream operators",
    "%UPSTREAM_HOST%",
    "%UPSTREAM_CLUSTER%",
    "%UPSTREAM_CLUSTER_RAW%",
    "%UPSTREAM_REMOTE_ADDRESS%",
    "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
    "%UPSTREAM_PROTOCOL%",
    "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "%UPSTREAM_REMOTE_PORT%",
    "%DOWNSTREAM_REMOTE_ADDRESS%",
    "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
    "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    "%DOWNSTREAM_LOCAL_ADDRESS%",
    "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
    "%DOWNSTREAM_LOCAL_PORT%",
    "%ROUTE_NAME%",
    "%VIRTUAL_CLUSTER_NAME%",
    "%REQUESTED_SERVER_NAME%",
    "%HOSTNAME%",
    route_entry={"name": "named"},
)
operators(
    "remote address from x-forwarded-for",
    "%DOWNSTREAM_REMOTE_ADDRESS%",
    "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    send=[get("/", {"x-forwarded-for": "203.0.113.7, 198.51.100.9"}), get("/", {"x-forwarded-for": "nonsense"})],
)
operators(
    "operators of a refused connection",
    "%UPSTREAM_HOST%",
    "%UPSTREAM_CLUSTER%",
    "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "%RESPONSE_FLAGS%",
    "%RESPONSE_FLAGS_LONG%",
    "%RESPONSE_CODE_DETAILS%",
    "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "%UPSTREAM_LOCAL_ADDRESS%",
    "%UPSTREAM_REMOTE_ADDRESS%",
    upstream=[refused()],
)
operators(
    "operators of a malformed request",
    "%REQ(:METHOD)%",
    "%REQ(:PATH)%",
    "%PROTOCOL%",
    "%RESPONSE_CODE%",
    "%RESPONSE_FLAGS%",
    "%RESPONSE_CODE_DETAILS%",
    "%UPSTREAM_HOST%",
    "%BYTES_RECEIVED%",
    "%BYTES_SENT%",
    send=[raw_request("GET / HTTP/1.1\r\nbad line\r\n\r\n")],
)
operators(
    "operators of two flags",
    "%RESPONSE_FLAGS%",
    "%RESPONSE_FLAGS_LONG%",
    upstream=[refused()],
    route={"retry_policy": {"retry_on": "5xx"}},
    send=[get("/")],
)
case(
    "durations are whole milliseconds",
    log=text("%DURATION% %REQUEST_DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION%\n"),
    upstream=[[pause(0.05), reply(body="x")]],
    send=[get("/")],
    rules=((r"(?m)^\d+ \d+ \d+ \d+$", "<ms> <ms> <ms> <ms>"),),
)
case(
    "start time formats",
    send=[get("/")],
    rules=((r"20\d\d", "<year>"), (r"=\d{10,}", "=<epoch>"), (r"\.\d{3,9}", ".<fraction>")),
    log=text("default=%START_TIME%\nyear=%START_TIME(%Y)%\nfraction=%START_TIME(%Y.%3f)%\nepoch=%START_TIME(%s)%\n"),
)
case("text without a new line", log=text("[%RESPONSE_CODE%]"), send=[get("/"), get("/")])
case("percent signs", log=text("100%% %RESPONSE_CODE%%%\n"), send=[get("/")])
case(
    "quotes and odd bytes in values",
    log=text('"%REQ(X-Q)%" "%REQ(:PATH)%"\n'),
    send=[get('/a"b\\c', {"x-q": 'say "hi" \\ \xe4 \t tab'})],
)
case(
    "quotes and odd bytes in JSON",
    log=[file_log(json_format={"q": "%REQ(X-Q)%", "p": "%REQ(:PATH)%"})],
    send=[get('/a"b\\c', {"x-q": 'say "hi" \\ \t tab'})],
)
case(
    "JSON types and nesting",
    send=[get("/", {"x-in": "7"})],
    log=[
        file_log(
            json_format={
                "number": "%RESPONSE_CODE%",
                "text": "code %RESPONSE_CODE%",
                "header": "%REQ(X-IN)%",
                "absent": "%REQ(X-NONE)%",
                "mixed": "a%REQ(X-NONE)%b",
                "literal": "plain",
                "b": {"z": "%PROTOCOL%", "a": "%BYTES_SENT%"},
                "list": ["%PROTOCOL%", "x"],
                "int": 5,
                "bool": True,
                "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                "A": "upper",
                "_": "under",
            }
        )
    ],
)
case(
    "omit_empty_values in JSON",
    send=[get("/")],
    log=[
        file_log(
            json_format={"absent": "%REQ(X-NONE)%", "mixed": "a%REQ(X-NONE)%b", "code": "%RESPONSE_CODE%"},
            omit_empty_values=True,
        )
    ],
)
case(
    "omit_empty_values in text",
    send=[get("/")],
    log=[
        file_log(
            text_format_source={
                "inline_string": "[%REQ(X-NONE)%] [%RESPONSE_CODE%] [%UPSTREAM_TRANSPORT_FAILURE_REASON%]\n"
            },
            omit_empty_values=True,
        )
    ],
)
case(
    "two logs",
    send=[get("/")],
    files=("second.log",),
    log=[
        file_log(json_format={"first": "%RESPONSE_CODE%"}),
        file_log("@dir@/second.log", text_format_source={"inline_string": "second %RESPONSE_CODE%\n"}),
    ],
)
case(
    "stdout",
    send=[get("/"), get("/")],
    files=("stdout",),
    log=[
        {
            "name": "o",
            "typed_config": {
                "@type": STDOUT_LOG,
                "log_format": {"text_format_source": {"inline_string": "code %RESPONSE_CODE%\n"}},
            },
        }
    ],
)
case(
    "deprecated format field",
    send=[get("/")],
    log=[
        {
            "name": "f",
            "typed_config": {"@type": FILE_LOG, "path": "@dir@/access.log", "format": "old %RESPONSE_CODE%\n"},
        }
    ],
)
case(
    "log of the listener",
    send=[get("/")],
    files=("listener.log",),
    listener={
        "access_log": text(
            "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %RESPONSE_CODE% %BYTES_SENT%\n", path="@dir@/listener.log"
        )
    },
    rules=((r"127.0.0.1 0 \d+", "127.0.0.1 0 <bytes>"),),
)
case(
    "a runtime filter goes by the request's id",
    log=[
        {
            **file_log(json_format={"id": "%REQ(X-REQUEST-ID):8%"}),
            "filter": {
                "runtime_filter": {
                    "runtime_key": "none",
                    "percent_sampled": {"numerator": 50, "denominator": "HUNDRED"},
                }
            },
        }
    ],
    send=[
        get("/", {"x-request-id": f"{number:08x}-1234-4234-8234-123456789abc"}) for number in (0, 49, 50, 99, 100, 4294967295)
    ],
)
