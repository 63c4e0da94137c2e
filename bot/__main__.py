"""`python -m bot`."""

import logging
import os
import sys

from bot.cli import main

status = main()
logging.shutdown()
sys.stdout.flush()
sys.stderr.flush()
# Not sys.exit: it would join the threads of the lanes, and a stream that has gone silent would hold the
# process for as long as a silence is allowed to last.
os._exit(status)
