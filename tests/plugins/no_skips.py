"""A pytest plugin for CI that makes every skip and every expected failure a failure.

Load it with `-p plugins.no_skips` (with `tests` on PYTHONPATH). A skip whose reason is allowed for this machine is
named with `--may-skip PART-OF-ITS-REASON`, once for each.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names what may be skipped here."""
    parser.addoption("--may-skip", action="append", default=[], metavar="TEXT", help="allow skips for this reason")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the report of a test that did not run, or was allowed to fail, into a failure that gives its reason."""
    report = yield
    if report.outcome == "skipped":
        # pytest does not count a report with `wasxfail` as a failure, whatever its outcome.
        reason = vars(report).pop("wasxfail", "") or str(call.excinfo.value if call.excinfo else "")
        if not any(text in reason for text in item.config.getoption("--may-skip")):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} did not run: {reason}; the machine that runs CI must have what it needs"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the report of a module that was skipped as a whole into a failure."""
    report = yield
    if report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped as a whole: {report.longreprtext}"
    return report
