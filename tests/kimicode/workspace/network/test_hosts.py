"""One spelling for each host; whatever another program could read as another host is no host."""

import contextlib
import ipaddress
import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kimicode.workspace.network.hosts import AllowList, authority, parse_authority, parse_entry, parse_host

NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z][a-z0-9]{0,5}){1,3}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("pypi.org", "pypi.org"),
        ("PyPI.org", "pypi.org"),
        ("pypi.org.", "pypi.org"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("3com.com", "3com.com"),
        ("a--b.example", "a--b.example"),
        ("localhost", "localhost"),
        ("127.0.0.1", ipaddress.ip_address("127.0.0.1")),
        ("[::1]", ipaddress.ip_address("::1")),
        ("[2001:DB8:0::1]", ipaddress.ip_address("2001:db8::1")),
    ],
)
def test_a_host_has_one_spelling(text, host):
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a..b", ".a", "a b", "a_b.example", "-a.example", "a-.example", "a/b", "a\\b", "a@b", "a:b"),
        *("evil.example\0.pypi.org", "pypi.org\n", "pypi.org\r\n", "pypi.org\t", " pypi.org", "pypi.org#", "pypi.org?"),
        *(
            "bücher.example",
            "pypi。org",
            "ｐypi.org",
            "pypi.or\u212a",
            "pypi\u00ad.org",
            "pypi.org\u200b",
            "pypi%2eorg",
        ),
        *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "127.0.0.01", "127.0.0.1.", "0x"),
        *(
            "1.2.3.4.5",
            "256.0.0.1",
            "evil.example.1",
            "a.0x10",
            "::1",
            "[::1",
            "::1]",
            "[]",
            "[::1%25lo]",
            "[fe80::1%lo]",
        ),
        *("[127.0.0.1]", "[::1]x", "[[::1]]", "a" * 64, ".".join(["a" * 60] * 5)),
    ],
)
def test_what_could_be_read_in_two_ways_is_no_host(text):
    with pytest.raises(ValueError, match=r"is not|has other letters"):
        parse_host(text)


@given(st.text(max_size=40))
@example("K\u212a.org")
@example("127.0.0.1\0")
def test_whatever_is_taken_is_plain_and_is_taken_again_as_the_same(text):
    try:
        host = parse_host(text)
    except ValueError:
        return
    written = authority(host, 443)
    assert written.isascii()
    assert not set(written) - set("abcdefghijklmnopqrstuvwxyz0123456789-.:[]")
    assert parse_authority(written) == (host, 443)


@given(st.from_regex(r"(0[xX])?[0-9a-fA-F.]{1,20}", fullmatch=True))
def test_what_the_system_takes_for_an_address_is_that_address_or_nothing(text):
    try:
        meant = ipaddress.ip_address(socket.inet_ntoa(socket.inet_aton(text)))
    except OSError:
        return
    with contextlib.suppress(ValueError):
        assert parse_host(text) == meant


@pytest.mark.parametrize(
    "text", ["a", "a:", "a:0", "a:65536", "a:123456", "a:1:2", "a:+1", "a:１", "a: 1", ":443", "a:-1"]
)
def test_an_authority_without_a_proper_port_is_refused(text):
    with pytest.raises(ValueError, match=r"is not|names no port|has other"):
        parse_authority(text)


# --- the list -----------------------------------------------------------------------------------------------


def test_an_empty_list_permits_nothing():
    assert not AllowList.of(()).permits("pypi.org", 443)


@given(NAMES, NAMES)
def test_a_name_permits_itself_and_a_star_what_is_below_it(name, other):
    exact, below = AllowList.of([name]), AllowList.of([f"*.{name}"])
    assert exact.permits(name, 443)
    assert exact.permits(name, 80)
    assert not exact.permits(name, 8443)
    assert not below.permits(name, 443)
    assert below.permits(f"{other}.{name}", 443)
    assert not below.permits(f"{other}{name}", 443)
    assert not exact.permits(f"{other}.{name}", 443)
    assert not exact.permits(f"{name}.{other}", 443)
    assert exact.permits(other, 443) is (other == name)


def test_a_port_that_is_named_is_the_only_one():
    allowed = AllowList.of(["git.example.com:8443", "127.0.0.1:5432"])
    assert allowed.permits("git.example.com", 8443)
    assert not allowed.permits("git.example.com", 443)
    assert allowed.permits(ipaddress.ip_address("127.0.0.1"), 5432)
    assert not allowed.permits(ipaddress.ip_address("127.0.0.1"), 443)
    assert not allowed.permits("127.0.0.1", 5432)  # a name is never an address


@pytest.mark.parametrize(
    "text", ["*", "*.", "*.com", "*.127.0.0.1", "a.*.com", "*a.com", "**.a.com", "http://a.com", "a.com/"]
)
def test_a_star_stands_for_whole_parts_below_at_least_two(text):
    with pytest.raises(ValueError, match="is"):
        parse_entry(text)
