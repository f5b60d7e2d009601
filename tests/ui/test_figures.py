"""The figures of a run as the page holds them."""

from dataclasses import replace
from threading import Thread

import numpy as np

from playground.training.events import Metrics
from playground.ui.figures import History

ROW = Metrics(0, 0.0, 1.0, 2.0, None, 0.5, 4, 8, 0.1, 1.0, 0.0, 0.0)


def rows(first, last):
    return [replace(ROW, step=step, train_loss=float(step)) for step in range(first, last)]


def test_rows_grow_and_what_is_missing_is_no_number():
    history = History("run")
    for first in range(0, 1000, 10):
        history.extend(rows(first, first + 10))
    assert history.frame["train_loss"].tolist() == [float(step) for step in range(1000)]
    assert history.frame["train_accuracy"].isna().all()
    assert history.last_step == 999


def test_the_table_stays_the_same_while_nothing_comes():
    history = History("run")
    history.extend(rows(0, 3))
    held = history.frame
    history.extend([])
    history.extend(rows(1, 3))
    assert history.frame is held


def test_tables_handed_out_before_do_not_change():
    history = History("run")
    history.extend(rows(0, 300))
    held, copy = history.frame, history.frame.copy()
    history.extend(rows(300, 900))
    assert held.equals(copy)


def test_two_runs_of_the_page_at_once_add_each_row_once():
    history = History("run")
    threads = [Thread(target=history.extend, args=(rows(0, 3000),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(history.frame["step"], np.arange(3000))
