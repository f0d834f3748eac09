"""OCI image layouts on disk: blobs by digest, and the folder or archive that holds an image."""
