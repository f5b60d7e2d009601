"""Jobs: the engine that trains in processes of its own, and the store that remembers everything.

Pages and the command line use ``Jobs``; nothing here imports torch or Dask until it is needed.
"""

from playground.jobs.client import Jobs
from playground.jobs.reader import Reader
from playground.jobs.records import EngineState, Refused, RunRecord
from playground.jobs.settings import Settings, SettingsError, read_settings

__all__ = [
    "EngineState",
    "Jobs",
    "Reader",
    "Refused",
    "RunRecord",
    "Settings",
    "SettingsError",
    "read_settings",
]
