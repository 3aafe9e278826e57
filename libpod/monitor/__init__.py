"""The monitor: one small process per container, made of the boot set alone."""
