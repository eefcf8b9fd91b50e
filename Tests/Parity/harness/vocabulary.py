"""Everything that a case file needs, for `from harness.vocabulary import *`."""

from .actions import *  # noqa: F403
from .case import accepts, case, differs, differs_in, refused_as_malformed, refuses  # noqa: F401
from .config import *  # noqa: F403
from .config import merge  # noqa: F401
from .frames import *  # noqa: F403
from .tls import tls_hello  # noqa: F401
from .tokens import jwk, jwks, packed, token  # noqa: F401
