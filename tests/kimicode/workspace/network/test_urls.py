"""Addresses of pages: whoever judges one and whoever goes there read the same host."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kimicode.agent.matching import host_of
from kimicode.workspace.network.urls import LONGEST, follow, parse_url


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://docs.python.org/3/library/re.html#re.sub", "https://docs.python.org/3/library/re.html"),
        ("HTTPS://Docs.Python.org", "https://docs.python.org/"),
        ("http://a.example?q=1", "http://a.example/?q=1"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("http://a.example:443/x", "http://a.example:443/x"),
        ("https://de.example/wiki/Köln?x=ü", "https://de.example/wiki/K%C3%B6ln?x=%C3%BC"),
        ('https://a.example/"><script>', "https://a.example/%22%3E%3Cscript%3E"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://a.example/@b", "https://a.example/@b"),
    ],
)
def test_an_address_has_one_form(text, written):
    assert str(parse_url(text)) == written
    assert parse_url(written) == parse_url(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "docs.python.org", "//docs.python.org", "file:///etc/passwd", "ftp://a.example/", "javascript:alert(1)"),
        *("https://", "https:///a", "https:a.example", "https://a.example\\@b.example/", "https://user@a.example/"),
        *("https://user:word@a.example/", "https://a.example /", "https://a.example/ b", "https://a.example/\r\nX: y"),
        *("https://a.example\0.b.example/", "https://a.example/\0", "https://a.example\t/", "https://127.1/"),
        *(
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://ａ.example/",
            "https://a.example:0/",
            "https://a.example:x/",
        ),
        "https://a.example/" + "a" * LONGEST,
    ],
)
def test_what_is_not_clear_is_refused(text):
    with pytest.raises(ValueError, match=r"is|write|must|names|has|an address"):
        parse_url(text)


@pytest.mark.parametrize("text", ["https://user@a.example/", "https://user:word@a.example/", "https://@a.example/"])
def test_a_password_in_an_address_is_named_as_what_it_is(text):
    with pytest.raises(ValueError, match="user name or password"):
        parse_url(text)


URLS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "https:/", "https:\\\\", "https://x@", "//", "https:///"]),
    st.text("aA.-_@:[]0123xÄ/\\?#%\u3002\u212a \t\r\n\0", max_size=14),
    st.sampled_from(["a.example", "evil.example", "127.0.0.1", "[::1]", "localhost"]),
    st.sampled_from(["", ":80", ":8080", ":", "@b.example", "#@b.example", "?@b.example", "\\@b.example", "."]),
    st.text("/?#@:.\\ab%", max_size=8),
)


@given(URLS | st.text(max_size=30))
@example("https://a.example#@evil.example/")
@example("https://a.example\\@evil.example/")
@example("https://evil.example?@a.example/")
def test_rules_judge_the_host_that_is_gone_to(text):
    try:
        url = parse_url(text)
    except ValueError:
        return
    assert host_of(text) in (str(url.host), "")
    assert host_of(str(url)) in (str(url.host), "")
    assert str(url).isascii()
    assert parse_url(str(url)) == url


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/b", "https://a.example/b"),
        ("c?d", "https://a.example/x/c?d"),
        ("//b.example/", "https://b.example/"),
        ("http://169.254.169.254/latest", "http://169.254.169.254/latest"),
    ],
)
def test_a_redirect_leads_where_a_browser_would_go(location, leads):
    assert str(follow(parse_url("https://a.example/x/y"), location)) == leads


@pytest.mark.parametrize("location", ["file:///etc/passwd", "https://a@b.example/", "/a b", "/a\r\nb", "http://[::1"])
def test_a_redirect_to_what_is_no_page_is_refused(location):
    with pytest.raises(ValueError, match=r".+"):
        follow(parse_url("https://a.example/x/y"), location)
