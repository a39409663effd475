"""The OpenAPI 3.1 document, made from the endpoints."""

from __future__ import annotations

from typing import Any

from leadline.api.declare import Endpoint, Parameter
from leadline.api.endpoint import ENDPOINTS
from leadline.version import __version__

PREFIX = "/api/v1"
PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with what every error of Leadline says.",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string", "description": "why"},
        "fix": {"type": "string"},
    },
    "required": ["title", "status"],
}
REFUSALS = {
    "400": "The request is off: an unknown name, a bad period.",
    "401": "No token, or none that is known.",
    "403": "The role is too low, or the request comes from another site.",
    "404": "There is nothing at this address.",
    "422": "The question has no right answer, or the data were refused.",
}


def openapi() -> dict[str, Any]:
    """The document as plain data."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadline",
            "version": __version__,
            "description": "Numbers of marketing and sales, defined once. The same answers as on every other surface.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {"description": endpoint.doc, "content": {endpoint.media: {"schema": endpoint.schema}}}
    }
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers |= {status: {"description": text, "content": problem} for status, text in REFUSALS.items()}
    found: dict[str, Any] = {
        "operationId": endpoint.id,
        "summary": endpoint.doc,
        "parameters": [_parameter(one) for one in endpoint.parameters],
        "responses": answers,
    }
    if endpoint.files:
        files = {
            "type": "object",
            "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
        }
        found["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": files}}}
    return found


def _parameter(one: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": one.kind}
    if one.choices:
        schema["enum"] = list(one.choices)
    if one.least is not None:
        schema["minimum"] = one.least
    if one.most is not None:
        schema["maximum"] = one.most
    if one.required and one.kind == "string":
        schema["minLength"] = 1
    if one.listed:
        schema = {"type": "array", "items": schema} | ({"minItems": 1} if one.required else {})
    if one.default not in (None, []):
        schema["default"] = one.default
    found = {"name": one.name, "in": one.place, "required": one.required, "description": one.doc, "schema": schema}
    if one.listed:
        found |= {"style": "form", "explode": False}
    if one.example is not None:
        found["example"] = one.example.split(",") if one.listed else one.example
    return found
