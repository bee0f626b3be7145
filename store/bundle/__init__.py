"""Evidence bundles: what an outsider needs to check, offline, that a story is told as it was recorded."""

from store.bundle.choose import Chosen, Scope, choose
from store.bundle.write import Bundle, write_bundle

__all__ = ["Bundle", "Chosen", "Scope", "choose", "write_bundle"]
