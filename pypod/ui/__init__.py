"""What the user sees: tables, templates, terminals, error reports."""
