/* tests/unit/cache/property.c - x */
