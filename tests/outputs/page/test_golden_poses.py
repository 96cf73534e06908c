"""The poses that the page's own kinematics is held to are still what Python says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.helpers.poses import FILE, golden


def test_the_pages_golden_poses_are_pythons() -> None:
    if not FILE.is_file():
        pytest.skip("web/ is not here: tests run against an installed package")
    written, now = json.loads(FILE.read_text()), golden()
    assert set(written) == set(now)
    for name in ("skeleton", "keyboard", "motion"):
        assert set(written[name]) == set(now[name])
        for key, value in now[name].items():
            np.testing.assert_allclose(written[name][key], value, atol=1e-6, err_msg=key)
    np.testing.assert_allclose(written["channels"], now["channels"], atol=1)
    np.testing.assert_allclose(written["landmarks_m"], now["landmarks_m"], atol=1e-4)
