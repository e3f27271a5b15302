"""Grades the course that teaches the Transformer by having people build it."""

import sys

# nbformat draws in JSON Schema's check of internationalised web addresses, which takes two seconds to build and which no notebook
# needs. jsonschema does without it where it is missing.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
