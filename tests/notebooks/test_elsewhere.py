"""Every unit with PyTorch, run where a GPU seems to be: no cell mixes devices, none hands NumPy a tensor that is elsewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
import torch
from helpers import elsewhere
from helpers.course import ROOT, UNITS, lay_beside, source_notebook
from helpers.kept import read_by
from nbclient import NotebookClient

TORCH_UNITS = [unit for unit in UNITS if unit >= "09"]
BELIEVE = f"""import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from helpers import elsewhere
elsewhere.install()
sys.path.pop(0)"""


@pytest.mark.timeout(900)  # each operation goes through Python here, which takes a unit several times as long
@pytest.mark.parametrize("unit", TORCH_UNITS)
def test_no_cell_mixes_devices(unit, tmp_path, monkeypatch, kept):
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("COURSE_GRADING", raising=False)
    source = source_notebook(unit)
    decides = [Path(__file__), Path(elsewhere.__file__), nbformat.writes(source), *read_by(unit)]
    with kept.made(f"elsewhere {unit}", decides, lambda: failures(source, lay_beside(unit, tmp_path))) as failed:
        assert failed == []


def failures(notebook, folder):
    """What fails where a GPU seems to be: the cell's beginning, the error's name and its words."""
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("check")]  # they judge on the CPU
    notebook.cells.insert(0, nbformat.v4.new_code_cell(BELIEVE))
    NotebookClient(notebook, timeout=600, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    return [
        [cell.source[:300], output.ename, output.evalue]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


@pytest.mark.fast
@pytest.mark.parametrize(
    ("loop", "rounds"),
    [
        ("for _ in range(9): seen.append(0)", 3),
        ("for i in range(9): seen.append(i)", 9),
        ("for _ in range(2): seen.append(0)", 2),
        ("for i in order.split(2): seen.append(loss.backward())", 3),
        ("for i in order.split(2): seen.append(0)", 9),
        ("for i in range(9): seen.extend([loss.backward()])", 3),
        ("for i in range(9): seen.extend([loss.backward() if i % 5 == 0 else i % 2])", 5),
        ("for i in range(9): seen.extend([loss.backward() if i > 5 else 0])", 9),
        ("for i in range(9): seen.extend([loss.backward() if i % 5 == 0 else i])", 9),
        ("for i in range(9): seen.append(loss.backward())", 9),
        ("while len(seen) < 9: seen.append(loss.backward())", 3),
        ("while len(seen) < 2: seen.append(loss.backward())", 2),
        ("while len(seen) < 9: seen.append(0)", 9),
    ],
)
def test_only_what_repeats_itself_ends_early(loop, rounds):
    class Stand:
        split, backward = staticmethod(lambda size: range(9)), staticmethod(lambda: 0)

    names = {"seen": [], "order": Stand, "loss": Stand}
    exec(compile(elsewhere.Fewer().visit(ast.parse(loop)), "<loop>", "exec"), names)
    assert len(names["seen"]) == rounds


@pytest.mark.fast
def test_a_large_product_is_not_computed_and_is_looked_at_all_the_same(there):
    large = torch.ones(2048, 2048)
    away = large.to(there)
    assert (away @ away).device == away.device and float((away @ away)[0, 0]) == 0
    assert float((large[:4] @ large[:, :4])[0, 0]) == 2048
    with pytest.raises(RuntimeError, match="same device"):
        away @ large


@pytest.fixture
def there(monkeypatch):
    """The device, for tests in this process: its modes are left again."""
    with elsewhere.Apart(), elsewhere.Pretend():
        yield torch.device(elsewhere.NAME)


@pytest.mark.fast
def test_what_a_gpu_refuses_is_refused(there):
    here, away = torch.ones(3, 2), torch.ones(3, 2).to(there)
    layer = torch.nn.Linear(2, 2).to(there)
    assert layer(away).device == away.device != here.device
    for refused in (
        lambda: layer(here),
        lambda: away + here,
        lambda: here[torch.arange(2, device=there)],
        lambda: torch.where(here > 0, away, away),
    ):
        with pytest.raises(RuntimeError, match="same device"):
            refused()
    with pytest.raises(TypeError, match="numpy"):
        away.numpy()
    with pytest.raises(TypeError, match="float64"):
        here.double().to(there)


@pytest.mark.fast
def test_what_a_gpu_allows_is_allowed(there):
    away = torch.ones(3, 2, device=there, requires_grad=True)
    optimizer = torch.optim.AdamW([away])
    (away * torch.tensor(2.0)).sum().backward()
    optimizer.step()
    assert away.grad.device == away.device
    assert float(away[torch.tensor([0, 2])].detach().cpu().numpy().sum()) < 4
    here = torch.ones(2, requires_grad=True)
    here.to(there).sum().backward()
    assert here.grad.device.type == "cpu"


@pytest.mark.fast
def test_another_type_of_number_stays_where_it_was(there):
    away = torch.ones(3, device=there)
    assert away.long().device == away.to(torch.int64).device == away.device
    assert torch.as_tensor(away.cpu(), dtype=torch.int64).device.type == "cpu"


@pytest.mark.fast
def test_an_experiment_that_mixes_devices_is_heard(there, monkeypatch):
    from course_lib.check import _Waiting, waits_for

    monkeypatch.setattr(_Waiting, "__exit__", _Waiting.__exit__)  # put back afterwards
    elsewhere.hear()
    with waits_for("nobodys_answer"):
        raise ValueError("an answer is not there yet")
    with pytest.raises(RuntimeError, match="same device"), waits_for("nobodys_answer"):
        torch.ones(2) + torch.ones(2, device=there)
