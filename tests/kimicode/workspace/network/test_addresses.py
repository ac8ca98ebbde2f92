"""Which addresses count as the public internet, and what a name may lead to."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.network.addresses import (
    Forbidden,
    Resolver,
    Unreachable,
    connect,
    is_elsewhere,
    is_own,
    is_public,
)
from kimicode.workspace.network.hosts import AllowList
from tests.fakes.network import Names, saying, server

INSIDE = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1"),
    *("2001::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3ffe::1", "3fff::1", "5f00::1"),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1"),
]
OUTSIDE = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "151.101.0.223", "2606:4700::1111", "2a04:4e42::223"]


@pytest.mark.parametrize("text", INSIDE)
def test_inside_is_not_public(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_outside_is_public(text):
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses())
def test_nothing_counts_as_public_that_the_registry_calls_private(address):
    if is_public(address):
        assert address.is_global
        assert not address.is_private
        assert not address.is_multicast
        assert not address.is_reserved


def test_this_machine_knows_its_own_addresses():
    assert is_own(ipaddress.ip_address("127.0.0.1"))
    assert not is_own(ipaddress.ip_address("8.8.8.8"))
    assert is_elsewhere(ipaddress.ip_address("8.8.8.8"))
    assert not is_elsewhere(ipaddress.ip_address("127.0.0.1"))
    assert not is_elsewhere(ipaddress.ip_address("10.1.2.3"))


async def test_one_address_inside_spoils_a_name():
    names = Names({"both.example": [["8.8.8.8", "127.0.0.1"]], "fine.example": [["8.8.8.8", "1.1.1.1", "8.8.8.8"]]})
    resolver = Resolver(names, is_public)
    with pytest.raises(Forbidden, match=r"both\.example leads to 127\.0\.0\.1"):
        await resolver.addresses("both.example", 443)
    assert [str(address) for address in await resolver.addresses("fine.example", 443)] == ["8.8.8.8", "1.1.1.1"]


async def test_an_address_that_the_user_wrote_down_themselves_may_lie_inside():
    resolver = Resolver(Names({"nexus.corp.example": [["10.0.0.5"]]}), is_public)
    vouched = AllowList.of(["nexus.corp.example", "10.0.0.5:8081"])
    assert await resolver.addresses("nexus.corp.example", 8081, vouched.permits)
    with pytest.raises(Forbidden):
        await resolver.addresses("nexus.corp.example", 443, vouched.permits)


@pytest.mark.parametrize("answer", [[], ["not an address"], ["fe80::1%eth0 "], ["8.8.8.8", ""]])
async def test_a_resolver_that_answers_nonsense_leads_nowhere(answer):
    with pytest.raises((Unreachable, Forbidden)):
        await Resolver(Names({"odd.example": [answer]}), is_public).addresses("odd.example", 443)


async def test_an_unknown_name_leads_nowhere():
    with pytest.raises(Unreachable, match="cannot be looked up"):
        await Resolver(Names({}), is_public).addresses("none.example", 443)


async def test_the_next_address_is_tried_where_one_does_not_answer():
    async with server(saying(b"hello")) as port:
        addresses = [ipaddress.ip_address(text) for text in ("127.0.0.9", "127.0.0.1")]
        reader, writer = await connect(addresses, port, 20)
        writer.write(b"\r\n\r\n")
        assert await reader.read() == b"hello"
        writer.close()


async def test_where_none_answers_that_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="no answer"):
        await connect([ipaddress.ip_address("127.0.0.1")], port, 20)
