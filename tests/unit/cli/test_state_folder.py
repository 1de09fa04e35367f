"""`down` removes what `up` made, and only that."""

from pathlib import Path

import pytest

from unkai.cli.state_folder import as_made, is_ours, prepare_state_folder, remove_state_folder
from unkai.kit.errors import BadRequest
from unkai.settings import load_settings


def test_a_new_folder_is_made_marked_and_removed(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "a" / "cloud", environ={})

    prepare_state_folder(settings)
    prepare_state_folder(settings)
    (settings.state_dir / "images").mkdir()
    (settings.state_dir / "images" / "one").touch()
    assert is_ours(settings)
    remove_state_folder(settings)

    assert not settings.state_dir.exists()


def test_a_cloud_stays_what_it_was_made(tmp_path: Path) -> None:
    made = load_settings(tmp_path / "cloud", port=9000, fake=True, environ={})
    asked_later = load_settings(tmp_path / "cloud", environ={})

    assert as_made(asked_later) == asked_later
    prepare_state_folder(made)

    assert as_made(asked_later) == made


def test_a_settings_file_may_be_there_and_stays(tmp_path: Path) -> None:
    (tmp_path / "unkai.toml").write_text("port = 9000\n")
    settings = load_settings(tmp_path, environ={})

    prepare_state_folder(settings)
    remove_state_folder(settings)

    assert [path.name for path in tmp_path.iterdir()] == ["unkai.toml"]


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    settings = load_settings(tmp_path, environ={})

    with pytest.raises(BadRequest, match="it holds photos"):
        prepare_state_folder(settings)

    assert not is_ours(settings)
