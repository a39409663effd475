"""The explorer in a real browser: answers without a reload, zoom in the same box, saved views, whole without script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.steps import PATIENCE, follow

expect = pytest.importorskip("playwright.sync_api", reason="needs playwright, see the dev group").expect
expect.set_options(timeout=PATIENCE)
pytestmark = pytest.mark.slow

MONTHS = "/explore?metrics=leads,mql&by=channel&grain=month"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    heard: list[str] = []
    opened.on("console", lambda told: heard.append(told.text) if told.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: heard.append(str(error)))
    yield opened
    context.close()
    assert heard == []


def heights(page: Any) -> list[float]:
    found: list[float] = page.evaluate(
        "[...document.querySelectorAll('.box')].map(b => b.getBoundingClientRect().height)"
    )
    return found


def test_the_form_shows_its_answer_without_a_reload(page: Any, site: str) -> None:
    page.goto(site + MONTHS, wait_until="networkidle")
    page.evaluate("window.still = true")
    page.focus("#grain")
    page.select_option("#grain", "week")
    page.wait_for_url("**grain=week**")
    page.wait_for_selector(".plot canvas")
    assert page.evaluate("document.activeElement.id") == "grain", "the focus stays"
    assert "Leads generated, Marketing qualified leads (MQL) by channel:" in page.inner_text("#said")
    assert page.input_value("input[name=back]") in page.url, "a language is chosen for this answer, not the one before"
    page.click("#metric-mql")
    page.wait_for_selector("#metric-mql", state="detached")
    expect(page.locator("#add-metric")).to_be_focused()
    page.fill("#add-metric", "won_revenue")
    page.press("#add-metric", "Enter")
    page.wait_for_selector("#metric-won_revenue")
    page.click("#sort-leads")
    page.wait_for_selector("th[aria-sort=descending] #sort-leads")
    assert page.evaluate("window.still") is True, "it was one page all the time"
    address = page.url
    page.select_option("#compare", "year")
    page.wait_for_url("**compare=year**")
    page.go_back()
    expect(page.locator("#compare")).to_have_value("")
    assert page.url == address
    page.goto(f"{site}/explore?metrics=leads,ad_spend&by=is_icp")
    follow(page, page.locator(".cures >> text=Only Leads generated"))
    page.wait_for_selector("table.sortable")
    kept = page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))")
    assert kept == ["htmx-current-path-for-history"], "an address, no numbers"


def test_a_brush_zooms_and_nothing_moves(page: Any, site: str, browser: Any) -> None:
    bare = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    plain = bare.new_page()
    plain.goto(site + MONTHS)
    boxes = plain.locator(".box")
    before = [boxes.nth(at).bounding_box()["height"] for at in range(boxes.count())]
    bare.close()
    page.goto(site + MONTHS, wait_until="networkidle")
    page.wait_for_selector(".plot canvas")
    assert heights(page) == pytest.approx(before, abs=0.5)
    over = page.locator(".u-over").first.bounding_box()
    page.mouse.move(over["x"] + over["width"] * 0.3, over["y"] + 40)
    page.mouse.down()
    page.mouse.move(over["x"] + over["width"] * 0.6, over["y"] + 60, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Show all").wait_for()
    assert "Paid Search:" in page.locator(".told").first.inner_text()
    assert heights(page) == pytest.approx(before, abs=0.5)
    page.get_by_role("button", name="Show all").click()
    assert page.get_by_role("button", name="Show all").count() == 0
    # The same by keyboard, and read out.
    page.locator(".plot").first.press("End")
    last = page.inner_text("#said")
    page.locator(".plot").first.press("ArrowLeft")
    assert page.inner_text("#said") != last
    assert page.inner_text("#said").startswith("May 2026")
    page.locator(".plot").first.press("+")
    page.get_by_role("button", name="Show all").wait_for()
    page.locator(".plot").first.press("Escape")
    assert page.get_by_role("button", name="Show all").count() == 0
    key = page.locator(".keys button").first
    key.click()
    assert key.get_attribute("aria-pressed") == "false"
    canvas = page.locator(".plot canvas").first
    wide = canvas.get_attribute("width")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(canvas).not_to_have_attribute("width", wide)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert canvas.bounding_box()["width"] < 390


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ar", "dark")])
def test_the_zoomable_drawing_is_accessible(browser: Any, site: str, language: str, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=theme, locale=language)
    page = context.new_page()
    page.goto(f"{site}/explore?metrics=leads&grain=month&compare=year", wait_until="networkidle")
    page.wait_for_selector(".plot canvas")
    found = json.loads(json.dumps(Axe().run(page).response))["violations"]
    context.close()
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_view_is_saved_shared_and_taken_back(page: Any, site: str, company: Path) -> None:
    page.goto(site + MONTHS, wait_until="networkidle")
    page.click("text=Save this view")
    page.fill(".keep input[type=text]", "Leads by month")
    follow(page, page.get_by_role("button", name="Save", exact=True))
    assert "view=Leads" in page.url
    shared = page.url
    page.goto(f"{site}/explore")
    page.get_by_role("link", name="Leads by month").click()
    page.wait_for_selector("#metric-mql")
    assert page.url == shared
    page.click("text=Save, rename, delete")
    follow(page, page.get_by_role("button", name="Delete Leads by month"))
    follow(page, page.get_by_role("button", name="Take it back"))
    assert page.url == shared
    assert "Leads by month" in (company / "views" / "saved.yaml").read_text(encoding="utf-8")
    page.click("text=Save, rename, delete")
    follow(page, page.get_by_role("button", name="Delete Leads by month"))
    assert page.locator(".undo").is_visible()
    assert "Leads by month" not in (company / "views" / "saved.yaml").read_text(encoding="utf-8")


def test_it_is_whole_without_script(browser: Any, site: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/explore?metrics=leads")
    page.fill("#add-metric", "mql")
    page.select_option("#by-0", "channel")
    page.select_option("#grain", "month")
    follow(page, page.get_by_role("button", name="Show", exact=True))
    assert page.locator("#metric-mql").is_checked()
    assert page.locator(".box .drawing.wide svg").count() == 2
    assert page.locator(".box .drawing.wide svg").first.is_visible()
    follow(page, page.locator("#sort-leads"))
    assert page.locator("th[aria-sort=descending] #sort-leads").count() == 1
    follow(page, page.locator("table.sortable tbody td.n a").first)
    assert "Records behind Leads generated" in page.inner_text("h1")
    context.close()
