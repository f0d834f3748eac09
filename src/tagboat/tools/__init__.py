"""Verbs outside the pipeline, one file each."""
