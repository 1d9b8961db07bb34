"""The alphabets of generated names (apimachinery ``util/rand``): no vowels, no digits that look like letters."""

from __future__ import annotations

from random import Random

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_BITS = len(ALPHABET).bit_length()
SUFFIX_LENGTH = 5
#: ``generateName`` is cut so that prefix and suffix fit the 63 characters of a DNS label.
MAX_GENERATED_NAME = 63


def safe_encoded(text: str) -> str:
    """Each character mapped into the alphabet by its code (``rand.SafeEncodeString``)."""
    return "".join(ALPHABET[ord(c) % len(ALPHABET)] for c in text)


def generated_name(prefix: str, randomness: Random) -> str:
    """``prefix`` and five random characters, as for ``metadata.generateName``."""
    kept = prefix[: MAX_GENERATED_NAME - SUFFIX_LENGTH]
    suffix = ""
    while len(suffix) < SUFFIX_LENGTH:
        # What ``randomness.choice`` does, at a third of its time; every pod and every event needs a few of these.
        drawn = randomness.getrandbits(_BITS)
        if drawn < len(ALPHABET):
            suffix += ALPHABET[drawn]
    return kept + suffix
