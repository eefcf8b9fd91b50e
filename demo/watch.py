"""What happens, as Pillion's own admin interface tells it."""

import http.client
import json

from upstreams import SCRIPTS

CLUSTER = "cluster.shop."
DETECTION = CLUSTER + "outlier_detection."
NAMES = {port: name for name, port, _ in SCRIPTS}


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Watch:
    """The counters, and what changed since the line before."""

    def __init__(self, port):
        self.port = port
        self.retries = self.ejections = self.returns = 0
        self.ejected = []

    def ready(self):
        try:
            return ask(self.port, "/ready")[0] == 200
        except OSError:
            return False

    def look(self):
        """Reads the stats; how many retries, ejections and returns came since the last look."""
        before = self.counts()
        _, body = ask(self.port, "/stats?format=json&filter=^cluster.shop.")
        stats = {entry["name"]: entry["value"] for entry in json.loads(body)["stats"] if "name" in entry}
        self.retries = stats.get(CLUSTER + "upstream_rq_retry", 0)
        self.ejections = stats.get(DETECTION + "ejections_enforced_total", 0)
        self.returns = self.ejections - stats.get(DETECTION + "ejections_active", 0)
        self.ejected = self.ejected_hosts()
        return tuple(now - then for now, then in zip(self.counts(), before, strict=True))

    def counts(self):
        return self.retries, self.ejections, self.returns

    def ejected_hosts(self):
        _, body = ask(self.port, "/clusters?format=json")
        names = []
        for cluster in json.loads(body)["cluster_statuses"]:
            for host in cluster.get("host_statuses", []):
                if host.get("health_status", {}).get("failed_outlier_check"):
                    names.append(NAMES.get(host["address"]["socket_address"]["port_value"], "?"))
        return names
