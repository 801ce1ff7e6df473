"""gunicorn settings: `gunicorn --config deploy/gunicorn.conf.py wsgi:app`, also what `make run` uses.

One process with threads: rate limits counted in memory are then exact. More processes (`--workers N`) need
CIRCLE_REDIS_URL, else each counts alone. Anything here can be changed on the command line or in GUNICORN_CMD_ARGS.
"""

import signal

bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 1
# up to 20 for open pages that are told at once (CIRCLE_LIVE_STREAMS), the rest for answers
threads = 32
# a process that gives no sign of life for so long is replaced (with threads no limit for a single request)
timeout = 60
graceful_timeout = 15
keepalive = 5
# one less file that another user of the machine could find
control_socket_disable = True
loglevel = "warning"


def post_worker_init(worker):
    """Live streams never take the last threads, and end at once when the process is to stop. Threads take turns."""
    extensions = getattr(worker.wsgi, "extensions", {})
    turns, hub = extensions.get("circle_turns"), extensions.get("circle_live")
    if turns is not None and worker.cfg.worker_class_str == "gthread":
        worker.wsgi = turns(worker.wsgi)
    if hub is None:  # another application under the same settings, as in bench/
        return
    hub.fit(worker.cfg.threads if worker.cfg.worker_class_str == "gthread" else 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, _first(hub.close, signal.getsignal(number)))
    signal.siginterrupt(signal.SIGTERM, False)  # as gunicorn had it: a request that runs is not disturbed


def _first(close, then):
    def handler(number, frame):
        close()
        if callable(then):
            then(number, frame)

    return handler
