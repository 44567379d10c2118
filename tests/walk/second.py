"""A Swagger 2.0 document as the OpenAPI 3.0 that it means, for the walk to read.

Written here once more, and not taken from the program's: what it reads wrong must not be read wrong here too.
"""

PLACES = {
    "definitions": "schemas",
    "parameters": "parameters",
    "responses": "responses",
    "securityDefinitions": "securitySchemes",
}
FLOWS = {"application": "clientCredentials", "accessCode": "authorizationCode"}
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# What a parameter says beside what it says of its values.
OF_PARAMETER = {"name", "in", "description", "required", "allowEmptyValue", "collectionFormat"}
STYLES = {"ssv": "spaceDelimited", "pipes": "pipeDelimited"}


def read(root):
    consumes, produces = root.get("consumes") or [], root.get("produces") or []
    new = {"openapi": "3.0.3", "info": root.get("info", {}), "security": root.get("security", [])}
    new["servers"] = [{"url": "//" + root.get("host", "localhost") + root.get("basePath", "/")}]
    new["components"] = components = {new: {} for new in PLACES.values()}
    components["schemas"] = root.get("definitions") or {}
    for name, parameter in (root.get("parameters") or {}).items():
        components["parameters"][name] = parameter_of(parameter)
    for name, response in (root.get("responses") or {}).items():
        components["responses"][name] = response_of(response, produces)
    for name, scheme in (root.get("securityDefinitions") or {}).items():
        components["securitySchemes"][name] = scheme_of(scheme)
    new["paths"] = {
        path: item_of(root, item, consumes, produces)
        for path, item in (root.get("paths") or {}).items()
        if path.startswith("/")
    }
    return led(new)


def led(value):
    """The same with references to where things are now, and keywords as 3.0 has them."""
    if isinstance(value, list):
        return [led(item) for item in value]
    if not isinstance(value, dict):
        return value
    new = {key: led(item) for key, item in value.items()}
    reference = new.get("$ref")
    if isinstance(reference, str):
        for old, place in PLACES.items():
            if reference.startswith(f"#/{old}/"):
                new["$ref"] = f"#/components/{place}/" + reference.removeprefix(f"#/{old}/")
    if new.pop("x-nullable", False) is True:
        new["nullable"] = True
    if isinstance(new.get("discriminator"), str):
        new["discriminator"] = {"propertyName": new["discriminator"]}
    if new.get("type") == "file":
        new |= {"type": "string", "format": "binary"}
    return new


def found(root, value):
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        target = root
        for key in value["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def parameter_of(parameter):
    if "$ref" in parameter or parameter.get("in") in ("body", "formData"):
        return parameter
    new = {key: value for key, value in parameter.items() if key in OF_PARAMETER}
    new["schema"] = {key: value for key, value in parameter.items() if key not in OF_PARAMETER}
    if parameter.get("type") == "array" and parameter["in"] == "query":
        format = parameter.get("collectionFormat", "csv")
        new |= {"style": STYLES.get(format, "form"), "explode": format == "multi"}
    return new


def response_of(response, produces):
    if "$ref" in response:
        return response
    new = {key: value for key, value in response.items() if key not in ("schema", "examples", "headers")}
    new["headers"] = {
        name: {"schema": {key: value for key, value in header.items() if key != "description"}}
        for name, header in (response.get("headers") or {}).items()
    }
    if "schema" in response:
        new["content"] = {media: {"schema": response["schema"]} for media in produces or ["application/json"]}
    return new


def scheme_of(scheme):
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") == "oauth2":
        flow = FLOWS.get(scheme.get("flow"), scheme.get("flow"))
        return {"type": "oauth2", "flows": {flow: {}}}
    return scheme


def item_of(root, item, consumes, produces):
    new = {"parameters": []}
    general = item.get("parameters") or []
    new["parameters"] = [parameter_of(one) for one in general if not sent(root, one)]
    for method, operation in item.items():
        if method in ("get", "put", "post", "delete", "options", "head", "patch"):
            new[method] = operation_of(root, operation, general, consumes, produces)
    return new


def sent(root, parameter):
    parameter = found(root, parameter)
    return not isinstance(parameter, dict) or parameter.get("in") in ("body", "formData")


def operation_of(root, operation, general, consumes, produces):
    own = operation.get("parameters") or []
    new = {key: value for key, value in operation.items() if key not in ("parameters", "consumes", "produces")}
    new["parameters"] = [parameter_of(one) for one in own if not sent(root, one)]
    consumes = operation.get("consumes", consumes)
    produces = operation.get("produces", produces)
    new["responses"] = {
        status: response_of(found(root, response), produces)
        for status, response in (operation.get("responses") or {}).items()
        if not status.startswith("x-")
    }
    named = {}
    for parameter in general + own:
        parameter = found(root, parameter)
        if parameter.get("in") in ("body", "formData"):
            named[parameter["in"], parameter.get("name")] = parameter
    bodies = [one for (place, _), one in named.items() if place == "body"]
    fields = [one for (place, _), one in named.items() if place == "formData"]
    if bodies:
        schema = bodies[0].get("schema", {})
        content = {media: {"schema": schema} for media in consumes or ["application/json"]}
        new["requestBody"] = {"required": bodies[0].get("required", False), "content": content}
    elif fields:
        required = [one["name"] for one in fields if one.get("required")]
        properties = {
            one["name"]: {key: value for key, value in one.items() if key not in OF_PARAMETER} for one in fields
        }
        schema = {"type": "object", "properties": properties} | ({"required": required} if required else {})
        is_file = any(one.get("type") == "file" for one in fields)
        media = [media for media in consumes if media in FORMS] or [FORMS[1] if is_file else FORMS[0]]
        new["requestBody"] = {"required": bool(required), "content": {name: {"schema": schema} for name in media}}
    return new
