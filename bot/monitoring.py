"""Who watches from outside: the collector that the environment names, and the page of METRICS_PORT."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from bot.engine.health import Health
from bot.settings import Settings, SettingsError

if TYPE_CHECKING:  # the packages of OpenTelemetry are an extra
    from bot.adapters.metrics_page import MetricsPage
    from bot.adapters.telemetry import Telemetry

log = logging.getLogger(__name__)

_INSTALL = "pip install -e '.[otel]'"


def open_telemetry(settings: Settings, env: Mapping[str, str]) -> Telemetry | None:
    """What tells collectors of questions, if any is named. Raises SettingsError if that cannot be."""
    is_wanted = settings.metrics_port is not None or any(
        name.startswith("OTEL_EXPORTER_OTLP_") and name.endswith("ENDPOINT") for name in env
    )
    if not is_wanted:
        return None
    try:
        from bot.adapters import telemetry
    except ModuleNotFoundError as error:
        if settings.metrics_port is None:  # the variables may be meant for others on the same host
            log.warning("telemetry.not_installed", extra={"package": error.name, "mend": _INSTALL})
            return None
        problem = f"METRICS_PORT needs the package {error.name}. Install it with: {_INSTALL}"
        raise SettingsError([problem]) from error
    try:
        return telemetry.open_telemetry(env, _version(), prometheus=settings.metrics_port is not None)
    except ValueError as error:
        raise SettingsError([str(error)]) from error


def open_page(settings: Settings, health: Health) -> MetricsPage | None:
    """The page with /metrics and /healthz, listening, if there is to be one. Raises SettingsError."""
    if settings.metrics_port is None:
        return None
    from bot.adapters.metrics_page import MetricsPage  # with the packages that open_telemetry asked for

    page = MetricsPage(settings.metrics_port, lambda: health.is_healthy, lambda: map(str, health.problems))
    try:
        page.start()
    except OSError as error:
        problem = f"METRICS_PORT {settings.metrics_port} cannot be had: {error.strerror}. Choose another."
        raise SettingsError([problem]) from error
    return page


def _version() -> str:
    try:
        return version("duet")
    except PackageNotFoundError:  # it runs from its folder, as deployments do
        return "source"
