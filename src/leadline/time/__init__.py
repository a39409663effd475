"""Grains, periods, calendars and zones: local dates in, half-open UTC instants out."""
