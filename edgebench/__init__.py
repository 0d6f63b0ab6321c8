"""edgebench: search, measure, export and gate small neural networks for edge devices."""
