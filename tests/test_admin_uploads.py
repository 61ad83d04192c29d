"""Import of files in the admin: handed over, looked at, decided on; by those who may, within the limits, with the reasons."""

import html
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles import undoing, uploads
from articles.admin import uploads as pages
from articles.identity import prepare
from articles.models import Article, ImportBatch, Upload, UploadState
from tests.delivering import everything
from tests.factories import desk, make_user, staff
from tests.test_uploads import again, half_imported, other, previewed, stored

pytestmark = pytest.mark.django_db

NEW = "/admin/articles/importbatch/new/"


def address(name: str, upload: Upload, *more: int) -> str:
    return reverse(f"admin:articles_importbatch_{name}", args=[upload.pk, *more])


def file(name: str, content: str | bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def make_zip(*members: tuple[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members:
            archive.writestr(name, text)
    return packed.getvalue()


def refusal(**fields: object) -> str:
    response = desk().post(NEW, fields)
    assert response.status_code == 200 and not Upload.objects.exists()
    return response.context["refusal"]


class TestHandingOver:
    def test_files_a_zip_and_a_pasted_text_are_kept_as_they_are(self):
        given = [file("一.txt", other(1)), file("二.ZIP", make_zip(("a/三.txt", other(3)), ("b.png", "x")))]
        response = desk().post(NEW, {"files": given, "text": other(2).replace("\n", "\r\n")})
        upload = Upload.objects.get()
        assert response["Location"] == address("upload", upload)
        kept = [
            (name, bytes(content).decode()) for name, content in upload.files.values_list("name", "content")
        ]
        assert kept == [("一.txt", other(1)), ("二.ZIP/a/三.txt", other(3)), ("pasted text.txt", other(2))]
        assert [item["name"] for item in upload.skipped] == ["二.ZIP/b.png"]
        assert (upload.state, upload.publish) == (UploadState.WAITING, False)
        assert not Article.objects.exists() and not ImportBatch.objects.exists()

    def test_nothing_is_refused(self):
        assert refusal(text=" \n") == "Choose files, or paste a text."

    def test_what_holds_nothing_to_read_is_refused_with_what_it_holds(self):
        told = refusal(files=[file("x.zip", make_zip(("a.docx", "x"), ("b.zip", "y")))])
        assert "x.zip/a.docx" in told and "A zip file inside a zip file is not opened." in told
        assert "cannot be opened" in refusal(files=[file("x.zip", b"no zip")])

    def test_too_many_and_too_large_are_refused_with_the_limit(self, settings):
        settings.UPLOAD_MAX_FILES = 2
        told = refusal(files=[file(f"{n}.txt", other(n)) for n in range(4)])
        assert told == "These are more than 2 files. Put them into a zip file."
        settings.UPLOAD_MAX_BYTES = 1_000_000
        assert (
            refusal(files=[file("1.txt", b"x" * 1_000_001)]) == "This is more than 1 MB. Deliver it in parts."
        )
        assert "too long" in refusal(text="长" * 2_000_001)

    def test_what_is_left_out_counts_as_well(self, settings):
        settings.UPLOAD_MAX_UNPACKED_FILES = 2
        packed = [file(f"{n}.zip", make_zip((f"{n}.txt", other(n)), ("b.png", "x"))) for n in range(2)]
        told = refusal(files=packed)
        assert told == "There are more than 2 files in it. Deliver it in parts."

    def test_files_of_one_name_are_told_apart(self):
        given = [file(name, other(n)) for n, name in enumerate(["a", "a (2)", "a", "a"])]
        desk().post(NEW, {"files": given})
        names = list(Upload.objects.get().files.values_list("name", flat=True))
        assert names == ["a", "a (2)", "a (3)", "a (4)"]

    @pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b.txt", "x" * 5000 + ".txt", "<b>.txt", "。"])
    def test_names_are_only_names(self, name):
        response = desk().post(NEW, {"files": [file(name, other(1))]})
        assert response.status_code == 302
        stored_name = Upload.objects.get().files.get().name
        assert "/" not in stored_name and "\x00" not in stored_name and len(stored_name) <= 255

    def test_publishing_is_for_those_who_may_publish(self):
        for user, publishes in (
            (staff("add_importbatch"), False),
            (staff("add_importbatch", "publish_article"), True),
        ):
            client = desk(user)
            assert ('name="publish"' in client.get(NEW).content.decode()) == publishes
            client.post(NEW, {"text": other(1), "publish": "1"})
            assert Upload.objects.latest("id").publish == publishes


class TestTheWayBack:
    def test_leads_from_the_front_page_to_what_waits_for_a_person(self):
        waits, ready = stored(other(1)), stored(other(2))
        Upload.objects.filter(pk=ready.pk).update(state=UploadState.PREVIEWED)
        page = desk(staff("add_importbatch")).get("/admin/").content.decode()
        assert address("upload", ready) in page and address("upload", waits) not in page
        assert address("upload", ready) not in desk(staff("view_importbatch")).get("/admin/").content.decode()

    def test_leads_from_the_list_of_batches_to_all_that_has_not_ended(self):
        waits, ended = stored(other(1)), stored(other(2))
        Upload.objects.filter(pk=ended.pk).update(state=UploadState.DISCARDED)
        client = desk(staff("view_importbatch", "add_importbatch"))
        page = client.get("/admin/articles/importbatch/").content.decode()
        assert address("upload", waits) in page and address("upload", ended) not in page
        page = desk(staff("view_importbatch")).get("/admin/articles/importbatch/").content.decode()
        assert address("upload", waits) not in page


def test_the_sample_that_is_shown_is_read_without_a_remark():
    page = desk().get(NEW).content.decode()
    assert html.escape(pages.SAMPLE) in page
    [record] = prepare(pages.SAMPLE.encode())
    assert (record.findings, record.quarantined) == ([], False)
    assert [point["heading"] for point in record.content["points"]] == ["发布", "影响"]
    assert all(
        record.content[name] for name in ("title", "url", "source_date", "summary", "intro", "conclusion")
    )
    assert all(record.content[name] for name in ("keywords", "technologies", "industries"))


class TestThePreview:
    def test_is_told_by_tabs_and_records_then_imported(self):
        upload = previewed(other(1), "标题: 只有标题\n")
        client = desk()
        page = client.get(address("upload", upload)).content.decode()
        assert "created <b>1</b>" in page and "quarantined <b>1</b>" in page
        assert "Import 1 record, quarantine 1" in page
        assert client.get(address("upload", upload), {"tab": "quarantined"}).context["records"]["rows"]
        page = client.get(address("upload_record", upload, upload.rows.first().pk)).content.decode()
        assert '<li value="1">标题: 第1条</li>' in page and "As understood" in page
        client.post(address("upload_run", upload))
        uploads.run_next()
        batch = ImportBatch.objects.get()
        response = client.get(address("upload", upload))
        assert response["Location"] == f"/admin/articles/importbatch/{batch.pk}/change/"
        assert f"Batch {batch.pk} is imported." in client.get(response["Location"]).content.decode()

    @pytest.mark.parametrize(
        ("texts", "button"),
        [
            ([other(1), other(2)], 'default">Import 2 records</button>'),
            ([other(1), other(2), "标题: 只有标题\n"], 'default">Import 2 records, quarantine 1</button>'),
            (["标题: 只有标题\n"], 'desk-second">Let 1 record into quarantine</button>'),
        ],
    )
    def test_says_on_its_button_what_will_be_imported_and_what_not(self, texts, button):
        page = desk().get(address("upload", previewed(*texts))).content.decode()
        assert f'<button type="submit" class="button {button}' in page
        assert ("None of it can be imported as it is" in page) == ("second" in button)

    def test_that_is_cut_does_not_say_how_many_there_are(self, settings):
        settings.UPLOAD_PREVIEW_RECORDS = 1
        page = desk().get(address("upload", previewed(other(1), other(2)))).content.decode()
        assert ">Import all of it</button>" in page

    def test_begins_with_what_needs_a_person(self):
        upload = previewed(other(1), "标题: 只有标题\n")
        assert desk().get(address("upload", upload)).context["records"]["tab"].outcome == "quarantined"

    def test_shows_conflicts_and_the_present_article(self):
        uploads.queue(previewed(other(1)), by=None)
        uploads.run_next()
        Article.objects.update(title="编辑的标题")
        upload = previewed(other(1).replace("第1条", "新的标题"))
        row = upload.rows.get()
        page = desk().get(address("upload_record", upload, row.pk)).content.decode()
        assert row.outcome == "conflict" and "编辑的标题" in page and "新的标题" in page
        page = desk(staff("add_importbatch", "view_seedfile")).get(address("upload_record", upload, row.pk))
        assert "编辑的标题" not in page.content.decode()

    def test_says_how_far_the_worker_is(self):
        upload = stored(other(1))
        client = desk()
        assert "import-work" in client.get(address("upload", upload)).content.decode()
        told = client.get(address("upload_state", upload)).json()
        assert told == {
            "state": "waiting", "held_up": False, "read": 0, "of": 100, "text": "",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("state", "cut", "text"),
        [
            (UploadState.PREVIEWING, False, "1 of 1 files read, 500 records, 25 %"),
            (UploadState.QUEUED, False, ""),
            (UploadState.RUNNING, False, "500 of 2000 records imported, 25 %"),
            (UploadState.RUNNING, True, "1 of 1 files read, 500 records, 25 %"),
        ],
    )
    def test_counts_in_the_import_anew_towards_the_number_that_is_known(self, state, cut, text):
        upload = stored(other(1))
        Upload.objects.update(
            state=state,
            cut=cut,
            files_read=1,
            records=500,
            percent=25,
            counts={"created": 1990, "conflict": 10},
        )
        assert desk().get(address("upload_state", upload)).json()["text"] == text

    def test_shows_a_bar_that_only_moves_until_it_can_tell_how_far_the_worker_is(self):
        upload, client = stored(other(1)), desk()
        for state, percent, read, bar in (
            (UploadState.WAITING, 0, 0, 'value="0"'),
            (UploadState.RUNNING, 0, None, ""),
            (UploadState.RUNNING, 7, 7, 'value="7"'),
        ):
            Upload.objects.update(state=state, percent=percent)
            assert client.get(address("upload_state", upload)).json()["read"] == read
            page = client.get(address("upload", upload)).content.decode()
            assert f'<progress max="100" {bar} aria-label' in page

    def test_is_discarded_or_tried_again(self):
        upload, client = previewed(other(1)), desk()
        client.post(address("upload_discard", upload))
        assert again(upload).state == UploadState.DISCARDED
        page = client.get(address("upload", upload)).content.decode()
        assert "nothing of it was imported" in page and f'<a href="{NEW}">Import files …</a>' in page
        Upload.objects.update(state=UploadState.FAILED, error="<Platte voll>")
        assert "&lt;Platte voll&gt;" in client.get(address("upload", upload)).content.decode()
        client.post(address("upload_retry", upload))
        assert again(upload).state == UploadState.WAITING
        assert "moved on" in client.post(address("upload_retry", upload), follow=True).content.decode()

    def test_that_failed_half_way_leads_to_the_batch_that_it_has_begun(self, monkeypatch):
        upload, client = half_imported(monkeypatch), desk()
        batch = ImportBatch.objects.get()
        page = client.get(address("upload", upload)).content.decode()
        assert f'<a href="/admin/articles/importbatch/{batch.pk}/change/">Batch {batch.pk}</a>' in page
        assert "Try again" in page and "Discard it" not in page
        undoing.undo(batch)
        response = client.get(address("upload", upload))
        assert response["Location"] == f"/admin/articles/importbatch/{batch.pk}/change/"

    def test_takes_as_many_statements_for_three_records_as_for_one(self):
        client = desk()

        def statements(*texts: str) -> int:
            upload = previewed(*texts)
            client.get(address("upload", upload))
            with CaptureQueriesContext(connection) as queries:
                client.get(address("upload", upload))
            assert not [query for query in queries if '"content"' in query["sql"]]
            return len(queries)

        assert statements(other(1)) == statements(other(2), other(3), other(4))


class TestWhoMay:
    @pytest.mark.parametrize(
        ("group", "status"),
        [("Editors", 403), ("Reviewers", 403), ("Importers", 200), ("Chief editors", 200)],
    )
    def test_import_sees_the_pages(self, group, status):
        upload = previewed(other(1))
        client = desk(make_user(is_staff=True, groups=[group]))
        pages = [NEW, address("upload", upload), address("upload_state", upload)]
        pages.append(address("upload_record", upload, upload.rows.get().pk))
        assert [client.get(page).status_code for page in pages] == [status] * 4

    def test_not_import_changes_nothing(self):
        upload = previewed(other(1))
        before = everything(), list(Upload.objects.values())
        client = desk(make_user(is_staff=True, groups=["Reviewers"]))
        for name in ("upload_run", "upload_discard", "upload_retry"):
            assert client.post(address(name, upload)).status_code == 403
            assert desk().get(address(name, upload)).status_code == 405
        assert client.post(NEW, {"text": other(2)}).status_code == 403
        assert (everything(), list(Upload.objects.values())) == before

    def test_not_publish_does_not_run_what_publishes(self):
        upload = previewed(other(1), publish=True)
        client = desk(make_user(is_staff=True, groups=["Importers"]))
        assert "Import 1 record" not in client.get(address("upload", upload)).content.decode()
        assert client.post(address("upload_run", upload)).status_code == 403
        assert again(upload).state == UploadState.PREVIEWED

    def test_addresses_of_nothing_are_not_found(self):
        client = desk()
        upload = previewed(other(1))
        for page in (
            "/admin/articles/importbatch/upload/99999999999999999999/",
            "/admin/articles/importbatch/upload/987654321/",
            address("upload_record", upload, 987654321),
            address("upload", upload) + "record/99999999999999999999/",
        ):
            assert client.get(page).status_code == 404, page
