"""What holds for all tests."""

from hypothesis import settings

# How long an example takes is the machine's business. Where CI is set, hypothesis tries the same examples each time.
settings.register_profile("leadline", deadline=None)
settings.load_profile("leadline")
