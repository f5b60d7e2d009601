"""What all tests share."""

import pytest
import torch

from playground import fused
from tests.image_files import write_folder, write_published

# One thread, as in the engine's workers: small nets lose time, and gain noise, by sharing their steps.
torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def compiled():
    """Have the kernels ready, so that no training changes its path somewhere on its way."""
    fused.warm()


@pytest.fixture(scope="session", autouse=True)
def image_sets(tmp_path_factory):
    """Have small stand-ins of the published image sets, and a folder of images, and go nowhere else."""
    data, own = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("images")
    write_published(data)
    write_folder(own / "insects")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYGROUND_DATA", str(data))
        patch.setenv("PLAYGROUND_IMAGES", str(own))
        patch.setenv("PLAYGROUND_ONLINE", "0")
        patch.delenv("PLAYGROUND_IDX", raising=False)
        yield data
