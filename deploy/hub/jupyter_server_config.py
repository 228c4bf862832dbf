"""For every Jupyter server of the Hub; it lies in etc/jupyter of the environment in which they run.

JupyterHub forbids all frames. Nbgrader > Formgrader shows its pages in one, inside JupyterLab and from the same server.
"""

c = get_config()  # noqa: F821 - traitlets puts it here
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
# Without this the formgrader's messages hold hundreds of lines that are for developers.
c.ServerApp.logging_config = {"loggers": {"ServerApp": {"level": "INFO"}}}
