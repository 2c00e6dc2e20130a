"""The energy form: densities integrated by a quadrature that a second one guards."""
