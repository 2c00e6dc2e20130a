"""Strategies: the weights of the loss and the places of its points, changed during training."""
