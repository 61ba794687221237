"""What every browser test needs to know: the browser, window sizes, a hostile text; skips all without a browser."""

import os
import shutil

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (the extra 'test')")
Browser, BrowserContext, Locator = playwright.Browser, playwright.BrowserContext, playwright.Locator
Page, Request, expect = playwright.Page, playwright.Request, playwright.expect
expect.set_options(timeout=20_000)  # ms: a machine that other tests keep busy takes longer than Playwright waits

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (Debian: apt install chromium, or set CHROMIUM)"),
]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
HOSTILE = "<img src=x onerror=window.hacked=1>"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def width_needed(page: Page) -> int:
    """Pixels that the page is wide; more than the window's means that it scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth")
