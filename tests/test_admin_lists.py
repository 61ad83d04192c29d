"""The long lists of the desk."""

import pytest
from django.test import Client

from tests.factories import desk, make_article, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["article", "importrow", "importbatch", "seedfile"])
def test_a_long_list_does_not_count_every_choice_of_its_filters(name):
    make_article()
    client = desk()
    page = client.get(f"/admin/articles/{name}/", {"_facets": "True"})
    assert (page.status_code, page.context["cl"].add_facets) == (200, False)
    assert "_facets" not in client.get(f"/admin/articles/{name}/").content.decode()


@pytest.mark.parametrize(("query", "offered"), [({}, False), ({"q": "甲"}, True), ({"desk": "drafts"}, True)])
def test_all_of_a_list_is_offered_where_it_is_narrowed(query, offered, no_index):
    make_article("甲")
    page = desk().get("/admin/articles/article/", query).content.decode()
    form = page[page.index('id="changelist-search"') :]
    assert ('<a href="?">' in form[: form.index("</form>")]) == offered


@pytest.mark.parametrize(
    ("address", "heading"),
    [("articles/article", "文章"), ("taxonomy/keyword", "关键词"), ("auth/user", "用户")],
)
def test_a_list_is_called_by_what_it_holds(address, heading):
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    page = client.get(f"/admin/{address}/").content.decode()
    assert f"<h1>{heading}</h1>" in page and f"<title>{heading} | " in page
