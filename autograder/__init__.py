"""Grades the course that teaches the Transformer by having people build it."""
