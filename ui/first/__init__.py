"""The first view: a page as the server writes it, there before any script has run."""
