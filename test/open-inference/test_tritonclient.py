"""NVIDIA's client, unchanged, asks the running service: health, metadata, inference in JSON and binary, statistics, errors."""

import asyncio
import json

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient._plugin import InferenceServerClientPlugin
from tritonclient.utils import InferenceServerException

from service import ROOT, Service, golden

SHAPES = {"gbt": [82], "tcn": [32, 14], "logreg": [82]}


@pytest.fixture(scope="module")
def service():
    running = Service()
    yield running
    assert running.end() == 0


class Key(InferenceServerClientPlugin):
    """The API key, with each request."""

    def __init__(self, service):
        self.header = f"Bearer {service.key}"

    def __call__(self, request):
        request.headers["authorization"] = self.header


@pytest.fixture
def client(service):
    with triton.InferenceServerClient(service.address, concurrency=8, network_timeout=60) as client:
        client.register_plugin(Key(service))
        yield client


def asked(rows, datatype="FP32", name="features", binary=True):
    tensor = triton.InferInput(name, list(rows.shape), datatype)
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return [tensor]


def told(binary, name="probabilities", **how):
    return [triton.InferRequestedOutput(name, binary_data=binary, **how)]


def rows_of(model):
    vectors = json.loads((ROOT / "models" / model / "1.0.0/golden.json").read_text())
    return np.array(vectors["inputs"], np.float32).reshape(-1, *SHAPES[model]), np.array(vectors["outputs"], np.float32)


@pytest.fixture
def stranger(service):
    with triton.InferenceServerClient(service.address, network_timeout=60) as client:
        yield client


def test_health_needs_no_key(stranger):
    assert stranger.is_server_live()
    assert stranger.is_server_ready()


def test_the_server_says_what_it_can(client):
    metadata = client.get_server_metadata()
    assert metadata["name"] == "alphapulse"
    assert {"binary_tensor_data", "classification", "statistics"} <= set(metadata["extensions"])


@pytest.mark.parametrize("version", ["", "1.0.0"])
@pytest.mark.parametrize("model", SHAPES)
def test_a_model_says_what_it_reads(client, model, version):
    assert client.is_model_ready(model, version)
    metadata = client.get_model_metadata(model, version)
    assert metadata["name"] == model
    assert metadata["versions"] == ["1.0.0"]
    assert metadata["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, *SHAPES[model]]}]
    assert metadata["outputs"] == [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]}]
    config = client.get_model_config(model, version)
    assert config["input"] == [{"name": "features", "data_type": "TYPE_FP32", "dims": SHAPES[model]}]
    assert config["max_batch_size"] >= 1000


def test_the_index_lists_every_version(client):
    index = client.get_model_repository_index()
    assert {(entry["name"], entry["state"]) for entry in index} == {(name, "READY") for name in [*SHAPES, "lightgbm"]}


@pytest.mark.parametrize("model", SHAPES)
def test_answers_are_the_models_own_the_same_in_json_and_binary(client, model):
    rows, expected = rows_of(model)
    answers = [
        client.infer(model, asked(rows, binary=sent), outputs=told(back)).as_numpy("probabilities")
        for sent in (True, False)
        for back in (True, False)
    ]
    assert answers[0].dtype == np.float32
    np.testing.assert_allclose(answers[0], expected, rtol=0, atol=1e-5)
    for other in answers[1:]:
        np.testing.assert_array_equal(other.view(np.uint32), answers[0].view(np.uint32))


def test_without_outputs_everything_comes_in_binary_with_its_id(client):
    rows, expected = rows_of("gbt")
    result = client.infer("gbt", asked(rows), model_version="1.0.0", request_id="42")
    np.testing.assert_allclose(result.as_numpy("probabilities"), expected, rtol=0, atol=1e-5)
    response = result.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("42", "gbt", "1.0.0")
    assert "binary_data_size" in result.get_output("probabilities")["parameters"]


@pytest.mark.parametrize("binary", [True, False])
def test_a_float64_model_of_lightgbm_answers_as_lightgbm_does(client, binary):
    vectors = golden("multiclass.json.gz")
    rows = np.array([[float(cell) for cell in row] for row in vectors["rows"]], np.float64)
    expected = np.array([[float(cell) for cell in row] for row in vectors["predictions"]], np.float64)
    tensor = client.get_model_metadata("lightgbm")
    (read,), (written,) = tensor["inputs"], tensor["outputs"]
    assert (read["datatype"], read["shape"], written["datatype"]) == ("FP64", [-1, 5], "FP64")
    inputs = asked(rows, "FP64", read["name"], binary)  # NaN and infinities among them: Python writes them bare
    result = client.infer("lightgbm", inputs, outputs=told(binary, written["name"]))
    answers = result.as_numpy(written["name"])
    assert answers.dtype == np.float64
    np.testing.assert_array_max_ulp(answers, expected, 2)


@pytest.mark.parametrize("binary", [True, False])
def test_classes_come_by_name_largest_first(client, binary):
    rows, expected = rows_of("gbt")
    result = client.infer("gbt", asked(rows[:4]), outputs=told(binary, class_count=2))
    named = result.as_numpy("probabilities")
    assert named.shape == (4, 2)
    for texts, probabilities in zip(named, expected[:4], strict=True):
        value, column, name = (texts[0].decode() if isinstance(texts[0], bytes) else texts[0]).split(":")
        assert int(column) == np.argmax(probabilities)
        assert name == ["short", "flat", "long"][int(column)]
        assert abs(float(value) - probabilities.max()) < 1e-5


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_requests_may_be_packed(client, algorithm):
    rows, expected = rows_of("gbt")
    result = client.infer("gbt", asked(rows), request_compression_algorithm=algorithm)
    np.testing.assert_allclose(result.as_numpy("probabilities"), expected, rtol=0, atol=1e-5)


def test_many_at_once_each_get_their_own(client):
    rows, expected = rows_of("gbt")
    sent = [client.async_infer("gbt", asked(rows[i : i + 1])) for i in range(len(rows))]
    answers = [one.get_result().as_numpy("probabilities") for one in sent]
    np.testing.assert_allclose(np.concatenate(answers), expected, rtol=0, atol=1e-5)


def test_the_asynchronous_client_is_answered_too(service):
    rows, expected = rows_of("gbt")

    async def ask():
        async with triton_aio.InferenceServerClient(service.address) as client:
            client.register_plugin(Key(service))
            result = await client.infer("gbt", asked(rows))
            return result.as_numpy("probabilities")

    np.testing.assert_allclose(asyncio.run(ask()), expected, rtol=0, atol=1e-5)


def test_rest_and_the_protocol_say_the_same(client, service):
    rows, _ = rows_of("gbt")
    answer = service.rest("/api/v1/predict", {"model": "gbt", "rows": rows[:3].tolist()})
    protocol = client.infer("gbt", asked(rows[:3])).as_numpy("probabilities")
    rest = [[row[name] for name in ("short", "flat", "long")] for row in answer["predictions"]]
    np.testing.assert_array_equal(np.array(rest, np.float32), protocol)


def test_statistics_count_what_was_asked(client):
    def statistics():
        (version,) = client.get_inference_statistics("logreg", "1.0.0")["model_stats"]
        return version

    rows, _ = rows_of("logreg")
    before = statistics()
    client.infer("logreg", asked(rows[:7]))
    after = statistics()
    assert (after["name"], after["version"]) == ("logreg", "1.0.0")
    assert after["inference_count"] - before["inference_count"] == 7
    assert after["execution_count"] - before["execution_count"] == 1
    for part in ("success", "queue", "compute_input", "compute_infer", "compute_output"):
        assert after["inference_stats"][part]["count"] - before["inference_stats"][part]["count"] == 1
        assert after["inference_stats"][part]["ns"] >= before["inference_stats"][part]["ns"]
    assert any(batch["batch_size"] == 7 for batch in after["batch_stats"])
    assert after["last_inference"] > 0
    everyone = client.get_inference_statistics()["model_stats"]
    assert {version["name"] for version in everyone} == {*SHAPES, "lightgbm"}


def short(rows):
    return rows[:, :-1].copy()


@pytest.mark.parametrize(
    ("model", "version", "inputs", "outputs", "status", "code"),
    [
        ("nobody", "", lambda rows: asked(rows), None, "404", "MODEL_UNKNOWN"),
        ("gbt", "9.9.9", lambda rows: asked(rows), None, "404", "MODEL_UNKNOWN"),
        ("gbt", "", lambda rows: asked(rows, name="x"), None, "400", "INPUT_MISSING"),
        ("gbt", "", lambda rows: asked(rows) + asked(rows, name="x"), None, "400", "INPUT_UNKNOWN"),
        ("gbt", "", lambda rows: asked(rows.astype(np.float64), "FP64"), None, "400", "DATATYPE_MISMATCH"),
        ("gbt", "", lambda rows: asked(rows.astype(np.int64), "INT64"), None, "400", "DATATYPE_MISMATCH"),
        ("gbt", "", lambda rows: asked(short(rows)), None, "400", "SHAPE_MISMATCH"),
        ("gbt", "", lambda rows: asked(rows[:0]), None, "400", "SHAPE_MISMATCH"),
        ("gbt", "", lambda rows: asked(np.repeat(rows, 100, 0)), None, "400", "TOO_MANY_ROWS"),
        ("gbt", "", lambda rows: asked(np.repeat(rows, 200, 0)), None, "413", "BODY_TOO_LARGE"),
        ("gbt", "", lambda rows: asked(rows), told(True, "x"), "400", "OUTPUT_UNKNOWN"),
        ("gbt", "", lambda rows: asked(rows), told(False, class_count=4), "400", "CLASSIFICATION_INVALID"),
    ],
)
def test_what_does_not_fit_is_refused_by_code(client, model, version, inputs, outputs, status, code):
    rows, _ = rows_of("gbt")
    with pytest.raises(InferenceServerException) as refused:
        client.infer(model, inputs(rows), model_version=version, outputs=outputs)
    assert refused.value.status() == status
    assert refused.value.message().startswith(f"{code}: ")
    assert client.is_server_ready()


def test_without_a_key_there_is_no_answer(stranger):
    rows, _ = rows_of("gbt")
    with pytest.raises(InferenceServerException, match="UNAUTHORIZED"):
        stranger.infer("gbt", asked(rows))
    assert not stranger.is_model_ready("gbt")


def test_a_timeout_that_cannot_be_met_is_refused(client):
    rows, _ = rows_of("gbt")
    with pytest.raises(InferenceServerException, match="DEADLINE") as refused:
        client.infer("gbt", asked(rows), timeout=1)
    assert refused.value.status() == "503"


def test_an_unknown_model_is_neither_ready_nor_described(client):
    assert not client.is_model_ready("nobody")
    with pytest.raises(InferenceServerException, match="MODEL_UNKNOWN"):
        client.get_model_metadata("nobody")
