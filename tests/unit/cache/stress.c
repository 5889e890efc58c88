/* tests/unit/cache/stress.c - x */
