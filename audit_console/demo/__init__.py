"""A made-up log with a story in it, and the two ways in which it was tampered with.

The log belongs to a workflow service: seven weeks of people in their office hours,
service accounts, deployments and scheduled runs. In the last of them, in the night of
20 November, someone guesses Marek's password from one address, reads the payment
database's secret, makes an API key, deletes the workflow that would have noticed and
comes back with the key. Then the file itself is changed, as `TAMPERS` says.

Everything comes from one seed: the same events, byte for byte, every time. What was
recorded in its first weeks is whole, so that retention has something to delete.
"""

from audit_console.demo.log import CHAIN
from audit_console.demo.tampers import FILE_NAME, TAMPERS, Tamper, write_demo

__all__ = ["CHAIN", "FILE_NAME", "TAMPERS", "Tamper", "write_demo"]
