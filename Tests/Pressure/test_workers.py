"""Two workers and the main loop at full load, with all that they share in use: for ThreadSanitizer above all."""

import contextlib
import signal
import threading
import time

from harness.wire import Ended, Wire
from pressure import config
from pressure.peers import OK, ask, request, serving
from pressure.service import Quiet


def failing_by_turns():
    turns = iter(range(10**9))
    bad = b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"
    return serving(lambda head: OK if next(turns) // 10 % 2 else bad)


def test_everything_shared_at_once(serve, upstream):
    """Ejection and return, circuit breakers, retries, logs that are reopened, and the admin's questions."""
    backends = [upstream(serving(OK)), upstream(failing_by_turns()), upstream(failing_by_turns())]
    cluster = config.cluster(
        [backend.port for backend in backends],
        outlier_detection={"consecutive_5xx": 3, "interval": "0.05s", "base_ejection_time": "0.1s",
                           "max_ejection_percent": 60},
        common_lb_config={"update_merge_window": "0s"},
        circuit_breakers={"thresholds": [{"max_requests": 6, "max_connections": 4, "track_remaining": True}]},
    )  # fmt: skip
    retry = {"retry_on": "5xx", "retry_back_off": {"base_interval": "0.001s"}}
    hcm = {"access_log": [config.file_log("@dir@/access.log"), config.file_log("@dir@/other.log")]}
    service = serve(
        config.http(cluster, routes=[config.to("/", "a", retry_policy=retry)], hcm=hcm),
        flags=["--concurrency", "2", "--file-flush-interval-msec", "10"],
    )
    stop, served = threading.Event(), []

    def run(number):
        while not stop.is_set():
            with contextlib.suppress(OSError, Ended), service.connect() as sock:
                wire = Wire(sock, 10)
                for _ in range(50):
                    head, _ = ask(wire, request("/" if number % 2 else "/other"))
                    served.append(head[9:12])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    with Quiet(service, *backends):
        for thread in threads:
            thread.start()
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            service.signal(signal.SIGUSR1)
            for path in ("/stats", "/clusters", "/stats/prometheus", "/listeners", "/config_dump"):
                assert service.ask("GET", path)[0] == 200
            service.ask("POST", "/logging?level=info")
            service.ask("POST", "/reset_counters")
        stop.set()
        for thread in threads:
            thread.join()
    assert served.count(b"200") > len(served) // 2
