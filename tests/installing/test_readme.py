"""The README of the tests names each file with what it is for, as the file itself says it."""

import pytest
from helpers import table

pytestmark = pytest.mark.fast


def test_the_table_is_of_the_files_as_they_are():
    text = table.README.read_text(encoding="utf-8")
    assert table.with_table(text) == text, "python tests/helpers/table.py writes it anew"
