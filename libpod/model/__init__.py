"""The shapes of stored records."""
