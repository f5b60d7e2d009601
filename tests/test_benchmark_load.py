"""The load benchmark: its tab keeps what a browser keeps, and a small class comes through whole."""

import asyncio

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.load import _by_minute, _slope, load, spread
from benchmarks.load_tab import Tab


def begun(run, fragments=()):
    message = ForwardMsg()
    message.new_session.page_script_hash = "page"
    message.metadata.run.script_run_id = run
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def element(fragment="", key="k"):
    message = ForwardMsg(hash=f"hash-{key}")
    message.delta.fragment_id = fragment
    return message, message.delta.new_element


def slider(value, fragment="", *, forced=False, key="depth"):
    message, made = element(fragment, key)
    made.slider.id = f"$$ID-abc-{key}"
    made.slider.default.append(5.0)
    if forced:
        made.slider.value.append(value)
        made.slider.set_value = True
    return message


def ended(run="r1", status=ForwardMsg.FINISHED_SUCCESSFULLY, fragments=()):
    message = ForwardMsg(script_finished=status)
    message.metadata.run.script_run_id = run
    message.metadata.run.fragment_ids.extend(fragments)
    return message


@pytest.fixture
def tab():
    return Tab("http://127.0.0.1:1", user="0" * 32)


def take(tab, *messages):
    async def all_of_them():
        for message in messages:
            await tab._take(message)

    asyncio.run(all_of_them())


def depth(tab):
    return tab._states["$$ID-abc-depth"].double_array_value.data[0]


def test_values_are_gathered_by_minutes():
    assert _by_minute([(100, 1.0), (130, 3.0), (159, 8.0), (161, 5.0)], 100) == [3.0, 5.0]
    assert _by_minute([], 100) == []


def test_control_begins_with_its_default_and_is_set_only_by_force(tab):
    take(tab, slider(9.0))
    assert depth(tab) == 5.0
    take(tab, slider(9.0, forced=True))
    assert depth(tab) == 9.0
    take(tab, slider(0.0))
    assert depth(tab) == 9.0


def test_what_a_whole_run_did_not_draw_is_forgotten(tab):
    take(tab, begun("r1"), slider(1.0, key="old"), ended("r1"))
    assert set(tab.controls) == {"old"}
    take(tab, begun("r2"), slider(1.0), ended("r2"))
    assert set(tab.controls) == {"depth"}
    assert set(tab._states) == {"$$ID-abc-depth"}
    assert tab.runs == 2


def test_run_of_a_fragment_forgets_only_its_own(tab):
    part = ended("r2", ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY, ["f"])
    take(tab, begun("r1"), slider(1.0, "f", key="inside"), slider(1.0), ended("r1"))
    assert set(tab.controls) == {"inside", "depth"}
    take(tab, begun("r2", ["f"]), part)
    assert set(tab.controls) == {"depth"}
    assert (tab.runs, tab.beats) == (1, 1)


def test_message_that_is_referred_to_has_to_be_known(tab):
    long = slider(1.0)
    long.metadata.cacheable = True
    again = ForwardMsg(ref_hash=long.hash)
    take(tab, begun("r1"), long, ended("r1"), begun("r2"), again, ended("r2"))
    assert set(tab.controls) == {"depth"}
    assert tab.errors == []
    take(tab, ForwardMsg(ref_hash="never sent"))
    assert tab.errors


def test_interrupted_run_is_no_run(tab):
    take(tab, begun("r1"), slider(1.0), ended("r1"), begun("r2"))
    take(tab, ended("r2", ForwardMsg.FINISHED_EARLY_FOR_RERUN))
    assert tab.runs == 1
    assert set(tab.controls) == {"depth"}


def test_exception_on_the_page_is_an_error(tab):
    message, made = element()
    made.exception.type, made.exception.message = "ValueError", "x is 3"
    take(tab, message)
    assert tab.errors == ["ValueError: x is 3"]


def testspread_and_slope():
    found = spread("echo", [i / 100 for i in range(100, 0, -1)])
    assert found == {"echo_p50": 0.505, "echo_p95": 0.96, "echo_max": 1.0}
    assert spread("echo", [])["echo_p95"] is None
    rising = [(60.0 * minute, 3.0 * minute) for minute in range(10)]
    assert _slope(rising, 0.0) == pytest.approx(3.0)
    assert _slope(rising[:2], 0.0) is None


@pytest.mark.slow
def test_small_class_comes_through_whole(capsys):
    found = load(3, 4.0)
    assert found["errors"] == 0, found["first_errors"]
    assert found["log_errors"] == 0
    assert found["interactions"] > 0
    assert found["pictures"] > 0
    assert found["echo_p95"] is not None
    assert found["changes_lost"] == found["runs_lost"] == found["last_runs_not_finished"] == 0
    assert "students" in capsys.readouterr().out
