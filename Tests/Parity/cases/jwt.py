"""jwt_authn: algorithms, claims, where a token stands, requirements, key sets of files and from afar."""

import time

from harness.vocabulary import *

JWT = TYPE + "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
EVERY = jwks(jwk("server"), jwk("server-rsa"), jwk("server-p384"))
LOG = [
    file_log(
        json_format={
            "code": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "cluster": "%UPSTREAM_CLUSTER%",
            "metadata": "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn)%",
        }
    )
]


def provider(keys=EVERY, **fields):
    return merge({"issuer": "issuer", "local_jwks": {"inline_string": keys}}, fields)


def jwt(name, *steps, providers=None, rules=None, keys=EVERY, more=None, **case_fields):
    given = case_fields.pop("provider_fields", {})
    fields = {
        "providers": providers or {"p": provider(keys, **given)},
        "rules": rules if rules is not None else [{"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}],
        **(more or {}),
    }
    filters = [{"name": "envoy.filters.http.jwt_authn", "typed_config": {"@type": JWT, **fields}}, router()]
    case(
        name,
        hcm={"http_filters": filters},
        log=LOG,
        send=list(steps),
        scopes=("http.h.jwt_authn", "cluster."),
        **case_fields,
    )


def bearer(*arguments, path="/", **fields):
    return get(path, {"authorization": f"Bearer {token(*arguments, **fields)}"})


def holding(text, path="/"):
    return get(path, {"authorization": text})


# Algorithms -----------------------------------------------------------------------------------------------------------

for algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
    jwt(algorithm, bearer(algorithm, "server-rsa"), bearer(algorithm, "server-rsa", forged=True))
jwt("ES256", bearer("ES256", "server"), bearer("ES256", "server", forged=True))
jwt("ES384", bearer("ES384", "server-p384"), bearer("ES384", "server-p384", forged=True))
jwt("ES512", bearer("ES512", "jwt-p521"), bearer("ES512", "jwt-p521", forged=True), keys=jwks(jwk("jwt-p521")))
jwt("EdDSA", bearer("EdDSA", "jwt-ed25519"), bearer("EdDSA", "jwt-ed25519", forged=True), keys=jwks(jwk("jwt-ed25519")))
jwt(
    "algorithms that are none",
    bearer("none"),
    bearer("HS256"),
    bearer("RS999"),
    bearer("es256"),
    bearer("ES384", "server"),
)

# Keys -----------------------------------------------------------------------------------------------------------------

KIDS = jwks(jwk("server", kid="one", alg="ES256"), jwk("second", kid="two"))
jwt(
    "a key by its name",
    bearer(header={"kid": "one"}),
    bearer(header={"kid": "two"}, name="second"),
    bearer(header={"kid": "two"}),
    bearer(header={"kid": "three"}),
    bearer(),
    keys=KIDS,
)
jwt("a key for another algorithm", bearer("RS256", "server-rsa"), keys=jwks(jwk("server-rsa", alg="RS512")))
jwt("a key of another kind only", bearer("RS256", "server-rsa"), keys=jwks(jwk("server")))
jwt("another key", bearer(name="second"))

# The token itself -----------------------------------------------------------------------------------------------------

jwt(
    "what is no token",
    get("/"),
    holding("Bearer"),
    holding("Bearer "),
    holding("Bearer x"),
    holding("Bearer a.b"),
    holding("Bearer a.b.c.d"),
    holding("Basic dXNlcjpwYXNz"),
    holding(f"bearer {token()}"),
    holding(token()),
    holding(f"Bearer  {token()}"),
    holding(f"Bearer {token()} more"),
    holding(f"Bearer {token()}="),
    holding(f"Bearer {packed({'typ': 'JWT'})}.{packed({'iss': 'issuer'})}.c2ln"),
    holding(f"Bearer {packed({'alg': 'ES256'})}.bm90anNvbg.c2ln"),
    holding(f"Bearer {packed({'alg': 5})}.{packed({})}.c2ln"),
    holding(f"Bearer {packed({'alg': 'ES256', 'kid': 5})}.{packed({})}.c2ln"),
    holding(f"Bearer {packed({'alg': 'ES256'})}.{packed({'iss': 5})}.c2ln"),
    holding(f"Bearer {packed({'alg': 'ES256'})}.{packed({'iss': 'issuer', 'exp': 'x'})}.c2ln"),
    holding(f"Bearer {packed({'alg': 'ES256'})}.{packed({'iss': 'issuer', 'aud': 5})}.c2ln"),
    holding(f"Bearer {token()[:-10]}"),
    holding(f"Bearer {packed({'alg': 'ES256'})}.{packed({'iss': 'issuer'})}."),
    holding(f"Bearer {packed({'alg': 'ES256'})}.{packed({'iss': 'issuer'})}.***"),
)
jwt("issuers", bearer(iss="other"), bearer(iss=None), bearer())
jwt(
    "no issuer asked for",
    bearer(iss="other"),
    bearer(iss=None),
    providers={"p": {"local_jwks": {"inline_string": EVERY}}},
)
jwt(
    "audiences",
    bearer(),
    bearer(aud="b"),
    bearer(aud=["x", "b"]),
    bearer(aud="c"),
    bearer(aud=None),
    bearer(aud="https://b/"),
    bearer(aud=[]),
    bearer(aud="http://b"),
    provider_fields={"audiences": ["a", "b"]},
)
jwt(
    "times",
    bearer(ends=-30),
    bearer(ends=-90),
    bearer(ends=None),
    bearer(nbf=int(time.time()) + 30),
    bearer(nbf=int(time.time()) + 300),
    bearer(exp=0),
    bearer(exp=-5),
    bearer(exp=1e30),
    bearer(iat=int(time.time()) + 3600),
)
jwt("a leeway", bearer(ends=-30), bearer(ends=-5), provider_fields={"clock_skew_seconds": 10})
jwt("a required expiry", bearer(ends=None), bearer(), provider_fields={"require_expiration": True})
jwt("a longest life", bearer(ends=50), bearer(ends=5000), bearer(ends=None), provider_fields={"max_lifetime": "3600s"})
jwt(
    "a subject",
    bearer(sub="spiffe://a/b"),
    bearer(sub="other"),
    bearer(sub=None),
    provider_fields={"subjects": {"prefix": "spiffe://"}},
)

# Where it stands ------------------------------------------------------------------------------------------------------

jwt(
    "a header of its own",
    get("/1", {"x-token": token()}),
    get("/2", {"x-token": "jwt-" + token()}),
    bearer(),
    provider_fields={"from_headers": [{"name": "x-token"}]},
)
jwt(
    "a header with a prefix",
    get("/1", {"x-token": "jwt-" + token()}),
    get("/2", {"x-token": token()}),
    get("/3", {"x-token": f"a jwt-{token()}, b"}),
    provider_fields={"from_headers": [{"name": "x-token", "value_prefix": "jwt-"}]},
)
jwt(
    "a parameter",
    get(f"/1?t={token()}"),
    get(f"/2?a=b&t={token()}&c=d"),
    get("/3?t=x"),
    get(f"/4?access_token={token()}"),
    provider_fields={"from_params": ["t"]},
)
jwt("a parameter by default", get(f"/1?access_token={token()}"))
jwt("a parameter that is taken away", get(f"/1?a=b&t={token()}&c=d"), provider_fields={"from_params": ["t"]})
jwt("parameters beside it", get(f"/1?z&t={token()}&b=&"), get(f"/2?t={token()}&a=b=c&&d"), get(f"/3?c&t={token()}&t=x&b=2&b=1"), provider_fields={"from_params": ["t"]})
jwt(
    "encoded parameters beside it",
    get(f"/1?q=a%26b&t={token()}"),
    provider_fields={"from_params": ["t"]},
    differs=differs(
        "RFC 3986 §2.2",
        "the other parameters stay encoded as they came; Envoy sends them on decoded, so that a%26b becomes two parameters",
        upstreams=["GET /1?q=a%26b HTTP/1.1"],
    ),
)
jwt(
    "a cookie",
    get("/1", {"cookie": f"a=b; t={token()}; c=d"}),
    get("/2", {"cookie": f"t={token()}"}),
    get("/3", {"cookie": "t=x"}),
    provider_fields={"from_cookies": ["t"]},
)
jwt(
    "two tokens",
    get("/1", {"authorization": f"Bearer {token()}", "x-token": token(forged=True)}),
    get("/2", {"authorization": f"Bearer {token(forged=True)}", "x-token": token()}),
    provider_fields={"from_headers": [{"name": "authorization", "value_prefix": "Bearer "}, {"name": "x-token"}]},
)

# What goes on ---------------------------------------------------------------------------------------------------------

jwt("a token that is forwarded", bearer(), provider_fields={"forward": True})
jwt(
    "the payload forwarded",
    bearer(exp=4000000000),
    get("/forged", {"x-payload": "forged", "authorization": f"Bearer {token()}"}),
    get("/none", {"x-payload": "forged"}),
    rules=[
        {"match": {"prefix": "/forged"}, "requires": {"provider_name": "p"}},
        {
            "match": {"prefix": "/"},
            "requires": {"requires_any": {"requirements": [{"provider_name": "p"}, {"allow_missing": {}}]}},
        },
    ],
    provider_fields={"forward_payload_header": "x-payload"},
)
jwt(
    "claims in headers",
    bearer(role="admin", n=5, b=True, f=1.5, nested={"key": "value"}, list=["a", "b"], empty=""),
    bearer(),
    get("/forged", {"x-role": "forged", "authorization": f"Bearer {token()}"}),
    provider_fields={
        "claim_to_headers": [
            {"header_name": f"x-{name.replace('.', '-')}", "claim_name": name}
            for name in ("role", "sub", "n", "b", "f", "nested.key", "nested", "list", "empty", "missing")
        ]
    },
)
jwt(
    "the payload in the metadata",
    bearer(role="admin", exp=4000000000),
    provider_fields={"payload_in_metadata": "payload"},
)
jwt(
    "the header in the metadata",
    bearer(exp=4000000000, header={"kid": "k"}),
    provider_fields={"header_in_metadata": "head"},
)
jwt("a failure in the metadata", bearer(forged=True), get("/"), provider_fields={"failed_status_in_metadata": "why"})

# Requirements ---------------------------------------------------------------------------------------------------------

TWO = {"p": provider(), "q": provider(jwks(jwk("second")), issuer="other", from_headers=[{"name": "x-q"}])}
GOOD_Q = token(name="second", iss="other")


def requirement(**fields):
    return [{"match": {"prefix": "/"}, "requires": fields}]


P, Q = {"provider_name": "p"}, {"provider_name": "q"}
COMBINATIONS = [
    get("/none"),
    bearer(path="/p"),
    get("/q", {"x-q": GOOD_Q}),
    get("/both", {"authorization": f"Bearer {token()}", "x-q": GOOD_Q}),
    get("/p-bad", {"authorization": f"Bearer {token(forged=True)}"}),
    get("/p-bad-q", {"authorization": f"Bearer {token(forged=True)}", "x-q": GOOD_Q}),
    get("/p-q-bad", {"authorization": f"Bearer {token()}", "x-q": token(name="second", iss="other", forged=True)}),
]
jwt("either of two", *COMBINATIONS, providers=TWO, rules=requirement(requires_any={"requirements": [P, Q]}))
jwt("both of two", *COMBINATIONS, providers=TWO, rules=requirement(requires_all={"requirements": [P, Q]}))
jwt(
    "missing is allowed",
    *COMBINATIONS,
    providers=TWO,
    rules=requirement(requires_any={"requirements": [P, {"allow_missing": {}}]}),
)
jwt(
    "missing or failed is allowed",
    *COMBINATIONS,
    providers=TWO,
    rules=requirement(requires_any={"requirements": [P, {"allow_missing_or_failed": {}}]}),
)
jwt("missing is allowed alone", *COMBINATIONS, providers=TWO, rules=requirement(allow_missing={}))
jwt("missing or failed is allowed alone", *COMBINATIONS, providers=TWO, rules=requirement(allow_missing_or_failed={}))
jwt(
    "audiences of a rule",
    bearer(aud="here"),
    bearer(),
    rules=requirement(provider_and_audiences={"provider_name": "p", "audiences": ["here"]}),
)
jwt(
    "rules by path",
    bearer(path="/a"),
    get("/open/x"),
    get("/a"),
    get("/elsewhere"),
    rules=[{"match": {"prefix": "/open"}}, {"match": {"path": "/a"}, "requires": P}],
)
jwt(
    "rules by header",
    get("/1", {"x-need": "yes"}),
    get("/2"),
    rules=[{"match": {"prefix": "/", "headers": [{"name": "x-need", "present_match": True}]}, "requires": P}],
)
jwt(
    "a requirement by name",
    bearer(),
    get("/"),
    rules=[{"match": {"prefix": "/"}, "requirement_name": "r"}],
    more={"requirement_map": {"r": P}},
)
jwt(
    "preflight passes",
    request("OPTIONS", "/", {"origin": "o", "access-control-request-method": "GET"}),
    request("OPTIONS", "/"),
    more={"bypass_cors_preflight": True},
)
jwt("preflight does not pass", request("OPTIONS", "/", {"origin": "o", "access-control-request-method": "GET"}))
jwt("no words to the client", bearer(forged=True), get("/"), more={"strip_failure_response": True})
jwt("the method without a body", head("/"), post("/", "body"))

# Key sets -------------------------------------------------------------------------------------------------------------

jwt(
    "keys of a file",
    bearer(),
    write={"keys.json": EVERY},
    providers={"p": provider(local_jwks={"inline_string": None, "filename": "@dir@/keys.json"})},
)
REMOTE = {
    "local_jwks": None,
    "remote_jwks": {
        "http_uri": {"uri": "http://keys.example/jwks.json?x=1", "cluster": "keys", "timeout": "1s"},
        "cache_duration": {"seconds": 300},
    },
}
jwt("keys from afar", bearer(), bearer(), providers={"p": provider(**REMOTE)}, upstreams={"keys": [reply(body=EVERY)]})
jwt(
    "keys from afar that fail",
    bearer(),
    bearer(),
    providers={"p": provider(**REMOTE)},
    upstreams={"keys": [reply(503), reply(body=EVERY)]},
)
jwt(
    "keys from afar that are none",
    bearer(),
    providers={"p": provider(**REMOTE)},
    upstreams={"keys": [reply(body="nonsense")]},
)
jwt(
    "keys from afar that take too long",
    bearer(),
    providers={"p": provider(**merge(REMOTE, {"remote_jwks": {"http_uri": {"timeout": "0.2s"}}}))},
    upstreams={"keys": [hang()]},
)
jwt("keys from afar that nobody serves", bearer(), providers={"p": provider(**REMOTE)}, upstreams={"keys": [refused()]})
jwt(
    "keys fetched beforehand",
    wait_stat("http.h.jwt_authn.jwks_fetch_success", 1),
    bearer(),
    providers={"p": provider(**merge(REMOTE, {"remote_jwks": {"async_fetch": {"fast_listener": True}}}))},
    upstreams={"keys": [reply(body=EVERY)]},
)
refuses(
    "broken keys",
    hcm={
        "http_filters": [
            {"name": "j", "typed_config": {"@type": JWT, "providers": {"p": provider("nonsense")}}},
            router(),
        ]
    },
)
refuses(
    "an unknown provider",
    hcm={
        "http_filters": [
            {
                "name": "j",
                "typed_config": {"@type": JWT, "providers": {"p": provider()}, "rules": requirement(provider_name="q")},
            },
            router(),
        ]
    },
)
