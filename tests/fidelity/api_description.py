"""Checks the description of /api by the rules of OpenAPI 3.1."""

import json

from checks import run
from openapi_spec_validator import OpenAPIV31SpecValidator


def the_description_of_the_api_is_openapi_3_1(path):
    with open(path, encoding="utf-8") as file:
        description = json.load(file)
    assert description["openapi"].startswith("3.1."), description["openapi"]
    OpenAPIV31SpecValidator(description).validate()


run([the_description_of_the_api_is_openapi_3_1], "src/web/api/openapi.json")
