"""References, manifests, archives and the content store."""
