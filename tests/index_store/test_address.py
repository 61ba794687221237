"""Addresses of collections, as people write them."""

from pathlib import Path

import pytest

from index_store.address import MilvusAddress, parse_address
from index_store.errors import CollectionError


def test_folders_stay_folders() -> None:
    assert parse_address("some/milvus") == Path("some/milvus")
    assert parse_address("C:/pictures") == Path("C:/pictures")


def test_servers_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = parse_address("milvus://example.org:9/pictures")
    assert isinstance(server, MilvusAddress) and server.uri == "http://example.org:9" and server.name == "pictures"
    assert str(server) == "milvus://example.org:9/pictures"
    assert str(parse_address("milvus://localhost/a_b")) == "milvus://localhost:19530/a_b"
    assert str(parse_address("milvus+tls://[::1]:443/x")) == "milvus+tls://[::1]:443/x"
    monkeypatch.chdir(tmp_path)
    file = parse_address("milvus:./my.db")
    assert isinstance(file, MilvusAddress) and file.file == tmp_path / "my.db" and file.name == "my"
    assert parse_address(str(file)) == file


@pytest.mark.parametrize(
    "text", ["milvus:./my", "milvus://", "milvus://host", "milvus://host:x/a", "milvus:///a.db", "milvus://h/a-b"]
)
def test_what_is_no_address_is_told_with_examples(text: str) -> None:
    with pytest.raises(CollectionError, match="write one like milvus://localhost:19530/pictures"):
        parse_address(text)


def test_passwords_are_not_part_of_an_address() -> None:
    with pytest.raises(CollectionError, match="MILVUS_TOKEN") as caught:
        parse_address("milvus://me:secret@host/name")
    assert "secret" not in str(caught.value)
