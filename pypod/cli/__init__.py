"""The command line: one module per verb or small family."""
