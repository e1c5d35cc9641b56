"""Writes deploy/nginx.conf from the route table: `python -m gateway.nginx > deploy/nginx.conf`."""

import json
import sys

from gateway.app import SECURITY_HEADERS
from gateway.forward import PASSED
from gateway.limits import SECONDS, Limit
from gateway.routes import Route, RouteTable, table
from gateway.web.guard import PHOTO_BYTES

# The gateway reads the last one for the live stream.
TO_SERVICES = (*sorted(PASSED.values()), "Last-Event-ID")
PORTS = {"gateway": 8000, "tickets": 8001, "notify": 8002, "surveys": 8003}

HEAD = """\
# Made from gateway/routes.yaml by `python -m gateway.nginx > deploy/nginx.conf`; change the table, not this file.
# API calls go straight to the services, which verify tokens for themselves; sessions, stream and pages to the gateway.
worker_processes auto;
worker_rlimit_nofile 16384;
error_log stderr warn;
pid /tmp/nginx.pid;

events {
    worker_connections 4096;
}

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    server_tokens off;
    # The token in a link is a key, and keys stay out of logs.
    map $uri $logged_path {
        "~^(?<before>/(?:api/v1/)?(?:s|o|q|follow|confirm|confirmations|invitation|surveys|opinions)/)" $before;
        default $uri;
    }
    log_format json escape=json '{"time":"$time_iso8601","request_id":"$request_key","method":"$request_method",'
        '"path":"$logged_path","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time}';
    access_log /dev/stdout json;

    # Slow clients end here: a service sees a request when it is whole, and its answer is taken at once.
    client_header_timeout 10s;
    client_body_timeout 20s;
    send_timeout 20s;
    reset_timedout_connection on;
    keepalive_timeout 75s;
    large_client_header_buffers 4 8k;
    client_body_buffer_size 64k;
    proxy_request_buffering on;
    proxy_buffering on;
    proxy_buffers 16 16k;
    proxy_http_version 1.1;
    proxy_connect_timeout 2s;
    proxy_read_timeout 60s;
    proxy_send_timeout 20s;
    # A request that may have been carried out is never repeated behind the client's back.
    proxy_next_upstream error timeout;
    proxy_next_upstream_tries 2;

    gzip on;
    gzip_min_length 1024;
    gzip_types application/json application/problem+json text/css application/javascript image/svg+xml;

    # One key per signed-in client, or per address.
    map $http_authorization $caller {
        "" $binary_remote_addr;
        default $http_authorization;
    }
    map $http_x_request_id $request_key {
        "~^[A-Za-z0-9._-]{8,64}$" $http_x_request_id;
        default $request_id;
    }
    limit_req_status 429;
    limit_conn_status 429;
    limit_conn_zone $binary_remote_addr zone=connections:10m;
    limit_conn connections 200;
"""
SERVER = """
    server {
        listen 80;
        listen [::]:80;
        return 301 https://$host$request_uri;
    }

    server {
        listen 443 ssl;
        listen [::]:443 ssl;
        ssl_certificate /etc/nginx/tls/tls.crt;
        ssl_certificate_key /etc/nginx/tls/tls.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tls:10m;
        ssl_session_tickets off;

        error_page 413 @too_large;
        error_page 429 @too_many;
        error_page 502 504 @unavailable;

        # What the client says about who it is, or where it comes from, goes no further: only these headers do.
        proxy_pass_request_headers off;
"""
# What only pages need: their cookie, their token, and what the browser says of where a request comes from.
OF_PAGES = ("Cookie", "X-CSRF-Token", "Sec-Fetch-Site", "Accept-Encoding")
PAGES = """
        # Health and metrics are for the machines inside.
        location ~ ^/(?:metrics|readyz|healthz)$ {{
            return 404;
        }}

        location /static/ {{
            alias /srv/doorstep/static/;
            expires 1h;
        }}

        # Pages, their files, and what their scripts call with the cookie, the live stream too; the gateway knows
        # which of them take a photo. They bring their own Content-Security-Policy.
        location / {{
            client_max_body_size {body};
            limit_req zone=default burst=200 nodelay;
{headers}            proxy_pass http://gateway;
        }}
"""
PROBLEM = """
        location {name} {{
            internal;
            default_type application/problem+json;
            add_header Retry-After {retry} always;
            add_header Cache-Control no-store always;
            return {status} '{body}';
        }}
"""
PROBLEMS = (
    ("@too_large", 0, 413, "Content Too Large", "The body is larger than is allowed here.", "invalid"),
    ("@too_many", 5, 429, "Too Many Requests", "Please wait for the time in Retry-After.", "invalid"),
    (
        "@unavailable",
        2,
        503,
        "Service Unavailable",
        "This part of the desk is not answering just now. Please try again shortly.",
        "unavailable",
    ),
)


def configuration(routes: RouteTable) -> str:
    """Return the whole configuration as text."""
    services = sorted({route.service for route in routes.routes} | {"gateway"})
    parts = [HEAD, *[_zone(name, limit) for name, limit in sorted(routes.rates.items())]]
    parts += [_upstream(service) for service in services]
    parts += [SERVER, *[_header(name, f"$http_{name.lower().replace('-', '_')}") for name in TO_SERVICES]]
    parts += [_header("X-Request-ID", "$request_key"), _header("X-Forwarded-For", "$remote_addr")]
    parts += [_header("Host", "$host"), _header("Connection", '""'), "\n"]
    parts += [_security(name, value) for name, value in SECURITY_HEADERS.items() if name != "Content-Security-Policy"]
    parts += [_security("Strict-Transport-Security", "max-age=31536000")]
    parts += [_location(route) for route in routes.routes]
    parts += [_pages(), *[_problem(*problem) for problem in PROBLEMS], "    }\n}\n"]
    return "".join(parts)


def _zone(name: str, limit: Limit) -> str:
    key = "$binary_remote_addr" if name == "login" else "$caller"
    per_minute = max(1, limit.quota * SECONDS["minute"] // limit.seconds)
    return f"    limit_req_zone {key} zone={name}:10m rate={per_minute}r/m;\n"


def _upstream(service: str) -> str:
    return (
        f"\n    upstream {service} {{\n        server {service}:{PORTS[service]} max_fails=5 fail_timeout=3s;\n"
        "        keepalive 64;\n        keepalive_timeout 60s;\n    }\n"
    )


def _header(name: str, value: str) -> str:
    return f"        proxy_set_header {name} {value};\n"


def _security(name: str, value: str) -> str:
    return f"        proxy_hide_header {name};\n        add_header {name} {value} always;\n"


def _location(route: Route) -> str:
    lines = [f"location ~ {route.pattern} {{", f"    # {route.path}", f"    client_max_body_size {route.body};"]
    lines += [f"    limit_req zone={route.rate} burst={_burst(route)} nodelay;"]
    if route.methods:
        lines.append(f"    limit_except {' '.join(sorted(route.methods))} {{ deny all; }}")
    if route.stream:
        lines += ["    proxy_buffering off;", "    proxy_read_timeout 1h;", "    gzip off;"]
    lines += [f"    proxy_pass http://{route.service};", "}"]
    return "\n" + "".join(f"        {line}\n" for line in lines)


def _burst(route: Route) -> int:
    return 10 if route.rate == "login" else 100


def _pages() -> str:
    # A location that sets one header forgets those of the server: all are said again, and then those of pages.
    headers = [(name, f"$http_{name.lower().replace('-', '_')}") for name in (*TO_SERVICES, *OF_PAGES)]
    headers += [("X-Request-ID", "$request_key"), ("X-Forwarded-For", "$remote_addr")]
    headers += [("Host", "$host"), ("Connection", '""')]
    lines = "".join(f"            proxy_set_header {name} {value};\n" for name, value in headers)
    return PAGES.format(body=PHOTO_BYTES, headers=lines)


def _problem(name: str, retry: int, status: int, title: str, detail: str, code: str) -> str:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code})
    text = PROBLEM.format(name=name, retry=retry, status=status, body=body)
    return text if retry else text.replace("            add_header Retry-After 0 always;\n", "")


if __name__ == "__main__":
    sys.stdout.write(configuration(table()))
