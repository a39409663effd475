"""Every page in a real browser: two languages, light and dark, desk and phone; axe; no shift; whole without script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.slow import slow
from browser.steps import PATIENCE, follow
from leadline.catalogue import LANGUAGES
from leadline.web.app import PAGES

pytestmark = pytest.mark.slow

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS = [("en", "light", "desk"), ("ar", "light", "phone"), ("en", "dark", "phone"), ("ar", "dark", "desk")]
"""Light ones undergo every rule of axe: both languages and both widths. The dark ones differ from them in nothing but
style, so that only what style decides is asked again."""
STYLED = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
# Pages that need something in their address. A held wall is the same page without its turning.
ASKED = {
    "/explore": "/explore?metrics=leads,mql&by=channel&grain=month&period=last-6-months",
    "/records": "/records?metric=leads&period=2026-06-29",
    "/sources/{source}": "/sources/google_ads",
    "/glossary/{page}": "/glossary/leads.html",
    "/journey/people": "/journey/people?step=2",
    "/journey/paths": "/journey/paths?to=deal/won",
    "/present": "/present?hold=1",
}
ADDRESSES = [ASKED.get(page.path, page.path) for page in PAGES]
STILL = 0.001
"""Layout shift (CLS) of rounding; 0.1 is what the field calls good. The cockpit has none at all."""
# Adds up what moves from the first frame on; the second frame asked for comes after all that was due is drawn.
WATCH = """(() => {
  window.moved = [];
  const told = (entries) => { for (const one of entries) window.moved.push(one); };
  const watch = new PerformanceObserver((list) => told(list.getEntries()));
  watch.observe({type: "layout-shift", buffered: true});
  window.shift = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    told(watch.takeRecords());
    done([window.moved.reduce((sum, one) => sum + one.value, 0), window.moved.flatMap((one) => one.sources.map(
      ({node}) => node && (node.outerHTML || node.textContent).slice(0, 80)))]);
  })));
})()"""
AXE = """(only) => axe.run({resultTypes: ["violations"],
  ...(only ? {runOnly: only} : {rules: {"target-size": {enabled: true}}})}).then((told) => told.violations)"""


def opened(browser: Any, language: str, theme: str, size: str, **more: Any) -> Any:
    """A page whose complaints are kept in `page.heard`."""
    context = browser.new_context(
        viewport=DESK if size == "desk" else PHONE, color_scheme=theme, locale=language, reduced_motion="reduce", **more
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.heard = []
    page.on("console", lambda told: page.heard.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: page.heard.append(str(error)))
    return page


@pytest.fixture(scope="module")
def looks(browser: Any) -> Iterator[dict[tuple[str, str, str], Any]]:
    """One window for each look, that goes from page to page."""
    windows = {look: opened(browser, *look) for look in LOOKS}
    for window in windows.values():
        window.add_init_script(WATCH)
    yield windows
    for window in windows.values():
        window.context.close()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_sound_in_every_look(looks: Any, site: str, address: str) -> None:
    from axe_playwright_python.base import AXE_SCRIPT

    for (language, theme, size), page in looks.items():
        page.heard.clear()
        answer = page.goto(site + address, wait_until="load")
        where = f"{address} {language} {theme} {size}"
        assert answer.status == 200, f"{where}: {page.inner_text('main')}"
        assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr"), where
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{where}: {overflow} px wider than the screen"
        moved, what = page.evaluate("shift()")
        assert moved <= (0 if address == "/" else STILL), f"{where} jumps: {what}"
        assert page.heard == [], where
        # Not as a script of the page: its policy lets in none but its own.
        page.evaluate(AXE_SCRIPT)
        grave = [
            f"{found['id']}: {found['help']}: {[node['html'][:160] for node in found['nodes'][:3]]}"
            for found in page.evaluate(AXE, STYLED if theme == "dark" else None)
            if found["impact"] in ("serious", "critical")
        ]
        assert grave == [], where


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_moves_while_a_page_comes_in_slowly(looks: Any, site: str, address: str) -> None:
    """A browser that draws what it has so far moves it when the rest of a table, or of the menu, comes."""
    page = looks["ar", "light", "phone"]
    with slow(site) as line:
        page.goto(line + address, wait_until="load")
        moved, what = page.evaluate("shift()")
    assert moved <= (0 if address == "/" else STILL), f"{address} jumps: {what}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_navigation_is_one_line(browser: Any, site: str, language: str) -> None:
    page = opened(browser, language, "light", "desk")
    page.set_viewport_size({"width": 1200, "height": 800})
    page.goto(f"{site}/sla")
    tops = page.eval_on_selector_all(".menu li", "all => all.map((one) => one.getBoundingClientRect().top)")
    assert len(tops) == 9
    assert len(set(tops)) == 1
    assert page.eval_on_selector(".menu ul", "menu => menu.scrollWidth <= menu.clientWidth")
    assert page.get_attribute(".menu [aria-current=true]", "href") == "/goals"
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
    follow(page, page.get_by_role("button", name="Set", exact=True))
    assert page.get_attribute("html", "lang") == "ar"
    page.context.close()


def test_from_a_tile_to_its_records_and_its_definition(browser: Any, site: str) -> None:
    page = opened(browser, "en", "light", "desk")
    page.goto(site)
    follow(page, page.get_by_role("link", name="Leads generated").first)
    assert "Leads generated" in page.inner_text("h1")
    assert "stage_entry" in page.inner_text("main")
    page.goto(site)
    follow(page, page.locator(".tile", has_text="Leads generated").get_by_role("link", name="channel").first)
    assert "Paid Search" in page.inner_text("main")
    follow(page, page.get_by_role("link", name="Records behind Leads generated"))
    assert page.locator("table.data tbody tr").count() > 10
    assert "hubspot" in page.inner_text("main").lower()
    assert page.heard == []
    page.context.close()


def test_an_export_is_dropped_in_and_told_of(browser: Any, site: str, company: Path) -> None:
    page = opened(browser, "en", "light", "desk")
    page.goto(f"{site}/sources")
    export = next((company / "exports").glob("*google_ads*.csv"))
    page.set_input_files("input[type=file]", str(export))
    follow(page, page.get_by_role("button", name="Load", exact=True))
    assert "unchanged" in page.inner_text("main")
    page.goto(f"{site}/sources")
    page.set_input_files("input[type=file]", {"name": "odd.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"})
    follow(page, page.get_by_role("button", name="Load", exact=True))
    assert "of no format known" in page.inner_text("main")
    assert page.heard == []
    page.context.close()
