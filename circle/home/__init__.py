"""Pages that compose several features: the front page, a circle's home, "me". Owns no table and writes nothing."""
