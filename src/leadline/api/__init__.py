"""The same questions over HTTP: `/api/v1/…`, described by `/api/v1/openapi.json` (OpenAPI 3.1).

An endpoint is declared once, in `leadline.api.endpoint`: its parameters, what it answers, who may ask. Routes and the
document are made from that. Errors are `application/problem+json` (RFC 9457) with the same code, reason and cure as on
every other surface.
"""
