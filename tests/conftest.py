"""What all tests share."""

import torch

# One thread, as in the engine's workers: small nets lose time, and gain noise, by sharing their steps.
torch.set_num_threads(1)
