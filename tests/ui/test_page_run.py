"""What one run of the whole page sends to the browser, message by message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest

from playground.networks import NETWORKS, POINT_NETWORKS
from playground.ui.folds import EVERYTHING, UNFOLDED


@pytest.fixture
def sent() -> Iterator[list[ForwardMsg]]:
    """All messages of the runs in a test, before Streamlit joins some of them together."""
    messages: list[ForwardMsg] = []
    ForwardMsgQueue.on_before_enqueue_msg(messages.append)
    yield messages
    ForwardMsgQueue.on_before_enqueue_msg(None)


def script() -> None:
    from playground.ui.playground_page import playground_page

    playground_page()


def test_no_place_gets_two_blocks_in_one_run(
    sent: list[ForwardMsg], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit would join the children of the second with those of the first, and send the children
    before their block; its page in the browser goes blank when it meets such a message."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    page = AppTest.from_function(script, default_timeout=60)
    page.session_state[UNFOLDED] = {EVERYTHING}
    page.run()
    assert not page.exception
    blocks = Counter(
        tuple(message.metadata.delta_path)
        for message in sent
        if message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "add_block"
    )
    assert len(blocks) > 20
    assert max(blocks.values()) == 1


@pytest.mark.parametrize("network", ["conv_ode", "preact_resnet"])
def test_a_net_on_images_is_listed_only_where_a_link_brought_it(
    network: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    page = AppTest.from_function(script, default_timeout=60)
    link = {"data": "donut_highd", "data.dim": "4", "network": network}
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    (family,) = (box for box in page.selectbox if box.label == "Family")
    assert family.value == network
    shown = {NETWORKS[name].label for name in POINT_NETWORKS if not NETWORKS[name].staged}
    assert set(family.options) == shown | {NETWORKS[network].label}
