"""The machine's report, on machines that this one is not."""

import builtins
import types

import numpy as np
import pytest

from course_lib import device

pytestmark = pytest.mark.fast


def fake_torch(gpus=(), mps=False, cuda_built="12.4"):
    properties = [types.SimpleNamespace(name=name, total_memory=gib * 2**30) for name, gib in gpus]
    return types.SimpleNamespace(
        __version__="2.9.0",
        version=types.SimpleNamespace(cuda=cuda_built),
        cuda=types.SimpleNamespace(
            is_available=lambda: bool(properties),
            device_count=lambda: len(properties),
            get_device_properties=lambda i: properties[i],
        ),
        backends=types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: mps)),
    )


@pytest.fixture
def with_torch(monkeypatch):
    def put(torch):
        monkeypatch.setitem(__import__("sys").modules, "torch", torch)
        monkeypatch.setattr(device.shutil, "which", lambda name: None)

    return put


def test_this_machine():
    report = device.report()
    assert report.numpy == np.__version__
    assert report.cores >= 1
    assert report.accelerator in ("cuda", "mps", "cpu")
    assert report.reason.endswith(".")


def test_gpus_are_named_with_their_memory(with_torch):
    with_torch(fake_torch(gpus=[("NVIDIA T4", 16), ("NVIDIA T4", 16)]))
    report = device.report()
    assert report.accelerator == "cuda"
    assert "NVIDIA T4 (16 GiB), NVIDIA T4 (16 GiB)" in str(report)
    assert "2 GPUs" in report.reason


def test_a_mac(with_torch):
    with_torch(fake_torch(mps=True))
    report = device.report()
    assert report.accelerator == "mps"
    assert "Metal" in report.reason


def test_no_gpu_is_no_reason_to_worry(with_torch):
    with_torch(fake_torch())
    report = device.report()
    assert report.accelerator == "cpu"
    assert "every unit runs on the CPU" in report.reason


@pytest.mark.parametrize(("built", "says"), [(None, "built without CUDA"), ("12.4", "driver may be too old")])
def test_a_gpu_that_pytorch_cannot_use_is_explained(with_torch, monkeypatch, built, says):
    with_torch(fake_torch(cuda_built=built))
    monkeypatch.setattr(device.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    report = device.report()
    assert report.accelerator == "cpu"
    assert says in report.reason


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "is not installed here"),
        (OSError("libc10.so: cannot open shared object file"), "does not start: libc10.so"),
        (ImportError(""), "does not start: ImportError"),
    ],
)
def test_without_pytorch_the_report_still_comes(monkeypatch, error, says):
    real = builtins.__import__

    def importing(name, *rest, **named):
        if name == "torch":
            raise error
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", importing)
    report = device.report()
    assert report.torch is None
    assert report.accelerator == "cpu"
    assert says in report.reason


def test_the_table_escapes_what_drivers_call_themselves():
    report = device.DeviceReport("3.12", "2.1", None, "Linux", 1, None, (device.GPU("<b>G"),), "cuda", "Because.")
    assert "&lt;b&gt;G" in report._repr_html_()
    assert "1 core" in str(report)
    assert "cores" not in str(report)
