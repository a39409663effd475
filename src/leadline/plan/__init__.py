"""From a query to a plan of scans, and from their numbers to a result."""
