"""The browser of tests, benchmarks and pictures: where its program is, and what it is told."""

from __future__ import annotations

from shutil import which

CHROMIUM = which("chromium-headless-shell") or "/usr/bin/chromium"
"""The same without the parts of a browser around a page, which take a quarter of the time of a test."""
# The last list counts, so Playwright's own, as far as it matters here, is in it. The popup of the address bar is a page
# of its own of which each window makes two: a third of the time that it takes to open a page.
FEATURES_OFF = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)
ARGUMENTS = ("--no-sandbox", f"--disable-features={','.join(FEATURES_OFF)}")
PATIENCE_MS = 60_000
"""So long is waited for what a page shows or does: only a test that fails takes it."""
START_MS = 150_000
"""So long may its first start of all take, on a machine that has just been set up and is busy."""
