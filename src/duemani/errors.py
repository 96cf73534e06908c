"""The exceptions that a user may cause."""


class InputError(Exception):
    """Bad input: the message says in one sentence what is wrong and what is accepted.

    The command line prints the message and exits with code 2; nothing is written.
    """


class NothingPlayedError(InputError):
    """The input is in order, but holds no piano notes: silence, drums, an empty score.

    The command line exits with code 3; nothing is written.
    """
