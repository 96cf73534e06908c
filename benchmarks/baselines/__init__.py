"""Other ways to choose fingers, measured on the same pieces as the package's own."""
