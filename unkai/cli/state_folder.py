"""The state folder: ours by a mark in it, so that `down` never removes what is somebody else's."""

from __future__ import annotations

import dataclasses
import json
import shutil

from unkai.kit.errors import BadRequest, Failed
from unkai.settings import Settings

MARK = ".unkai"
SETTINGS_FILE = "unkai.toml"
"""A person's own; stays."""


def prepare_state_folder(settings: Settings) -> bool:
    """Make it and mark it; whether it is new. Raises BadRequest where it holds other things."""
    folder = settings.state_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_new = not (folder / MARK).exists()
        if is_new:
            strangers = sorted({path.name for path in folder.iterdir()} - {SETTINGS_FILE})
            if strangers:
                raise BadRequest(
                    f"{folder} is no state folder of Unkai: it holds {', '.join(strangers[:3])}.",
                    code="state-folder-taken",
                    remedy="choose an empty or a new folder with --state-dir",
                )
            _remember(settings)
    except OSError as error:
        raise Failed(
            f"The state folder {folder} cannot be used: {error.strerror}.",
            remedy="choose another with --state-dir",
        ) from error
    return is_new


def _remember(settings: Settings) -> None:
    """The choices of the first `up`: a cloud stays what it was, for `up` again and for `down`."""
    choices = {"fake": settings.fake, "port": settings.port}
    new = settings.state_dir / f"{MARK}.new"
    new.write_text(json.dumps(choices) + "\n")
    new.replace(settings.state_dir / MARK)


def as_made(settings: Settings) -> Settings:
    """The settings with the choices this folder's cloud was made with, if there is one."""
    try:
        choices = json.loads((settings.state_dir / MARK).read_text())
    except FileNotFoundError:
        return settings
    return dataclasses.replace(settings, fake=choices["fake"], port=choices["port"])


def is_ours(settings: Settings) -> bool:
    return (settings.state_dir / MARK).exists()


def remove_state_folder(settings: Settings) -> None:
    """Remove everything in it but a person's settings file."""
    for path in settings.state_dir.iterdir():
        if path.name == SETTINGS_FILE:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not any(settings.state_dir.iterdir()):
        settings.state_dir.rmdir()
