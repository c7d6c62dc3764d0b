"""Tests of the reconstruction."""
