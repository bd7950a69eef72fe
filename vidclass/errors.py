"""Every error that a user can cause, each with one clear sentence.

    VidclassError
    ├── VideoError    a clip cannot be read or written
    ├── BundleError   a model folder is not what it must be
    ├── HubError      the Hugging Face Hub cannot give or take what was asked
    ├── DataError     a training list or folder is not usable
    └── OptionError   a setting is out of its range

A message says what must hold, what was received, and what to try. The page shows it as it is, the command
line prints it on one line and exits with code 2.
"""


class VidclassError(Exception):
    """Base of all errors that are meant for the user."""


class VideoError(VidclassError):
    """A clip cannot be read or written."""


class BundleError(VidclassError):
    """A model folder is not what it must be."""


class HubError(VidclassError):
    """The Hugging Face Hub cannot give or take what was asked."""


class DataError(VidclassError):
    """A training list or folder is not usable."""


class OptionError(VidclassError):
    """A setting is out of its range."""
