"""Single passes over events sorted by person and time, compiled to machine code.

Every kernel takes `start` and `end` (int64, one a person: the person's events are the positions from `start` until
before `end`, in time order; equal when the person has none), the columns it needs, and arrays to fill. Each has a plain
twin in `leadline.timeline.reference`, which is the definition; tests hold the two equal.
"""
