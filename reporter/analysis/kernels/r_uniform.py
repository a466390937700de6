"""R's default stream of uniform random numbers, so that R can draw the same resamples from a seed alone.

Reference: Matsumoto & Nishimura, ACM Trans Model Comput Simul 1998;8:3. R: ``set.seed(seed, "Mersenne-Twister")``,
``runif``; the state is filled by the congruential generator 69069 x + 1 after 50 steps of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WORDS = 624
SCRAMBLES = 50
UNIT = 2.3283064365386963e-10  # as R has it: 1 / (2^32 - 1)
LARGEST_SEED = 2**31 - 1  # R's largest integer


class RUniform:
    """Draws what ``runif`` draws after ``set.seed(seed)``.

    Parameters
    ----------
    seed
        From 0 to 2^31 - 1.
    """

    def __init__(self, seed: int) -> None:
        if not 0 <= seed <= LARGEST_SEED:
            raise ValueError(f"a seed of R is a whole number from 0 to {LARGEST_SEED}, got {seed}")
        word, key = seed, []
        for step in range(SCRAMBLES + 1 + WORDS):
            word = (69069 * word + 1) & 0xFFFFFFFF
            if step > SCRAMBLES:  # the word before is the place in the stream, which R then sets itself
                key.append(word)
        self._bits = np.random.MT19937()
        self._bits.state = {
            "bit_generator": "MT19937", "state": {"key": np.array(key, dtype=np.uint32), "pos": WORDS},
        }  # fmt: skip

    def draw(self, n: int) -> NDArray[np.float64]:
        """Return the next `n` numbers, above 0 and below 1; shape (n,)."""
        found = self._bits.random_raw(n).astype(np.float64) * UNIT
        return np.clip(found, UNIT / 2, 1.0 - UNIT / 2)

    def sample(self, n: int) -> NDArray[np.int64]:
        """Return `n` places from 0 to n - 1 with replacement; R: ``floor(n * runif(n))``."""
        return np.floor(n * self.draw(n)).astype(np.int64)
