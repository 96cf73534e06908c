"""The one exception that a user may cause."""


class InputError(Exception):
    """Bad input: the message says in one sentence what is wrong and what is accepted.

    The command line prints the message and exits with code 2; nothing is written.
    """
