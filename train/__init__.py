"""Training, evaluation and publishing of the models that vidclass serves."""
