"""gunicorn settings: `gunicorn --config deploy/gunicorn.conf.py wsgi:app`, also what `make run` uses.

One process with threads: rate limits counted in memory are then exact. More processes (`--workers N`) need
CIRCLE_REDIS_URL, else each counts alone. Anything here can be changed on the command line or in GUNICORN_CMD_ARGS.
"""

bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 1
threads = 16
# a process that gives no sign of life for so long is replaced (with threads no limit for a single request)
timeout = 60
graceful_timeout = 15
keepalive = 5
# one less file that another user of the machine could find
control_socket_disable = True
loglevel = "warning"
