"""Run the program as `python -m audit_console`."""

import sys

from audit_console.cli.main import main

sys.exit(main())
