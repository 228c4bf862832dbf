"""One BLAS thread for every process that the tests start: kernels side by side must not fight over the cores.

Ctrl-C reaches them, too: a shell that starts the tests in the background would have it ignored by all.
"""

import os
import signal

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

signal.signal(signal.SIGINT, signal.default_int_handler)
