"""`--keep`: the workspace in a folder, from one start to the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from bot.playground.errors import CannotStart
from bot.playground.keep import Keep
from bot.playground.servers import Servers
from bot.playground.workspace import ADA, BOT_USER, MINJI, Message
from tests.playground.serving import serving, until


@contextmanager
def keeping(folder: Path) -> Iterator[tuple[Servers, Keep]]:
    """A workspace that is kept in `folder`."""
    keep = Keep(folder)
    with serving() as servers:
        servers.do(lambda: keep.restore(servers.slack))
        yield servers, keep
    keep.close()


def said(servers: Servers) -> list[Message]:
    return list(servers.slack.workspace.messages.values())


def without_addresses(message: Message) -> Message:
    blocks, sent = list(message.blocks), list(message.sent)
    return replace(message, files=[file["id"] for file in message.files], blocks=blocks, sent=sent)


def test_all_that_was_said_and_shared_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "kept"
    with keeping(folder) as (servers, keep):
        slack, before = servers.slack, servers.slack.base_url
        photo = servers.do(lambda: slack.upload("사진.png", b"\x89PNG", thumbnail=b"small", pdf=b"%PDF"))
        root = servers.do(lambda: slack.say(ADA.id, "CGENERAL", "안녕, <@UDUET>", files=[photo]))
        mine = servers.do(lambda: slack.say(MINJI.id, "CGENERAL", "two", root.ts))
        servers.do(lambda: slack.edit(mine, "three"))
        metadata = {"event_type": "duet", "event_payload": {"key": "1"}}
        servers.do(lambda: slack.workspace.put(replace(root, ts="1.5", metadata=metadata, only_for=ADA.id)))
        servers.do(lambda: slack.workspace.invite("CQUIET", BOT_USER))
        servers.do(keep.save)
        kept, members = said(servers), slack.workspace.conversations["CQUIET"].members

    with keeping(folder) as (servers, keep):
        slack = servers.slack
        assert list(map(without_addresses, said(servers))) == list(map(without_addresses, kept))
        assert slack.workspace.conversations["CQUIET"].members == members
        (file,) = said(servers)[0].files
        assert file["url_private"] == photo["url_private"].replace(before, slack.base_url)
        assert slack.workspace.files[file["id"]].data == b"\x89PNG"
        assert slack.workspace.files[file["id"]].thumbnail == b"small"
        assert slack.workspace.files[file["id"]].pdf == b"%PDF"
        with urlopen(file["url_private"]) as response:  # noqa: S310 - our own, on loopback
            assert response.status == 200
        new = servers.do(lambda: slack.say(ADA.id, "CGENERAL", "four"))
        assert new.ts > max(one.ts for one in kept)


def test_markdown_that_an_older_playground_kept_is_translated(tmp_path: Path) -> None:
    blocks = [{"type": "markdown", "text": "# Hi", "block_id": "a"}, {"type": "divider", "block_id": "b"}]
    old = {"channel": "CGENERAL", "ts": "1.0", "user": BOT_USER, "text": "Hi", "blocks": blocks}
    (tmp_path / "workspace.json").write_text(json.dumps(STATE | {"messages": [old]}))
    with keeping(tmp_path) as (servers, _):
        (message,) = said(servers)

    assert [block["type"] for block in message.blocks] == ["header", "divider"]
    assert message.sent == blocks


def test_it_is_written_soon_whatever_becomes_of_the_process(tmp_path: Path) -> None:
    with keeping(tmp_path) as (servers, _):
        servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "one"))
        until(lambda: "one" in written(tmp_path))
        message = said(servers)[0]
        servers.do(lambda: servers.slack.delete(message))
        until(lambda: "one" not in written(tmp_path))


def written(folder: Path) -> str:
    file = folder / "workspace.json"
    return file.read_text() if file.exists() else ""


def test_a_state_that_cannot_be_written_is_told_and_the_old_one_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with keeping(tmp_path) as (servers, keep):
        servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "one"))
        servers.do(keep.save)
        before = written(tmp_path)
        (tmp_path / "workspace.json.new").mkdir()
        servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "two"))
        servers.do(keep.save)

    assert written(tmp_path) == before
    assert f"cannot be kept in {tmp_path}: Is a directory" in capsys.readouterr().err


STATE = {"version": 1, "served_at": "http://127.0.0.1:1", "conversations": [], "files": [], "messages": []}
STRANGER = {"channel": "CGENERAL", "ts": "1.0", "user": "UNOBODY", "text": "hi"}


@pytest.mark.parametrize(
    "text",
    [
        '{"version": 1, "messa',
        "[]",
        json.dumps(STATE | {"version": 2}),
        json.dumps({name: value for name, value in STATE.items() if name != "files"}),
        json.dumps(STATE | {"messages": [STRANGER]}),
        json.dumps(STATE | {"messages": [STRANGER | {"user": ADA.id, "colour": "red"}]}),
        json.dumps(STATE | {"files": [{"shown": {"id": "F1", "size": 5}, "is_deleted": False}]}),
        json.dumps(STATE | {"messages": [STRANGER | {"user": ADA.id, "text": 5}]}),
        json.dumps(STATE | {"messages": [STRANGER | {"user": ADA.id, "ts": "inf"}]}),
        json.dumps(STATE | {"messages": [STRANGER | {"user": ADA.id, "files": [{"id": "F1"}, 1]}]}),
        json.dumps(STATE | {"messages": [STRANGER | {"user": ADA.id, "streams_until": float("nan")}]}),
        json.dumps(STATE | {"conversations": [{"id": "C1", "name": "c", "kind": "im", "members": [5]}]}),
        json.dumps(STATE | {"served_at": ""}),
        json.dumps(STATE | {"served_at": ["http://127.0.0.1:1"]}),
        "[" * 100_000,
        '{"version": 1' + "0" * 5_000 + "}",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
    ids=[
        *("torn", "no object", "newer", "member lacks", "stranger", "unknown member", "file lacks"),
        *("no text", "no time", "no file object", "no number", "no member", "no address", "no text for one"),
        *("deep", "long number", "no JSON"),
    ],
)
def test_a_damaged_file_is_told_and_nothing_is_overwritten(tmp_path: Path, text: str) -> None:
    (tmp_path / "workspace.json").write_text(text)

    with pytest.raises(
        CannotStart, match=r"workspace\.json cannot be read: it is damaged.*\nNothing was chan"
    ):
        Keep(tmp_path)
    assert written(tmp_path) == text


def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("no database" * 100)

    with pytest.raises(CannotStart, match=r"bot\.db cannot be read: it is damaged"):
        Keep(tmp_path)


def test_a_folder_that_can_be_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CannotStart, match=r"file cannot be used \(.*\)\.\nChoose another with --keep"):
        Keep(tmp_path / "file")


def test_a_folder_is_one_playgrounds_at_a_time(tmp_path: Path) -> None:
    first = Keep(tmp_path)
    with pytest.raises(CannotStart, match="in use by another playground"):
        Keep(tmp_path)
    first.close()

    Keep(tmp_path).close()


def kept_file(**shown: object) -> str:
    return json.dumps(
        STATE | {"files": [{"shown": {"id": "F1", "size": 5, **shown}, "is_deleted": False}], "messages": []}
    )


@pytest.mark.parametrize(
    "name", ["workspace.json", "files", "files/F1", "files/F1.thumbnail", "bot.db", "lock"]
)
@pytest.mark.parametrize("make", ["symlink_to", "hardlink_to"])
def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, name: str, make: str) -> None:
    outside, folder = tmp_path / "secret", tmp_path / "kept"
    (folder / name).parent.mkdir(parents=True)
    if name == "files" and make == "symlink_to":
        outside.mkdir()
    else:
        outside.write_text(kept_file())
    before = outside.stat()
    getattr(folder / name, make)(outside)
    if name.startswith("files/"):
        (folder / "workspace.json").write_text(kept_file())
        if name != "files/F1":
            (folder / "files/F1").touch()

    with pytest.raises(CannotStart, match="cannot be used"):
        Keep(folder)
    assert (outside.stat().st_mode, outside.stat().st_mtime) == (before.st_mode, before.st_mtime)


@pytest.mark.parametrize("file_id", ["../secret", "{outside}", "..", "F1/../../secret", "f", ""])
def test_a_files_id_leads_nowhere_but_to_its_file(tmp_path: Path, file_id: str) -> None:
    outside, folder = tmp_path / "secret", tmp_path / "kept"
    folder.mkdir()
    outside.write_text("hush!")
    (folder / "workspace.json").write_text(kept_file(id=file_id.format(outside=outside)))

    with pytest.raises(CannotStart, match="a file is called"):
        Keep(folder)


@pytest.mark.parametrize("name", ["url_private", "url_private_download", "thumb_360", "converted_pdf"])
@pytest.mark.parametrize("where", ["files", "messages"])
@pytest.mark.parametrize(
    "address", ["https://files.slack.com/x", "http://127.0.0.1:11/x", "file:///etc/passwd"]
)
def test_the_bot_is_sent_to_no_other_server(tmp_path: Path, name: str, where: str, address: str) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/F1").write_text("hello")
    text = kept_file(**{name: address})
    if where == "messages":
        shared = STRANGER | {"user": ADA.id, "files": [{"id": "F1", name: address}]}
        text = json.dumps(STATE | {"messages": [shared]})
    (tmp_path / "workspace.json").write_text(text)

    with pytest.raises(CannotStart, match="the file F1 is elsewhere"):
        Keep(tmp_path)


def test_a_rollback_journal_beside_the_store_is_not_played(tmp_path: Path) -> None:
    (tmp_path / "bot.db-journal").write_text("")

    with pytest.raises(CannotStart, match="journal is no file"):
        Keep(tmp_path)


@pytest.mark.parametrize(("name", "size"), [("workspace.json", 100_000_001), ("files/F1", 1_000_000_001)])
def test_more_than_fits_in_memory_is_not_read(tmp_path: Path, name: str, size: int) -> None:
    (tmp_path / "files").mkdir()
    with (tmp_path / name).open("wb") as file:
        file.truncate(size)

    with pytest.raises(CannotStart, match="is too large"):
        Keep(tmp_path)


@pytest.mark.parametrize("is_new", [True, False])
def test_all_that_is_kept_is_its_owners_alone(tmp_path: Path, is_new: bool) -> None:
    folder = tmp_path / "kept"
    if not is_new:
        (folder / "files").mkdir(parents=True)
        for name in ("workspace.json.new", "bot.db", "bot.db-wal", "files/F1"):
            (folder / name).touch(0o666)
    with keeping(folder) as (servers, keep):
        servers.do(lambda: servers.slack.upload("a.png", b"\x89PNG", thumbnail=b"small"))
        servers.do(keep.save)

        modes = {path: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert {oct(mode) for path, mode in modes.items() if path.is_dir()} == {"0o700"}
    assert {oct(mode) for path, mode in modes.items() if path.is_file()} == {"0o600"}


def test_a_folder_that_others_use_too_stays_open_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o755)
    (folder / "theirs").touch(mode=0o644)
    Keep(folder).close()

    assert (folder.stat().st_mode & 0o777, (folder / "theirs").stat().st_mode & 0o777) == (0o755, 0o644)
