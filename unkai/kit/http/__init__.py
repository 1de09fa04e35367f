"""The HTTP door: routes as data, microversions, dialects; `route` says how to declare an API."""

from unkai.kit.http.app import App
from unkai.kit.http.call import Call
from unkai.kit.http.route import Api, Microversions, Route
from unkai.kit.http.versions import Version, changed, since

__all__ = ["Api", "App", "Call", "Microversions", "Route", "Version", "changed", "since"]
