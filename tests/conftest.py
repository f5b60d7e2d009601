"""What all tests share."""

import pytest
import torch

from playground import fused

# One thread, as in the engine's workers: small nets lose time, and gain noise, by sharing their steps.
torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def compiled():
    """Have the kernels ready, so that no training changes its path somewhere on its way."""
    fused.warm()
