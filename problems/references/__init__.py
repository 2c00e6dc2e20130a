"""Reference solutions where no short formula exists, each with what makes it."""
