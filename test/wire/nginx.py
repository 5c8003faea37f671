"""nginx on loopback, serving one folder as a provider's status page is served: validators, gzip, errors, a slow answer.

What it does wrong is ordered by a file beside the pages: `fail-500` and `fail-503` (with Retry-After) answer with that status,
`slow` lets an answer drip.
"""

import json
import os
import pathlib
import shutil
import subprocess

from town import free_port, wait_for

PROGRAM = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 64; }}
http {{
  types {{ application/rss+xml rss; application/atom+xml atom; application/json json; text/html html; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  log_format asked escape=json '{{"url":"$request_uri","status":$status,"if_none_match":"$http_if_none_match",'
    '"if_modified_since":"$http_if_modified_since","etag":"$sent_http_etag","encoding":"$sent_http_content_encoding",'
    '"agent":"$http_user_agent"}}';
  access_log {folder}/access.log asked;
  gzip on; gzip_min_length 1; gzip_types application/rss+xml application/atom+xml application/json;
  server {{
    listen 127.0.0.1:{port};
    root {pages};
    location = /moved.rss {{ return 301 /history.rss; }}
    location = /inside.rss {{ return 302 http://169.254.169.254/latest/meta-data/; }}
    location = /circle.rss {{ return 302 /circle.rss; }}
    location / {{
      add_header Retry-After 11 always;
      if (-f {folder}/fail-500) {{ return 500; }}
      if (-f {folder}/fail-503) {{ return 503; }}
      if (-f {folder}/slow) {{ set $limit_rate 100; }}
    }}
  }}
}}
"""


class Nginx:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.pages = self.folder / "pages"
        self.pages.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            CONFIGURATION.format(folder=self.folder, pages=self.pages, port=self.port, user=user))
        self.process = None

    def start(self):
        self.process = subprocess.Popen([PROGRAM, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
                                        stderr=subprocess.DEVNULL)
        wait_for("nginx", lambda: (self.folder / "nginx.pid").exists() and (self.folder / "access.log").exists())
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=15)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def put(self, name, content):
        """In one step, as a server is updated: nobody reads half a page."""
        path = self.pages / (name + ".new")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.replace(path, self.pages / name)

    def order(self, what):
        (self.folder / what).touch()

    def withdraw(self, what):
        (self.folder / what).unlink()

    def asked(self):
        """Each request: url, status, if_none_match, if_modified_since, etag, encoding, agent."""
        return [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]
