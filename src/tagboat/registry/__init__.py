"""The client of the distribution specification: manifests, blobs and tags of a registry."""
