"""Plans to SQL text: one renderer, small per-engine subclasses."""
