"""gunicorn settings: `gunicorn --config deploy/gunicorn.conf.py wsgi:app`, also what `make run` uses.

One process with threads: rate limits and caches in memory are then exact. More processes (`--workers N`) need
CIRCLE_REDIS_URL. Anything here can be changed on the command line or in GUNICORN_CMD_ARGS.
"""

bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 1
threads = 16
# a request may take so long; a worker that hangs longer is replaced
timeout = 60
graceful_timeout = 15
keepalive = 5
# one less file that another user of the machine could find
control_socket_disable = True
loglevel = "warning"
