"""Valid values for schemas: what a request needs, the same in every run."""

import re
import re._constants as sre
import re._parser as sre_parser
import uuid

from document import Place, is_json, squashed

DEPTH_MAX = 8
# Properties of a body beyond those that it must have.
OPTIONAL_MAX = 8

FORMATS = {
    "date-time": "2024-05-{day:02}T07:08:09Z",
    "date": "2024-05-{day:02}",
    "time": "07:08:{day:02}Z",
    "duration": "P{day}D",
    "email": "walker{n}@example.com",
    "idn-email": "walker{n}@example.com",
    "uri": "https://example.com/{n}",
    "url": "https://example.com/{n}",
    "uri-reference": "https://example.com/{n}",
    "iri": "https://example.com/{n}",
    "hostname": "host{n}.example.com",
    "idn-hostname": "host{n}.example.com",
    "ipv4": "192.0.2.{day}",
    "ipv6": "2001:db8::{n}",
    "byte": "d2Fsa2Vy",
    "json-pointer": "/walker{n}",
    "regex": "^walker{n}$",
}


class Values:
    """Makes values; each that can differ from those before it does."""

    def __init__(self, document, checker):
        self.document = document
        self.checker = checker
        self.count = 0
        # Whether what is made has to be written as a form, where what is empty is not there.
        self.form = False
        # Names of properties that are made though they need not be there.
        self.wanted = set()

    def valid(self, place, value):
        return not self.checker.errors(place, value, reading=False)

    def parameter(self, parameter):
        """A value for a parameter, as text (or a list or object of them)."""
        self.form = True
        schema = parameter.child("schema")
        if not schema:
            content = parameter.child("content")
            schema = next((content.child(media, "schema") for media in content.value or {}), schema)
        for value in examples(parameter):
            if not schema or self.valid(schema, value):
                return value
        if not schema:
            return self.fresh("text")
        value = self.make(schema, parameter.value.get("name", ""), plain=True)
        if value == {}:
            # An object without a property cannot be written in a query.
            value = {name: self.make(one, name) for name, one in list(self.document.properties(schema).items())[:1]}
        return value

    def body(self, operation, keep=None, change=False):
        """A media type and a valid body for an operation, or None: nothing that fits was found.

        `keep` names values that the body has to have where it has the property; a change is made up, so that it differs
        from what is there already.
        """
        media = next((media for media in operation.body if is_json(media)), None)
        media = media or next(iter(operation.body), None)
        if media is None:
            return None, None
        place, schema = operation.body[media], operation.body[media].child("schema")
        self.form = "form" in media
        if "json-patch" in media:
            return media, []
        if not schema:
            return media, next(examples(place), {})
        tries = [
            lambda: self.make(schema, "", optional=True),
            lambda: self.make(schema, ""),
            lambda: self.make(schema, "", plain=True),
        ]
        given = [lambda value=value: value for value in examples(place, self.document.resolve(schema))]
        for make in (tries + given) if change else (given + tries):
            value = self.keeping(schema, make(), keep or {})
            if value == {} and not is_json(media):
                # Without a property there would be no body.
                value = self.one_property(schema)
            if self.valid(schema, value) and (isinstance(value, dict) or not self.form):
                return media, value
        return media, None

    def one_property(self, schema):
        for name, property in self.document.properties(schema).items():
            value = {name: self.make(property, name)}
            if self.valid(schema, value):
                return value
        return {}

    def keeping(self, schema, value, keep):
        """The value with those of its properties that are named at the values that are asked for."""
        if not isinstance(value, dict) or not keep:
            return value
        properties = self.document.properties(schema)
        changed = dict(value)
        for name, kept in keep.items():
            if name in changed or name in (self.document.resolve(schema).value or {}).get("required", []):
                fitting = kept if callable(kept) is False else kept(properties.get(name))
                if fitting is not None:
                    changed[name] = fitting
        return changed if self.valid(schema, changed) else value

    def fresh(self, name):
        self.count += 1
        stem = re.sub("[^a-z]", "", squashed(name))[:12] or "text"
        return f"{stem}{self.count}"

    def unlike(self, place, value):
        """Another valid value in the stead of this one, or None."""
        for _ in range(3):
            made = self.make(place, "other", plain=True)
            if made != value and self.valid(place, made):
                return made
        if isinstance(value, str):
            for made in (f"{value}{self.count}", value[: -len(str(self.count))] + str(self.count)):
                if made != value and self.valid(place, made):
                    return made
        return None

    def make(self, place, name, optional=False, plain=False, depth=0):
        """A value for a schema; with `optional`, simple properties that need not be there as well."""
        place = self.document.resolve(place)
        schema = place.value
        if not isinstance(schema, dict) or depth > DEPTH_MAX:
            return {} if isinstance(schema, dict) and schema.get("type") == "object" else None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            self.count += 1
            allowed = [value for value in schema["enum"] if value is not None] or [None]
            return allowed[self.count % len(allowed)]
        for key in ("oneOf", "anyOf"):
            for index in range(len(schema.get(key) or [])):
                value = self.alternative(place, key, index, name, optional, plain, depth)
                if value is not None and self.valid(place, value):
                    return value
        chosen = self.by_discriminator(place, optional, plain, depth)
        if chosen is not None:
            return chosen
        kind = kind_of(schema, self.document, place)
        if kind == "object":
            return self.object(place, optional, plain, depth)
        if kind == "array":
            return self.array(place, name, plain, depth)
        for index in range(len(schema.get("allOf") or [])):
            # A text or a number of which a part of the schema says more.
            inner = self.document.resolve(place.child("allOf", index))
            schema = {**(inner.value if inner else {}), **schema}
        if "enum" in schema:
            return schema["enum"][self.count % len(schema["enum"])]
        value = self.scalar(kind, schema, name)
        if not self.valid(place, value):
            value = next((value for value in examples(place) if self.valid(place, value)), value)
        return value

    def alternative(self, place, key, index, name, optional, plain, depth):
        value = self.make(place.child(key, index), name, optional, plain, depth + 1)
        if not isinstance(value, dict):
            return value
        rest = Place({k: v for k, v in place.value.items() if k not in ("oneOf", "anyOf", "discriminator")}, place.at)
        if rest.value.get("properties") or rest.value.get("allOf"):
            value = self.object(rest, optional, plain, depth) | value
        discriminator = place.value.get("discriminator") or {}
        if property := discriminator.get("propertyName"):
            reference = (place.child(key, index).value or {}).get("$ref", "")
            names = [name for name, to in (discriminator.get("mapping") or {}).items() if to == reference]
            value = {property: (names or [reference.rsplit("/", 1)[-1]])[0]} | value
            if names:
                value[property] = names[0]
        return value

    def by_discriminator(self, place, optional, plain, depth):
        """A value of the first schema that a discriminator names, where that is not among alternatives."""
        discriminator = place.value.get("discriminator")
        mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        for name, reference in (mapping or {}).items():
            target = self.document.resolve(Place({"$ref": reference}, place.at))
            if target and target.at != place.at and "discriminator" not in target.value:
                value = self.make(target, "", optional, plain, depth + 1)
                if isinstance(value, dict):
                    value[discriminator["propertyName"]] = name
                    if self.valid(place, value):
                        return value
        return None

    def object(self, place, optional, plain, depth):
        properties = self.document.properties(place)
        required = self.required(place)
        made, more = {}, 0
        for name, schema in properties.items():
            property = self.document.resolve(schema).value or {}
            if property.get("readOnly") or (schema.value or {}).get("readOnly"):
                continue
            wanted = name in required
            wanted = wanted or (optional and squashed(name) in self.wanted)
            if not wanted and optional and more < OPTIONAL_MAX and simple(property, name):
                wanted = True
                more += 1
            if wanted:
                made[name] = self.make(schema, name, optional and depth < 2, plain, depth + 1)
        for name in required:
            if name not in properties:
                made[name] = self.fresh(name)
        for name in list(properties) + [f"key{n}" for n in range(place.value.get("minProperties") or 0)]:
            if len(made) >= (place.value.get("minProperties") or 0):
                break
            property = self.document.resolve(properties[name]).value if name in properties else {}
            if name not in made and not (property or {}).get("readOnly"):
                extra = place.child("additionalProperties")
                source = properties.get(name) or (extra if extra else None)
                made[name] = self.make(source, name, False, plain, depth + 1) if source else self.fresh(name)
        if not made and self.form and depth:
            made = {name: self.make(schema, name, depth=depth + 1) for name, schema in list(properties.items())[:1]}
        for index in range(len(place.value.get("allOf") or [])):
            inner = self.document.resolve(place.child("allOf", index))
            if inner and ("oneOf" in inner.value or "anyOf" in inner.value):
                value = self.make(inner, "", optional, plain, depth + 1)
                made = made | value if isinstance(value, dict) else made
        return made

    def required(self, place, depth=0):
        place = self.document.resolve(place)
        if not place or depth > 12:
            return []
        names = list(place.value.get("required") or []) if isinstance(place.value.get("required"), list) else []
        for index in range(len(place.value.get("allOf") or [])):
            names += self.required(place.child("allOf", index), depth + 1)
        return list(dict.fromkeys(names))

    def array(self, place, name, plain, depth):
        items = self.document.items(place)
        count = max(place.value.get("minItems") or 0, 0 if depth and not place.value.get("minItems") else 1)
        if depth and not place.value.get("minItems"):
            count = 1 if self.form or (items and simple(self.document.resolve(items).value or {}, "")) else 0
        count = min(count, place.value.get("maxItems", count))
        return [
            self.make(items, name, False, plain, depth + 1) if items else self.fresh(name)
            for _ in range(min(count, 20))
        ]

    def scalar(self, kind, schema, name):
        self.count += 1
        if kind == "boolean":
            return self.count % 2 == 0
        if kind in ("integer", "number"):
            return self.number(schema)
        if kind == "null":
            return None
        if "pattern" in schema:
            text = matching(schema["pattern"], self.count)
            if text is not None:
                text = text.ljust(schema.get("minLength", 0), text[-1:] or "a")
                return text
        form = FORMATS.get(schema.get("format"))
        if form:
            return form.format(n=self.count, day=self.count % 27 + 1)
        if schema.get("format") in ("uuid", "uuid4", "guid"):
            return str(uuid.uuid5(uuid.NAMESPACE_URL, str(self.count)))
        self.count -= 1
        text = self.fresh(name)
        longest = schema.get("maxLength")
        if longest is not None and len(text) > longest:
            text = text[len(text) - longest :]
        return text.ljust(schema.get("minLength", 0), "a")

    def number(self, schema):
        low, high = schema.get("minimum"), schema.get("maximum")
        step = schema.get("multipleOf") or 1
        for key, sign in (("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
            bound = schema.get(key)
            if isinstance(bound, bool):
                if bound and sign > 0:
                    low = (low or 0) + step
                elif bound:
                    high = (high or 0) - step
            elif bound is not None:
                low, high = (bound + step, high) if sign > 0 else (low, bound - step)
        if low is None:
            low = 1 if high is None or high >= 1 else high - 10
        value = low + (self.count % 7 + 1) * step
        if step != 1:
            value = -(-low // step) * step + self.count % 7 * step
        if high is not None and value > high:
            value = high if self.count % 2 else low
        return int(value) if schema.get("type") == "integer" or value == int(value) else value


def examples(*places):
    """The examples that a media type, a parameter or a schema has of itself."""
    for place in places:
        value = place.value if isinstance(place.value, dict) else {}
        if "example" in value:
            yield value["example"]
        named = value.get("examples")
        if isinstance(named, dict):
            yield from (one["value"] for one in named.values() if isinstance(one, dict) and "value" in one)
        elif isinstance(named, list):
            yield from named
        if "default" in value:
            yield value["default"]


def kind_of(schema, document, place):
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind:
        return kind
    if "items" in schema:
        return "array"
    if document.properties(place) or "properties" in schema or "additionalProperties" in schema or "required" in schema:
        return "object"
    for index in range(len(schema.get("allOf") or [])):
        inner = document.resolve(place.child("allOf", index))
        if inner:
            return kind_of(inner.value, document, inner)
    return "integer" if "minimum" in schema or "maximum" in schema else "string"


def simple(schema, name):
    """Whether a property that need not be sent is plain enough to send: no reference to another thing, no structure."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if schema.get("deprecated") or squashed(name).endswith(("id", "ids")):
        return False
    return kind in ("string", "integer", "number", "boolean") or bool(schema.get("enum"))


def matching(pattern, count):
    """A text that matches a pattern, by the shortest way through it; None where it is not Python's."""
    try:
        return "".join(_texts(sre_parser.parse(pattern), count))
    except (re.error, OverflowError, KeyError, IndexError, NotImplementedError, RecursionError):
        return None


def _texts(parsed, count):
    for op, argument in parsed:
        if op is sre.LITERAL:
            yield chr(argument)
        elif op is sre.NOT_LITERAL:
            yield "b" if argument == ord("a") else "a"
        elif op is sre.ANY:
            yield "a"
        elif op is sre.IN:
            yield _member(argument, count)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, inner = argument
            # Of single characters a few more than must be, so that texts can differ.
            times = (
                low if len(inner) > 1 or inner[0][0] not in (sre.IN, sre.ANY, sre.LITERAL) else max(low, min(high, 6))
            )
            for index in range(times):
                # The digits of the count, so that no two texts are the same.
                yield from _texts(inner, count // 3**index)
        elif op is sre.SUBPATTERN:
            yield from _texts(argument[-1], count)
        elif op is sre.BRANCH:
            yield from _texts(argument[1][0], count)
        elif op is sre.ASSERT or op is sre.ASSERT_NOT or op is sre.AT:
            continue
        else:
            raise NotImplementedError(op)


CATEGORIES = {
    sre.CATEGORY_DIGIT: "1234567890",
    sre.CATEGORY_WORD: "abcdefghij",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: "abcdefghij",
    sre.CATEGORY_NOT_DIGIT: "abcdefghij",
    sre.CATEGORY_NOT_WORD: "-",
}


def _member(members, count):
    negated = members and members[0][0] is sre.NEGATE
    allowed = ""
    for op, argument in members:
        if op is sre.LITERAL:
            allowed += chr(argument)
        elif op is sre.RANGE:
            allowed += "".join(chr(code) for code in range(argument[0], min(argument[1], argument[0] + 25) + 1))
        elif op is sre.CATEGORY:
            allowed += CATEGORIES[argument]
    if negated:
        allowed = "".join(c for c in "abcdefghijklmnopqrstuvwxyz0123456789" if c not in allowed)
    # Letters and digits first: what else a class has may mean something where the text goes.
    plain = [c for c in allowed if c.isalnum() and c.isascii()] or list(allowed)
    return plain[count % len(plain)]
