"""Every page in a real browser: two languages, light and dark, desk and phone; axe; no shift; whole without script."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from leadline.web.app import PAGES

pytestmark = pytest.mark.slow

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS = [("en", "light", "desk"), ("ar", "dark", "phone")]
PICTURES = os.environ.get("LEADLINE_PICTURES", "")
"""A folder to keep a picture of every page in."""
# Pages that need something in their address.
ASKED = {
    "/explore": "/explore?metrics=leads,mql&by=channel&grain=month&period=last-6-months",
    "/records": "/records?metric=leads&period=2026-06",
    "/sources/{source}": "/sources/google_ads",
    "/glossary/{metric}.html": "/glossary/leads.html",
    "/glossary/{metric}": "/glossary/leads.html",
    "/journey/people": "/journey/people?step=2",
    "/journey/paths": "/journey/paths?to=deal/won",
}
ADDRESSES = [ASKED.get(page.path, page.path) for page in PAGES if "{" not in ASKED.get(page.path, page.path)]
STILL = 0.03
"""Layout shift (CLS) that nobody sees: fonts of another script arrive late; 0.1 is what the field calls good."""
SHIFTS = """() => new Promise((done) => {
  let moved = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) moved += one.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(moved), 150);
})"""


def opened(browser: Any, language: str, theme: str, size: str, **more: Any) -> Any:
    """A page whose complaints are kept in `page.heard`."""
    context = browser.new_context(
        viewport=DESK if size == "desk" else PHONE, color_scheme=theme, locale=language, reduced_motion="reduce", **more
    )
    page = context.new_page()
    page.heard = []
    page.on("console", lambda told: page.heard.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: page.heard.append(str(error)))
    return page


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_sound_in_every_look(browser: Any, site: str, address: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for language, theme, size in LOOKS:
        page = opened(browser, language, theme, size)
        try:
            answer = page.goto(site + address, wait_until="load")
            where = f"{address} {language} {theme} {size}"
            assert answer.status == 200, f"{where}: {page.inner_text('main')}"
            assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr"), where
            assert page.heard == [], where
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{where}: {overflow} px wider than the screen"
            assert page.evaluate(SHIFTS) < STILL, f"{where} jumps"
            # A wall turns its pages by itself, and has a way to hold them.
            grave = [
                f"{found['id']}: {found['help']}: {[node['html'][:160] for node in found['nodes'][:3]]}"
                for found in json.loads(json.dumps(Axe().run(page).response))["violations"]
                if found["impact"] in ("serious", "critical") and (address, found["id"]) != ("/present", "meta-refresh")
            ]
            assert grave == [], where
            if PICTURES:
                name = address.partition("?")[0].strip("/").replace("/", "-").removesuffix(".html") or "cockpit"
                Path(PICTURES).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{PICTURES}/{name}-{language}-{theme}-{size}.png")
        finally:
            page.context.close()


def test_the_cockpit_is_light(browser: Any, site: str) -> None:
    """At most 60 KB over the line, style sheet and script included."""
    page = opened(browser, "en", "light", "desk")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto(site, wait_until="networkidle")
    page.context.close()
    assert 0 < sum(sizes) <= 60 * 1024


def test_pages_are_whole_without_script(browser: Any, site: str) -> None:
    page = opened(browser, "en", "light", "desk", java_script_enabled=False)
    page.goto(site)
    assert page.locator(".tile").count() == 7
    page.select_option("select[name=lang]", "ar")
    page.get_by_role("button", name="Set", exact=True).click()
    assert page.get_attribute("html", "lang") == "ar"
    page.context.close()


def test_from_a_tile_to_its_records_and_its_definition(browser: Any, site: str) -> None:
    page = opened(browser, "en", "light", "desk")
    page.goto(site)
    page.get_by_role("link", name="Leads generated").first.click()
    assert "Leads generated" in page.inner_text("h1")
    assert "stage_entry" in page.inner_text("main")
    page.goto(site)
    page.locator(".tile", has_text="Leads generated").get_by_role("link", name="channel").first.click()
    assert "Paid Search" in page.inner_text("main")
    page.get_by_role("link", name="Records behind Leads generated").click()
    assert page.locator("table.data tbody tr").count() > 10
    assert "hubspot" in page.inner_text("main").lower()
    assert page.heard == []
    page.context.close()


def test_an_export_is_dropped_in_and_told_of(browser: Any, site: str, company: Path) -> None:
    page = opened(browser, "en", "light", "desk")
    page.goto(f"{site}/sources")
    export = next((company / "exports").glob("*google_ads*.csv"))
    page.set_input_files("input[type=file]", str(export))
    page.get_by_role("button", name="Load", exact=True).click()
    assert "unchanged" in page.inner_text("main")
    page.goto(f"{site}/sources")
    page.set_input_files("input[type=file]", {"name": "odd.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"})
    page.get_by_role("button", name="Load", exact=True).click()
    assert "of no format known" in page.inner_text("main")
    assert page.heard == []
    page.context.close()
