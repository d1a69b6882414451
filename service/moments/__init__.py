"""Instants as foreign pages state them: read from every form that is seen, and weighed against each
other."""
