"""The nouns of the OCI image and distribution specifications, as values; standard library only, no I/O."""
