"""Tests of engines: one suite on all of them, and statements of those that are not run."""
