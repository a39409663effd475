"""From delivered files and tables to facts: read, recognise, map, check, load."""
