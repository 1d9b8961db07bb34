"""The picture of a platform: complete, well-formed, nothing on top of something else."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

from sample_plans import sample_plan

from wavetank.kube.types import Obj
from wavetank.plan.model.mesh import Mesh, MeshObject
from wavetank.render.graph import mermaid, svg, topology
from wavetank.render.graph.layout import layout
from wavetank.render.graph.svg import PADDING, WIDTH, text_width
from wavetank.render.graph.topology import Arrow, Box, Topology

SVG = "{http://www.w3.org/2000/svg}"


def chain(*names: str) -> Topology:
    """Workloads of which each calls the next."""
    boxes = tuple(Box(name, "workload", name, "") for name in names)
    return Topology("chain", boxes, tuple(Arrow(a, b) for a, b in pairwise(names)), (), ())


def test_who_calls_stands_left_of_who_is_called() -> None:
    columns = layout(chain("a", "b", "c")).columns
    assert [[box.key for box in column] for column in columns] == [["a"], ["b"], ["c"]]


def test_a_circle_of_calls_is_drawn_all_the_same() -> None:
    circle = chain("a", "b")
    again = replace(circle, arrows=(*circle.arrows, Arrow("b", "a"), Arrow("a", "a")))
    assert sum(len(column) for column in layout(again).columns) == 2
    ET.fromstring(svg(again))


def test_the_internet_reaches_the_workload_through_its_load_balancer() -> None:
    arrows = {(arrow.source, arrow.target) for arrow in topology(sample_plan()).arrows}
    assert ("internet", "service/api-lb") in arrows
    assert ("service/api-lb", "workload/api") in arrows


def test_a_workload_that_may_read_a_secret_points_to_it() -> None:
    arrows = {(arrow.source, arrow.target) for arrow in topology(sample_plan()).arrows}
    assert ("workload/api", "secret/tug/api") in arrows


def test_every_arrow_leads_from_box_to_box() -> None:
    found = topology(sample_plan())
    keys = {box.key for box in found.boxes}
    assert all({arrow.source, arrow.target} <= keys for arrow in found.arrows)


def test_the_svg_is_well_formed_and_its_boxes_do_not_overlap() -> None:
    root = ET.fromstring(svg(topology(sample_plan())))
    boxes = [
        tuple(int(item.get(key, "0")) for key in ("x", "y", "width", "height"))
        for group in root.iter(f"{SVG}g")
        for item in group.iter(f"{SVG}rect")
    ]
    assert len(boxes) == len(topology(sample_plan()).boxes)
    for at, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, _, _ in boxes[at + 1 :]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height


def test_names_cannot_break_the_document() -> None:
    odd = Topology("a & b", (Box("x", "workload", '<b>"x"</b>', "&"),), (), (), ())
    ET.fromstring(svg(odd))
    assert '"<b>&quot;x&quot;</b><br/>&amp;"' in mermaid(odd)


def test_the_flowchart_declares_every_node_that_it_connects() -> None:
    text = mermaid(topology(sample_plan()))
    declared = set(re.findall(r"^  (n\d+)[^ ]", text, re.MULTILINE))
    connected = set(re.findall(r"\b(n\d+)\b(?= -->)|(?<= )(n\d+)$", text, re.MULTILINE))
    assert "flowchart LR" in text
    assert {name for pair in connected for name in pair if name} <= declared


def test_the_same_plan_gives_the_same_picture() -> None:
    assert svg(topology(sample_plan())) == svg(topology(sample_plan()))


def test_text_ends_before_its_box_does() -> None:
    titles = ("model-recommendation-engine-of-the-shop-in-production", "w" * 40, "a")
    boxes = tuple(Box(title, "workload", title, f"Deployment, 2-50 pods, {title}") for title in titles)
    root = ET.fromstring(svg(Topology("wide", boxes, (), (), ())))
    for text in root.iter(f"{SVG}text"):
        if text.get("class") in ("name", "detail"):
            assert text_width(text.get("class", ""), text.text or "") <= WIDTH - 2 * PADDING


def test_several_ways_to_one_target_are_one_arrow() -> None:
    pairs = [(arrow.source, arrow.target) for arrow in topology(sample_plan()).arrows]
    assert len(pairs) == len(set(pairs))


def test_requests_enter_a_mesh_through_its_gateway() -> None:
    plan = sample_plan()
    gateway = MeshObject(
        "public", "edge", "networking.istio.io/v1", "Gateway", {"servers": [{"hosts": ["a.example.com"]}]}
    )
    service = plan.services[0]
    way = {"destination": {"host": f"{service.name}.{service.namespace}.svc.cluster.local"}}
    rules: Obj = {"hosts": ["a.example.com"], "gateways": ["edge/public"], "http": [{"route": [way]}]}
    route = MeshObject("api", "tug", "networking.istio.io/v1", "VirtualService", rules)
    mesh = Mesh("STRICT", (), (), (gateway,), (), (route,), (), (), (), (), ())
    arrows = {(arrow.source, arrow.target) for arrow in topology(replace(plan, mesh=mesh)).arrows}
    assert ("internet", "gateway/edge/public") in arrows
    assert ("gateway/edge/public", f"workload/{service.workload}") in arrows
