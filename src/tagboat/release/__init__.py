"""The release step: names move last, each to an image that is all there."""
