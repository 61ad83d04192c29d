import pytest
from tests.browser.test_points_editor import *  # noqa
def test_shot(editor, article, browser, live_server):
    for w in (1280,390):
        for scheme in ("light","dark"):
            c=browser.new_context(base_url=live_server.url,storage_state=editor.context.storage_state(),color_scheme=scheme,viewport={"width":w,"height":900})
            p=c.new_page(); p.goto(f"/admin/articles/article/{article.pk}/change/")
            p.click(".points-paste summary"); p.fill("#id_points-paste", SUMMARY); p.click("[data-act=parse]")
            expect(p.locator(".points-preview")).to_be_visible()
            p.locator(".points-list .point-support summary").first.click()
            p.locator(".field-points").screenshot(path=f"/tmp/c/shot_{w}_{scheme}.png"); 
    c=browser.new_context(base_url=live_server.url,storage_state=editor.context.storage_state(),java_script_enabled=False,viewport={"width":1280,"height":900})
    p=c.new_page(); p.goto(f"/admin/articles/article/{article.pk}/change/"); p.screenshot(path="/tmp/c/shot_noscript.png",full_page=True)
    p.goto(f"/admin/articles/article/{article.pk}/evidence/"); p.screenshot(path="/tmp/c/shot_evidence.png",full_page=True)
