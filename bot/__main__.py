"""`python -m bot`."""

import logging
import os
import sys
import traceback

from bot.cli import main

try:
    status = main()
except Exception:  # else the interpreter would wait for threads that wait for work
    traceback.print_exc()
    status = 1
logging.shutdown()
sys.stdout.flush()
sys.stderr.flush()
# Not sys.exit: it would join the threads of the lanes, and a stream that has gone silent would hold the
# process for as long as a silence is allowed to last.
os._exit(status)
