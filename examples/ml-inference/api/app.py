"""The inference service: health, readiness, predictions and metrics over HTTP.

``/health`` answers as soon as the process does; ``/ready`` only once the model is trained, so that the startup and the
readiness probe of the platform mean what they say.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from model import Model
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from settings import FEATURES, Settings

MAX_ROWS = 1_000

Features = Annotated[list[FiniteFloat], Field(min_length=FEATURES, max_length=FEATURES)]


class Row(BaseModel):
    """The body of ``/predict-single``."""

    model_config = ConfigDict(extra="forbid")
    features: Features


class Rows(BaseModel):
    """The body of ``/predict``."""

    model_config = ConfigDict(extra="forbid")
    rows: Annotated[list[Features], Field(min_length=1, max_length=MAX_ROWS)]


class Answer(BaseModel):
    prediction: int
    probability: float
    probabilities: list[float]


class Answers(BaseModel):
    predictions: list[Answer]


class Metrics:
    """The service's own metrics, in a registry of its own so that several apps can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "inference_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "inference_request_duration_seconds", "Time to answer, by route.", ["route"], registry=self.registry
        )
        self.rows = Counter("inference_rows", "Rows predicted.", registry=self.registry)
        self.ready = Gauge("inference_model_ready", "1 once the model is trained.", registry=self.registry)
        self.training_seconds = Gauge("inference_training_seconds", "Time it took to train.", registry=self.registry)


def create_app(settings: Settings) -> FastAPI:
    """The application; the model is trained in a thread while it already answers ``/health``."""
    metrics = Metrics()

    async def train(app: FastAPI) -> None:
        start = time.perf_counter()
        app.state.model = await asyncio.to_thread(Model.trained, settings)
        metrics.training_seconds.set(time.perf_counter() - start)
        metrics.ready.set(1)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.model = None
        training = asyncio.create_task(train(app))
        yield
        training.cancel()

    app = FastAPI(title="ML inference service", version="1.0.0", lifespan=lifespan)

    @app.middleware("http")
    async def measure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        start = time.perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "unknown")
        metrics.requests.labels(route, response.status_code).inc()
        metrics.seconds.labels(route).observe(time.perf_counter() - start)
        return response

    @app.exception_handler(RequestValidationError)
    async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
        # Where and why, but not the input itself: it may be large, and NaN cannot be written back as JSON.
        return JSONResponse({"detail": [{k: e[k] for k in ("loc", "msg", "type")} for e in error.errors()]}, 422)

    def trained_model(request: Request) -> Model:
        model: Model | None = request.app.state.model
        if model is None:
            raise HTTPException(503, "the model is still being trained; try again in a few seconds")
        return model

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready")
    async def ready(request: Request) -> dict[str, bool]:
        trained_model(request)
        return {"ready": True}

    # Plain functions: FastAPI runs them in its thread pool, so a large batch does not hold up the probes.
    @app.post("/predict-single")
    def predict_single(row: Row, request: Request) -> Answer:
        metrics.rows.inc()
        return _answers(trained_model(request), [row.features])[0]

    @app.post("/predict")
    def predict(rows: Rows, request: Request) -> Answers:
        metrics.rows.inc(len(rows.rows))
        return Answers(predictions=_answers(trained_model(request), rows.rows))

    @app.get("/metrics")
    async def exposition() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _answers(model: Model, rows: list[list[float]]) -> list[Answer]:
    return [
        Answer(prediction=p.prediction, probability=p.probability, probabilities=list(p.probabilities))
        for p in model.predict(rows)
    ]


app = create_app(Settings.from_environment(os.environ))
