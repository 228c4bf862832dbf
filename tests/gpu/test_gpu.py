"""The GPU suite: on a GPU the course's training gives what it gives on a CPU, in every way of making it faster.

Every test is one of a device. On the CPU it runs in the ordinary suite, so that its code is tried everywhere; on a GPU
it has the mark `gpu`: `./course test --gpu`. What is right is the same computation in float64 on the CPU.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import training_recipe
import training_speed
from helpers.course import solutions
from torch import Tensor, nn
from training_speed import LADDER, Knobs, NotHereError, Task, measure, training_loop

from course_lib.ddp_train import network
from course_lib.device import report
from course_lib.fit import image_tensors

CPU = torch.device("cpu")
# Of float32's 24 bits sums leave about 20; TensorFloat-32 and bfloat16 have only 11 and 8 to begin with.
ROUNDING = 2e-5


@pytest.fixture(params=["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> torch.device:
    """The CPU, and then the GPU of this machine."""
    return CPU if request.param == "cpu" else gpu()


def gpu(cuda: bool = False) -> torch.device:
    """This machine's GPU; without one, the test is skipped and says why. cuda: only NVIDIA's will do."""
    found = report()
    if found.accelerator == "cpu":
        pytest.skip(found.reason)
    if cuda and found.accelerator != "cuda":
        pytest.skip("This takes an NVIDIA GPU.")
    return torch.device(found.accelerator)


@pytest.fixture(autouse=True)
def exact() -> Iterator[None]:
    """Float32 is float32: a GPU may else round the factors of every product to TensorFloat-32. And compile anew.

    These are PyTorch 2.9's switches; whoever reads one of the older `allow_tf32` meanwhile gets a RuntimeError.
    """
    torch.compiler.reset()
    switches: list[Any] = [torch.backends.cuda.matmul, torch.backends.cudnn.conv]
    before = [switch.fp32_precision for switch in switches]
    for switch in switches:
        switch.fp32_precision = "ieee"
    yield
    for switch, value in zip(switches, before, strict=True):
        switch.fp32_precision = value


@pytest.fixture(scope="module")
def images() -> tuple[Tensor, Tensor]:
    """512 training images and their labels, on the CPU."""
    X, y, _, _ = image_tensors()
    return X[:512], y[:512]


def backend(device: torch.device) -> str:
    """What torch.compile compiles with: on a CPU, all but the C++ compiler, which would take a minute."""
    return "aot_eager" if device.type == "cpu" else "inductor"


def net(device: torch.device, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The same network on every device, to the last bit of float32."""
    torch.manual_seed(0)
    return network().to(device, dtype)


def far(value: Tensor, right: Tensor) -> float:
    """How far a tensor is from the right one, relative to that one's length."""
    value, right = value.detach().cpu().double(), right.detach().cpu().double()
    return float((value - right).norm() / right.norm())


def differences(model: nn.Module, right: nn.Module, of: Callable[[Tensor], Any] = lambda p: p) -> dict[str, float]:
    """`far` for every parameter, or for what `of` takes from it."""
    pairs = zip(model.named_parameters(), right.parameters(), strict=True)
    return {name: far(of(mine), of(theirs)) for (name, mine), theirs in pairs}


def backward(model: nn.Module, X: Tensor, y: Tensor, call: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """The logits, and every parameter's gradient of the mean cross-entropy; images in the model's dtype and place."""
    like = next(model.parameters())
    logits = (call or model)(X.to(like.device, like.dtype))
    nn.functional.cross_entropy(logits, y.to(like.device)).backward()
    return logits


def gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def descend(model: nn.Module, optimizer: Any, images: tuple[Tensor, Tensor], steps: range) -> None:
    """Training steps on batches of 64, always the same ones."""
    X, y = images
    for i in steps:
        rows = slice(64 * (i % 8), 64 * (i % 8) + 64)
        optimizer.zero_grad()
        backward(model, X[rows], y[rows])
        optimizer.step()


# ---- Parity ----------------------------------------------------------------------------------------------------------


def test_logits_and_gradients_are_right(device: torch.device, images: tuple[Tensor, Tensor]) -> None:
    X, y = images[0][:128], images[1][:128]
    model, right = net(device), net(CPU, torch.float64)
    assert far(backward(model, X, y), backward(right, X, y)) < ROUNDING
    assert max(differences(model, right, gradient).values()) < ROUNDING


@pytest.mark.parametrize("bits", [8, 11])
def test_fewer_bits_would_be_noticed(bits: int, images: tuple[Tensor, Tensor]) -> None:
    """The test above can fail: with weights and images of so many bits, as tensor cores take them."""
    X, y = images[0][:128], images[1][:128]
    model, right = net(CPU), net(CPU, torch.float64)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(rounded(parameter, bits))
    assert far(backward(model, rounded(X, bits), y), backward(right, X, y)) > 5 * ROUNDING
    assert max(differences(model, right, gradient).values()) > 5 * ROUNDING


def rounded(values: Tensor, bits: int) -> Tensor:
    """The nearest numbers with so many binary digits."""
    mantissa, exponent = torch.frexp(values)
    return torch.ldexp(torch.round(mantissa * 2**bits) / 2**bits, exponent)


def test_twenty_steps_end_in_the_same_place(device: torch.device, images: tuple[Tensor, Tensor]) -> None:
    start, model, right = net(CPU), net(device), net(CPU, torch.float64)
    for each in (model, right):
        descend(each, torch.optim.SGD(each.parameters(), lr=0.05, momentum=0.9), images, range(20))
    assert max(differences(model, right).values()) < 5 * ROUNDING
    assert min(differences(start, right).values()) > 100 * ROUNDING  # it went somewhere


# ---- The course's optimizers, and resuming ---------------------------------------------------------------------------

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "TorchSGD": {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
    "TorchAdam": {"lr": 0.001, "eps": 1e-4},
    "TorchAdamW": {"lr": 0.001, "eps": 1e-4, "weight_decay": 0.01},
}


def optimizers_of(source: str) -> dict[str, Any]:
    """Unit 09's optimizers: as its solution writes them, or as the stand-ins for it."""
    if source == "solution":
        return solutions("09_to_pytorch")
    from course_lib.stand_ins import u09_to_pytorch

    return vars(u09_to_pytorch)


@pytest.mark.parametrize("source", ["solution", "stand-in"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_steps_as_torch_does_in_float64(
    device: torch.device, name: str, source: str, images: tuple[Tensor, Tensor]
) -> None:
    model, right = net(device), net(CPU, torch.float64)
    optimizer = optimizers_of(source)[name](model.parameters(), **OPTIMIZERS[name])
    oracle = getattr(torch.optim, name.removeprefix("Torch"))(right.parameters(), **OPTIMIZERS[name])
    descend(model, optimizer, images, range(5))
    descend(right, oracle, images, range(5))
    assert max(differences(model, right).values()) < 5 * ROUNDING
    assert everything_is_on(device, optimizer)


@pytest.mark.parametrize("source", ["solution", "stand-in"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_begun_on_the_cpu_goes_on_here(
    device: torch.device, name: str, source: str, images: tuple[Tensor, Tensor]
) -> None:
    make = optimizers_of(source)[name]
    whole, first = net(CPU), net(CPU)
    descend(whole, make(whole.parameters(), **OPTIMIZERS[name]), images, range(6))
    begun = make(first.parameters(), **OPTIMIZERS[name])
    descend(first, begun, images, range(3))
    saved = copy.deepcopy((first.state_dict(), begun.state_dict()))

    second = network().to(device)
    second.load_state_dict(saved[0])
    resumed = make(second.parameters(), **OPTIMIZERS[name])
    resumed.load_state_dict(saved[1])
    assert everything_is_on(device, resumed)
    descend(second, resumed, images, range(3, 6))
    assert max(differences(second, whole).values()) < 5 * ROUNDING

    forgetful = make(first.parameters(), **OPTIMIZERS[name])  # the state matters, else this proves nothing
    descend(first, forgetful, images, range(3, 6))
    assert max(differences(first, whole).values()) > 50 * ROUNDING


def everything_is_on(device: torch.device, optimizer: Any) -> bool:
    """Whether an optimizer keeps something, and all of it where the parameters are; steps are counted anywhere."""
    tensors = [
        value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value) and value.ndim
    ]
    return bool(tensors) and all(tensor.device.type == device.type for tensor in tensors)


# ---- Faster ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("low", ["here", torch.float16])
def test_half_the_bits_learn_as_float32_does(
    device: torch.device, low: Any, images: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In what a device computes, and in float16 with its scaler, as on a card that only emulates bfloat16."""
    if low != "here":
        monkeypatch.setattr(training_speed, "low_precision", lambda device: low)
    assert training_speed.scaler_for(device).is_enabled() == (training_speed.low_precision(device) is torch.float16)
    slow = low is torch.float16 and device.type == "cpu"  # a processor takes seconds for such a convolution
    # So there are few images, on which the updates that the scaler leaves out at the start still show at the end.
    batch_size, rounds, share, near = (8, 60, 0.8, 0.4) if slow else (64, 50, 0.5, 0.1)
    task = Task(*images, device, batch_size=batch_size)
    float32, half = (training_loop(Knobs(on_device=True, half=on), task) for on in (False, True))
    first = float32(2), half(2)
    assert first[1] == pytest.approx(first[0], rel=0.01)
    assert first[1] != first[0]  # it was another arithmetic
    float32(rounds), half(rounds)
    last = float32(8), half(8)
    assert last[1] < share * first[1]
    assert last[1] == pytest.approx(last[0], rel=near)


def test_gradients_of_half_the_bits_are_finite_and_float32(device: torch.device, images: tuple[Tensor, Tensor]) -> None:
    X, y = images[0][:128], images[1][:128]
    model, right = net(device), net(CPU, torch.float64)
    low = training_speed.low_precision(device)
    with torch.autocast(device.type, low):
        logits = model(X.to(device))
    assert logits.dtype == low
    nn.functional.cross_entropy(logits.float(), y.to(device)).backward()
    backward(right, X, y)
    for parameter in model.parameters():
        assert gradient(parameter).dtype == torch.float32
        assert torch.isfinite(gradient(parameter)).all()
    # A few in a hundred: where two values round to one, ReLU and pooling let another pixel through.
    assert max(differences(model, right, gradient).values()) < 0.15


def test_a_compiled_network_equals_the_eager_one(device: torch.device, images: tuple[Tensor, Tensor]) -> None:
    X, y = images[0][:128], images[1][:128]
    eager, model = net(device), net(device)
    from torch._dynamo.testing import CompileCounterWithBackend  # seconds, in each process that only collects

    counter = CompileCounterWithBackend(backend(device))
    compiled = torch.compile(model, backend=counter)
    assert far(backward(model, X, y, compiled), backward(eager, X, y)) < ROUNDING
    assert max(differences(model, eager, gradient).values()) < ROUNDING
    assert counter.frame_count == 1  # all of it in one graph


@pytest.mark.parametrize("name", [name for name in LADDER if name != "CUDA graphs"])
def test_every_loop_of_the_ladder_trains_the_same(
    device: torch.device, name: str, images: tuple[Tensor, Tensor]
) -> None:
    task = Task(*images, device, batch_size=64, backend=backend(device))
    naive = training_loop(LADDER["naive loop"], task)
    loop = training_loop(LADDER[name], task)
    tolerance = 0.02 if LADDER[name].half else 1e-4
    for steps in (1, 6, 6):  # through the end of an epoch
        assert loop(steps) == pytest.approx(naive(steps), rel=tolerance)


def test_the_throughput_table(
    device: torch.device, images: tuple[Tensor, Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    """On a GPU, this prints the table; nothing is asserted of its times, but that they were taken."""
    from gpu_training import ladder_table, machine

    on_gpu = device.type == "cuda"
    task = Task(*images, device, batch_size=64, backend=backend(device))
    rates = measure(task, LADDER, steps=20 if on_gpu else 2, rounds=3 if on_gpu else 1)
    table = ladder_table(rates, task.batch_size)
    assert list(rates) == list(LADDER)
    graphs = on_gpu and training_speed.low_precision(device) is torch.bfloat16
    assert [name for name, rate in rates.items() if rate.left_out] == ([] if graphs else ["CUDA graphs"])
    for name, rate in rates.items():
        assert name in table
        assert rate.left_out or (rate.images_per_second > 0 and (rate.peak is not None) == on_gpu)
        # The images alone are 1.5 MiB, a batch of activations more.
        assert rate.peak is None or 1 < rate.peak < 4096
    assert "1.00 times" in table
    with capsys.disabled():
        if device.type != "cpu":
            print(f"\n{machine(device)}\n{table}")


def test_the_recipe_learns(device: torch.device) -> None:
    X, y, X_test, y_test = image_tensors()
    recipe = training_recipe.Recipe(epochs=3, batch_size=64, width=8, lr=0.2)
    outcome = training_recipe.train(recipe, (X[:1024], y[:1024]), (X_test[:500], y_test[:500]), device, seed=0)
    assert outcome.accuracy > 0.45
    assert outcome.seconds > 0


# ---- CUDA graphs -----------------------------------------------------------------------------------------------------


@pytest.mark.gpu
def test_a_recorded_step_trains_the_same(images: tuple[Tensor, Tensor]) -> None:
    task = Task(*images, gpu(cuda=True), batch_size=64)
    ways = [(Knobs(on_device=True, graph=True), 1e-4)]
    if training_speed.low_precision(task.device) is torch.bfloat16:
        ways.append((LADDER["CUDA graphs"], 0.02))
    for knobs, tolerance in ways:
        naive, loop = training_loop(LADDER["naive loop"], task), training_loop(knobs, task)
        for steps in (1, 6, 6):
            assert loop(steps) == pytest.approx(naive(steps), rel=tolerance)


def test_what_surrounds_a_recorded_step_trains_the_same(
    images: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without CUDA: a graph that does the recorded step again stands in for one that replays its kernels."""
    seen: list[tuple[Tensor, Tensor]] = []
    task = Task(*images, CPU, batch_size=64)
    naive = training_loop(LADDER["naive loop"], task)
    model = net(CPU)
    optimizer = torch.optim.SGD(model.parameters(), lr=training_speed.LR, momentum=training_speed.MOMENTUM)
    step = training_speed.training_step(model, optimizer, Knobs(on_device=True, graph=True), task)
    replaying: dict[str, Any] = {}

    def spied(X: Tensor, y: Tensor) -> Tensor:
        seen.append((X, y))
        loss = step(X, y)
        replaying.update(X=X, y=y, loss=loss)
        return loss

    class Graph:
        def replay(self) -> None:
            replaying["loss"].copy_(step(replaying["X"], replaying["y"]))

    @contextmanager
    def nothing(*_: object) -> Iterator[None]:
        yield

    class Stream:
        def wait_stream(self, other: object) -> None: ...

    for name, value in (("Stream", Stream), ("current_stream", Stream), ("stream", nothing), ("graph", nothing)):
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    some = images[0][-64:], images[1][-64:]
    replay = training_speed.recorded(spied, model, optimizer, *some, channels_last=True)
    assert len(seen) == training_speed.WARM_UP + 1
    batches = training_speed.batches_on_device(task)
    for _ in range(12):
        assert replay(*next(batches)).item() == pytest.approx(naive(1), rel=1e-4)


def test_a_device_without_a_knob_says_so(images: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(NotHereError, match="NVIDIA"):
        training_loop(LADDER["CUDA graphs"], Task(*images, CPU))
