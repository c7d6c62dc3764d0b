"""The network address that a request comes from, as far as it tells machines apart."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import Scope

HOME_PREFIX = 64
"""An IPv6 machine gives itself any address below such a prefix (RFC 8981)."""


def client_address(scope: Scope) -> str:
    """The address of whoever asks; "" where it tells nobody apart.

    That is this machine's own: it is the user's, or a proxy's that names nobody. Uvicorn has put
    the last untrusted address of ``X-Forwarded-For`` in its place, from a proxy on this machine
    or one that ``FORWARDED_ALLOW_IPS`` names, and from nobody else.

    >>> client_address({"client": ("203.0.113.9", 5000)})
    '203.0.113.9'
    >>> client_address({"client": ("2001:db8::1:2", 5000)})
    '2001:db8::/64'
    >>> client_address({"client": ("127.0.0.1", 5000)})
    ''
    """
    host, _ = scope.get("client") or ("", 0)
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:  # a socket file, or no address
        return ""
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return ""
    return (
        str(ip_network((found, HOME_PREFIX), strict=False))
        if isinstance(found, IPv6Address)
        else str(found)
    )
