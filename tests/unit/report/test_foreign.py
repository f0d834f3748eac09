"""Output of foreign programs comes in chunks and leaves in lines."""

from __future__ import annotations

import threading

from tagboat.report.foreign import ForeignLines


def test_lines_are_whole_whatever_the_chunks():
    """A line cut between chunks, even within a character, comes out in one piece."""
    lines = ForeignLines()
    data = "eins\nzwölf\nEnde".encode()
    whole = [line for byte in data for line in lines.add(bytes([byte]))]
    assert [*whole, *lines.rest()] == ["eins", "zwölf", "Ende"]
    assert lines.rest() == []


def test_programs_of_two_threads_do_not_mix():
    """Each thread has an unended line of its own."""
    lines = ForeignLines()
    lines.add(b"mine ")
    other = threading.Thread(target=lines.add, args=(b"theirs ",))
    other.start()
    other.join()
    assert lines.add(b"goes on\n") == ["mine goes on"]
    assert lines.rest() == ["theirs "]


def test_a_progress_bar_leaves_its_last_state():
    """What a program drew over with carriage returns is not repeated in a log."""
    assert ForeignLines().add(b"1%\r50%\r100%\r\ndone\r\n") == ["100%", "done"]


def test_a_line_without_end_is_cut():
    """Output without a newline does not pile up in memory."""
    lines = ForeignLines()
    assert [len(line) for line in lines.add(b"x" * 200_000)] == [65536] * 3
    assert [len(line) for line in lines.rest()] == [200_000 - 3 * 65536]


def test_bytes_that_are_no_text_are_replaced():
    """A program may print anything; the log stays UTF-8."""
    assert ForeignLines().add(b"\xff\n") == ["\ufffd"]
