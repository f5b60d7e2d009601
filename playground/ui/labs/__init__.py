"""The laboratories: pages that compute at once what a scheme, a net or an optimiser does."""
