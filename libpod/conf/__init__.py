"""Settings, paths and tools: what the engine reads before it acts."""
