"""Calls to a running server, and their answers held against the document."""

import base64
import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import regex
import requests
from jsonschema import _keywords
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

from document import Place, is_json

# What a document calls itself where the validator follows its references.
NAME = "urn:walk:document"
# A call that takes longer, in seconds, has hung.
PATIENCE = 20
# Of an answer, so much is told.
TOLD_MAX = 600


def _alternatives(keyword):
    def check(validator, schemas, instance, schema):
        """By the alternatives themselves, or else by the one that the discriminator names."""
        errors = list(keyword(validator, schemas, instance, schema))
        discriminator = schema.get("discriminator")
        if errors and isinstance(discriminator, dict) and isinstance(instance, dict):
            named = instance.get(discriminator.get("propertyName"))
            reference = (discriminator.get("mapping") or {}).get(named)
            for one in schemas:
                target = one.get("$ref", "")
                if target and (target == reference or target.rsplit("/", 1)[-1] == named):
                    errors = list(validator.descend(instance, one))
        yield from errors

    return check


def _or_null(check):
    """Null is what `nullable` says, also where the schema has no type beside it: that is how documents mean it."""

    def checked(validator, value, instance, schema):
        if instance is not None or schema.get("nullable") is not True:
            yield from check(validator, value, instance, schema) or ()

    return checked


def _pattern(validator, pattern, instance, schema):
    if isinstance(instance, str):
        try:
            found = regex.search(pattern, instance)
        except regex.error:
            return
        if not found:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _required(document, read):
    other = "writeOnly" if read else "readOnly"

    def is_other(schema, name):
        """Whether the property is none of this direction; it may be declared in a part of the schema."""
        property = document.properties(Place(schema, "")).get(name)
        return property is not None and bool((document.resolve(property).value or {}).get(other))

    def check(validator, names, instance, schema):
        if not isinstance(instance, dict) or not isinstance(names, list):
            return
        for name in names:
            if name not in instance and not is_other(schema, name):
                yield ValidationError(f"{name!r} is a required property")

    return check


def _never(message):
    def check(validator, value, instance, schema):
        if value is True:
            yield ValidationError(message)

    return check


def _validators(document):
    base = OAS31Validator if document.is_31 else OAS30Validator
    shared = {
        "allOf": _keywords.allOf,
        "oneOf": _alternatives(_keywords.oneOf),
        "anyOf": _alternatives(_keywords.anyOf),
        "pattern": _pattern,
        "patternProperties": _keywords.patternProperties if base is OAS31Validator else None,
    }
    shared = {key: check for key, check in shared.items() if check}
    if not document.is_31:
        shared |= {key: _or_null(shared.get(key, _keywords.enum)) for key in ("allOf", "anyOf", "oneOf", "enum")}
    reading = extend(base, shared | {"required": _required(document, True), "writeOnly": _never("is only written")})
    writing = extend(base, shared | {"required": _required(document, False), "readOnly": _never("is only read")})
    return {True: reading, False: writing}


class Checker:
    """Says what of a value is not as its schema has it."""

    def __init__(self, document):
        contents = document.root
        specification = DRAFT202012 if document.is_31 else DRAFT4
        self.registry = Registry().with_resource(NAME, Resource(contents=contents, specification=specification))
        self.classes = _validators(document)
        self.ready = {}

    def errors(self, place, value, reading=True):
        key = place.at, reading
        if key not in self.ready:
            schema = {"$ref": NAME + "#" + quote(place.at, safe="/~")}
            kind = self.classes[reading]
            self.ready[key] = kind(schema, registry=self.registry, format_checker=kind.FORMAT_CHECKER)
        try:
            errors = sorted(self.ready[key].iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
        except RecursionError:
            return ["the schema is a circle"]
        return [told_error(error) for error in errors[:5]]


def told_error(error):
    """An error in one line, with the one that says most of those of its alternatives."""
    line = "at /" + "/".join(map(str, error.absolute_path)) + ": " + error.message[:200]
    inner = best_match(iter([error]))
    if inner is not error:
        line += ", for at /" + "/".join(map(str, inner.absolute_path)) + ": " + inner.message[:200]
    return line


@dataclass
class Answer:
    operation: object
    request: str
    status: int
    headers: dict
    body: object
    text: str
    problems: list = field(default_factory=list)

    @property
    def good(self):
        return 200 <= self.status < 300

    def told(self):
        lines = [self.request, f"-> {self.status} {self.text[:TOLD_MAX]}"]
        return lines + [f"outside the contract: {problem}" for problem in self.problems]


class Client:
    """Sends requests that are valid, and keeps count of what came back."""

    def __init__(self, base, document, checker, values, headers=None):
        self.base = base
        # Sent with every request, in the place of what would be made up.
        self.headers = headers or {}
        self.document = document
        self.checker = checker
        self.values = values
        self.session = requests.Session()
        self.calls = 0
        self.outside = []
        self.failed = []
        self.disagree = []
        self.refused = []

    def call(self, operation, path, query=None, body=None, media=None, headers=None):
        headers = dict(headers or {})
        query = list((query or {}).items())
        self._parameters(operation, query, headers)
        self._credentials(operation, query, headers)
        headers |= self.headers
        data = None
        if media is not None:
            encoding = operation.body[media].value.get("encoding") or {}
            data, headers["content-type"] = encoded(media, body, encoding)
        url = self.base + operation.server + operation.address([quote(str(value), safe="") for value in path])
        if query:
            url += "?" + urlencode(query, doseq=True)
        told = f"{operation.method.upper()} {url}" + (f" {data[:TOLD_MAX]!r}" if data else "")
        response = self.session.request(
            operation.method.upper(), url, data=data, headers=headers, timeout=PATIENCE, allow_redirects=False
        )
        self.calls += 1
        answer = Answer(operation, told, response.status_code, response.headers, None, response.text)
        kind = response.headers.get("content-type", "")
        if response.content and is_json(kind):
            try:
                answer.body = response.json()
            except ValueError:
                answer.problems.append("the body is no JSON")
        self._check(answer, kind, response.content)
        return answer

    def _parameters(self, operation, query, headers):
        for parameter in operation.parameters:
            place, name = parameter.value.get("in"), parameter.value.get("name")
            if not parameter.value.get("required") or place == "path":
                continue
            if place == "query" and not any(key == name or key.startswith(name + "[") for key, _ in query):
                query += flat(name, self.values.parameter(parameter), parameter.value)
            elif place == "header" and name.lower() not in map(str.lower, headers):
                headers[name] = text(self.values.parameter(parameter))
            elif place == "cookie":
                headers["cookie"] = f"{name}={quote(text(self.values.parameter(parameter)))}"

    def _credentials(self, operation, query, headers):
        """Credentials of the right shape, for the first alternative."""
        schemes = (self.document.root.get("components") or {}).get("securitySchemes") or {}
        for name in next(iter(operation.security), {}):
            scheme = schemes.get(name) or {}
            kind, place = scheme.get("type"), scheme.get("in")
            if kind == "apiKey" and place == "header":
                headers.setdefault(scheme["name"], "walker")
            elif kind == "apiKey" and place == "query":
                query.append((scheme["name"], "walker"))
            elif kind == "apiKey":
                headers["cookie"] = f"{scheme['name']}=walker"
            elif kind == "http" and scheme.get("scheme", "").lower() == "basic":
                headers["authorization"] = "Basic " + base64.b64encode(b"walker:walker").decode()
            else:
                headers["authorization"] = "Bearer walker"

    def _check(self, answer, kind, content):
        response = self.document.response(answer.operation, answer.status)
        if answer.status >= 500:
            self.failed.append(answer)
        # Where no absence is documented, there is nothing to hold the answer against that tells it.
        absence = answer.status == 404 and kind.startswith("application/problem+json")
        if response is None:
            if not absence:
                answer.problems.append(f"the status {answer.status} is not documented")
        else:
            answer.problems += self._body(response, answer, kind, content)
        told = told_violations(answer.headers, "response")
        if not absence and bool(told) != bool(answer.problems):
            self.disagree.append((answer, told))
        if told_violations(answer.headers, "request"):
            self.refused.append(answer)
        if answer.problems:
            self.outside.append(answer)

    def _body(self, response, answer, kind, content):
        documented = response.value.get("content") or {}
        if answer.operation.method == "head" or answer.status == 204:
            return ["a body with 204"] if content else []
        if not content:
            return []
        if not documented:
            return ["a body where none is documented"]
        media = kind.split(";")[0].strip().lower()
        for name in documented:
            pattern = re.escape(name.split(";")[0].strip().lower()).replace(r"\*", ".*")
            if re.fullmatch(pattern, media):
                schema = response.child("content", name, "schema")
                if not schema or not is_json(kind):
                    return []
                return self.checker.errors(schema, answer.body)
        return [f"the media type {media} is not documented"]


def told_violations(headers, part):
    """What the server itself says is wrong with the request or with its answer."""
    try:
        told = json.loads(headers.get("tombstone-violations", "[]"))
    except ValueError:
        return ["the header is no JSON"]
    return [one for one in told if (one.get("in") == "response") == (part == "response")]


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(text, value))
    if isinstance(value, dict):
        return ",".join(f"{key},{text(one)}" for key, one in value.items())
    return "" if value is None else str(value)


def flat(name, value, parameter):
    """A value as the pairs of a query."""
    if isinstance(value, list):
        if parameter.get("explode", parameter.get("style", "form") == "form"):
            return [(name, text(one)) for one in value]
        return [
            (
                name,
                {"pipeDelimited": "|", "spaceDelimited": " "}.get(parameter.get("style"), ",").join(map(text, value)),
            )
        ]
    if isinstance(value, dict):
        if parameter.get("content"):
            return [(name, json.dumps(value))]
        if parameter.get("style") == "deepObject":
            return [(f"{name}[{key}]", text(one)) for key, one in value.items()]
        return [(key, text(one)) for key, one in value.items()]
    return [(name, text(value))]


def deep(name, value):
    """A value with what is inside it, as the pairs of a query, the names of properties in brackets."""
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in deep(f"{name}[{key}]", one)]
    if isinstance(value, list):
        return [pair for index, one in enumerate(value) for pair in deep(f"{name}[{index}]", one)]
    return [(name, text(value))]


def encoded(media, body, encoding):
    """A body as its media type has it, and the header that says so."""
    kind = media.split(";")[0].strip().lower()
    if is_json(kind):
        return json.dumps(body).encode(), "application/json" if "*" in kind else media
    if kind == "application/x-www-form-urlencoded" and isinstance(body, dict):
        fields = []
        for name, value in body.items():
            how = encoding.get(name) or {}
            if how.get("style") == "deepObject":
                fields += deep(name, value)
            elif isinstance(value, dict):
                fields.append((name, json.dumps(value)))
            else:
                fields += flat(name, value, how)
        return urlencode(fields).encode(), kind
    if kind == "multipart/form-data":
        parts = "".join(part(name, value) for name, value in body.items())
        return (parts + "--walk--\r\n").encode(), "multipart/form-data; boundary=walk"
    return text(body).encode(), "text/plain" if "*" in kind else media


def part(name, value):
    """A part of a form: what has a structure is JSON."""
    structured = isinstance(value, (dict, list))
    kind = "\r\ncontent-type: application/json" if structured else ""
    written = json.dumps(value) if structured else text(value)
    return f'--walk\r\ncontent-disposition: form-data; name="{name}"{kind}\r\n\r\n{written}\r\n'
