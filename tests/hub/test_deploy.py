"""What deploy/ holds: values that Zero to JupyterHub's chart knows, one course id, and numbers that stay a user's."""

from __future__ import annotations

import runpy
import subprocess
import threading

import pytest
import yaml
from helpers import needs
from helpers.course import ROOT
from traitlets.config import Config

from grader.config import COURSE_ID, nbgrader_config

pytestmark = pytest.mark.fast

DEPLOY = ROOT / "deploy"
# Those keys of the chart's values.schema.yaml that deploy/z2jh/values.yaml uses, with the types it gives them. The
# chart knows more of them, and refuses all others; helm looks at that, too, before it installs anything.
CHART = {
    "hub": {
        "config": dict,
        "extraFiles": {"users": {"mountPath": str}, "teaching": {"mountPath": str}},
        "extraVolumes": list,
        "extraVolumeMounts": list,
        "extraConfig": dict,
    },
    "singleuser": {
        "image": {"name": str, "tag": str},
        "defaultUrl": str,
        "fsGid": int,
        "memory": {"guarantee": (int, float, str), "limit": (int, float, str)},
        "cpu": {"guarantee": (int, float), "limit": (int, float)},
        "storage": {"capacity": str, "extraVolumes": list, "extraVolumeMounts": list},
    },
    "cull": {"enabled": bool, "timeout": int},
}


def strangers(values: dict, known: dict, where: str = "") -> list[str]:
    """What the chart would refuse: keys that it does not know there, and values of another type."""
    found = []
    for key, value in values.items():
        place, rule = f"{where}{key}", known.get(key)
        if rule is None:
            found.append(f"{place}: no such key")
        elif isinstance(rule, dict):
            found += strangers(value, rule, f"{place}.") if isinstance(value, dict) else [f"{place}: no mapping"]
        elif not isinstance(value, rule):
            found.append(f"{place}: a {type(value).__name__}")
    return found


def values() -> dict:
    return yaml.safe_load((DEPLOY / "z2jh" / "values.yaml").read_text(encoding="utf-8"))


def test_the_chart_knows_every_key():
    assert strangers(values(), CHART) == []
    assert strangers(values() | {"singeluser": {}}, CHART) == ["singeluser: no such key"]
    assert strangers({"cull": {"timeout": "1h"}}, CHART) == ["cull.timeout: a str"]


def test_every_mount_has_its_volume():
    for part, place in (("hub", values()["hub"]), ("singleuser", values()["singleuser"]["storage"])):
        volumes = {volume["name"] for volume in place["extraVolumes"]}
        assert {mount["name"] for mount in place["extraVolumeMounts"]} <= volumes, part


def test_the_hubs_python_runs(tmp_path, monkeypatch):
    """The code in values.yaml gives a spawner its number; for the course's account it opens namespaces."""
    users = runpy.run_path(str(DEPLOY / "z2jh" / "users.py"))

    class Spawner:
        def __init__(self, name):
            self.user = type("User", (), {"name": name})
            self.environment = {}

    c = Config()
    code = values()["hub"]["extraConfig"]["users"].replace("from users import number_of", "")
    exec(code, {"c": c, "number_of": lambda name: users["number_of"](name, tmp_path / "passwd")})
    ada, course = Spawner("ada"), Spawner("optimization")
    for spawner in (ada, course):
        c.KubeSpawner.pre_spawn_hook(spawner)
    assert (ada.uid, course.uid) == (20_000, 20_001)
    assert hasattr(course, "extra_container_config")
    assert not hasattr(ada, "extra_container_config")


def test_a_number_is_one_users_for_good(tmp_path):
    number_of = runpy.run_path(str(DEPLOY / "z2jh" / "users.py"))["number_of"]
    passwd = tmp_path / "users" / "passwd"
    assert [number_of(name, passwd) for name in ("ada", "bob", "ada")] == [20_000, 20_001, 20_000]
    with passwd.open("a", encoding="utf-8") as file:
        file.write("zoe:x:200")  # a full disk cut it off
    assert number_of("eve", passwd) == 20_002
    assert number_of("bob", passwd) == 20_001
    for name in ("", "a:b", "a\nb", "../x", "Ada", "a" * 65, "é"):
        with pytest.raises(ValueError, match="cannot be a user's name"):
            number_of(name, passwd)


def test_spawners_side_by_side_give_different_numbers(tmp_path):
    number_of = runpy.run_path(str(DEPLOY / "z2jh" / "users.py"))["number_of"]
    found = []
    threads = [
        threading.Thread(target=lambda name=name: found.append(number_of(name, tmp_path / "passwd")))
        for name in (f"u{i}" for i in range(16))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(20_000, 20_016))


def test_learners_and_teachers_have_one_course_id():
    told = (DEPLOY / "hub" / "nbgrader_config.py").read_text(encoding="utf-8")
    assert f'course_id = "{COURSE_ID}"' in told
    assert nbgrader_config().CourseDirectory.course_id == COURSE_ID
    assert f'"$exchange/{COURSE_ID}"' in (DEPLOY / "tljh" / "install.sh").read_text(encoding="utf-8")


def test_the_script_is_a_script():
    subprocess.run([needs.program("bash"), "-n", DEPLOY / "tljh" / "install.sh"], check=True)
