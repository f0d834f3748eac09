"""Build, tag and push container images from CI without a Docker daemon."""

__version__ = "0.1.0"
