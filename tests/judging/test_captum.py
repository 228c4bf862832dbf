"""The oracles of unit 14 against Captum: two independent answers to "which pixels matter?" have to agree.

The oracles differentiate in NumPy by the complex step and know nothing of autograd; Captum works with autograd's hooks.
A grader needs no Captum, so only this test has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, NoiseTunnel, Occlusion, Saliency

from course_lib.judging.drivers.attribution import small_network
from grader.exercises.u14_seeing_inside import networks
from grader.exercises.u14_seeing_inside.grad_cam import flat_network, grad_cam_oracle, pooled_network
from grader.exercises.u14_seeing_inside.integrated_gradients import integrated_oracle
from grader.exercises.u14_seeing_inside.occlusion import occlusion_oracle
from grader.exercises.u14_seeing_inside.saliency import saliency_oracle
from grader.exercises.u14_seeing_inside.smoothgrad import smoothgrad_oracle

pytestmark = pytest.mark.fast

BUILDERS: dict[str, Callable[..., networks.Layers]] = {
    "linear": networks.linear_network,
    "quadratic": networks.quadratic_network,
    "smooth": networks.smooth_network,
    "relu": networks.relu_network,
}
SHAPES = [(3, 1, 4, 6), (2, 2, 6, 4)]
several = pytest.mark.parametrize("kind", BUILDERS)
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def drawn(build: Callable[..., networks.Layers], shape: tuple[int, ...]) -> tuple[networks.Layers, Any, Any, Any, Any]:
    """A network, images and classes to be asked about, as arrays and as tensors."""
    rng = np.random.default_rng(5)
    layers, images = build(rng, shape[1:], 4), rng.normal(size=shape)
    labels = rng.integers(0, 4, size=len(images))
    return layers, images, labels, torch.from_numpy(images), torch.from_numpy(labels)


def agree(ours: Any, theirs: torch.Tensor, tolerance: float = 1e-10) -> None:
    assert np.abs(ours).max() > 1e-3, "a map of zeros agrees with anything that is wrong in the same way"
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)


SINGLE = 2e-6
"""Where Captum computes in float32: the step sizes of integrated gradients, the drops of occlusion."""


@several
@shapes
@pytest.mark.parametrize("absolute", [True, False])
def test_saliency(kind, shape, absolute):
    layers, images, labels, x, target = drawn(BUILDERS[kind], shape)
    theirs = Saliency(small_network(layers)).attribute(x.clone().requires_grad_(), target=target, abs=absolute)
    agree(saliency_oracle(layers, images, labels, absolute, "maps")[0], theirs)


@several
@shapes
def test_smoothgrad(kind, shape, monkeypatch):
    layers, images, labels, x, target = drawn(BUILDERS[kind], shape)
    tunnel = NoiseTunnel(Saliency(small_network(layers)))
    generator = torch.Generator().manual_seed(11)

    def noise(mean: float, std: torch.Tensor) -> torch.Tensor:  # Captum's would be float32
        return mean + std * torch.randn(std.shape, generator=generator, dtype=torch.float64)

    monkeypatch.setattr(torch, "normal", noise)
    theirs = tunnel.attribute(
        x, nt_type="smoothgrad", nt_samples=4, nt_samples_batch_size=1, stdevs=0.25, target=target, abs=False
    )
    agree(smoothgrad_oracle(layers, images, labels, 0.25, 4, 11, "maps")[0], theirs)


@several
@shapes
def test_integrated_gradients(kind, shape):
    layers, images, labels, x, target = drawn(BUILDERS[kind], shape)
    baseline = np.random.default_rng(6).normal(size=(1, *shape[1:]))
    theirs = IntegratedGradients(small_network(layers)).attribute(
        x, baselines=torch.from_numpy(baseline).expand_as(x), target=target, n_steps=7, method="riemann_middle"
    )
    agree(integrated_oracle(layers, images, labels, baseline, 7, "maps")[0], theirs, SINGLE)


@pytest.mark.parametrize(
    ("build", "layer"),
    [
        (flat_network, "conv"),
        (flat_network, "tanh"),
        (pooled_network, "conv"),
        (networks.relu_network, "conv1"),
        (networks.relu_network, "conv2"),
        (networks.smooth_network, "tanh"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
@shapes
def test_grad_cam(build, layer, shape):
    layers, images, labels, x, target = drawn(build, shape)
    model = small_network(layers)
    small = LayerGradCam(model, model.get_submodule(layer)).attribute(x, target=target, relu_attributions=True)
    theirs = LayerAttribution.interpolate(small, shape[2:], interpolate_mode="bilinear")[:, 0]
    agree(grad_cam_oracle(layers, layer, images, labels, "maps")[0], theirs)


@several
@shapes
@pytest.mark.parametrize(("size", "stride", "fill"), [(1, 1, 0.0), (2, 2, 0.5), (3, 2, 0.0), (3, 3, -1.0)])
def test_occlusion(kind, shape, size, stride, fill):
    layers, images, labels, x, target = drawn(BUILDERS[kind], shape)
    windows, strides = (shape[1], size, size), (shape[1], stride, stride)
    theirs = Occlusion(small_network(layers)).attribute(
        x, sliding_window_shapes=windows, strides=strides, baselines=fill, target=target
    )
    agree(occlusion_oracle(layers, images, labels, size, stride, fill, "maps")[0], theirs[:, 0], SINGLE)
