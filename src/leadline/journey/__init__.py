"""The journey of people: who they are, and where they came from."""
