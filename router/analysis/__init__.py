"""Studies over the pipeline: questions about a scenario that planning alone does not answer."""
