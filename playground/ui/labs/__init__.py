"""The laboratories: pages that compute at once what a scheme, a net or an optimiser does."""

import torch

# The tensors are small, and many people may look at once: a second thread would only wait for a core.
torch.set_num_threads(1)
