"""Pure: posts in, the bytes of feeds out."""
