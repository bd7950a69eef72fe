"""Video classification with prediction averaging."""
