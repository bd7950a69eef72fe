"""What goes wrong between this machine and the Hugging Face Hub, in one sentence each."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from vidclass.errors import HubError


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turns the client's errors into one sentence each."""
    try:
        yield
    except (http_error(), OSError, ValueError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not isinstance(error.__cause__, http_error()):
            raise
        raise explained(error, what) from error


def http_error() -> type[Exception]:
    """The base of what goes wrong on the way, of whichever HTTP library the client uses."""
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]

    return HTTPError


def explained(error: Exception, what: str) -> HubError:
    """What went wrong between this machine and the Hub, and what to try."""
    from huggingface_hub import constants, errors

    if isinstance(error.__cause__, http_error()) and not isinstance(error, errors.HfHubHTTPError):
        error = error.__cause__  # the client says what it could not do; beneath is why
    repo, _, revision = what.partition("@")
    hub = constants.ENDPOINT
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else 0
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, errors.GatedRepoError):
        text = f"must be open to you. It is gated. Ask for access at {hub}/{repo}, and log in: hf auth login"
    elif isinstance(error, errors.RevisionNotFoundError):
        text = f"must have the revision {revision}. The Hub knows none. Look at {hub}/{repo}/tree/main"
    elif isinstance(error, errors.RepositoryNotFoundError) or status in (401, 403):
        text = (
            f"must be a repo that you may use. The Hub says {status}. Check the name; if it is right and not public, "
            "log in: hf auth login, or set HF_TOKEN"
        )
    elif status:
        text = f"must be on a Hub in order. {hub} says {status} ({reason}). Try again later"
    elif isinstance(error, errors.OfflineModeIsEnabled) or constants.HF_HUB_OFFLINE:
        text = "must be in the cache while HF_HUB_OFFLINE is set. It is not, or not whole. Unset it to pull"
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
        text = f"must find room in {constants.HF_HUB_CACHE}. It does not ({reason}). Free some space or set HF_HOME"
    elif isinstance(error, ValueError):
        text = f"must suit {hub}. It does not ({reason})"
    else:
        text = f"must be within reach. {hub} is not ({reason}). Check the connection and try again"
    return HubError(f"{what} {text}.")
