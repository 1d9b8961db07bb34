"""Events of one object are listed in the order in which they came, because they are named by the moment."""

from __future__ import annotations

from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine


def test_events_of_an_object_are_listed_in_their_order_and_never_share_a_name() -> None:
    engine = Engine()
    cluster = new_cluster(engine)
    about = cluster.get("namespaces", "", "default")
    told = [f"number {number}" for number in range(9)]
    for text in told[:5]:
        cluster.record_event(about, "Normal", "Told", text, "somebody")
    engine.run_for(2)
    for text in told[5:]:
        cluster.record_event(about, "Normal", "Told", text, "somebody", action="Telling")
    listed = cluster.list("events", "default")
    assert [event["message"] for event in listed] == told
    moments = [int(event["metadata"]["name"].rpartition(".")[2], 16) for event in listed]
    assert moments[0] == engine.epoch.timestamp() * 10**9
    assert len(set(moments)) == len(moments)
