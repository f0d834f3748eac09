"""The values handed from step to step, in the order of the pipeline, and the protocols between them; no I/O."""
