"""The example service answers as its README says: readiness after training, equal models, and 422 that says what is wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

API = Path(__file__).parents[2] / "examples" / "ml-inference" / "api"
ROW = [float(n) for n in range(1, 21)]


def started(port_file: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The service in a process of its own, as in a pod, on a port that the system chose."""
    program = (
        "import socket, sys, uvicorn\n"
        "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
        "from app import app\n"
        f"open({str(port_file)!r}, 'w').write(str(s.getsockname()[1]))\n"
        "uvicorn.Server(uvicorn.Config(app, log_level='warning')).run(sockets=[s])\n"
    )
    return subprocess.Popen([sys.executable, "-c", program], cwd=API, env=environment)


def base_url(process: subprocess.Popen[bytes], port_file: Path) -> str:
    while not port_file.exists() or not port_file.read_text():
        assert process.poll() is None, "the service ended at start"
        time.sleep(0.02)
    return f"http://127.0.0.1:{port_file.read_text()}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    port_file = tmp_path_factory.mktemp("service") / "port"
    process = started(port_file, RANDOM_STATE="42", N_ESTIMATORS="20")
    with httpx.Client(base_url=base_url(process, port_file), timeout=30) as http:
        while not answers_ready(http):
            time.sleep(0.02)
        yield http
    process.terminate()
    process.wait(10)


def answers_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_it_is_healthy_and_ready_once_trained(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"ready": True}


def test_a_single_row_gets_a_class_with_probabilities_that_sum_to_one(client: httpx.Client) -> None:
    answer = client.post("/predict-single", json={"features": ROW}).json()
    assert answer["prediction"] in (0, 1)
    assert answer["probability"] == max(answer["probabilities"])
    assert sum(answer["probabilities"]) == pytest.approx(1)


def test_rows_are_answered_in_their_order_and_alike_whether_alone_or_together(client: httpx.Client) -> None:
    other = [-value for value in ROW]
    together = client.post("/predict", json={"rows": [ROW, other]}).json()["predictions"]
    alone = [client.post("/predict-single", json={"features": row}).json() for row in (ROW, other)]
    assert together == alone


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/predict-single", {"features": ROW[:19]}, "at least 20"),
        ("/predict-single", {"features": [*ROW, 1.0]}, "at most 20"),
        ("/predict-single", {"features": ["x", *ROW[1:]]}, "valid number"),
        ("/predict-single", {"feature": ROW}, "required"),
        ("/predict", {"rows": []}, "at least 1"),
        ("/predict", {"rows": [ROW, ROW[:3]]}, "at least 20"),
    ],
)
def test_wrong_input_gets_422_with_what_was_wrong(client: httpx.Client, path: str, body: object, told: str) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert told in answer.text


def test_not_a_number_is_refused(client: httpx.Client) -> None:
    body = '{"features": [NaN' + ", 1" * 19 + "]}"
    answer = client.post("/predict-single", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_metrics_count_requests_and_rows(client: httpx.Client) -> None:
    client.post("/predict", json={"rows": [ROW, ROW]})
    text = client.get("/metrics").text
    assert "inference_rows_total" in text
    assert 'inference_requests_total{route="/predict",status="200"}' in text
    assert "inference_model_ready 1.0" in text


def test_it_answers_health_but_not_ready_while_it_trains(tmp_path: Path) -> None:
    process = started(tmp_path / "port", RANDOM_STATE="42", N_ESTIMATORS="3000")
    try:
        with httpx.Client(base_url=base_url(process, tmp_path / "port"), timeout=30) as http:
            assert http.get("/health").status_code == 200
            assert http.get("/ready").status_code == 503
            assert http.post("/predict-single", json={"features": ROW}).status_code == 503
    finally:
        process.kill()
        process.wait(10)


def test_a_wrong_setting_stops_the_start_and_names_the_variable() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import app"], cwd=API, env={"N_ESTIMATORS": "many"}, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "N_ESTIMATORS must be a whole number" in done.stderr
