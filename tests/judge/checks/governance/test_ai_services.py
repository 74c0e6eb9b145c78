from __future__ import annotations

import json
from importlib.resources import files

import pytest

from checkvalve.judge.checks import governance
from checkvalve.judge.checks.governance.ai_services import known


def document() -> dict[str, list[dict[str, list[str]]]]:
    text = files(governance).joinpath("ai_services.json").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, list[str]]]] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("api.openai.com", "openai"),
        ("API.OpenAI.com.", "openai"),
        ("mill.openai.azure.com", "azure-openai"),
        ("bedrock-runtime.eu-central-1.amazonaws.com", "aws-bedrock"),
        ("europe-west4-aiplatform.googleapis.com", "google-vertex"),
        ("cas-server.xethub.hf.co", "hugging-face"),
        ("a1b2c3-ats.iot.eu-west-1.amazonaws.com", "aws-iot"),
        ("hub-7.azure-devices.net", "azure-iot-hub"),
        ("southgate.eu1.mindsphere.io", "siemens-insights-hub"),
        ("relay-0b975d23.net.anydesk.com", "anydesk"),
    ],
)
def test_a_service_is_known_by_its_names(host: str, service: str) -> None:
    found = known().by_host(host)
    assert found is not None
    assert found.id == service


@pytest.mark.parametrize(
    "host",
    ["openai.com.example", "notapi.openai.com.evil.example", "storage.googleapis.com",
     "s3.amazonaws.com", "example.org", "", "myapi-openai.com", "huggingface.co.example"],
)  # fmt: skip
def test_other_names_are_no_service(host: str) -> None:
    assert known().by_host(host) is None


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/chat/completions", "openai-compatible"),
        ("/v2/models/seal/infer", "open-inference"),
        ("/v2/models/seal/versions/3/infer", "open-inference"),
        ("/v1/models/seal:predict", "tensorflow-serving"),
        ("/api/generate", "ollama"),
        ("/mcp", "mcp"),
    ],
)
def test_a_server_is_known_by_its_path(path: str, service: str) -> None:
    found = known().by_path(path)
    assert found is not None
    assert found.id == service


def test_other_paths_are_no_server() -> None:
    assert known().by_path("/inspection-results") is None


def test_the_file_is_dated_and_each_entry_says_where_to_look_it_up() -> None:
    assert known().as_of.year >= 2026
    listed = document()
    entries = listed["services"] + listed["inference"]
    assert len({str(entry["id"]) for entry in entries}) == len(entries)
    assert all(str(entry["reference"]).startswith("https://") for entry in entries)
    kinds = {str(entry["kind"]) for entry in listed["services"]}
    assert kinds == {"model API", "model hub", "MLOps", "cloud connector", "remote support"}


def test_no_pattern_takes_in_a_whole_provider() -> None:
    for entry in document()["services"]:
        for pattern in entry["hosts"]:
            assert pattern == pattern.lower()
            assert pattern.count("*") <= 2
            assert not pattern.endswith("*")
            assert len(pattern.lstrip("*.").split(".")) >= 2
