"""The packages of the review set are held against archives: wheels and tarballs, whole or tampered with."""

import dataclasses
import io
import tarfile
import zipfile

import pytest

from kimicode.benchmarks.review_archives import differences, main
from kimicode.benchmarks.review_set import digest_of, load_packages

(COOKIE,) = (package for package in load_packages() if package.name == "cookie")


def archived(folder, kind, texts):
    """A package like `cookie` whose archive, made here, holds these texts."""
    archive = folder / f"cookie.{kind}"
    if kind == "whl":
        with zipfile.ZipFile(archive, "w") as wheel:
            for member, text in texts.items():
                wheel.writestr(member, text)
    else:
        with tarfile.open(archive, "w:gz") as tar:
            for member, text in texts.items():
                entry = tarfile.TarInfo(member)
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))
    files = {name: (archive.name, member, digest) for name, (_, member, digest) in COOKIE.files.items()}
    return dataclasses.replace(COOKIE, archives={archive.name: digest_of(archive)}, files=files)


def published(tmp_path):
    (tmp_path / "tree").mkdir()
    COOKIE.unpack(tmp_path / "tree")
    return {member: (tmp_path / "tree" / name).read_bytes() for name, (_, member, _) in COOKIE.files.items()}


@pytest.mark.parametrize("kind", ["whl", "tgz"])
def test_files_that_stand_in_their_archive_are_as_published(tmp_path, kind):
    assert differences(archived(tmp_path, kind, published(tmp_path)), tmp_path) == []


@pytest.mark.parametrize("kind", ["whl", "tgz"])
def test_a_file_that_the_archive_has_otherwise_or_not_at_all_is_told(tmp_path, kind):
    texts = published(tmp_path)
    texts["package/index.js"] += b"// more\n"
    del texts["package/package.json"]
    package = archived(tmp_path, kind, texts)
    assert sorted(differences(package, tmp_path)) == [
        "index.js differs from package/index.js",
        "package.json differs from package/package.json",
    ]


def test_another_archive_of_the_same_name_is_not_looked_into(tmp_path):
    (tmp_path / "cookie-0.7.2.tgz").write_bytes(b"something else")
    assert differences(COOKIE, tmp_path) == ["cookie-0.7.2.tgz is another archive"]


def test_the_command_says_which_archives_are_missing(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "cookie 0.7.2: cookie-0.7.2.tgz is not here" in capsys.readouterr().out
