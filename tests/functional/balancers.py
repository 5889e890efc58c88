"""balancers - what stands between clients and dotproxy: HAProxy (PROXY protocol), nginx (HTTP/1.1)."""

from front import PATH
from servers import Server


class Balancer(Server):
    """`port`: where clients connect to. `ports`: where dotproxy listens."""

    def __init__(self, directory, certificate, *ports):
        super().__init__(directory, certificate)
        self.ports = ports


class Haproxy(Balancer):
    """To the first of dotproxy's ports from its own, to the second from `plain_port`."""
    program = "haproxy"
    words = ["-db", "-f"]

    def config(self):
        fronts = "".join(f"""
listen door{number}
  bind 127.0.0.1:{port}
  server dotproxy 127.0.0.1:{self.ports[number]} send-proxy-v2 check check-send-proxy inter 100ms
""" for number, port in enumerate([self.port, self.plain_port]))
        return f"""global
  maxconn 200
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
{fronts}"""


class Nginx(Balancer):
    program = "nginx"
    words = ["-e", "stderr", "-c"]

    def config(self):
        places = "\n".join(f"  {kind}_temp_path {self.directory}/{kind};"
                           for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""daemon off;
master_process off;
pid {self.directory}/nginx.pid;
error_log stderr;
events {{ worker_connections 200; }}
http {{
  access_log off;
{places}
  upstream dotproxy {{
    server 127.0.0.1:{self.ports[0]};
    keepalive 8;
  }}
  server {{
    listen 127.0.0.1:{self.port} ssl http2;
    ssl_certificate {self.certificate.chain};
    ssl_certificate_key {self.certificate.key};
    location {PATH} {{
      proxy_pass http://dotproxy;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""
