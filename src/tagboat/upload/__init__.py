"""The upload step: the image by digest into every repository, no name moved."""
