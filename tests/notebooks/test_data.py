"""The embedded images, and how the full set is found, verified and downloaded, with small files in its format."""

import gzip
import hashlib
import http.server
import io
import struct
import threading

import numpy as np
import pytest

from course_lib import data
from course_lib.data import CLASS_NAMES, load_fashion_mnist, parse_idx, stressed, subset, unpack
from course_lib.errors import CourseError
from grader.hidden_images import hidden_images
from tools import embed_data

pytestmark = pytest.mark.fast


def idx(array):
    return b"\x00\x00\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def small(monkeypatch):
    """A Fashion-MNIST of 30 training and 20 test images: name -> IDX bytes; its checksums are the expected ones."""
    rng = np.random.default_rng(0)
    files = {}
    for name, n in (("train", 30), ("t10k", 20)):
        files[f"{name}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8))
        files[f"{name}-labels-idx1-ubyte"] = idx((np.arange(n) % 10).astype(np.uint8))
    monkeypatch.setattr(data, "SHA256", {name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
    return files


def put(files, folder, packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No full set on this machine, and no network."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "no-debian")
    monkeypatch.setattr(data, "_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(data, "MIRRORS", ("http://127.0.0.1:9/",))  # the discard port: refused at once
    return tmp_path / "cache"


# --- What comes with the course --------------------------------------------------------------------------------


def test_the_embedded_images():
    got = load_fashion_mnist()
    assert got.X_train.shape == (10_000, 28, 28)
    assert got.X_test.shape == (2_000, 28, 28)
    assert got.X_train.dtype == got.X_test.dtype == np.float32
    assert got.y_train.dtype == got.y_test.dtype == np.int64
    assert got.X_train.min() == 0.0
    assert got.X_train.max() == 1.0
    assert 0.2 < got.X_train.mean() < 0.35  # clothing is photographed on black
    np.testing.assert_array_equal(np.bincount(got.y_train), np.full(10, 1000))
    np.testing.assert_array_equal(np.bincount(got.y_test), np.full(10, 200))
    assert got.class_names == CLASS_NAMES
    assert (len(CLASS_NAMES), CLASS_NAMES[0], CLASS_NAMES[9]) == (10, "T-shirt/top", "Ankle boot")
    assert "12,000" in got.source
    assert len(repr(got)) < 200  # no array spills into the notebook


def test_the_embedded_images_are_shuffled():
    labels = load_fashion_mnist().y_train
    for start in range(0, 10_000, 500):
        assert len(np.unique(labels[start : start + 500])) == 10


def test_no_embedded_image_is_there_twice_and_the_indices_say_where_each_was():
    with np.load(data.EMBEDDED) as file:
        for part, total in (("train", 60_000), ("test", 10_000)):
            index = file[f"{part}_index"]
            assert len(np.unique(index)) == len(index) == len(file[f"X_{part}"])
            assert 0 <= index.min() <= index.max() < total
            assert file[f"X_{part}"].dtype == file[f"y_{part}"].dtype == np.uint8


def test_no_test_image_is_a_training_image():
    got = load_fashion_mnist(flatten=True)
    seen = {image.tobytes() for image in got.X_train}
    assert not any(image.tobytes() in seen for image in got.X_test)


def test_its_size_and_its_licence():
    assert data.EMBEDDED.stat().st_size < 6e6
    licence = (data.EMBEDDED.parent / "LICENSE-fashion-mnist").read_text(encoding="utf-8")
    assert "MIT License" in licence
    assert "2017 Zalando SE" in licence


def test_flat_and_in_float64():
    got = load_fashion_mnist(flatten=True, dtype=np.float64)
    assert got.X_train.shape == (10_000, 784)
    assert got.X_train.dtype == np.float64
    np.testing.assert_array_equal(got.X_train[0] * 255, np.round(got.X_train[0] * 255))


def test_a_dtype_that_cannot_hold_a_fraction_is_refused():
    with pytest.raises(CourseError, match="floating-point"):
        load_fashion_mnist(dtype=np.uint8)


def test_a_damaged_installation_says_what_to_do(monkeypatch, tmp_path):
    for content in (None, b"not an archive", data.EMBEDDED.read_bytes()[:100_000]):
        path = tmp_path / "images.npz"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setattr(data, "EMBEDDED", path)
        with pytest.raises(CourseError, match="install the course again"):
            load_fashion_mnist()


# --- Subsets ---------------------------------------------------------------------------------------------------


def test_a_subset_is_balanced_shuffled_and_drawn_without_repeats():
    y = np.repeat(np.arange(10), 50)
    X = np.arange(500)[:, None]
    few, labels = subset(X, y, 103, seed=3)
    assert few.shape == (103, 1)
    assert sorted(np.bincount(labels)) == [10] * 7 + [11] * 3
    assert len(np.unique(few)) == 103
    np.testing.assert_array_equal(y[few[:, 0]], labels)  # pairs stay paired
    assert len(np.unique(labels[:30])) > 5
    again, _ = subset(X, y, 103, seed=3)
    other, _ = subset(X, y, 103, seed=4)
    np.testing.assert_array_equal(few, again)
    assert not np.array_equal(few, other)


def test_a_subset_that_cannot_be_had():
    with pytest.raises(CourseError, match="needs 6 examples of class"):
        subset(np.zeros((50, 2)), np.repeat(np.arange(10), 5), 60)
    with pytest.raises(CourseError, match="3 examples in X but 2 labels"):
        subset(np.zeros((3, 2)), np.zeros(2), 1)


# --- The full set ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
def test_the_full_set_from_a_folder(small, tmp_path, packed):
    got = load_fashion_mnist(full=True, folder=put(small, tmp_path / "mine", packed))
    assert got.X_train.shape == (30, 28, 28)
    np.testing.assert_array_equal(got.y_test, np.arange(20) % 10)
    raw = np.frombuffer(small["t10k-images-idx3-ubyte"], np.uint8, offset=16).reshape(20, 28, 28)
    np.testing.assert_allclose(got.X_test * 255, raw, rtol=1e-6)
    assert str(tmp_path / "mine") in got.source


def test_the_places_are_tried_in_order(small, nowhere, tmp_path, monkeypatch):
    for place in (nowhere, data.DEBIAN, tmp_path / "env" / "FashionMNIST" / "raw", tmp_path / "mine"):
        put(small, place)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "env"))
    assert str(tmp_path / "mine") in load_fashion_mnist(full=True, folder=tmp_path / "mine").source
    assert str(tmp_path / "env") in load_fashion_mnist(full=True).source
    monkeypatch.delenv("COURSE_DATA")
    assert str(data.DEBIAN) in load_fashion_mnist(full=True).source
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "no")
    assert str(nowhere) in load_fashion_mnist(full=True).source


def test_a_folder_that_was_named_but_is_not_it_is_said_and_not_passed_over(small, nowhere, tmp_path, monkeypatch):
    put(small, nowhere)
    with pytest.raises(CourseError, match="empty does not hold the four files"):
        load_fashion_mnist(full=True, folder=tmp_path / "empty")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(CourseError, match="elsewhere does not hold"):
        load_fashion_mnist(full=True)


def test_other_images_in_the_same_format_are_not_taken_for_it(small, tmp_path):
    files = dict(small)
    files["t10k-images-idx3-ubyte"] = idx(np.zeros((20, 28, 28), np.uint8))
    with pytest.raises(CourseError, match="t10k-images.*checksum differs"):
        load_fashion_mnist(full=True, folder=put(files, tmp_path / "mine"))


def test_images_and_labels_that_do_not_belong_together(small, tmp_path, monkeypatch):
    files = dict(small)
    files["train-labels-idx1-ubyte"] = idx(np.zeros(29, np.uint8))
    monkeypatch.setattr(data, "SHA256", {name: hashlib.sha256(f).hexdigest() for name, f in files.items()})
    with pytest.raises(CourseError, match="do not belong together"):
        load_fashion_mnist(full=True, folder=put(files, tmp_path / "mine"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it starts with nothing"),
        (b"<html>404</html>", "not an IDX file of bytes: it starts with 3c68746d"),
        (b"\x00\x00\x0d\x01" + struct.pack(">I", 1) + b"abcd", "not an IDX file of bytes"),  # floats
        (b"\x00\x00\x08\x03\x00\x00", "ends within its header"),
        (idx(np.zeros((3, 4), np.uint8))[:-1], "promises 3 x 4 bytes, it holds 11"),
        (idx(np.zeros((3, 4), np.uint8)) + b"!", "promises 3 x 4 bytes, it holds 13"),
        (b"\x00\x00\x08\x02" + struct.pack(">2I", 2**32 - 1, 2**32 - 1) + b"x", "damaged or cut short"),
    ],
)
def test_idx_files_that_are_not_what_they_say(content, says):
    with pytest.raises(CourseError, match=f"some/file.*{says}"):
        parse_idx(content, "some/file")


def test_idx_keeps_shape_and_order():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(parse_idx(idx(array), "some/file"), array)


def test_damaged_gzip_files_are_a_sentence(monkeypatch):
    good = gzip.compress(bytes(5000) + np.random.default_rng(0).bytes(5000))
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    for content in (b"no gzip", good[:-200], bytes(flipped), good[:5]):
        with pytest.raises(CourseError, match="some/file.gz is damaged or cut short"):
            unpack(content, "some/file.gz")
    monkeypatch.setattr(data, "MAX_UNPACKED", 2**20)
    with pytest.raises(CourseError, match="more than 1 MiB"):
        unpack(gzip.compress(bytes(2**20 + 1)), "some/file.gz")


# --- The download, from a server on this machine ---------------------------------------------------------------


@pytest.fixture
def mirror(monkeypatch, nowhere):
    """A mirror that serves `mirror.files` by name, and counts what was asked of it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path.lstrip("/"))
            content = server.files.get(self.path.lstrip("/"))
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.cache = {}, [], nowhere
    monkeypatch.setattr(data, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_download_is_verified_kept_and_not_repeated(small, mirror, capsys):
    mirror.files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in small.items()}
    assert load_fashion_mnist(full=True).X_train.shape == (30, 28, 28)
    assert "Downloading Fashion-MNIST" in capsys.readouterr().err
    assert load_fashion_mnist(full=True).X_test.shape == (20, 28, 28)
    assert sorted(mirror.asked) == sorted(mirror.files)  # each once
    assert sorted(path.name for path in mirror.cache.iterdir()) == sorted(mirror.files)  # and no temporary file


def test_a_second_mirror_helps_where_the_first_fails(small, mirror, monkeypatch):
    mirror.files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in small.items()}
    monkeypatch.setattr(data, "MIRRORS", ("http://127.0.0.1:9/", *data.MIRRORS))
    assert load_fashion_mnist(full=True).X_train.shape == (30, 28, 28)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (gzip.compress(b"something else", mtime=0), "another file"),
        (b"<html>Sign in to this network</html>", "damaged"),
        (None, "Not Found"),
    ],
)
def test_what_is_not_the_file_is_not_kept(small, mirror, sent, says):
    mirror.files = {} if sent is None else {f"{name}.gz": sent for name in small}
    with pytest.raises(CourseError, match=says) as caught:
        load_fashion_mnist(full=True)
    assert "full=False" in str(caught.value)
    assert list(mirror.cache.iterdir()) == []


def test_an_interrupted_download_goes_on_where_it_was(small, mirror):
    names = list(small)
    mirror.files = {f"{name}.gz": gzip.compress(small[name], mtime=0) for name in names[:2]}
    with pytest.raises(CourseError):
        load_fashion_mnist(full=True)
    mirror.files = {f"{name}.gz": gzip.compress(small[name], mtime=0) for name in names}
    mirror.asked.clear()
    load_fashion_mnist(full=True)
    assert mirror.asked == [f"{name}.gz" for name in names[2:]]


def test_offline_the_sentence_names_the_ways_out(nowhere):
    with pytest.raises(CourseError, match="could not be downloaded") as caught:
        load_fashion_mnist(full=True)
    for way in ("full=False", "folder=", "COURSE_DATA", "dataset-fashion-mnist"):
        assert way in str(caught.value)


def test_a_cache_that_cannot_be_written_is_said(small, mirror, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(data, "_cache", lambda: tmp_path / "file" / "cache")
    with pytest.raises(CourseError, match="could not be written"):
        load_fashion_mnist(full=True)


def test_the_graders_images_are_none_of_the_learners():
    images, labels = hidden_images(np.random.default_rng(0), 100)
    assert images.shape == (1000, 28, 28) and images.dtype == np.uint8 and (np.bincount(labels) == 100).all()
    with np.load(data.EMBEDDED, allow_pickle=False) as file:
        embedded = {image.tobytes() for part in ("X_train", "X_test") for image in file[part]}
    assert not embedded & {image.tobytes() for image in images}
    some, names = hidden_images(np.random.default_rng(1), 3)
    assert (np.bincount(names) == 3).all() and not np.array_equal(np.sort(names), names)
    assert {image.tobytes() for image in some} <= {image.tobytes() for image in images}


# --- How the embedded part was made ----------------------------------------------------------------------------


def test_embedding_gives_the_same_bytes_again_balanced_and_true_to_the_original(small, tmp_path, monkeypatch):
    folder = put(small, tmp_path / "mine")
    monkeypatch.setattr(embed_data, "PER_CLASS", {"train": 2, "test": 1})
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    for output in (first, second):
        assert embed_data.main([str(folder), "--output", str(output)]) == 0
    assert first.read_bytes() == second.read_bytes()
    raw = data.load_original(folder)
    with np.load(first, allow_pickle=False) as file:
        for part, count in (("train", 2), ("test", 1)):
            np.testing.assert_array_equal(np.bincount(file[f"y_{part}"]), np.full(10, count))
            index = file[f"{part}_index"]
            assert len(np.unique(index)) == len(index)
            np.testing.assert_array_equal(file[f"X_{part}"], raw[f"X_{part}"][index])
            np.testing.assert_array_equal(file[f"y_{part}"], raw[f"y_{part}"][index])
        embedded = file["test_index"]
    with np.load(io.BytesIO(embed_data.hide(raw, embedded, per_class=1)), allow_pickle=False) as file:
        np.testing.assert_array_equal(np.sort(file["labels"]), np.arange(10))
        found = [np.flatnonzero((raw["X_test"] == image).all(axis=(1, 2))).item() for image in file["images"]]
    assert not set(found) & set(embedded)


def test_another_seed_chooses_other_images(small, tmp_path):
    raw = data.load_original(put(small, tmp_path / "mine"))
    assert embed_data.embed(raw, {"train": 2}, seed=1) != embed_data.embed(raw, {"train": 2}, seed=2)


def test_stressed_images_keep_shape_range_and_order_and_are_the_same_each_time():
    X = np.zeros((40, 28, 28), dtype=np.float32)
    X[:, 10, 12] = np.linspace(0.5, 1, 40)
    worn = stressed(X)
    assert list(worn) == ["moved", "darker", "noisy", "all three"]
    for name, images in worn.items():
        assert images.shape == X.shape and images.dtype == np.float32
        assert images.min() >= 0 and images.max() <= 1
        np.testing.assert_array_equal(images, stressed(X)[name])
    rows, columns = np.array([np.unravel_index(image.argmax(), (28, 28)) for image in worn["moved"]]).T
    assert set(rows - 10) == set(columns - 12) == {-3, 0, 3}
    assert (np.abs(rows - 10) + np.abs(columns - 12) > 0).all()
    np.testing.assert_allclose(worn["moved"].max(axis=(1, 2)), X.max(axis=(1, 2)))
    np.testing.assert_allclose(worn["darker"].sum(), 0.35 * X.sum(), rtol=1e-5)
