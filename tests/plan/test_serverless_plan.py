"""What the plan decides about the serverless half, and why."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wavetank.plan import Plan, plan
from wavetank.plan.archives import archive
from wavetank.plan.aws_names import shortened
from wavetank.plan.model import Serverless
from wavetank.plan.reasons import Derived, Stated
from wavetank.spec import load
from wavetank.spec.sources import SourceFile

PLATFORM = Path(__file__).parents[1] / "data" / "serverless" / "platform.yaml"


def planned() -> Plan:
    return plan(load(PLATFORM))


def half() -> Serverless:
    found = planned().serverless
    assert found is not None
    return found


def test_a_queue_hides_messages_for_six_times_the_function_that_they_start() -> None:
    jobs, ordered = half().queues
    assert (jobs.visibility_seconds, ordered.visibility_seconds) == (360, 120)
    found = planned().reason("serverless.queues[jobs].visibilitySeconds")
    assert found is not None
    assert isinstance(found[1], Derived)
    stated = planned().reason("serverless.queues[ordered].visibilitySeconds")
    assert stated is not None
    assert isinstance(stated[1], Stated)


def test_a_function_that_calls_into_the_vpc_is_in_it_and_waits_less_than_it_may_take() -> None:
    gateway, sweeper, resizer = half().functions
    assert (gateway.in_vpc, sweeper.in_vpc, resizer.in_vpc) == (True, False, False)
    assert [call.timeout_seconds for call in gateway.calls] == [15]
    assert gateway.timeout_seconds < half().apis[0].timeout_seconds


def test_an_image_of_a_repository_of_the_platform_gets_its_registry() -> None:
    assert half().functions[2].image == "111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/functions:1.0.0"


def test_the_way_in_leads_to_the_port_of_the_pods() -> None:
    (entrance,) = half().entrances
    assert (entrance.service, entrance.port, entrance.target_port) == ("scorer", 80, 8080)
    assert entrance.health_check_path == "/ready"


def test_a_domain_finds_the_certificate_that_is_for_it() -> None:
    domain = half().apis[0].domain
    assert domain is not None
    assert domain.certificate == "api"


def test_who_may_read_a_bucket_may_use_its_key_and_nothing_else() -> None:
    (role,) = [each for each in planned().pod_roles if each.service_account == "scorer"]
    by_sid = {statement["Sid"]: statement for statement in role.statements}
    assert by_sid["ReadBucketsKey"]["Action"] == ["kms:Decrypt"]
    assert "WriteBuckets" not in by_sid
    assert by_sid["ReadTables"]["Resource"][0].endswith(":table/lock-production-models")
    assert {"ReadQueues", "WriteQueues", "PutEvents", "ListBuckets"} <= set(by_sid)


_FILES = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?\.py", fullmatch=True), st.binary(max_size=50), max_size=5
)


@given(_FILES)
def test_the_same_files_are_the_same_archive(files: dict[str, bytes]) -> None:
    sources = [SourceFile(path, content, False) for path, content in sorted(files.items())]
    one, two = archive(sources), archive(sources)
    assert one == two
    assert base64.b64decode(one.sha256) == hashlib.sha256(base64.b64decode(one.content)).digest()


@given(st.text("abcdefgh-", min_size=1, max_size=120), st.integers(20, 64))
def test_a_shortened_name_fits(name: str, characters: int) -> None:
    assert len(shortened(name, characters)) <= characters
